// What a measurement says of each block and each layer of a model, for colouring them: time, similarity of what goes in
// and comes out, sparsity of activations, norm of gradients.
#pragma once

#include <map>
#include <string>

#include "engine/workbench/workbench.h"

namespace fw {

struct BlockMeasure {
  std::map<NodeId, double> nodes;    // by document node, all of its applications together
  std::map<int64_t, double> layers;  // by index in the unrolled stack
  double whole = 0;                  // of the model, where it has such a value: seconds of a pass
  std::string recipe;                // "1 x 128 tokens on cpu, median of 5"
  bool operator==(const BlockMeasure&) const = default;
};

/// Seconds of a pass, by the steps that each block became.
BlockMeasure measureTime(const Architecture& architecture, const BenchOptions& options, const CancelToken& cancel = {});

/// cos(x, y) of what goes into a block that is added to the stream, or a layer, and what comes out; the mean over the
/// layers that a block occurs in. Near 1: it hardly changes the stream. Throws what analyze() throws.
BlockMeasure measureSimilarity(const AnalyzeCall& call, const CancelToken& cancel = {}, const Progress& progress = {});

/// Share of activations below 1 % of the largest of their vector: of an MLP's hidden units, of what else comes out of a
/// block. Throws what analyze() throws.
BlockMeasure measureSparsity(const AnalyzeCall& call, const CancelToken& cancel = {}, const Progress& progress = {});

/// Norm of the loss's gradient over the parameters of each block, root of the mean square over the batches of the
/// task's training split. Throws what training throws.
BlockMeasure measureGradients(const AnalyzeCall& call, const CancelToken& cancel = {}, const Progress& progress = {});

}  // namespace fw
