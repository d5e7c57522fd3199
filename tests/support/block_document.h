// A document around one block: what tests of every block and every export run.
#pragma once

#include <string>

#include "engine/arch/block.h"
#include "engine/arch/editor.h"

namespace fw::testing {

/// One root input for each of the block's required ports, the block ("block"), and one root output "out_<port>" for
/// each of its results. Letters other than B and T become variables.
inline Architecture documentOf(const BlockDef& block, const BlockExample& example, const Catalog& catalog,
                               const std::string& policy = {}) {
  Editor editor(Architecture{}, catalog);
  for (const auto& [letter, size] : example.dims)
    if (letter != "B" && letter != "T") editor.setVariable(letter, double(size));
  const NodeId node = editor.addNode({}, block.id, {}, example.params, "block");
  for (const PortDef& port : block.inputs) {
    if (port.isOptional) continue;
    std::string dims = port.dims;
    if (dims.starts_with("...")) dims = (example.dims.contains("T") ? "B T" : "B") + dims.substr(3);
    const std::string kind = port.kind == PortKind::Tokens   ? "tokens"
                             : port.kind == PortKind::Pixels ? "pixels"
                             : port.kind == PortKind::Mask   ? "mask"
                                                             : "tensor";
    const NodeId in = editor.addNode({}, "in", {}, {{"kind", kind}, {"dims", dims}}, port.name);
    editor.connect({}, {in, "y"}, {node, port.name});
  }
  for (const PortDef& port : block.outputs) {
    const NodeId out = editor.addNode({}, "out", {}, {}, "out_" + port.name);
    editor.connect({}, {node, port.name}, {out, "x"});
  }
  if (!policy.empty()) {
    editor.setGroupPolicy("group", {.policy = policy});
    editor.setWeightGroup(node, "group");
  }
  return editor.result();
}

}  // namespace fw::testing
