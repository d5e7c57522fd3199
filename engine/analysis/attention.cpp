// Attention: how spread each head's weights are, how much of them the first token swallows, how far back they reach,
// how much heads differ, and the maps themselves. (Xiao et al., Efficient Streaming Language Models with Attention
// Sinks, 2023; Michel, Levy and Neubig, Are Sixteen Heads Really Better than One?, 2019.)
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/analysis/analysis.h"
#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/ops/attention.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/mean.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The layer whose path the scope lies in; -1: none.
int64_t layerOf(const ir::Graph& graph, const std::string& scope) {
  for (const ir::ProbeInfo& probe : graph.probes)
    if (probe.kind == "layer.in" && scope.starts_with(probe.name.substr(0, probe.name.rfind(':')) + "."))
      return probe.layer;
  return -1;
}

/// -sum p log p over `axis`, 0 log 0 = 0.
ir::Value entropyOf(ir::Value p, int axis) {
  return -ir::sum(p * ir::log(ir::where(ir::greater(p, 0.0), p, 1.0)), {axis});
}

/// For each call of attention, measures of each head [H], means over sequences and queries:
/// entropy over the logarithm of the number of visible keys (queries that see one key do not count), weight of key 0,
/// sum_j A_tj |t - j|, the Jensen-Shannon divergence from the mean of all heads; and the map of the first sequence.
void extend(ir::Builder& builder, const Params& params) {
  const ir::Graph before = builder.graph();
  int64_t number = 0;
  for (int node = 0; node < int(before.nodes.size()); ++node) {
    const ir::Node& call = before.nodes[size_t(node)];
    if (call.op->name != "attention") continue;
    const std::string path = before.scopes[size_t(call.scope)];
    const ir::ScopeGuard guard(builder, path, call.origin);
    const auto [weights, isVisible] = ir::attentionWeights(builder, node);
    const int64_t heads = weights.size(1), queries = weights.size(2), keys = weights.size(3);
    const auto give = [&](const std::string& kind, ir::Value value) {
      builder.probe({.name = path + ":attention." + kind,
                     .origin = call.origin,
                     .layer = layerOf(before, path),
                     .kind = "attention." + kind},
                    value);
    };
    const auto meanOf = [&](ir::Value rows) { return ir::mean(rows, {0, 2}); };  // [B,H,T] -> [H]
    const ir::Value visible = ir::sum(ir::cast(isVisible, DType::F32), {3});
    const ir::Value counts = ir::cast(ir::greater(visible, 1.0), DType::F32);
    const ir::Value share = entropyOf(weights, 3) / ir::log(ir::where(ir::greater(visible, 1.0), visible, 2.0));
    give("entropy", ir::sum(share * counts, {0, 2}) / ir::sum(counts, {0, 2}));
    give("sink", meanOf(ir::reshape(ir::slice(weights, 3, 0, 1), Shape{weights.size(0), heads, queries})));
    const ir::Value query = ir::iota(builder, {queries, 1}, 0, DType::F32, double(keys - queries)),
                    key = ir::iota(builder, {1, keys}, 1, DType::F32);
    give("distance", meanOf(ir::sum(weights * ir::abs(query - key), {3})));
    const ir::Value middle = ir::mean(weights, {1}, true);
    const ir::Value divergence = entropyOf(middle, 3) - ir::mean(entropyOf(weights, 3), {1}, true);
    give("divergence", ir::mean(divergence, {0, 1, 2}));
    // The map of one attention alone is shown.
    if (number++ != std::get<int64_t>(params.at("layer"))) continue;
    give("map", ir::reshape(ir::slice(weights, 0, 0, 1), Shape{heads, queries, keys}));
  }
}

bool wants(const ir::ProbeInfo& probe, const Params&) { return probe.kind.starts_with("attention."); }

class Attention : public AnalysisRun {
 public:
  explicit Attention(const Params& params)
      : layer_(std::get<int64_t>(params.at("layer"))), head_(std::get<int64_t>(params.at("head"))) {}

  bool reads(const ir::ProbeInfo& probe, int64_t batch) const override {
    return batch == 0 || probe.kind != "attention.map";
  }

  void consume(const Recording& recording, const CancelToken& cancel) override {
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      throwIfCancelled(cancel);
      const ir::ProbeInfo& probe = recording.probes[i];
      const std::string path = probe.name.substr(0, probe.name.rfind(':')), kind = probe.kind.substr(10);
      if (!places_.contains(path)) order_.push_back(path);
      Place& place = places_[path];
      place.origin = probe.origin;
      place.layer = probe.layer;
      if (kind == "map") {
        if (recording.batch == 0) keepMap(recording, i, place);
        continue;
      }
      const std::vector<double> values = recording.values[i].toDoubles();
      std::vector<double>& sums = place.sums[kind];
      sums.resize(values.size(), 0);
      for (size_t h = 0; h < values.size(); ++h) sums[h] += values[h];
    }
    ++batches_;
  }

  AnalysisResult finish(const CancelToken&) override {
    AnalysisResult result;
    const auto heads = [&](const char* kind, const char* title, const char* unit) {
      size_t most = 0;
      for (const std::string& path : order_) most = std::max(most, places_[path].sums[kind].size());
      Matrix matrix{.name = std::string("head_") + kind,
                    .title = title,
                    .unit = unit,
                    .rowTitle = "attention",
                    .columnTitle = "head"};
      for (size_t h = 0; h < most; ++h) matrix.columns.push_back(std::to_string(h));
      for (const std::string& path : order_) {
        matrix.rows.push_back(path);
        const std::vector<double>& sums = places_[path].sums[kind];
        for (size_t h = 0; h < most; ++h) matrix.values.push_back(h < sums.size() ? sums[h] / double(batches_) : kNone);
      }
      result.matrices.push_back(std::move(matrix));
    };
    heads("entropy", "Entropy of the weights (1: even over the visible keys)", "");
    heads("sink", "Weight of the first token", "share");
    heads("distance", "Mean distance of what is attended to", "tokens");
    Series divergence{.name = "head_divergence", .title = "How much heads differ (Jensen-Shannon)", .unit = "nat"};
    Series sinks{
        .name = "sink_heads", .title = "Heads with more than 30 % of their weight on the first token", .unit = "heads"};
    for (const std::string& path : order_) {
      Place& place = places_[path];
      for (Series* series : {&divergence, &sinks}) {
        series->labels.push_back(path);
        series->origins.push_back(place.origin);
        series->layers.push_back(place.layer);
      }
      divergence.values.push_back(place.sums["divergence"].at(0) / double(batches_));
      const std::vector<double>& sink = place.sums["sink"];
      sinks.values.push_back(
          double(std::count_if(sink.begin(), sink.end(), [&](double sum) { return sum > 0.3 * double(batches_); })));
    }
    result.series = {std::move(divergence), std::move(sinks)};
    addMap(result);
    result.recipe = text("attention weights recomputed from queries and keys; means over ", batches_,
                         " batches; map of the first sequence");
    return result;
  }

 private:
  struct Place {
    int64_t origin = 0, layer = -1;
    std::map<std::string, std::vector<double>> sums;  // by kind, of all batches
    std::vector<double> map;
    Shape shape;  // [H,T,S]
  };

  void keepMap(const Recording& recording, size_t probe, Place& place) {
    place.map = recording.values[probe].toDoubles();
    place.shape = recording.values[probe].shape;
    if (!recording.inputs) return;
    const auto tokens = recording.inputs->find("tokens");
    if (tokens == recording.inputs->end() || tokens->second.dtype != DType::I64) return;
    // Those of the first sequence.
    for (int64_t t = 0; t < tokens->second.shape[-1]; ++t)
      tokens_.push_back(recording.textOf(tokens->second.data<int64_t>()[t]));
  }

  /// The chosen attention's weights of its first sequence: queries down, keys across.
  void addMap(AnalysisResult& result) const {
    if (layer_ >= int64_t(order_.size())) {
      result.warnings.push_back(
          text("There are ", order_.size(), " attentions, counted from 0: no map of number ", layer_, "."));
      return;
    }
    const Place& place = places_.at(order_[size_t(layer_)]);
    const int64_t heads = place.shape[0], queries = place.shape[1], keys = place.shape[2];
    if (head_ >= heads) {
      result.warnings.push_back(
          text(order_[size_t(layer_)], " has ", heads, " heads, counted from 0: no map of head ", head_, "."));
      return;
    }
    Matrix map{.name = "map",
               .title = text("Attention of ", order_[size_t(layer_)],
                             head_ < 0 ? std::string(", mean of heads") : text(", head ", head_)),
               .rowTitle = "query",
               .columnTitle = "key",
               .values = std::vector<double>(size_t(queries * keys), 0)};
    for (int64_t h = 0; h < heads; ++h)
      if (head_ < 0 || h == head_)
        for (int64_t i = 0; i < queries * keys; ++i)
          map.values[size_t(i)] += place.map[size_t(h * queries * keys + i)] / (head_ < 0 ? double(heads) : 1);
    const auto label = [&](int64_t t, int64_t count) {
      return int64_t(tokens_.size()) == count ? tokens_[size_t(t)] : std::to_string(t);
    };
    for (int64_t t = 0; t < queries; ++t) map.rows.push_back(label(t, queries));
    for (int64_t s = 0; s < keys; ++s) map.columns.push_back(label(s, keys));
    Matrix each = map;
    each.name = "heads";
    each.title = text("Heads of ", order_[size_t(layer_)]);
    each.values = place.map;
    each.frameTitle = "head";
    for (int64_t h = 0; h < heads; ++h) each.frames.push_back(std::to_string(h));
    result.matrices.push_back(std::move(map));
    result.matrices.push_back(std::move(each));
  }

  int64_t layer_, head_;
  std::vector<std::string> order_, tokens_;
  std::map<std::string, Place> places_;
  int64_t batches_ = 0;
};

std::unique_ptr<AnalysisRun> make(const Params& params) { return std::make_unique<Attention>(params); }

}  // namespace

AnalysisDef analysis_attention() {
  return {
      .id = "attention",
      .title = "Attention",
      .help = "Entropy, sinks, reach and divergence of heads, and one attention's map.",
      .paper = "Xiao et al., 2023; Michel, Levy and Neubig, 2019",
      .params = {intParam("layer", 0).label("Map of").range(0, 100000).help("Which attention's map, counted from 0."),
                 intParam("head", -1).label("Head").range(-1, 65536).help("Of the map; -1: the mean of all.")},
      .needs = "attention",
      .extend = extend,
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
