// What conv2d, conv1d and their gradients share: attributes, sizes with their checks, and the pieces of decompositions.
#pragma once

#include <string>
#include <vector>

#include "engine/ops/pad.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "engine/ops/slice.h"
#include "kernels/conv2d.h"

namespace fw {

/// The list `name` of `count` whole numbers of at least `least`; `absent` when there is none. Throws Code::Parameter.
inline std::vector<int64_t> wholeNumbers(const ir::Attrs& attrs, const char* op, const char* name, size_t count,
                                         int64_t least, int64_t absent) {
  if (!attrs.has(name)) return std::vector<int64_t>(count, absent);
  const std::vector<int64_t>& list = attrs.list(name);
  bool isGood = list.size() == count;
  for (const int64_t value : list) isGood = isGood && value >= least && value <= (int64_t(1) << 31);
  if (isGood) return list;
  std::string shown;
  for (const int64_t value : list) shown += text(shown.empty() ? "" : ",", value);
  throw Error(Code::Parameter,
              text("[", op, "] ", name, " [", shown, "]; expected ", count, " whole numbers from ", least, "."));
}

/// Outputs along one dimension; throws Code::Shape when the kernel does not fit.
inline int64_t outputsAlong(const char* op, const char* what, int64_t size, int64_t before, int64_t after,
                            int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t padded = size + before + after, reach = (kernel - 1) * dilation + 1;
  if (kernel < 1 || reach > padded)
    throw Error(Code::Shape, text("[", op, "] a kernel that reaches over ", reach, " does not fit into a ", what,
                                  " of ", padded, " with its padding."));
  return (padded - reach) / stride + 1;
}

/// The sizes of a convolution of x [N,C,H,W] by a weight [O,C/groups,kernel height,kernel width].
inline kernels::Conv2dShape conv2dShape(const char* op, const Shape& x, const Shape& weight, const ir::Attrs& attrs) {
  if (x.rank() != 4) throw Error(Code::Shape, text("[", op, "] x is ", x, "; expected [N,C,H,W]."));
  if (weight.rank() != 4)
    throw Error(Code::Shape, text("[", op, "] the weight is ", weight, "; expected [O,C/groups,height,width]."));
  const std::vector<int64_t> strides = wholeNumbers(attrs, op, "strides", 2, 1, 1),
                             dilations = wholeNumbers(attrs, op, "dilations", 2, 1, 1),
                             padding = wholeNumbers(attrs, op, "padding", 4, 0, 0);
  kernels::Conv2dShape shape;
  shape.groups = attrs.integer("groups", 1);
  shape.batch = x[0];
  shape.channels = x[1];
  shape.height = x[2];
  shape.width = x[3];
  shape.outputs = weight[0];
  shape.kernelHeight = weight[2];
  shape.kernelWidth = weight[3];
  shape.strideY = strides[0];
  shape.strideX = strides[1];
  shape.dilationY = dilations[0];
  shape.dilationX = dilations[1];
  shape.top = padding[0];
  shape.left = padding[1];
  if (shape.groups < 1 || shape.channels % shape.groups != 0 || shape.outputs % shape.groups != 0)
    throw Error(Code::Shape, text("[", op, "] ", shape.channels, " channels and ", shape.outputs,
                                  " outputs do not divide into ", shape.groups, " groups."));
  if (weight[1] * shape.groups != shape.channels)
    throw Error(Code::Shape, text("[", op, "] the weight takes ", weight[1], " channels a group; expected ",
                                  shape.channels / shape.groups, " of the ", shape.channels, " channels of x."));
  shape.outHeight = outputsAlong(op, "height", x[2], padding[0], padding[2], weight[2], strides[0], dilations[0]);
  shape.outWidth = outputsAlong(op, "width", x[3], padding[1], padding[3], weight[3], strides[1], dilations[1]);
  return shape;
}

inline Shape outputOf(const kernels::Conv2dShape& s) { return {s.batch, s.outputs, s.outHeight, s.outWidth}; }
inline Shape inputOf(const kernels::Conv2dShape& s) { return {s.batch, s.channels, s.height, s.width}; }
inline Shape weightOf(const kernels::Conv2dShape& s) {
  return {s.outputs, s.channels / s.groups, s.kernelHeight, s.kernelWidth};
}

/// Multiply-adds of one convolution or gradient; the padding counts.
inline double macsOf(const kernels::Conv2dShape& s) {
  return double(s.batch) * double(s.outHeight * s.outWidth) * double(s.outputs) * double(s.channels / s.groups) *
         double(s.kernelHeight * s.kernelWidth);
}

/// How far a padded input must reach for every kernel element to find its place.
inline int64_t reachY(const kernels::Conv2dShape& s) {
  return (s.kernelHeight - 1) * s.dilationY + (s.outHeight - 1) * s.strideY + 1;
}
inline int64_t reachX(const kernels::Conv2dShape& s) {
  return (s.kernelWidth - 1) * s.dilationX + (s.outWidth - 1) * s.strideX + 1;
}

/// x with its padding, cut or filled with `value` to what is reached: [N,C,reachY,reachX].
inline ir::Value paddedInput(const kernels::Conv2dShape& s, ir::Value x, double value = 0) {
  const int64_t bottom = std::max<int64_t>(reachY(s) - s.top - s.height, 0),
                right = std::max<int64_t>(reachX(s) - s.left - s.width, 0);
  return ir::pad(x, {0, 0, s.top, s.left}, {0, 0, bottom, right}, {}, value);
}

/// The inputs under kernel element (r,t) for every output: [N,C,P,Q].
inline ir::Value inputsUnder(const kernels::Conv2dShape& s, ir::Value padded, int64_t r, int64_t t) {
  const int64_t row = r * s.dilationY, column = t * s.dilationX;
  return ir::slice(
      padded, {0, 0, row, column},
      {s.batch, s.channels, row + (s.outHeight - 1) * s.strideY + 1, column + (s.outWidth - 1) * s.strideX + 1},
      {1, 1, s.strideY, s.strideX});
}

/// The transpose of inputsUnder and paddedInput: [N,C,P,Q] put back to its place in [N,C,max(reach, padded)], zeros
/// elsewhere.
inline ir::Value putUnder(const kernels::Conv2dShape& s, ir::Value y, int64_t r, int64_t t) {
  const int64_t row = r * s.dilationY, column = t * s.dilationX;
  const int64_t height = std::max(reachY(s), s.top + s.height), width = std::max(reachX(s), s.left + s.width);
  return ir::pad(
      y, {0, 0, row, column},
      {0, 0, height - row - (s.outHeight - 1) * s.strideY - 1, width - column - (s.outWidth - 1) * s.strideX - 1},
      {0, 0, s.strideY - 1, s.strideX - 1});
}

/// The image inside the padding.
inline ir::Value withoutPadding(const kernels::Conv2dShape& s, ir::Value padded) {
  return ir::slice(padded, {0, 0, s.top, s.left}, {s.batch, s.channels, s.top + s.height, s.left + s.width},
                   {1, 1, 1, 1});
}

}  // namespace fw
