// Softmax attention with heads: what all blocks of its kind share. (Vaswani et al., 2017.)
#pragma once

#include "engine/blocks/lowering.h"

namespace fw {

/// A block whose defaults for key-value heads and mask are those given; every variant has all options.
BlockDef attentionBlock(BlockDef def, int64_t keyHeads, const std::string& mask);

}  // namespace fw
