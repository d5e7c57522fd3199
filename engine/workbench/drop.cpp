// Leaving out what does little: ranking, edit, and the figures before and after.
#include "engine/workbench/drop.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace fw {
namespace {

/// A residual in a layer's body and the name of the node that feeds its branch.
struct Join {
  NodeId id = 0;
  std::string part;
};

std::vector<Join> joinsOf(const Graph& body) {
  std::vector<Join> joins;
  for (const auto& [id, node] : body.nodes) {
    if (!node->block.starts_with("structure.residual") || node->isMuted) continue;
    for (const Wire& wire : body.wiresInto(id))
      if (wire.to.port == "branch")
        if (const Node* source = body.find(wire.from.node)) joins.push_back({id, source->name});
  }
  return joins;
}

/// Those of one layer that are still there.
std::vector<Join> liveJoins(const Architecture& architecture, const LayerInfo& layer) {
  const Node* repeat = findNode(architecture, layer.repeat);
  if (!repeat || !repeat->bodies.contains(layer.body)) return {};
  std::vector<Join> joins = joinsOf(*repeat->bodies.at(layer.body));
  const auto own = repeat->overrides.find(layer.index);
  if (own == repeat->overrides.end()) return joins;
  const std::vector<NodeId>& muted = own->second.muted;
  std::erase_if(joins, [&](const Join& join) { return std::binary_search(muted.begin(), muted.end(), join.id); });
  return joins;
}

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Json toJson(const ModelFigures& figures) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  Json json = {{"loss", number(figures.quality.loss)},
               {"perplexity", number(std::exp(figures.quality.loss))},
               {"rows", figures.quality.rows},
               {"parameters", figures.parameters},
               {"flops", figures.flops},
               {"seconds", number(figures.seconds)}};
  for (const auto& [name, value] : figures.quality.measures) json[name] = number(value);
  return json;
}

}  // namespace

std::vector<LayerInfo> layersOf(const Architecture& architecture) {
  return lower(architecture, catalog(),
               {.mode = Mode::Prefill,
                .dims = {{"B", smallestBatch(architecture)}, {"T", longestTime(architecture, 128)}}})
      .layers;
}

std::vector<DropItem> dropCandidates(const Architecture& architecture, const std::vector<LayerInfo>& layers,
                                     const std::string& part) {
  std::vector<DropItem> items;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const std::vector<Join> joins = liveJoins(architecture, layers[layer]);
    if (part == kWholeBlock && !joins.empty()) items.push_back({int64_t(layer), kWholeBlock});
    if (part == kWholeBlock) continue;
    for (const Join& join : joins)
      if (part == kJoint || part == join.part) items.push_back({int64_t(layer), join.part});
  }
  return items;
}

std::vector<DropItem> rankedForDrop(std::vector<DropItem> candidates, const AnalysisResult& similarity) {
  std::map<std::pair<int64_t, std::string>, double> influences;
  for (const Series& series : similarity.series)
    for (size_t i = 0; i < series.values.size() && i < series.layers.size(); ++i) {
      const bool isBlock = series.name == "block_influence";
      if (!isBlock && series.name != "sublayer_influence") continue;
      const std::string& label = series.labels[i];
      influences[{series.layers[i], isBlock ? kWholeBlock : label.substr(label.rfind('.') + 1)}] = series.values[i];
    }
  for (DropItem& item : candidates)
    if (const auto found = influences.find({item.layer, item.part}); found != influences.end())
      item.influence = found->second;
  std::erase_if(candidates, [](const DropItem& item) { return !std::isfinite(item.influence); });
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const DropItem& a, const DropItem& b) { return a.influence < b.influence; });
  return candidates;
}

void drop(Editor& editor, const std::vector<LayerInfo>& layers, const std::vector<DropItem>& items) {
  for (const DropItem& item : items) {
    if (item.layer < 0 || size_t(item.layer) >= layers.size())
      throw Error(Code::Usage,
                  text("[drop] there is no layer ", item.layer, "; expected 0 to ", int64_t(layers.size()) - 1, "."));
    const LayerInfo& layer = layers[size_t(item.layer)];
    for (const Join& join : liveJoins(editor.result(), layer))
      if (item.part == kWholeBlock || item.part == join.part)
        editor.setLayerMuted(layer.repeat, layer.index, join.id, true);
  }
}

Dropped dropLeast(const DropCall& call, const CancelToken& cancel, const Progress& progress) {
  Dropped result{.architecture = call.data.architecture};
  const std::vector<LayerInfo> layers = layersOf(*call.data.architecture);
  const size_t count = size_t(std::max<int64_t>(0, call.count));
  while (result.items.size() < count) {
    AnalyzeCall data = call.data;
    data.architecture = result.architecture;
    data.analysis = "similarity";
    data.options = {};
    progress.report(double(result.items.size()) / double(count), text("ranking ", result.items.size() + 1));
    const std::vector<DropItem> ranked =
        rankedForDrop(dropCandidates(*data.architecture, layers, call.part), analyze(data, cancel));
    const size_t wanted = call.isIterative ? 1 : count;
    if (ranked.size() < wanted)
      throw Error(Code::Usage, text("[drop] ", count, " of '", call.part, "' are to be dropped, but there are ",
                                    ranked.size() + result.items.size(), "."));
    const std::vector<DropItem> chosen(ranked.begin(), ranked.begin() + std::ptrdiff_t(wanted));
    Editor editor(*result.architecture, catalog());
    drop(editor, layers, chosen);
    result.architecture = std::make_shared<const Architecture>(editor.result());
    result.items.insert(result.items.end(), chosen.begin(), chosen.end());
  }
  return result;
}

DropEffect dropEffect(const AnalyzeCall& before, const ArchitecturePtr& after, const CancelToken& cancel,
                      const Progress& progress) {
  if (!before.dataFile.empty())
    throw Error(Code::Usage, text("[", before.dataFile, "] has no answers to compare with; expected a task."));
  constexpr int64_t kTurns = 4, kRepeats = 3;
  const std::map<std::string, int64_t> dims =
      makeTask(before.task, before.taskOptions, before.seed)->dims(before.batch);
  DropEffect effect{.batch = before.batch, .time = dims.contains("T") ? dims.at("T") : 1};
  const std::pair<ArchitecturePtr, ModelFigures*> models[] = {{before.architecture, &effect.before},
                                                              {after, &effect.after}};
  for (const auto& [architecture, figures] : models) {
    progress.report(figures == &effect.before ? 0.1 : 0.4, "evaluating");
    figures->quality = evaluate(*architecture, before.weights, before.task, before.taskOptions, before.seed,
                                before.batches, before.batch, before.device, cancel);
    const CostReport counted = cost(*architecture, {.batch = effect.batch, .time = effect.time, .withPeak = false});
    figures->parameters = counted.parametersUnique;
    figures->flops = counted.flops;
  }
  std::vector<double> seconds[2];
  for (int64_t turn = 0; turn < kTurns; ++turn)
    for (size_t model = 0; model < 2; ++model) {
      progress.report(0.7 + 0.3 * double(turn) / double(kTurns), "timing");
      const BenchReport report = bench(*models[model].first,
                                       {.batch = effect.batch,
                                        .time = effect.time,
                                        .repeat = kRepeats,
                                        .device = before.device,
                                        .weights = before.weights},
                                       cancel);
      seconds[model].insert(seconds[model].end(), report.seconds.begin(), report.seconds.end());
    }
  effect.before.seconds = median(seconds[0]);
  effect.after.seconds = median(seconds[1]);
  return effect;
}

std::string dropJson(const Dropped& dropped, const DropEffect& effect) {
  Json items = Json::array();
  for (const DropItem& item : dropped.items)
    items.push_back({{"layer", item.layer}, {"part", item.part}, {"influence", item.influence}});
  const Json json = {{"items", items},
                     {"batch", effect.batch},
                     {"time", effect.time},
                     {"before", toJson(effect.before)},
                     {"after", toJson(effect.after)}};
  return json.dump(2) + "\n";
}

}  // namespace fw
