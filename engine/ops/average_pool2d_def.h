// What average_pool2d and its gradient share.
#pragma once

#include "engine/ops/pool2d_def.h"

namespace fw {

/// By how much each sum is divided, of a shape that broadcasts to the pooled one.
inline ir::Value windowSizes(ir::Builder& builder, const kernels::Conv2dShape& s, bool countsPadding) {
  if (countsPadding) return builder.constant(double(s.kernelHeight * s.kernelWidth));
  kernels::Conv2dShape one = s;
  one.batch = one.channels = 1;
  const ir::Value inside = paddedInput(one, builder.constant(1, {1, 1, s.height, s.width}));
  ir::Value sizes;
  forEachElement(one, [&](int64_t r, int64_t t) {
    const ir::Value part = inputsUnder(one, inside, r, t);
    sizes = sizes.isValid() ? sizes + part : part;
  });
  return sizes;
}

}  // namespace fw
