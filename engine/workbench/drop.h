// Leaving out what does little: parts of layers ranked by their influence, dropped as an edit, and what that costs and
// saves. (He et al., What Matters in Transformers? Not All Attention is Needed (LLM-Drop), 2024; Men et al., ShortGPT,
// 2024.)
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

inline constexpr const char* kWholeBlock = "block";  // everything that a layer adds to the stream
inline constexpr const char* kJoint = "joint";       // attention, MLP and what else there is, in one ranking

/// What of one layer can be left out.
struct DropItem {
  int64_t layer = 0;                                            // in the unrolled stack
  std::string part;                                             // the node that feeds the residual, or kWholeBlock
  double influence = std::numeric_limits<double>::quiet_NaN();  // 1 - cos of the stream before and after
};

/// The unrolled layers of a document; empty for one that cannot be lowered.
std::vector<LayerInfo> layersOf(const Architecture& architecture);

/// What can be dropped, by layer: the layers themselves for kWholeBlock, every part for kJoint, else the parts of that
/// name. Only what a residual of its own adds, and what has not been dropped yet.
std::vector<DropItem> dropCandidates(const Architecture& architecture, const std::vector<LayerInfo>& layers,
                                     const std::string& part);

/// The candidates with their influences in a result of the analysis "similarity", the lowest first; those that it does
/// not know are left out.
std::vector<DropItem> rankedForDrop(std::vector<DropItem> candidates, const AnalysisResult& similarity);

/// Mutes what joins the items to the stream, in their layers only. Throws what the Editor throws.
void drop(Editor& editor, const std::vector<LayerInfo>& layers, const std::vector<DropItem>& items);

struct DropCall {
  AnalyzeCall data;  // the model and what it is measured on
  std::string part = kWholeBlock;
  int64_t count = 1;
  bool isIterative = false;  // measures again after each drop; else ranks once
};

struct Dropped {
  ArchitecturePtr architecture;
  std::vector<DropItem> items;  // in the order of the choice
};

/// Drops the `count` items of least influence. Throws Code::Usage where the model has fewer, and what analyze() throws.
Dropped dropLeast(const DropCall& call, const CancelToken& cancel = {}, const Progress& progress = {});

/// How good a model is on a task, how large and how fast.
struct ModelFigures {
  Evaluation quality;     // perplexity is exp(loss)
  double parameters = 0;  // stored
  double flops = 0;       // of one forward pass
  double seconds = 0;     // of it, median
};

struct DropEffect {
  ModelFigures before, after;
  int64_t batch = 0, time = 0;  // of the passes that were timed
};

/// Both models with the same weights on the test split of the call's task; passes are timed in turns, so that a machine
/// that gets slower meanwhile slows both. Throws Code::Usage where the data comes from a file: it has no answers.
DropEffect dropEffect(const AnalyzeCall& before, const ArchitecturePtr& after, const CancelToken& cancel = {},
                      const Progress& progress = {});

/// {"items": [...], "before": {...}, "after": {...}} as JSON text.
std::string dropJson(const Dropped& dropped, const DropEffect& effect);

}  // namespace fw
