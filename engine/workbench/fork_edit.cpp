// Turning a stack into a Y.
#include "engine/workbench/fork_edit.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/workbench/drop.h"

namespace fw {
namespace {

NodeId portNode(const Graph& graph, const char* block) {
  for (const auto& [id, node] : graph.nodes)
    if (node->block == block) return id;
  return 0;
}

}  // namespace

NodeId forkAt(Editor& editor, const std::vector<LayerInfo>& layers, int64_t layer,
              const std::vector<std::string>& branches) {
  if (layer < 0 || size_t(layer) >= layers.size())
    throw Error(Code::Usage,
                text("[fork] there is no layer ", layer, "; expected 0 to ", int64_t(layers.size()) - 1, "."));
  const LayerInfo& info = layers[size_t(layer)];
  GraphPath path;
  const Node* repeat = findNode(editor.result(), info.repeat, &path);
  const Ports ports = repeat ? portsOf(*repeat, *catalog().find(repeat->block)) : Ports{};
  if (ports.inputs.size() != 1 || ports.outputs.size() != 1)
    throw Error(Code::Usage, text("[fork] '", info.path, "' has ", ports.inputs.size(), " inputs and ",
                                  ports.outputs.size(), " outputs; expected one of each."));
  const std::string name = repeat->name, in = ports.inputs[0].name, out = ports.outputs[0].name;
  const NodeId rest = info.index > 0 ? editor.splitRepeat(info.repeat, info.index) : info.repeat;
  const Graph& around = *graphAt(editor.result(), path);
  const std::vector<Wire> into = around.wiresInto(rest), from = around.wiresFrom(rest);
  const std::string copy = copyText(editor.result(), path, {rest});
  const auto place = editor.result().layout.find(rest);
  const Position at = place == editor.result().layout.end() ? Position{} : place->second;
  editor.removeNodes({rest});

  std::string names;
  for (const std::string& branch : branches) names += (names.empty() ? "" : ",") + branch;
  const NodeId fork = editor.addNode(path, "structure.fork", at, {{"branches", names}});
  for (const Wire& wire : into) editor.connect(path, wire.from, {fork, "x"});
  for (const Wire& wire : from) editor.connect(path, {fork, "y"}, wire.to);
  for (const std::string& branch : branches) {
    GraphPath inside = path;
    inside.push_back({fork, branch});
    const NodeId made = editor.paste(inside, copy, {}).at(0);
    const Graph& body = *graphAt(editor.result(), inside);
    const NodeId first = portNode(body, kInBlock), last = portNode(body, kOutBlock);
    if (body.find(made)->name != name) editor.rename(made, name);
    editor.connect(inside, {first, kInPort}, {made, in});
    editor.connect(inside, {made, out}, {last, kOutPort});
    editor.move(first, {0, -160});
    editor.move(last, {0, 160});
  }
  return fork;
}

std::map<std::string, Tensor> weightsAfterFork(const std::map<std::string, Tensor>& weights,
                                               const std::vector<LayerInfo>& before, int64_t layer,
                                               const Architecture& after) {
  std::map<std::string, Tensor> mapped = weights;
  for (const LayerInfo& info : layersOf(after)) {
    const size_t source = size_t(layer + info.index);
    const bool isShared = std::any_of(before.begin(), before.end(), [&](const LayerInfo& each) {
      return each.path == info.path && each.repeat == info.repeat;
    });
    if (isShared || source >= before.size()) continue;
    const std::string old = before[source].path + ".";
    for (auto at = weights.lower_bound(old); at != weights.end() && at->first.starts_with(old); ++at)
      mapped[info.path + "." + at->first.substr(old.size())] = at->second;
  }
  return mapped;
}

}  // namespace fw
