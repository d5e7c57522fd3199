// A small catalog of its own for tests of documents, and a model made of it.
#pragma once

#include "engine/arch/architecture.h"
#include "engine/arch/editor.h"

namespace fw {

/// in, out, structure.repeat/fork/group/residual, embedding.token, embedding.patch, norm.layer, attention.multi_head,
/// mlp.plain, source.mask.
const std::vector<BlockDef>& smallBlocks();
const Catalog& smallCatalog();

/// The nodes of sampleDocument().
struct Sample {
  Architecture document;
  NodeId tokens, embed, layers, logits;  // root: tokens -> embed -> layers -> logits
  NodeId x, norm, attention, add, y;     // in layers: x -> norm -> attention -> add.branch, x -> add.x, add -> y
  GraphPath inside;                      // the body of layers
};
/// Four layers with residual attention; the variable width is 64.
Sample sampleDocument();

/// Every field equal, unknown keys and order included; a failure names what differs.
void expectSame(const Architecture& a, const Architecture& b);

/// A document full of everything that a file may hold, wrong wires, unknown blocks and unknown keys included.
Architecture randomDocument(uint64_t seed);

}  // namespace fw
