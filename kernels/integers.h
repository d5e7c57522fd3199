// Elementwise functions of integers and booleans, exact: plain loops over a broadcast iteration space.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

enum class IntegerFunction : uint8_t {
  Neg,
  Abs,
  Sign,
  Square,  // of one input
  Add,
  Sub,
  Mul,
  Minimum,
  Maximum,  // of two; sums and products wrap
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,  // of two, to bool
  Where,         // of bool, a, b
};

struct IntegersArgs {
  static constexpr int maxRank = 8;
  IntegerFunction function;
  Element element;  // I8, I32, I64 or Bool; for Where any: values are moved as they are
  const int64_t* sizes;
  int rank;
  const void* inputs[3];
  const int64_t* strides[3];  // [rank], in elements; 0 where the input is broadcast; nullptr: contiguous
  void* y;                    // contiguous
};

namespace cpu {
void integers(const Launch& launch, const IntegersArgs& args);
}  // namespace cpu
}  // namespace fw::kernels
