// Reductions of whole dimensions: sums, products, extremes.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

enum class Reduction : uint8_t { Sum, Prod, Max, Min };

/// Max and Min of floats are NaN where an element is; of nothing they are not defined. Integers wrap.
struct ReduceArgs {
  static constexpr int maxRank = 8;
  const void* x;                   // contiguous over the sizes
  void* y;                         // contiguous over the sizes that are kept
  Element element = Element::F32;  // F32, I32 or I64
  Reduction reduction = Reduction::Sum;
  float factor = 1;  // of the result, F32 only: 1/n makes a mean of a sum
  int rank = 0;
  int64_t sizes[maxRank] = {};
  bool isReduced[maxRank] = {};
  float* workspace = nullptr;  // [reduceWorkspace(args)], F32 only
};

namespace cpu {

/// Floats of scratch memory: partial results where few outputs come from many elements.
int64_t reduceWorkspace(const ReduceArgs& args);

void reduce(const Launch& launch, const ReduceArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
