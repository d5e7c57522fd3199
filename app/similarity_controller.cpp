// Computes layer similarity of the document.
#include "app/similarity_controller.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "app/analysis_call.h"
#include "engine/base/error.h"
#include "engine/workbench/drop.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

/// Depths are "in" and then one a layer; cells of the panel are layers, so depth 0 is left out.
ui::HeatMapData layerMap(const Matrix& matrix, const QString& recipe, double low, double high) {
  ui::HeatMapData map;
  const int depths = int(matrix.rows.size());
  map.rows = map.columns = std::max(0, depths - 1);
  for (int r = 1; r < depths; ++r)
    for (int c = 1; c < depths; ++c) map.values.push_back(float(matrix.at(size_t(r), size_t(c))));
  map.title = QString::fromStdString(matrix.title);
  map.recipe = recipe;
  map.minimum = low;
  map.maximum = high;
  return map;
}

/// Row n: spans of n + 1 layers; column: the first layer of the span.
ui::HeatMapData spanMap(const Matrix& matrix, const QString& recipe) {
  ui::HeatMapData map;
  const int layers = std::max(0, int(matrix.rows.size()) - 1);
  map.rows = map.columns = layers;
  double highest = 0;
  for (int n = 1; n <= layers; ++n)
    for (int first = 0; first < layers; ++first) {
      const double value =
          first + n <= layers ? matrix.at(size_t(first), size_t(first + n)) : std::numeric_limits<double>::quiet_NaN();
      if (std::isfinite(value)) highest = std::max(highest, value);
      map.values.push_back(float(value));
    }
  map.rowTitle = QObject::tr("layers in the span");
  map.columnTitle = QObject::tr("first layer");
  map.title = QString::fromStdString(matrix.title);
  map.recipe = recipe;
  map.maximum = highest > 0 ? highest : 1;
  return map;
}

/// The last segment of a path: the part's name.
std::string partOf(const std::string& label) { return label.substr(label.rfind('.') + 1); }

/// "Drop attention in 3, 4; mlp in 7", counted from 1.
QString titleOf(const std::vector<DropItem>& items) {
  std::map<std::string, std::set<int64_t>> byPart;
  for (const DropItem& item : items) byPart[item.part].insert(item.layer + 1);
  QStringList parts;
  for (const auto& [part, layers] : byPart) {
    QStringList numbers;
    for (const int64_t layer : layers) numbers << QString::number(layer);
    const QString blocks = numbers.size() == 1 ? QObject::tr("layer %1") : QObject::tr("layers %1");
    parts << (part == kWholeBlock ? blocks.arg(numbers.join(", "))
                                  : QObject::tr("%1 in %2").arg(QString::fromStdString(part), numbers.join(", ")));
  }
  return QObject::tr("Drop %1").arg(parts.join("; "));
}

/// "+1.2", "−0.3", "0.0": with the true minus sign, and none where nothing is left of it.
QString signedTenths(double value) {
  const double tenths = std::round(10 * value) / 10;
  const QString digits = QString::number(std::abs(tenths), 'f', 1);
  return (tenths > 0 ? "+" : tenths < 0 ? "\u2212" : "") + digits;
}

std::vector<ui::BeforeAfter> figuresOf(const DropEffect& effect, const std::string& metric) {
  std::vector<ui::BeforeAfter> figures;
  const auto add = [&](const QString& title, double before, double after, bool isMoreBetter, auto format) {
    const double change = before != 0 ? after / before - 1 : 0;
    figures.push_back({title, format(before), format(after), ui::formatChange(change),
                       isMoreBetter ? after < before : after > before});
  };
  const Evaluation &before = effect.before.quality, &after = effect.after.quality;
  if (before.measures.contains(metric) && after.measures.contains(metric)) {
    const double from = before.measures.at(metric), to = after.measures.at(metric);
    figures.push_back({QString::fromStdString(metric), ui::formatPercent(from), ui::formatPercent(to),
                       QObject::tr("%1 points").arg(signedTenths(100 * (to - from))), to < from});
  }
  add(QObject::tr("perplexity"), std::exp(before.loss), std::exp(after.loss), false, ui::formatValue);
  add(QObject::tr("parameters"), effect.before.parameters, effect.after.parameters, false, ui::formatCount);
  add(QObject::tr("time of %1 \u00d7 %2").arg(effect.batch).arg(effect.time), effect.before.seconds,
      effect.after.seconds, false, ui::formatSeconds);
  return figures;
}

/// All parts that are no whole blocks, in one ranking by layer.
ui::InfluenceRanking jointRanking(const std::vector<ui::InfluenceRanking>& rankings) {
  ui::InfluenceRanking joint{.part = kJoint, .title = QObject::tr("Joint")};
  for (const ui::InfluenceRanking& ranking : rankings)
    for (const ui::InfluenceEntry& entry : ranking.entries)
      if (ranking.part != kWholeBlock) {
        joint.entries.push_back(entry);
        joint.entries.back().part = ranking.part;
      }
  std::stable_sort(joint.entries.begin(), joint.entries.end(),
                   [](const ui::InfluenceEntry& a, const ui::InfluenceEntry& b) { return a.layer < b.layer; });
  return joint;
}

/// The lowest fifth, at least one of four layers: what the button proposes.
void propose(ui::InfluenceRanking& ranking) {
  const size_t count = ranking.entries.size() >= 4 ? std::max<size_t>(1, ranking.entries.size() / 5) : 0;
  std::vector<size_t> order(ranking.entries.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ranking.entries[a].value < ranking.entries[b].value; });
  for (size_t i = 0; i < ranking.entries.size(); ++i) ranking.entries[order[i]].isProposed = i < count;
}

}  // namespace

ui::SimilarityState similarityState(const AnalysisResult& result) {
  ui::SimilarityState state;
  state.panel.phase = ui::PanelPhase::Ready;
  const QString recipe = QString::fromStdString(result.recipe);
  for (const Matrix& matrix : result.matrices) {
    if (matrix.name == "cka")
      state.measures.push_back(
          {"cka", QObject::tr("Linear CKA"), ui::CellMeaning::Pair, layerMap(matrix, recipe, 0, 1)});
    if (matrix.name == "angular_distance")
      state.measures.push_back(
          {"angular_distance", QObject::tr("Angular distance"), ui::CellMeaning::Span, spanMap(matrix, recipe)});
  }
  std::vector<std::string> parts;
  std::map<std::string, ui::InfluenceRanking> byPart;
  for (const Series& series : result.series)
    for (size_t i = 0; i < series.values.size(); ++i) {
      if (series.layers[i] < 0) continue;
      const bool isBlock = series.name == "block_influence";
      const std::string part = isBlock ? "block" : partOf(series.labels[i]);
      if (!byPart.contains(part)) {
        parts.push_back(part);
        QString title = isBlock ? QObject::tr("Block") : QString::fromStdString(part);
        if (part == "mlp")
          title = QObject::tr("MLP");
        else
          title[0] = title[0].toUpper();
        byPart[part] = {.part = QString::fromStdString(part),
                        .title = title,
                        .object = isBlock ? QString() : QString::fromStdString(part)};
      }
      byPart[part].entries.push_back({.layer = int(series.layers[i]), .value = series.values[i]});
    }
  for (const std::string& part : parts) {
    propose(byPart[part]);
    state.rankings.push_back(byPart[part]);
  }
  if (parts.size() > 2) {
    state.rankings.push_back(jointRanking(state.rankings));
    propose(state.rankings.back());
  }
  state.rankingTitle = QObject::tr("Influence 1 − cos(x, y)");
  if (parts.size() > 1) {
    // Parts by layer, as one more map.
    ui::HeatMapData map;
    int layers = 0;
    for (const auto& [part, ranking] : byPart)
      for (const ui::InfluenceEntry& entry : ranking.entries) layers = std::max(layers, entry.layer + 1);
    map.rows = int(parts.size());
    map.columns = layers;
    map.values.assign(size_t(map.rows) * size_t(map.columns), std::numeric_limits<float>::quiet_NaN());
    double highest = 0;
    for (size_t r = 0; r < parts.size(); ++r) {
      map.rowLabels << byPart[parts[r]].title;
      for (const ui::InfluenceEntry& entry : byPart[parts[r]].entries) {
        map.values[r * size_t(layers) + size_t(entry.layer)] = float(entry.value);
        if (std::isfinite(entry.value)) highest = std::max(highest, entry.value);
      }
    }
    map.title = QObject::tr("Cosine influence of blocks and sub-blocks");
    map.recipe = recipe;
    map.maximum = highest > 0 ? highest : 1;
    state.measures.push_back({"influence", QObject::tr("Cosine influence"), ui::CellMeaning::Part, std::move(map)});
  }
  return state;
}

SimilarityController::SimilarityController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                                           QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), training_(training) {
  reset();
}

void SimilarityController::reset() {
  jobs_.cancel("similarity");
  jobs_.cancel("drop");
  state_ = {};
  state_.panel = {ui::PanelPhase::Empty, tr("See how much each layer changes the stream, and which layers are alike."),
                  tr("Compute similarity"), -1};
  analysed_.reset();
  emit changed();
}

void SimilarityController::markStale() {
  if (!analysed_ || structuralHash(*analysed_) == structuralHash(*document_.current())) return;
  if (state_.panel.phase == ui::PanelPhase::Ready) {
    state_.panel = {ui::PanelPhase::Stale, {}, tr("recompute"), -1};
    emit changed();
  }
}

void SimilarityController::compute() {
  if (!document_.isOpen()) return;
  const AnalyzeCall call = analyzeCall(document_, training_);
  runAnalysis(
      jobs_, "similarity", call,
      [call](CancelToken cancel, const Progress& progress) { return analyze(call, cancel, progress); },
      !state_.measures.empty() || !state_.rankings.empty(),
      [this](const ui::PanelState& panel) {
        state_.panel = panel;
        emit changed();
      },
      [this, call](AnalysisResult result) {
        ui::SimilarityState state = similarityState(result);
        return [this, call, state = std::move(state), result = std::move(result)] {
          result_ = result;
          const ui::DropReport report = state_.report;
          state_ = state;
          state_.report = report;
          analysed_ = call.architecture;
          emit changed();
          markStale();
        };
      });
}

std::map<int, double> SimilarityController::heat() const {
  std::map<int, double> heat;
  if (state_.panel.phase != ui::PanelPhase::Ready || state_.rankings.empty()) return heat;
  double highest = 0;
  for (const ui::InfluenceEntry& entry : state_.rankings.front().entries)
    if (std::isfinite(entry.value)) highest = std::max(highest, entry.value);
  for (const ui::InfluenceEntry& entry : state_.rankings.front().entries)
    if (std::isfinite(entry.value)) heat[entry.layer] = highest > 0 ? entry.value / highest : 0;
  return heat;
}

void SimilarityController::report(const QString& title, const QString& text) {
  state_.report = {.title = title, .text = text};
  emit changed();
}

void SimilarityController::drop(const QString& ranking, const std::vector<ui::DropPick>& picks, bool isIterative) {
  if (picks.empty() || !document_.isOpen()) return;
  AnalyzeCall before = analyzeCall(document_, training_);
  const std::vector<LayerInfo> layers = document_.facts().layers;
  const auto apply = [this, before, layers](const std::vector<DropItem>& items, const QString& title) {
    if (!document_.edit(title, {}, [&](Editor& editor) { fw::drop(editor, layers, items); })) return;
    // Layers keep their names: the weights of what is left are those it had.
    training_.adopt(*document_.current(), before.weights);
    report(title, tr("Measuring before and after"));
    measure(before, document_.current());
  };
  if (!isIterative) {
    std::vector<DropItem> items;
    for (const ui::DropPick& pick : picks) items.push_back({pick.layer, pick.part.toStdString()});
    return apply(items, titleOf(items));
  }
  const DropCall call{before, ranking.toStdString(), int64_t(picks.size()), true};
  const QString title = tr("Dropping %1 one by one").arg(picks.size());
  report(title, tr("Ranking again after each"));
  jobs_.start(
      "drop", tr("Drop one by one"),
      [this, call, title, apply](CancelToken cancel, const Progress& progress) -> JobRunner::Deliver {
        const Dropped dropped = dropLeast(call, cancel, progress);
        return [this, call, title, apply, dropped] {
          if (document_.current() == call.data.architecture)
            apply(dropped.items, titleOf(dropped.items));
          else
            report(title, tr("The model was changed meanwhile; nothing was dropped."));
        };
      },
      [this, title](const QString& sentence) {
        report(title, sentence.isEmpty() ? tr("Cancelled; nothing was dropped.") : sentence);
      });
}

void SimilarityController::measure(const AnalyzeCall& before, const ArchitecturePtr& after) {
  const QString title = state_.report.title;
  jobs_.start(
      "drop", tr("Before and after"),
      [this, before, after, title](CancelToken cancel, const Progress& progress) -> JobRunner::Deliver {
        const DropEffect effect = dropEffect(before, after, cancel, progress);
        ui::DropReport report{.title = title, .figures = figuresOf(effect, findTask(before.task).metric)};
        return [this, report = std::move(report)] {
          state_.report = report;
          emit changed();
        };
      },
      [this, title](const QString& sentence) { report(title, sentence.isEmpty() ? tr("Not measured.") : sentence); });
}

}  // namespace fw
