// y = act(x W^T + bias [+ y]), W stored in two bytes an element, or in one with a scale for each output; it is widened
// to f32 as it is read.
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

struct CompactLinearArgs {
  const float* x = nullptr;      // [rows, inputs]
  const void* weight = nullptr;  // [outputs, inputs] of `element`: F16, BF16 or I8; any alignment of its elements
  const float* scale = nullptr;  // [outputs]: what a row of the weight is multiplied by; null: 1
  const float* bias = nullptr;   // [outputs]; null: none
  float* y = nullptr;            // [rows, outputs]
  int64_t rows = 0, outputs = 0, inputs = 0;
  Element element = Element::BF16;
  bool accumulates = false;  // adds the former y before the activation
  Activation activation = Activation::None;
};

namespace cpu {

/// Bytes of scratch memory that compactLinear needs.
int64_t compactLinearWorkspace(const CompactLinearArgs& args, int threads);

/// The same bits for any number of threads. y must not overlap what is read.
void compactLinear(const Launch& launch, const CompactLinearArgs& args, void* workspace);

}  // namespace cpu
}  // namespace fw::kernels
