// A mixture of gated MLPs, each row of x through those experts alone that have a share in it:
// y[r] = sum over e of share[r,e] down_e (act(gate_e x[r]) * up_e x[r]).
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

/// [out, in], F32, F16, BF16 or I8.
struct ExpertWeight {
  const void* values = nullptr;
  const float* scale = nullptr;  // [out], of I8; null: 1
  Element element = Element::F32;
};

struct Expert {
  ExpertWeight gate, up, down;  // [hidden, width], [hidden, width], [width, hidden]
};

struct RoutedExpertsArgs {
  const float* x = nullptr;         // [rows, width]
  const float* share = nullptr;     // [rows, experts]; 0: the row does not go there
  const Expert* experts = nullptr;  // [count], in the host's memory
  float* y = nullptr;               // [rows, width]
  int64_t rows = 0, count = 0, width = 0, hidden = 0;
  Activation activation = Activation::Silu;
};

namespace cpu {

/// Bytes of scratch memory that routedExperts needs; the elements of the weights must be known.
int64_t routedExpertsWorkspace(const RoutedExpertsArgs& args, int threads);

/// The same bits for any number of threads.
void routedExperts(const Launch& launch, const RoutedExpertsArgs& args, void* workspace);

}  // namespace cpu
}  // namespace fw::kernels
