// Rewrites that keep the meaning.
#include "engine/ir/passes.h"

#include <unordered_map>

#include "engine/ir/op.h"

namespace fw::ir {
namespace {

/// Copies a graph node by node while mapping values; nodes may be dropped or replaced.
class Rewriter {
 public:
  explicit Rewriter(const Graph& from) : from_(from) {
    out_.scopes = from.scopes;
    map_.resize(from.nodes.size());
    for (size_t i = 0; i < from.nodes.size(); ++i) map_[i].resize(from.nodes[i].types.size());
  }

  ValueRef at(ValueRef ref) const { return map_[size_t(ref.node)][size_t(ref.output)]; }
  void set(ValueRef ref, ValueRef to) { map_[size_t(ref.node)][size_t(ref.output)] = to; }
  Node mapped(int index) const {
    Node node = from_.nodes[size_t(index)];
    for (ValueRef& input : node.inputs) input = at(input);
    return node;
  }
  int append(Node node) {
    out_.nodes.push_back(std::move(node));
    return int(out_.nodes.size()) - 1;
  }
  void keep(int index, Node node) {
    const int to = append(std::move(node));
    for (size_t o = 0; o < map_[size_t(index)].size(); ++o) set({index, int(o)}, {to, int(o)});
  }
  void keep(int index) { keep(index, mapped(index)); }
  const Node& result(int index) const { return out_.nodes[size_t(index)]; }

  Graph finish() {
    for (InputInfo input : from_.inputs) {
      input.node = at({input.node, 0}).node;
      out_.inputs.push_back(std::move(input));
    }
    for (ParameterInfo parameter : from_.parameters) {
      parameter.node = at({parameter.node, 0}).node;
      if (parameter.node >= 0) out_.parameters.push_back(std::move(parameter));
    }
    for (OutputInfo output : from_.outputs) {
      output.value = at(output.value);
      out_.outputs.push_back(std::move(output));
    }
    for (ProbeInfo probe : from_.probes) {
      probe.value = at(probe.value);
      if (probe.value.isValid()) out_.probes.push_back(std::move(probe));
    }
    return std::move(out_);
  }

 private:
  const Graph& from_;
  Graph out_;
  std::vector<std::vector<ValueRef>> map_;
};

std::vector<bool> liveNodes(const Graph& graph) {
  std::vector<bool> isLive(graph.nodes.size(), false);
  for (const OutputInfo& output : graph.outputs) isLive[size_t(output.value.node)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (isLive[i])
      for (const ValueRef& input : graph.nodes[i].inputs) isLive[size_t(input.node)] = true;
  return isLive;
}

Hash callHash(const Node& node) {
  Hasher hasher;
  hasher.add(std::string_view(node.op->name));
  node.attrs.addTo(hasher);
  for (const ValueRef& input : node.inputs) hasher.add(input.node).add(input.output);
  if (node.body) hasher.add(node.body->hash());
  return hasher.finish();
}

bool isSource(const Node& node) { return !node.op->infer; }

}  // namespace

Graph withoutDeadNodes(const Graph& graph, bool dropParameters) {
  std::vector<bool> isLive = liveNodes(graph);
  for (const InputInfo& input : graph.inputs) isLive[size_t(input.node)] = true;
  if (!dropParameters)
    for (const ParameterInfo& parameter : graph.parameters) isLive[size_t(parameter.node)] = true;
  Rewriter rewriter(graph);
  for (int i = 0; i < int(graph.nodes.size()); ++i)
    if (isLive[size_t(i)]) rewriter.keep(i);
  return rewriter.finish();
}

Graph withoutDuplicates(const Graph& graph) {
  Rewriter rewriter(graph);
  std::unordered_map<Hash, int> seen;
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    Node node = rewriter.mapped(i);
    if (!isSource(node)) {
      const auto [at, isNew] = seen.emplace(callHash(node), 0);
      if (!isNew) {
        for (size_t o = 0; o < node.types.size(); ++o) rewriter.set({i, int(o)}, {at->second, int(o)});
        continue;
      }
      rewriter.keep(i, std::move(node));
      at->second = rewriter.at({i, 0}).node;
      continue;
    }
    rewriter.keep(i, std::move(node));
  }
  return rewriter.finish();
}

Graph withMergedScans(const Graph& graph) {
  // Keyed by inputs and by the hash of the body that the saving scan extends.
  const auto key = [&](const Node& node, const std::string& base) {
    Hasher hasher;
    hasher.add(std::string_view(base)).add(node.attrs.flag("reverse"));
    for (const ValueRef& input : node.inputs) hasher.add(input.node).add(input.output);
    return hasher.finish();
  };
  std::unordered_map<Hash, int> saving;
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[size_t(i)];
    if (node.op->name == "scan" && node.attrs.has("base")) saving.emplace(key(node, node.attrs.text("base")), i);
  }
  if (saving.empty()) return graph;

  Rewriter rewriter(graph);
  std::unordered_map<int, int> placed;  // saving scan -> its earlier place in the result
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[size_t(i)];
    if (const auto done = placed.find(i); done != placed.end()) {
      for (size_t o = 0; o < node.types.size(); ++o) rewriter.set({i, int(o)}, {done->second, int(o)});
      continue;
    }
    if (node.op->name == "scan" && !node.attrs.has("base"))
      if (const auto found = saving.find(key(node, node.body->hash().toString()));
          found != saving.end() && found->second > i) {
        Node merged = rewriter.mapped(i);
        const Node& full = graph.nodes[size_t(found->second)];
        merged.attrs = full.attrs;
        merged.body = full.body;
        merged.types = full.types;
        const int to = rewriter.append(std::move(merged));
        for (size_t o = 0; o < node.types.size(); ++o) rewriter.set({i, int(o)}, {to, int(o)});
        placed.emplace(found->second, to);
        continue;
      }
    rewriter.keep(i);
  }
  return rewriter.finish();
}

Graph withProbes(const Graph& graph, const std::function<bool(const ProbeInfo&)>& isWanted) {
  Graph out = graph;
  for (const ProbeInfo& probe : graph.probes)
    if (isWanted(probe) && !out.findOutput("probe/" + probe.name))
      out.outputs.push_back({"probe/" + probe.name, probe.value, {}});
  return out;
}

}  // namespace fw::ir
