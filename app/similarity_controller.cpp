// Computes layer similarity of the document.
#include "app/similarity_controller.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/analysis_call.h"
#include "engine/base/error.h"

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

/// The lowest fifth, at least one of four layers: what the button proposes.
void propose(ui::InfluenceRanking& ranking) {
  const size_t count = ranking.entries.size() >= 4 ? std::max<size_t>(1, ranking.entries.size() / 5) : 0;
  std::vector<size_t> order(ranking.entries.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ranking.entries[a].value < ranking.entries[b].value; });
  for (size_t i = 0; i < count; ++i) ranking.entries[order[i]].isProposed = true;
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
  state_ = {};
  state_.panel = {ui::PanelPhase::Empty, tr("See how much each layer changes the stream, and which layers are alike."),
                  tr("Compute similarity"), -1};
  analysed_.reset();
  emit changed();
}

void SimilarityController::markStale() {
  if (!analysed_ || structuralHash(*analysed_) == structuralHash(*document_.current())) return;
  if (state_.panel.phase == ui::PanelPhase::Ready) {
    state_.panel = {ui::PanelPhase::Stale, {}, tr("outdated, recompute"), -1};
    emit changed();
  }
}

void SimilarityController::compute() {
  if (!document_.isOpen()) return;
  const AnalyzeCall call = analyzeCall(document_, training_);
  runAnalysis(
      jobs_, "similarity", call,
      [this](const ui::PanelState& panel) {
        state_.panel = panel;
        emit changed();
      },
      [this, call](AnalysisResult result) {
        ui::SimilarityState state = similarityState(result);
        return [this, call, state = std::move(state), result = std::move(result)] {
          result_ = result;
          state_ = state;
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

void SimilarityController::drop(const QString& part, const std::vector<int>& layers) {
  QStringList numbers;
  for (const int layer : layers) numbers << QString::number(layer + 1);
  const QString title = part == "block" ? tr("Drop layers %1").arg(numbers.join(", "))
                                        : tr("Drop %1 in %2").arg(part, numbers.join(", "));
  document_.edit(title, {}, [&](Editor& editor) {
    for (const int layer : layers) {
      if (size_t(layer) >= document_.facts().layers.size()) continue;
      const LayerInfo& info = document_.facts().layers[size_t(layer)];
      const Node* repeat = findNode(editor.result(), info.repeat);
      if (!repeat || !repeat->bodies.contains(info.body)) continue;
      const Graph& body = *repeat->bodies.at(info.body);
      // A residual that is muted passes its stream on: the branch into it is dropped.
      for (const auto& [id, node] : body.nodes) {
        if (!node->block.starts_with("structure.residual")) continue;
        bool isWanted = part == "block";
        for (const Wire& wire : body.wires)
          if (wire.to == PortRef{id, "branch"})
            if (const Node* source = body.find(wire.from.node))
              isWanted = isWanted || QString::fromStdString(source->name) == part;
        if (isWanted) editor.setLayerMuted(info.repeat, info.index, id, true);
      }
    }
  });
}

}  // namespace fw
