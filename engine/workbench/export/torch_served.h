// How transformers and what is built on it run the attention of a model: through a table of functions, with masks,
// caches and positions that flow from the model to each attention as `kwargs`.
#pragma once

#include <string>
#include <vector>

#include "engine/workbench/export/modules.h"
#include "engine/workbench/export/portable_graph.h"
#include "engine/workbench/export/torch_forms.h"

namespace fw {

/// Forms that differ from findTorchForm(); nullptr: the usual one. Each tells by TorchCall::use("kwargs") that its
/// function takes **kwargs, by "interface" that it calls `interface` with `cache` and `masks`.
TorchForm findServedForm(const TorchCall& call);

/// What all attentions of a model have in common.
struct ServedModel {
  std::string reason;  // why it cannot be served, a sentence; empty: it can
  int64_t attentions = 0, heads = 0, keyHeads = 0, headWidth = 0;
  int64_t window = 0;        // of those that slide: keys that are seen, the own one included; 0: none slides
  std::vector<bool> slides;  // by attention, in the order of the steps
  bool isCausal = true;
  bool hasExperts = false;
};

/// Looks whether nothing but attention mixes tokens, and whether its kinds are those that servers know: one attention a
/// module, equal heads, causal (full or one window) or bidirectional.
ServedModel servedModel(const PortableGraph& portable, const ModuleTree& tree);

}  // namespace fw
