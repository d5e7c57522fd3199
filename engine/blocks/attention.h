// Softmax attention with heads: what all blocks of its kind share. (Vaswani et al., 2017.)
#pragma once

#include <vector>

#include "engine/blocks/lowering.h"

namespace fw {

/// A block whose defaults for key-value heads and mask are those given; every variant has all options.
BlockDef attentionBlock(BlockDef def, int64_t keyHeads, const std::string& mask);

/// How many heads a layer computes, and how many share its width.
struct HeadCounts {
  int64_t queries = 1, keys = 1;
  int64_t ofWidth = 1;  // a head is the width divided by this, unless "head_width" says otherwise
};

/// The lowering of attentionBlock() with these heads. Query head h reads key head h / (queries / keys); with more key
/// heads than queries (reverse sparse queries), key head j is read by query head j mod queries, and there are as many
/// results as keys. Throws Code::Shape where neither count is a multiple of the other.
void lowerAttention(Lowering& at, const HeadCounts& counts);

/// Slopes of ALiBi, one a head.
std::vector<double> alibiSlopes(int64_t heads);

}  // namespace fw
