// Runs any analysis on the document.
#include "app/measures_controller.h"

#include <algorithm>
#include <cmath>

#include "app/analysis_call.h"
#include "engine/base/error.h"

namespace fw {
namespace {

QStringList texts(const std::vector<std::string>& strings) {
  QStringList list;
  for (const std::string& each : strings) list << QString::fromStdString(each);
  return list;
}

ui::HeatMapData mapOf(const Matrix& matrix, const QString& recipe) {
  ui::HeatMapData map;
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

}  // namespace

std::vector<ui::MeasureResult> measureResults(const AnalysisResult& result) {
  std::vector<ui::MeasureResult> results;
  const QString recipe = QString::fromStdString(result.recipe);
  for (const Matrix& matrix : result.matrices)
    if (!matrix.rows.empty() && !matrix.columns.empty())
      results.push_back({.id = QString::fromStdString(matrix.name),
                         .title = QString::fromStdString(matrix.title),
                         .map = mapOf(matrix, recipe)});
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
    if (analysis.id != "similarity")
      state_.analyses.push_back({QString::fromStdString(analysis.id), QString::fromStdString(analysis.title),
                                 QString::fromStdString(analysis.help)});
  state_.analysis = state_.analyses.front().id;
  reset();
}

void MeasuresController::reset() {
  jobs_.cancel("measures");
  state_.results.clear();
  state_.recipe.clear();
  state_.warning.clear();
  state_.panel = {ui::PanelPhase::Empty, tr("Choose what to measure; the run bar's task supplies the data."),
                  tr("Compute"), -1};
  analysed_.reset();
  showChoice();
}

void MeasuresController::showChoice() {
  state_.options.clear();
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
  if (state_.panel.phase != ui::PanelPhase::Ready) return;
  state_.panel = {ui::PanelPhase::Stale, {}, tr("recompute"), -1};
  emit changed();
}

void MeasuresController::compute() {
  if (!document_.isOpen()) return;
  AnalyzeCall call = analyzeCall(document_, training_);
  call.analysis = state_.analysis.toStdString();
  call.options = options_[call.analysis];
  runAnalysis(
      jobs_, "measures", call, !state_.results.empty(),
      [this](const ui::PanelState& panel) {
        state_.panel = panel;
        emit changed();
      },
      [this, call](AnalysisResult result) {
        std::vector<ui::MeasureResult> results = measureResults(result);
        return [this, call, results = std::move(results), result = std::move(result)] {
          result_ = result;
          state_.results = results;
          state_.recipe = QString::fromStdString(result.recipe);
          state_.warning = texts(result.warnings).join(" ");
          state_.panel = {ui::PanelPhase::Ready, {}, {}, -1};
          analysed_ = call.architecture;
          emit changed();
          markStale();
        };
      });
}

}  // namespace fw
