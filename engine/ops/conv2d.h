// conv2d: convolution of images, and its gradients, which are convolutions of each other.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

struct Conv2dOptions {
  std::vector<int64_t> strides = {1, 1};        // along height and width
  std::vector<int64_t> padding = {0, 0, 0, 0};  // top, left, bottom, right
  std::vector<int64_t> dilations = {1, 1};
  int64_t groups = 1;
};

/// x [N,C,H,W], weight [O,C/groups,height,width], bias [O] or invalid -> [N,O,P,Q].
Value conv2d(Value x, Value weight, Value bias = {}, const Conv2dOptions& options = {});

/// The gradient of x, which is `height` x `width`.
Value conv2dInputGradient(Value dy, Value weight, int64_t height, int64_t width, const Conv2dOptions& options);

/// The gradient of the weight, whose kernel is `height` x `width`.
Value conv2dWeightGradient(Value x, Value dy, int64_t height, int64_t width, const Conv2dOptions& options);

/// What the attributes of one of these ops say.
Conv2dOptions conv2dOptions(const Attrs& attrs);

}  // namespace fw::ir
