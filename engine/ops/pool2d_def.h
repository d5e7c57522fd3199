// What the pooling ops share.
#pragma once

#include "engine/ops/conv2d_def.h"
#include "kernels/pool2d.h"

namespace fw {

/// The sizes as those of a convolution with one channel a group. Throws Code::Shape or Code::Parameter.
inline kernels::Conv2dShape poolShape(const char* op, const Shape& x, const ir::Attrs& attrs) {
  if (x.rank() != 4) throw Error(Code::Shape, text("[", op, "] x is ", x, "; expected [N,C,H,W]."));
  const std::vector<int64_t> kernel = wholeNumbers(attrs, op, "kernel", 2, 1, 1),
                             padding = wholeNumbers(attrs, op, "padding", 4, 0, 0);
  if (padding[0] >= kernel[0] || padding[2] >= kernel[0] || padding[1] >= kernel[1] || padding[3] >= kernel[1])
    throw Error(Code::Parameter, text("[", op, "] the padding reaches over the window of ", kernel[0], "x", kernel[1],
                                      "; expected less on each side."));
  ir::Attrs all = attrs;
  all.set("strides", wholeNumbers(attrs, op, "strides", 2, 1, 1));
  all.set("padding", padding);
  all.set("groups", x[1]);
  return conv2dShape(op, x, {x[1], 1, kernel[0], kernel[1]}, all);
}

inline kernels::Pool2dShape planesOf(const kernels::Conv2dShape& s, bool countsPadding) {
  return {s.batch * s.channels, s.height,  s.width,   s.outHeight, s.outWidth, s.kernelHeight,
          s.kernelWidth,        s.strideY, s.strideX, s.top,       s.left,     countsPadding};
}

/// Elements of all windows together: the additions or comparisons of pooling.
inline double windowElements(const kernels::Conv2dShape& s) {
  return double(outputOf(s).count()) * double(s.kernelHeight * s.kernelWidth);
}

/// dy of a gradient op, which must have the pooled shape.
inline void checkPooled(const char* op, const Shape& dy, const kernels::Conv2dShape& s) {
  if (dy != outputOf(s)) throw Error(Code::Shape, text("[", op, "] dy is ", dy, "; expected ", outputOf(s), "."));
}

/// Calls body(row, column) for each element of the window.
template <class Body>
void forEachElement(const kernels::Conv2dShape& s, const Body& body) {
  for (int64_t r = 0; r < s.kernelHeight; ++r)
    for (int64_t t = 0; t < s.kernelWidth; ++t) body(r, t);
}

}  // namespace fw
