// The data sheets, a line each. Peaks are dense (without sparsity) and at boost clock, as the sources state them.
#include "engine/analysis/cost/devices.h"

namespace fw {

const std::vector<DeviceSheet>& deviceSheets() {
  constexpr double G = 1e9, T = 1e12;
  // id, title, bandwidth, f32, f16, memory, watts, source
  static const std::vector<DeviceSheet> sheets = {
      {"t4", "NVIDIA T4", 320 * G, 8.1 * T, 65 * T, 16 * G, 70, "NVIDIA T4 data sheet, 2019"},
      {"v100", "NVIDIA V100 SXM2 32 GB", 900 * G, 15.7 * T, 125 * T, 32 * G, 300, "NVIDIA V100 data sheet, 2020"},
      {"a10", "NVIDIA A10", 600 * G, 31.2 * T, 125 * T, 24 * G, 150, "NVIDIA A10 data sheet, 2021"},
      {"a100-40g", "NVIDIA A100 40 GB", 1555 * G, 19.5 * T, 312 * T, 40 * G, 400, "NVIDIA A100 data sheet, 2020"},
      {"a100", "NVIDIA A100 SXM 80 GB", 2039 * G, 19.5 * T, 312 * T, 80 * G, 400, "NVIDIA A100 data sheet, 2021"},
      {"a6000", "NVIDIA RTX A6000", 768 * G, 38.7 * T, 154.8 * T, 48 * G, 300, "NVIDIA RTX A6000 data sheet, 2021"},
      {"rtx3090", "NVIDIA GeForce RTX 3090", 936 * G, 35.6 * T, 71 * T, 24 * G, 350,
       "NVIDIA Ampere GA102 white paper, 2021"},
      {"rtx4090", "NVIDIA GeForce RTX 4090", 1008 * G, 82.6 * T, 165.2 * T, 24 * G, 450,
       "NVIDIA Ada GPU architecture white paper, 2022"},
      {"l4", "NVIDIA L4", 300 * G, 30.3 * T, 121 * T, 24 * G, 72, "NVIDIA L4 data sheet, 2023"},
      {"l40", "NVIDIA L40", 864 * G, 90.5 * T, 181 * T, 48 * G, 300, "NVIDIA L40 data sheet, 2023"},
      {"l40s", "NVIDIA L40S", 864 * G, 91.6 * T, 362 * T, 48 * G, 350, "NVIDIA L40S data sheet, 2023"},
      {"h100-pcie", "NVIDIA H100 PCIe 80 GB", 2000 * G, 51 * T, 756 * T, 80 * G, 350, "NVIDIA H100 data sheet, 2022"},
      {"h100", "NVIDIA H100 SXM 80 GB", 3350 * G, 67 * T, 989.5 * T, 80 * G, 700, "NVIDIA H100 data sheet, 2023"},
      {"h200", "NVIDIA H200 SXM", 4800 * G, 67 * T, 989.5 * T, 141 * G, 700, "NVIDIA H200 data sheet, 2024"},
      {"mi300x", "AMD Instinct MI300X", 5300 * G, 163.4 * T, 1307.4 * T, 192 * G, 750,
       "AMD Instinct MI300X data sheet, 2023"},
  };
  return sheets;
}

const DeviceSheet* findDeviceSheet(const std::string& id) {
  for (const DeviceSheet& sheet : deviceSheets())
    if (sheet.id == id) return &sheet;
  return nullptr;
}

}  // namespace fw
