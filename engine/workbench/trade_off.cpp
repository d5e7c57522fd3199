// What models cost on devices, and trained models against each other.
#include "engine/workbench/trade_off.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>

#include "engine/analysis/cost/cost_params.h"
#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/exec/backend.h"
#include "engine/exec/optimize.h"
#include "engine/workbench/calibration.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRepeat = 9;

/// The last value of a held-out figure; NaN where there is none.
double lastTest(sqlite3* database, const char* name) {
  sqlite3_stmt* select = nullptr;
  double value = NAN;
  if (sqlite3_prepare_v2(database,
                         "SELECT value FROM metrics WHERE split='test' AND name=? AND value IS NOT NULL "
                         "ORDER BY step DESC LIMIT 1",
                         -1, &select, nullptr) == SQLITE_OK) {
    sqlite3_bind_text(select, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(select) == SQLITE_ROW) value = sqlite3_column_double(select, 0);
  }
  sqlite3_finalize(select);
  return value;
}

}  // namespace

LatencyModel latencyModelOf(const std::string& on, bool isHalf, const CancelToken& cancel, const Progress& progress) {
  if (on == kThisMachine || on == "cpu") return measuredModel(calibrationOf("cpu", false, cancel, progress));
  if (const DeviceSheet* sheet = findDeviceSheet(on)) return sheetModel(*sheet, isHalf);
  std::string known = "cpu";
  for (const DeviceSheet& sheet : deviceSheets()) known += ", " + sheet.id;
  throw Error(Code::Usage, text("there is no device '", on, "'; there are: ", known, "."));
}

std::shared_ptr<const Plan> planOf(const Architecture& architecture, const CostOptions& options) {
  return std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(countedGraph(architecture, options)),
                                               {.threads = makeBackend("cpu")->threads()}));
}

AnalysisResult analyzePlan(const AnalyzeCall& call, const CancelToken& cancel, const Progress& progress) {
  const AnalysisDef& analysis = findAnalysis(call.analysis);
  const Params complete = completeOptions(analysis.id, analysis.params, call.options);
  const std::string on = std::get<std::string>(complete.at("on"));
  PlannedModel model{.name = call.modelName.empty() ? call.architecture->name : call.modelName,
                     .mode = std::get<std::string>(complete.at("mode")),
                     .batch = std::get<int64_t>(complete.at("batch")),
                     .time = longestTime(*call.architecture, std::get<int64_t>(complete.at("time")))};
  if (model.batch == 0) model.batch = smallestBatch(*call.architecture);
  model.device = latencyModelOf(
      on, std::get<std::string>(complete.at("bits")) == "16", cancel,
      Progress([&](double share, const std::string& text) { progress.report(0.8 * share, "calibrating: " + text); }));
  throwIfCancelled(cancel);
  const bool isHere = on == kThisMachine;
  if (analysis.needsTiming && isHere) {
    progress.report(0.85, "running");
    const BenchReport report = bench(
        *call.architecture,
        {.batch = model.batch, .time = model.time, .repeat = kRepeat, .mode = model.mode, .weights = call.weights},
        cancel);
    model.plan = report.plan;
    model.stepSeconds = report.stepSeconds;
    model.seconds = report.median;
  } else {
    progress.report(0.85, "planning");
    model.plan = planOf(*call.architecture, {.batch = model.batch, .time = model.time, .mode = model.mode});
  }
  AnalysisResult result = analysis.ofPlan(model, complete);
  result.analysis = analysis.id;
  return result;
}

std::vector<fs::path> runsIn(const fs::path& folder) {
  std::vector<fs::path> runs;
  std::error_code error;
  const auto isRun = [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path / "run.json", ignored) && fs::exists(path / "model.fw.json", ignored);
  };
  if (isRun(folder)) return {folder};
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_directory(error) || !isRun(entry->path())) continue;
    runs.push_back(entry->path());
    entry.disable_recursion_pending();
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

RunFigures figuresOf(const fs::path& run, const LatencyModel& device, int64_t time) {
  const RunInfo info = readRun(run);
  const Architecture architecture = loadDocument((run / "model.fw.json").string());
  RunFigures figures{.name = run.filename().string(), .folder = run.string(), .task = info.options.task};
  sqlite3* database = nullptr;
  const std::string path = (run / "metrics.sqlite").string();
  const int status = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  if (status == SQLITE_OK) {
    figures.accuracy = lastTest(database, "accuracy");
    figures.loss = lastTest(database, "loss");
  }
  sqlite3_close(database);
  if (status != SQLITE_OK) throw Error(Code::File, text("[", path, "] cannot be opened."));
  const CostOptions options{.time = longestTime(architecture, time), .withPeak = false};
  figures.parameters = cost(architecture, options).parametersUnique;
  const std::vector<StepCost> steps = stepCosts(*planOf(architecture, options));
  for (const StepCost& step : steps) {
    figures.flops += step.cost.flops;
    figures.picojoules += energyPicojoules(step.cost);
  }
  figures.seconds = device.runSeconds(steps);
  return figures;
}

AnalysisResult analyzeRuns(const std::string& analysis, const Params& options, const std::vector<fs::path>& folders,
                           const LatencyModel& device, const CancelToken& cancel, const Progress& progress) {
  const AnalysisDef& def = findAnalysis(analysis);
  const Params complete = completeOptions(def.id, def.params, options);
  std::vector<fs::path> runs;
  for (const fs::path& folder : folders)
    for (const fs::path& run : runsIn(folder)) runs.push_back(run);
  std::vector<RunFigures> figures;
  std::vector<std::string> warnings;
  for (size_t i = 0; i < runs.size(); ++i) {
    throwIfCancelled(cancel);
    progress.report(double(i) / double(runs.size()), runs[i].filename().string());
    try {
      figures.push_back(figuresOf(runs[i], device));
    } catch (const Error& error) {
      warnings.push_back(error.what());
    }
  }
  AnalysisResult result = def.ofRuns(figures, complete);
  result.analysis = def.id;
  result.recipe += text("; a pass of 128 tokens on ", device.title(), " (", device.source(),
                        "); energy: 3.7 pJ a multiplication, 0.9 pJ an addition (f32 at 45 nm)");
  result.warnings.insert(result.warnings.end(), warnings.begin(), warnings.end());
  return result;
}

}  // namespace fw
