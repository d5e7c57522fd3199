// Performs a one-click mend.
#include "engine/arch/fix.h"

namespace fw {

void applyFix(Editor& editor, const Fix& fix) {
  if (fix.block.empty()) {
    editor.setParam(fix.node, fix.param, fix.value);
    return;
  }
  const auto placeOf = [&](NodeId node) {
    const auto place = editor.result().layout.find(node);
    return place == editor.result().layout.end() ? Position{} : place->second;
  };
  const Position from = placeOf(fix.wire.from.node), to = placeOf(fix.wire.to.node);
  const NodeId added =
      editor.addNode(fix.graph, fix.block, {(from.x + to.x) / 2, (from.y + to.y) / 2, false}, fix.params);
  try {
    editor.insertOnWire(fix.graph, fix.wire, added);
  } catch (...) {
    editor.removeNodes({added});
    throw;
  }
}

}  // namespace fw
