// The logit lens: what the model would say if its last norm and head read the stream after each layer,
// p_l = softmax(W norm(h_l)), and how that approaches what it says in the end. (nostalgebraist, Interpreting GPT: the
// Logit Lens, 2020.)
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/analysis/analysis.h"
#include "engine/analysis/measures/depths.h"
#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/ops/argmax.h"
#include "engine/ops/cross_entropy.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/log_softmax.h"
#include "engine/ops/max.h"
#include "engine/ops/mean.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

std::string pathOf(const ir::ProbeInfo& probe) { return probe.name.substr(0, probe.name.rfind(':')); }

/// The model's scores of tokens, [B,T,V]; null: it has none.
const ir::OutputInfo* scoresOf(const ir::Graph& graph) {
  const ir::OutputInfo* output = graph.findOutput("logits");
  return output && graph.type(output->value).shape.rank() == 3 ? output : nullptr;
}

/// Nodes through which `from` reaches `to`, in order.
std::vector<int> between(const ir::Graph& graph, ir::ValueRef from, ir::ValueRef to) {
  std::set<int> after = {from.node};
  for (int node = from.node + 1; node <= to.node; ++node)
    for (const ir::ValueRef& input : graph.nodes[size_t(node)].inputs)
      if (after.contains(input.node) && (input.node != from.node || input.output == from.output)) after.insert(node);
  std::set<int> wanted = {to.node};
  std::vector<int> path;
  for (int node = to.node; node > from.node; --node) {
    if (!wanted.contains(node) || !after.contains(node)) continue;
    path.push_back(node);
    for (const ir::ValueRef& input : graph.nodes[size_t(node)].inputs) wanted.insert(input.node);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

/// Appends the nodes of `path` once more, reading `instead` where they read `of`; what becomes of `to`.
ir::Value again(ir::Builder& builder, const ir::Graph& graph, const std::vector<int>& path, ir::ValueRef of,
                ir::ValueRef to, ir::Value instead) {
  std::map<ir::ValueRef, ir::Value> made = {{of, instead}};
  for (const int at : path) {
    const ir::Node& node = graph.nodes[size_t(at)];
    const ir::ScopeGuard guard(builder, graph.scopes[size_t(node.scope)], node.origin);
    std::vector<ir::Value> inputs;
    for (const ir::ValueRef& input : node.inputs)
      inputs.push_back(made.contains(input) ? made.at(input) : builder.value(input));
    const std::vector<ir::Value> outputs = builder.ops(node.op->name, inputs, node.attrs, node.body);
    for (size_t i = 0; i < outputs.size(); ++i) made[{at, int(i)}] = outputs[i];
  }
  return made.at(to);
}

/// For each depth the likeliest token [B,T] and its probability [B,T]; means over all tokens of the entropy, of
/// KL(p_last || p_l), and of the loss of the next token where the model reads "tokens".
void extend(ir::Builder& builder, const Params&) {
  const ir::Graph before = builder.graph();
  const ir::OutputInfo* scores = scoresOf(before);
  if (!scores) return;
  std::vector<ir::ProbeInfo> depths;
  for (const ir::ProbeInfo& probe : before.probes)
    if (isDepth(probe) && (probe.kind == "layer.out" || depths.empty())) depths.push_back(probe);
  while (!depths.empty() && between(before, depths.back().value, scores->value).empty()) depths.pop_back();
  if (depths.empty()) return;
  const ir::ProbeInfo last = depths.back();
  const std::vector<int> path = between(before, last.value, scores->value);
  const ir::Value final = ir::logSoftmax(builder.value(scores->value));
  const ir::InputInfo* tokens = before.findInput("tokens");
  for (const ir::ProbeInfo& depth : depths) {
    if (before.type(depth.value) != before.type(last.value)) continue;
    const ir::Value logits = again(builder, before, path, last.value, scores->value, builder.value(depth.value));
    const ir::Value log = ir::logSoftmax(logits), p = ir::exp(log);
    const std::string name = depth.kind == "layer.in" ? "in" : pathOf(depth);
    const auto give = [&](const std::string& kind, ir::Value value) {
      builder.probe(
          {.name = name + ":lens." + kind, .origin = depth.origin, .layer = depth.layer, .kind = "lens." + kind},
          value);
    };
    const int64_t batch = logits.size(0), time = logits.size(1), classes = logits.size(2);
    give("top", ir::argmax(logits, -1));
    give("probability", ir::max(p, {2}));
    give("entropy", -ir::mean(ir::sum(p * log, {2}), {0, 1}));
    give("divergence", ir::mean(ir::sum(ir::exp(final) * (final - log), {2}), {0, 1}));
    const bool isForetelling =
        tokens && before.type({tokens->node, 0}) == ir::TensorType{DType::I64, {batch, time}} && time > 1;
    if (!isForetelling) continue;
    const int64_t asked = batch * (time - 1);
    const ir::Value next = ir::reshape(ir::slice(builder.value({tokens->node, 0}), 1, 1, time), Shape{asked});
    const ir::Value rows = ir::reshape(ir::slice(logits, 1, 0, time - 1), Shape{asked, classes});
    give("loss", ir::mean(ir::crossEntropy(rows, next), {0}));
  }
}

bool wants(const ir::ProbeInfo& probe, const Params&) { return probe.kind.starts_with("lens."); }

class LogitLens : public AnalysisRun {
 public:
  explicit LogitLens(const Params& params)
      : row_(std::get<int64_t>(params.at("sequence"))), shown_(std::get<int64_t>(params.at("tokens"))) {}

  bool reads(const ir::ProbeInfo& probe, int64_t batch) const override {
    return batch == 0 || probe.kind != "lens.probability";
  }

  void consume(const Recording& recording, const CancelToken& cancel) override {
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      throwIfCancelled(cancel);
      const ir::ProbeInfo& probe = recording.probes[i];
      const std::string path = pathOf(probe), kind = probe.kind.substr(5);
      if (!depths_.contains(path)) order_.push_back(path);
      Depth& depth = depths_[path];
      depth.layer = probe.layer;
      depth.origin = probe.origin;
      const Tensor& value = recording.values[i];
      if (kind == "probability") {
        if (recording.batch == 0) depth.probabilities = rowOf(value);
        continue;
      }
      if (kind != "top") {
        depth.sums[kind] += value.toDoubles().at(0);
        continue;
      }
      depth.tops = value;
      if (recording.batch == 0) depth.guesses = rowOf(value);
    }
    if (recording.batch == 0) keepTokens(recording);
    compareTops();
    ++batches_;
  }

  AnalysisResult finish(const CancelToken&) override {
    AnalysisResult result;
    Curves nats{.name = "lens", .title = "From each depth to the end", .unit = "nat", .xTitle = "depth"},
        shares{.name = "lens_agreement",
               .title = "Tokens whose guess is the last one's",
               .unit = "share",
               .xTitle = "depth"};
    nats.labels = shares.labels = order_;
    for (const auto& [kind, title] :
         {std::pair{"loss", "loss of the next token"}, std::pair{"divergence", "divergence from the last"},
          std::pair{"entropy", "entropy"}}) {
      Curves::Line line{title, {}};
      for (const std::string& path : order_)
        if (depths_[path].sums.contains(kind)) line.values.push_back(depths_[path].sums[kind] / double(batches_));
      if (line.values.size() == order_.size()) nats.lines.push_back(std::move(line));
    }
    Curves::Line now{"here", {}}, onwards{"here and from here on", {}};
    Series exits{.name = "settled", .title = "Tokens whose guess changes no more from here", .unit = "share"};
    for (size_t i = 0; i < order_.size(); ++i) {
      const Depth& depth = depths_[order_[i]];
      now.values.push_back(double(depth.agreeing) / double(tokens_));
      onwards.values.push_back(double(depth.settledHere) / double(tokens_) + (i > 0 ? onwards.values.back() : 0));
      exits.labels.push_back(order_[i]);
      exits.values.push_back(double(depth.settledHere) / double(tokens_));
      exits.origins.push_back(depth.origin);
      exits.layers.push_back(depth.layer);
    }
    shares.lines = {std::move(now), std::move(onwards)};
    result.matrices.push_back(guesses());
    result.curves = {std::move(nats), std::move(shares)};
    result.series = {std::move(exits)};
    result.recipe = text("last norm and head on the stream after each layer; ", tokens_,
                         " tokens; guesses for sequence ", row_, " of the first batch");
    return result;
  }

 private:
  struct Depth {
    int64_t layer = -1, origin = 0;
    std::map<std::string, double> sums;
    Tensor tops;  // of this batch
    std::vector<double> guesses, probabilities;
    std::vector<std::string> texts;  // of the guesses
    int64_t agreeing = 0, settledHere = 0;
  };

  std::vector<double> rowOf(const Tensor& value) const {
    const int64_t time = value.shape[-1], row = std::min(row_, value.count() / time - 1);
    const std::vector<double> all = value.toDoubles();
    const auto first = all.begin() + std::ptrdiff_t(row * time);
    return {first, first + std::ptrdiff_t(std::min(time, shown_))};
  }

  void keepTokens(const Recording& recording) {
    const std::vector<double>& guesses = depths_[order_.back()].guesses;
    std::vector<double> tokens;
    if (recording.inputs)
      if (const auto found = recording.inputs->find("tokens"); found != recording.inputs->end())
        tokens = rowOf(found->second);
    for (size_t t = 0; t < guesses.size(); ++t)
      columns_.push_back(t < tokens.size() ? recording.textOf(int64_t(tokens[t])) : std::to_string(t));
    for (auto& [path, depth] : depths_)
      for (const double guess : depth.guesses) depth.texts.push_back(recording.textOf(int64_t(guess)));
  }

  /// For each token of the batch the first depth from which the guess is the last one's.
  void compareTops() {
    const Tensor& last = depths_[order_.back()].tops;
    for (int64_t t = 0; t < last.count(); ++t) {
      bool isSettled = true;
      size_t first = order_.size() - 1;
      for (size_t i = order_.size(); i-- > 0;) {
        Depth& depth = depths_[order_[i]];
        const bool agrees = depth.tops.data<int64_t>()[t] == last.data<int64_t>()[t];
        depth.agreeing += agrees;
        isSettled = isSettled && agrees;
        if (isSettled) first = i;
      }
      ++depths_[order_[first]].settledHere;
    }
    tokens_ += last.count();
  }

  Matrix guesses() const {
    Matrix matrix{.name = "guesses",
                  .title = "Likeliest next token and its probability",
                  .rowTitle = "depth",
                  .columnTitle = "token read",
                  .rows = order_,
                  .columns = columns_};
    for (const std::string& path : order_) {
      const Depth& depth = depths_.at(path);
      matrix.values.insert(matrix.values.end(), depth.probabilities.begin(), depth.probabilities.end());
      matrix.cells.insert(matrix.cells.end(), depth.texts.begin(), depth.texts.end());
    }
    return matrix;
  }

  int64_t row_, shown_;
  std::vector<std::string> order_, columns_;
  std::map<std::string, Depth> depths_;
  int64_t batches_ = 0, tokens_ = 0;
};

std::unique_ptr<AnalysisRun> make(const Params& params) { return std::make_unique<LogitLens>(params); }

}  // namespace

AnalysisDef analysis_logit_lens() {
  return {
      .id = "logit_lens",
      .title = "Logit lens",
      .help = "What the model would say after each layer: guesses, their probabilities, and where they settle.",
      .paper = "nostalgebraist, Interpreting GPT: the Logit Lens, 2020",
      .params = {intParam("sequence", 0)
                     .label("Sequence")
                     .range(0, 100000)
                     .help("Of the first batch, whose guesses are shown; counted from 0."),
                 intParam("tokens", 24).label("Tokens").range(1, 4096).help("Of it, the first that are shown.")},
      .needs = "layers in a Repeat and an output 'logits' [batch, time, vocabulary] that follows them",
      .extend = extend,
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
