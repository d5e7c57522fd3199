// Measuring a device: its roofs, and how long kernels of each kind and size take. Some seconds of small models; no
// model of the user's is needed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/analysis/cost/latency_model.h"
#include "engine/base/job.h"

namespace fw {

struct Calibration {
  std::string device;  // "cpu", "cuda"
  std::string name;    // "Intel Xeon"
  int threads = 0;
  Roofs roofs;
  double runSeconds = 0;    // of a run around its steps
  double trainSeconds = 0;  // of a training step around its steps...
  double tokenSeconds = 0;  // ...and for each of its tokens
  std::vector<StepSample> samples;
};

/// Measures `device`. Throws what makeBackend throws, and Code::Cancelled.
Calibration calibrate(const std::string& device, const CancelToken& cancel = {}, const Progress& progress = {});

/// Where the calibration of a device is kept: $XDG_CACHE_HOME/formwright, or ~/.cache/formwright.
std::filesystem::path calibrationFile(const std::string& device);

void saveCalibration(const Calibration& calibration, const std::filesystem::path& file);

/// Nothing where there is no file, or one of another version, processor or number of threads. Throws Code::File for
/// one that is broken.
std::optional<Calibration> loadCalibration(const std::filesystem::path& file, const std::string& device);

/// The one that is kept, or a new one, which is then kept; `isAnew`: a new one in any case.
Calibration calibrationOf(const std::string& device, bool isAnew = false, const CancelToken& cancel = {},
                          const Progress& progress = {});

LatencyModel measuredModel(const Calibration& calibration);

}  // namespace fw
