// What manufacturers say of their devices: roofs of arithmetic and memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fw {

struct DeviceSheet {
  std::string id;     // "h100"
  std::string title;  // "NVIDIA H100 SXM 80 GB"
  double bandwidth;   // bytes a second to its memory
  double peak32;      // FLOP/s of f32 outside tensor cores
  double peak16;      // FLOP/s of dense f16 or bf16 products on tensor cores; sums in f32 where the sheet tells both
  double memory;      // bytes
  double watts;       // what the board may take
  std::string source;
};

/// Every device with a data sheet.
const std::vector<DeviceSheet>& deviceSheets();

/// nullptr where there is none.
const DeviceSheet* findDeviceSheet(const std::string& id);

}  // namespace fw
