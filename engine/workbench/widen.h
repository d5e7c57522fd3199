// A stack made wider and shallower: fewer layers with more heads each. (Brown et al., Wide Attention Is The Way Forward
// for Transformers?, 2022.)
#pragma once

#include "engine/arch/architecture.h"

namespace fw {

/// The stack `repeat` with its layers divided and the heads of its attention multiplied by `ratio`; heads keep their
/// width, so that layers times heads and the weights of attention stay. A new model: weights are not carried over.
/// Throws Code::Parameter where the layers do not divide, and Code::Graph where no block of the stack has heads.
Architecture widened(const Architecture& architecture, NodeId repeat, int64_t ratio);

}  // namespace fw
