// sgd: one step of stochastic gradient descent on one tensor.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

struct SgdStep {
  Value parameter;
  Value buffer;  // invalid without momentum
};

struct SgdConstants {
  double momentum = 0;
  double decay = 0;  // times the parameter, added to the gradient
  bool isNesterov = false;
};

/// One step, in place where nobody else reads the old values. `buffer` starts at zero and is given exactly where the
/// momentum is above 0; `learningRate` and `scale` are f32 scalars; `scale` multiplies the gradient, and one that is
/// not finite leaves everything as it is.
SgdStep sgd(Value parameter, Value gradient, Value learningRate, Value scale, Value buffer,
            const SgdConstants& constants);

}  // namespace fw::ir
