// What models cost on devices, and trained models against each other.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/analysis/cost/planned_model.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// The device that the parameter "on" of a cost analysis names: this machine (which is measured if it was not yet), or
/// a data sheet. Throws Code::Usage that lists the devices.
LatencyModel latencyModelOf(const std::string& on, bool isHalf, const CancelToken& cancel = {},
                            const Progress& progress = {});

/// The plan of a phase as `bench` runs it, with nothing allocated. Throws what lowering throws.
std::shared_ptr<const Plan> planOf(const Architecture& architecture, const CostOptions& options);

/// An analysis of cost; `call.options` as costParams(). With `needsTiming` on this machine the model runs.
AnalysisResult analyzePlan(const AnalyzeCall& call, const CancelToken& cancel, const Progress& progress);

/// Run folders at or below `folder`, in order; what cannot be read is no run.
std::vector<std::filesystem::path> runsIn(const std::filesystem::path& folder);

/// What a run achieved (the last held-out figures of its metrics) and costs: a pass over `time` tokens predicted for
/// the device.
RunFigures figuresOf(const std::filesystem::path& run, const LatencyModel& device, int64_t time = 128);

/// An analysis over the runs of `folders`. Runs that cannot be read become warnings.
AnalysisResult analyzeRuns(const std::string& analysis, const Params& options,
                           const std::vector<std::filesystem::path>& folders, const LatencyModel& device,
                           const CancelToken& cancel = {}, const Progress& progress = {});

}  // namespace fw
