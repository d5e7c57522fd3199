// cross_entropy: the loss of logits against labels, softmax included.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// -ln softmax(logits)[label] for each row; 0 where the label is `ignored`. logits [..., V], labels i64 [...]; the
/// result is f32 [...]. `smoothing` in [0, 1): that share of the target is spread evenly over all classes. A label
/// outside [0, V) that is not `ignored` ends the run with Code::Data.
Value crossEntropy(Value logits, Value labels, int64_t ignored = -100, double smoothing = 0);

/// The same, and ln sum of e^logits [...].
std::vector<Value> crossEntropyAndLogSumExp(Value logits, Value labels, int64_t ignored = -100, double smoothing = 0);

}  // namespace fw::ir
