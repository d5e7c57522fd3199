// Runs any analysis on the document.
#include "app/measures_controller.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/workbench/drop.h"
#include "engine/workbench/fork_edit.h"
#include "engine/workbench/hidden_mixture.h"
#include "engine/workbench/prune.h"
#include "engine/workbench/recording.h"

namespace fw {
namespace {

QStringList texts(const std::vector<std::string>& strings) {
  QStringList list;
  for (const std::string& each : strings) list << QString::fromStdString(each);
  return list;
}

ui::HeatMapData mapOf(const Matrix& matrix, const QString& recipe) {
  ui::HeatMapData map;
  map.cellTexts = texts(matrix.cells);
  map.rows = int(matrix.rows.size());
  map.columns = int(matrix.columns.size());
  double low = 0, high = 0;
  for (const double value : matrix.values) {
    map.values.push_back(float(value));
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  map.rowLabels = texts(matrix.rows);
  map.columnLabels = texts(matrix.columns);
  map.rowTitle = QString::fromStdString(matrix.rowTitle);
  map.columnTitle = QString::fromStdString(matrix.columnTitle);
  map.title = QString::fromStdString(matrix.title);
  map.recipe = recipe;
  if (matrix.isSigned) {
    map.map = ui::ColorMap::BlueWhiteRed;
    high = std::max(high, -low);
    low = -high;
  }
  map.minimum = low;
  map.maximum = high > low ? high : low + 1;
  return map;
}

Params completed(const AnalyzeCall& call) {
  return completeOptions(call.analysis, findAnalysis(call.analysis).params, call.options);
}
const ComparisonDef& comparisonOf(const AnalyzeCall& call) {
  return findComparison(std::get<std::string>(completed(call).at("comparison")));
}
int64_t samplesOf(const AnalyzeCall& call) { return std::get<int64_t>(completed(call).at("samples")); }

/// One map for each frame, all on one scale.
std::vector<ui::HeatMapData> framesOf(const Matrix& matrix, const ui::HeatMapData& all) {
  std::vector<ui::HeatMapData> frames;
  const size_t cells = matrix.rows.size() * matrix.columns.size();
  for (size_t f = 0; f < matrix.frames.size() && (f + 1) * cells <= all.values.size(); ++f) {
    ui::HeatMapData frame = all;
    frame.values.assign(all.values.begin() + std::ptrdiff_t(f * cells),
                        all.values.begin() + std::ptrdiff_t((f + 1) * cells));
    frames.push_back(std::move(frame));
  }
  return frames;
}

ui::CurvePlotData curvesOf(const Curves& curves, const QString& recipe) {
  ui::CurvePlotData data;
  data.xTitle = data.xName = QString::fromStdString(curves.xTitle);
  data.xLabels = texts(curves.labels);
  data.title = QString::fromStdString(curves.title + (curves.unit.empty() ? std::string() : " [" + curves.unit + "]"));
  data.recipe = recipe;
  int color = 0;
  for (const Curves::Line& line : curves.lines) {
    ui::Curve curve{.name = QString::fromStdString(line.name), .y = line.values, .color = color++};
    for (size_t i = 0; i < line.values.size(); ++i) curve.x.push_back(double(i));
    data.curves.push_back(std::move(curve));
  }
  return data;
}

}  // namespace

std::vector<ui::MeasureResult> measureResults(const AnalysisResult& result) {
  std::vector<ui::MeasureResult> results;
  const QString recipe = QString::fromStdString(result.recipe);
  for (const Curves& curves : result.curves)
    if (!curves.lines.empty())
      results.push_back({.id = QString::fromStdString(curves.name),
                         .title = QString::fromStdString(curves.title),
                         .curves = curvesOf(curves, recipe)});
  for (const Matrix& matrix : result.matrices) {
    if (matrix.rows.empty() || matrix.columns.empty()) continue;
    ui::MeasureResult shown{.id = QString::fromStdString(matrix.name), .title = QString::fromStdString(matrix.title)};
    const ui::HeatMapData all = mapOf(matrix, recipe);
    if (matrix.frames.empty()) shown.map = all;
    shown.frames = framesOf(matrix, all);
    shown.frameTitle = QString::fromStdString(matrix.frameTitle);
    shown.frameLabels = texts(matrix.frames);
    results.push_back(std::move(shown));
  }
  for (const Series& series : result.series) {
    if (series.values.empty()) continue;
    ui::MeasureResult bars{.id = QString::fromStdString(series.name), .title = QString::fromStdString(series.title)};
    bars.bars.title =
        bars.title + (series.unit.empty() ? QString() : QString(" [%1]").arg(QString::fromStdString(series.unit)));
    for (size_t i = 0; i < series.values.size(); ++i) {
      bars.bars.bars.push_back({.label = QString::fromStdString(series.labels[i]), .value = series.values[i]});
      bars.barLayers.push_back(i < series.layers.size() ? int(series.layers[i]) : -1);
    }
    results.push_back(std::move(bars));
  }
  return results;
}

MeasuresController::MeasuresController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                                       QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), training_(training) {
  for (const AnalysisDef& analysis : allAnalyses())
    // Layer similarity has a panel of its own, with the edits that follow from it.
    if (analysis.id != "similarity" && analysis.needsData())
      state_.analyses.push_back({QString::fromStdString(analysis.id), QString::fromStdString(analysis.title),
                                 QString::fromStdString(analysis.help)});
  // A training leaves steps to compare.
  connect(&training_, &TrainingController::finished, this, &MeasuresController::showChoice);
  state_.analysis = "representations";  // of any model with layers
  reset();
}

void MeasuresController::reset() {
  jobs_.cancel("measures");
  state_.results.clear();
  state_.recipe.clear();
  state_.warning.clear();
  state_.forkLayer = -1;
  state_.deadUnits = 0;
  state_.mixture.clear();
  state_.panel = {ui::PanelPhase::Empty, tr("Choose what to measure; the run bar's task supplies the data."),
                  tr("Compute"), -1};
  analysed_.reset();
  showChoice();
}

void MeasuresController::showChoice() {
  state_.options.clear();
  state_.isComparing = state_.analysis == "representations";
  state_.hasSteps = keptSteps(training_.runFolder().toStdString()).size() > 1;
  const std::string id = state_.analysis.toStdString();
  for (const ParamDef& def : findAnalysis(id).params) {
    const Params& changed = options_[id];
    const auto value = changed.find(def.name);
    state_.options.push_back({.def = def, .value = value == changed.end() ? def.value : value->second});
  }
  emit changed();
}

void MeasuresController::choose(const QString& analysis) {
  if (analysis == state_.analysis) return;
  state_.analysis = analysis;
  reset();
}

void MeasuresController::setOption(const QString& name, const ParamValue& value) {
  options_[state_.analysis.toStdString()][name.toStdString()] = value;
  if (state_.panel.phase == ui::PanelPhase::Ready) state_.panel = {ui::PanelPhase::Stale, {}, tr("recompute"), -1};
  showChoice();
}

void MeasuresController::markStale() {
  if (!analysed_ || structuralHash(*analysed_) == structuralHash(*document_.current())) return;
  // What was proposed was for the model before.
  state_.forkLayer = -1;
  state_.deadUnits = 0;
  state_.mixture.clear();
  if (state_.panel.phase != ui::PanelPhase::Ready) return emit changed();
  state_.panel = {ui::PanelPhase::Stale, {}, tr("recompute"), -1};
  emit changed();
}

AnalyzeCall MeasuresController::call() {
  AnalyzeCall call = analyzeCall(document_, training_);
  call.analysis = state_.analysis.toStdString();
  call.options = options_[call.analysis];
  call.modelName = document_.title().toStdString();
  return call;
}

void MeasuresController::compute(const QString& recordFile) {
  if (!document_.isOpen()) return;
  AnalyzeCall call = this->call();
  call.recordFile = recordFile.toStdString();
  run(call, [call](CancelToken cancel, const Progress& progress) { return analyze(call, cancel, progress); });
}

void MeasuresController::computeSteps() {
  if (!document_.isOpen()) return;
  const AnalyzeCall call = this->call();
  run(call, [call, folder = training_.runFolder().toStdString()](CancelToken cancel, const Progress& progress) {
    return compareSteps(call, folder, comparisonOf(call), samplesOf(call), cancel, progress);
  });
}

void MeasuresController::computeAgainst(const QString& model) {
  if (!document_.isOpen()) return;
  const AnalyzeCall call = this->call();
  run(call, [call, model = model.toStdString()](CancelToken cancel, const Progress& progress) {
    const DepthSamples mine = depthSamples(call, call.modelName, samplesOf(call), cancel, progress);
    if (isRecording(model)) return compareDepths(mine, depthSamples(RecordingFile(model)), comparisonOf(call), cancel);
    const OpenedModel other = openModel(model);
    AnalyzeCall same = call;
    same.architecture = other.architecture;
    same.weights = other.weights;
    return compareDepths(mine, depthSamples(same, other.name, samplesOf(call), cancel, progress), comparisonOf(call),
                         cancel);
  });
}

void MeasuresController::fork(int layer) {
  const std::vector<LayerInfo> layers = document_.facts().layers;
  const std::map<std::string, Tensor> weights = training_.weightsOf(*document_.current());
  const bool isDone = document_.edit(tr("Fork at layer %1").arg(layer + 1), {}, [&](Editor& editor) {
    forkAt(editor, layers, layer, {"understanding", "generation"});
  });
  // Both branches begin with what their layers had learned.
  if (isDone && !weights.empty())
    training_.adopt(*document_.current(), weightsAfterFork(weights, layers, layer, *document_.current()));
}

void MeasuresController::prune() {
  const std::vector<LayerInfo> layers = document_.facts().layers;
  const std::vector<DeadUnits> dead = deadUnits(*document_.current(), layers, result_);
  const std::map<std::string, Tensor> weights = training_.weightsOf(*document_.current());
  const bool isDone = document_.edit(tr("Prune %n dead unit(s)", nullptr, state_.deadUnits), {},
                                     [&](Editor& editor) { fw::prune(editor, layers, dead); });
  if (!isDone || weights.empty()) return;
  try {
    training_.adopt(*document_.current(), prunedWeights(weights, layers, dead));
  } catch (const Error& error) {
    state_.warning = QString::fromStdString(error.what());
    emit changed();
  }
}

void MeasuresController::mixHidden() {
  const std::optional<HiddenMixture> mixture = proposedMixture(*document_.current(), result_);
  if (!mixture) return;
  const std::map<std::string, Tensor> weights = training_.weightsOf(*document_.current());
  const bool isDone =
      document_.edit(tr("Mixture of hidden dimensions, %1 of %2 shared").arg(mixture->shared).arg(mixture->parts), {},
                     [&](Editor& editor) { mixHiddenDimensions(editor, *mixture); });
  if (isDone && !weights.empty())
    training_.adopt(*document_.current(), weightsAfterMixing(weights, *document_.current(), 1));
}

void MeasuresController::run(const AnalyzeCall& call, const Analysis& analysis) {
  runAnalysis(
      jobs_, "measures", call, analysis, !state_.results.empty(),
      [this](const ui::PanelState& panel) {
        state_.panel = panel;
        emit changed();
      },
      [this, call](AnalysisResult result) {
        std::vector<ui::MeasureResult> results = measureResults(result);
        const std::vector<LayerInfo> layers = layersOf(*call.architecture);
        const std::optional<HiddenMixture> mixture = proposedMixture(*call.architecture, result);
        return [this, call, layers, mixture, results = std::move(results), result = std::move(result)] {
          result_ = result;
          state_.results = results;
          state_.recipe = QString::fromStdString(result.recipe);
          state_.warning = texts(result.warnings).join(" ");
          state_.forkLayer = -1;
          state_.deadUnits = 0;
          for (const DeadUnits& dead : deadUnits(*call.architecture, layers, result))
            state_.deadUnits += int(dead.units.size());
          state_.mixture = mixture ? tr("%1 of %2").arg(mixture->shared).arg(mixture->parts) : QString();
          for (const Series& series : result.series)
            if (series.name == "parting" && !series.layers.empty()) state_.forkLayer = int(series.layers.front());
          state_.panel = {ui::PanelPhase::Ready, {}, {}, -1};
          analysed_ = call.architecture;
          emit changed();
          markStale();
        };
      });
}

}  // namespace fw
