// A stack made wider and shallower.
#include "engine/workbench/widen.h"

#include "engine/arch/editor.h"
#include "engine/base/error.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

struct Widening {
  const Architecture& architecture;
  const LowerResult lowered;  // says how wide heads are
  Editor editor;
  int64_t ratio, changed = 0;

  void visit(const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      const BlockDef* block = catalog().find(node->block);
      if (block && block->findParam("heads")) widen(*node, *block);
      for (const auto& [name, body] : node->bodies) visit(*body);
    }
  }

  void widen(const Node& node, const BlockDef& block) {
    const Params params = completeParams(node, block, architecture.variables);
    const int64_t heads = std::get<int64_t>(params.at("heads"));
    ++changed;
    if (ratio == 1) return;
    if (!block.findParam("head_width"))
      throw Error(Code::Graph, text("[widen] the heads of '", node.name,
                                    "' divide its width; expected a block with a "
                                    "head width of its own."));
    if (std::get<int64_t>(params.at("head_width")) == 0) {
      const auto type = lowered.types.find({node.id, "x"});
      if (type == lowered.types.end())
        throw Error(Code::Graph, text("[widen] the width of '", node.name, "' is not known."));
      editor.setParam(node.id, "head_width", type->second.shape[-1] / heads);
    }
    editor.setParam(node.id, "heads", heads * ratio);
    if (!block.findParam("kv_heads")) return;
    if (const int64_t keys = std::get<int64_t>(params.at("kv_heads")); keys > 0)
      editor.setParam(node.id, "kv_heads", keys * ratio);
  }
};

}  // namespace

Architecture widened(const Architecture& architecture, NodeId repeat, int64_t ratio) {
  const Node* stack = findNode(architecture, repeat);
  if (!stack || stack->block != "structure.repeat") throw Error(Code::Graph, "[widen] expected a stack of layers.");
  const Params params = completeParams(*stack, *catalog().find(stack->block), architecture.variables);
  const int64_t count = std::get<int64_t>(params.at("count"));
  if (ratio < 1 || count % ratio != 0)
    throw Error(Code::Parameter, text("[widen] ", count, " layers do not divide by ", ratio, "."));
  Widening widening{architecture,
                    lower(architecture, catalog(),
                          {.dims = {{"B", smallestBatch(architecture)}, {"T", longestTime(architecture, 16)}}}),
                    Editor(architecture, catalog()), ratio};
  for (const auto& [name, body] : stack->bodies) widening.visit(*body);
  if (widening.changed == 0) throw Error(Code::Graph, "[widen] no block of the stack has heads.");
  if (ratio > 1) widening.editor.setParam(repeat, "count", count / ratio);
  return widening.editor.result();
}

}  // namespace fw
