// A document small enough to train in a test: embedding, gated MLP with a residual, head.
#pragma once

#include "engine/arch/editor.h"

namespace fw {

inline ArchitecturePtr smallModel(int64_t vocabulary, int64_t width = 12) {
  static const Catalog blocks(allBlocks());
  Editor editor(Architecture{}, blocks);
  const NodeId in =
      editor.addNode({}, "in", {}, {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  const NodeId embedding = editor.addNode({}, "embedding.token", {}, {{"vocabulary", vocabulary}, {"width", width}});
  const NodeId norm = editor.addNode({}, "norm.rms", {}, {}, "norm");
  const NodeId mlp = editor.addNode({}, "mlp.gated", {}, {{"hidden", int64_t(20)}});
  const NodeId add = editor.addNode({}, "structure.residual", {});
  const NodeId head = editor.addNode({}, "head.language_model", {}, {{"vocabulary", vocabulary}, {"tied", false}});
  const NodeId out = editor.addNode({}, "out", {}, {}, "logits");
  editor.connect({}, {in, "y"}, {embedding, "tokens"});
  editor.connect({}, {embedding, "y"}, {norm, "x"});
  editor.connect({}, {norm, "y"}, {mlp, "x"});
  editor.connect({}, {embedding, "y"}, {add, "x"});
  editor.connect({}, {mlp, "y"}, {add, "branch"});
  editor.connect({}, {add, "y"}, {head, "x"});
  editor.connect({}, {head, "logits"}, {out, "x"});
  return std::make_shared<const Architecture>(editor.result());
}

}  // namespace fw
