// adamw: one step of AdamW on one tensor.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

struct AdamwStep {
  Value parameter, m, v;
};

struct AdamwConstants {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double decay = 0;  // times the learning rate, off the parameter itself
};

/// One step, in place where nobody else reads the old values. `m` and `v` start at zero; `learningRate` and `scale` are
/// f32 scalars, `step` is an i64 scalar that is 1 in the first step; `scale` multiplies the gradient, and one that is
/// not finite leaves everything as it is. (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.)
AdamwStep adamw(Value parameter, Value gradient, Value m, Value v, Value learningRate, Value step, Value scale,
                const AdamwConstants& constants);

}  // namespace fw::ir
