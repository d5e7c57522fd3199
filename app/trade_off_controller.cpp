// Computes what the document costs on a device, and sets trained models against each other.
#include "app/trade_off_controller.h"

#include <QDir>
#include <cmath>

#include "engine/analysis/cost/cost_params.h"
#include "engine/base/error.h"
#include "engine/workbench/calibration.h"
#include "engine/workbench/trade_off.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

QStringList texts(const std::vector<std::string>& strings) {
  QStringList list;
  for (const std::string& each : strings) list << QString::fromStdString(each);
  return list;
}

QString titled(const std::string& title, const std::string& unit) {
  return QString::fromStdString(unit.empty() ? title : title + " [" + unit + "]");
}

ui::TradeOffResult scatterOf(const Scatter& scatter) {
  ui::TradeOffResult shown{.id = QString::fromStdString(scatter.name), .title = QString::fromStdString(scatter.title)};
  ui::ScatterData& data = shown.scatter;
  data.title = shown.title;
  data.xTitle = QString::fromStdString(scatter.xTitle);
  data.yTitle = QString::fromStdString(scatter.yTitle);
  data.isLogX = scatter.isLogX;
  data.isLogY = scatter.isLogY;
  std::map<std::string, int> colors;
  for (const Scatter::Point& point : scatter.points) {
    const int color = colors.try_emplace(point.group, int(colors.size())).first->second;
    const bool isFaint = point.group == "dominated", isStar = point.group == "knee";
    data.points.push_back({.label = QString::fromStdString(point.label),
                           .x = point.x,
                           .y = point.y,
                           .color = isStar || point.group == "front" ? 0 : color,
                           .isFaint = isFaint,
                           .isStar = isStar});
    if (!point.opens.empty()) shown.models << QString::fromStdString(point.opens);
    shown.origins.push_back(point.origin);
  }
  for (const Scatter::Line& line : scatter.lines)
    data.lines.push_back({.name = QString::fromStdString(line.name), .x = line.x, .y = line.y});
  return shown;
}

/// Bars, the second line as marks.
ui::BarChartData barsOf(const Curves& curves) {
  ui::BarChartData bars{.title = titled(curves.title, curves.unit), .bars = {}};
  for (size_t l = 0; l < curves.lines.size() && l < 2; ++l)
    bars.title += (l == 0 ? ": " : " | ") + QString::fromStdString(curves.lines[l].name);
  for (size_t i = 0; i < curves.labels.size(); ++i) {
    bars.bars.push_back({.label = QString::fromStdString(curves.labels[i]), .value = curves.lines[0].values[i]});
    if (curves.lines.size() > 1) bars.bars.back().mark = curves.lines[1].values[i];
  }
  return bars;
}

ui::CurvePlotData linesOf(const Curves& curves) {
  ui::CurvePlotData data;
  data.xTitle = data.xName = QString::fromStdString(curves.xTitle);
  data.xLabels = texts(curves.labels);
  data.title = titled(curves.title, curves.unit);
  int color = 0;
  for (const Curves::Line& line : curves.lines) {
    ui::Curve curve{.name = QString::fromStdString(line.name), .y = line.values, .color = color++};
    for (size_t i = 0; i < line.values.size(); ++i) curve.x.push_back(double(i));
    data.curves.push_back(std::move(curve));
  }
  return data;
}

QString calibrationText() {
  try {
    const std::optional<Calibration> kept = loadCalibration(calibrationFile("cpu"), "cpu");
    if (!kept) return QObject::tr("This machine was not measured yet; the first computation does it.");
    return QObject::tr("This machine: %1/s, %2/s, %3 a step.")
        .arg(ui::formatFlops(kept->roofs.peak), ui::formatBytes(kept->roofs.bandwidth),
             ui::formatSeconds(kept->roofs.launch));
  } catch (const Error& error) {
    return QString::fromStdString(error.what());
  }
}

}  // namespace

std::vector<ui::TradeOffResult> tradeOffResults(const AnalysisResult& result) {
  std::vector<ui::TradeOffResult> results;
  for (const Scatter& scatter : result.scatters) results.push_back(scatterOf(scatter));
  for (const Matrix& matrix : result.matrices) {
    if (!matrix.isParallel) continue;  // a table: among the saved numbers
    ui::TradeOffResult shown{.id = QString::fromStdString(matrix.name), .title = QString::fromStdString(matrix.title)};
    shown.parallel = {.title = shown.title, .axes = texts(matrix.columns), .names = texts(matrix.rows), .rows = {}};
    for (size_t r = 0; r < matrix.rows.size(); ++r) {
      std::vector<double>& row = shown.parallel.rows.emplace_back();
      for (size_t c = 0; c < matrix.columns.size(); ++c) row.push_back(matrix.at(r, c));
    }
    if (!results.empty()) shown.models = results.front().models;
    results.push_back(std::move(shown));
  }
  for (const Curves& curves : result.curves) {
    ui::TradeOffResult shown{.id = QString::fromStdString(curves.name), .title = QString::fromStdString(curves.title)};
    if (curves.isBars)
      shown.bars = barsOf(curves);
    else
      shown.curves = linesOf(curves);
    results.push_back(std::move(shown));
  }
  for (const Series& series : result.series) {
    ui::TradeOffResult shown{.id = QString::fromStdString(series.name), .title = QString::fromStdString(series.title)};
    shown.bars.title = titled(series.title, series.unit);
    for (size_t i = 0; i < series.values.size(); ++i)
      shown.bars.bars.push_back({.label = QString::fromStdString(series.labels[i]), .value = series.values[i]});
    shown.origins.assign(series.origins.begin(), series.origins.end());
    results.push_back(std::move(shown));
  }
  return results;
}

std::unique_ptr<ui::Plot> tradeOffPlot(const ui::TradeOffResult& result) {
  const auto plotOf = [](auto plot, const auto& data) -> std::unique_ptr<ui::Plot> {
    plot->setData(data);
    return plot;
  };
  if (!result.scatter.points.empty()) return plotOf(std::make_unique<ui::ScatterPlot>(), result.scatter);
  if (!result.parallel.rows.empty()) return plotOf(std::make_unique<ui::ParallelPlot>(), result.parallel);
  if (!result.curves.curves.empty()) return plotOf(std::make_unique<ui::CurvePlot>(), result.curves);
  return plotOf(std::make_unique<ui::BarChart>(), result.bars);
}

TradeOffController::TradeOffController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                                       const QString& runs, QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), training_(training) {
  for (const AnalysisDef& analysis : allAnalyses())
    if (!analysis.needsData())
      state_.analyses.push_back({QString::fromStdString(analysis.id), QString::fromStdString(analysis.title),
                                 QString::fromStdString(analysis.help)});
  state_.analysis = "roofline";
  state_.folder = runs;
  reset();
}

void TradeOffController::reset() {
  jobs_.cancel("trade-off");
  state_.results.clear();
  state_.recipe.clear();
  state_.warning.clear();
  state_.panel = {ui::PanelPhase::Empty, tr("Choose a device and a phase; the model needs no training."), tr("Compute"),
                  -1};
  analysed_.reset();
  showChoice();
}

void TradeOffController::showChoice() {
  state_.options.clear();
  const std::string id = state_.analysis.toStdString();
  const AnalysisDef& analysis = findAnalysis(id);
  state_.isOfRuns = analysis.ofRuns != nullptr;
  if (state_.isOfRuns && state_.panel.phase == ui::PanelPhase::Empty)
    state_.panel.text = tr("All runs in %1 against each other.").arg(QDir::toNativeSeparators(state_.folder));
  state_.calibration = calibrationText();
  for (const ParamDef& def : analysis.params) {
    const Params& changed = options_[id];
    const auto value = changed.find(def.name);
    state_.options.push_back({.def = def, .value = value == changed.end() ? def.value : value->second});
  }
  emit changed();
}

void TradeOffController::choose(const QString& analysis) {
  if (analysis == state_.analysis) return;
  state_.analysis = analysis;
  reset();
}

void TradeOffController::outdate() {
  if (state_.panel.phase == ui::PanelPhase::Ready) state_.panel = {ui::PanelPhase::Stale, {}, tr("recompute"), -1};
}

void TradeOffController::setOption(const QString& name, const ParamValue& value) {
  options_[state_.analysis.toStdString()][name.toStdString()] = value;
  outdate();
  showChoice();
}

void TradeOffController::setFolder(const QString& folder) {
  state_.folder = folder;
  outdate();
  showChoice();
}

void TradeOffController::markStale() {
  if (state_.isOfRuns || !analysed_ || structuralHash(*analysed_) == structuralHash(*document_.current())) return;
  outdate();
  emit changed();
}

void TradeOffController::compute(bool isCalibratingAnew) {
  if (!document_.isOpen()) return;
  AnalyzeCall call = analyzeCall(document_, training_);
  call.analysis = state_.analysis.toStdString();
  call.options = options_[call.analysis];
  call.modelName = document_.title().toStdString();
  const bool isOfRuns = state_.isOfRuns;
  const Analysis analysis = [call, isOfRuns, isCalibratingAnew, folder = state_.folder.toStdString()](
                                CancelToken cancel, const Progress& progress) {
    if (isCalibratingAnew) calibrationOf("cpu", true, cancel, progress);
    if (!isOfRuns) return analyze(call, cancel, progress);
    const LatencyModel device = latencyModelOf(kThisMachine, false, cancel, progress);
    return analyzeRuns(call.analysis, call.options, {folder}, device, cancel, progress);
  };
  runAnalysis(
      jobs_, "trade-off", call, analysis, !state_.results.empty(),
      [this](const ui::PanelState& panel) {
        state_.panel = panel;
        if (panel.phase == ui::PanelPhase::Busy) state_.panel.text = tr("Counting and measuring");
        emit changed();
      },
      [this, call](AnalysisResult result) {
        std::vector<ui::TradeOffResult> results = tradeOffResults(result);
        return [this, call, results = std::move(results), result = std::move(result)] {
          result_ = result;
          state_.results = results;
          state_.recipe = QString::fromStdString(result.recipe);
          state_.warning = texts(result.warnings).join(" ");
          state_.panel = {ui::PanelPhase::Ready, {}, {}, -1};
          analysed_ = call.architecture;
          showChoice();
          markStale();
        };
      });
}

}  // namespace fw
