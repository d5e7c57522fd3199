// A mixture of experts: one expert after another, a thread an element; rows without a share in it end at once.
#include "kernels/routed_experts.h"

#include "kernels/cuda/convert.h"
#include "kernels/cuda/functions.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

/// One expert of a call.
struct Turn {
  const float *x, *share;  // share of this expert, `stride` from row to row
  float *inside, *y;       // [rows, hidden], [rows, width]
  int64_t rows, stride, width, hidden;
  Activation activation;
  bool isFirst;
};

/// Row `output` of the weight times x.
__device__ float dotRow(const ExpertWeight& weight, const float* x, int64_t output, int64_t inputs) {
  float sum = 0;
  for (int64_t i = 0; i < inputs; ++i)
    sum = fmaf(loadFloat(weight.values, weight.element, output * inputs + i), x[i], sum);
  return weight.scale != nullptr ? sum * weight.scale[output] : sum;
}

__global__ void insideKernel(Turn turn, ExpertWeight gate, ExpertWeight up) {
  const int64_t i = globalIndex();
  if (i >= turn.rows * turn.hidden) return;
  const int64_t row = i / turn.hidden, unit = i % turn.hidden;
  if (turn.share[row * turn.stride] == 0) return;
  const float* x = turn.x + row * turn.width;
  turn.inside[i] = activate(turn.activation, dotRow(gate, x, unit, turn.width)) * dotRow(up, x, unit, turn.width);
}

__global__ void downKernel(Turn turn, ExpertWeight down) {
  const int64_t i = globalIndex();
  if (i >= turn.rows * turn.width) return;
  const int64_t row = i / turn.width;
  const float share = turn.share[row * turn.stride], before = turn.isFirst ? 0.0f : turn.y[i];
  const float part =
      share == 0 ? 0.0f : share * dotRow(down, turn.inside + row * turn.hidden, i % turn.width, turn.hidden);
  turn.y[i] = before + part;
}

}  // namespace

int64_t routedExpertsWorkspace(const RoutedExpertsArgs& args, int) {
  return args.rows * args.hidden * int64_t(sizeof(float));
}

void routedExperts(const Launch& launch, const RoutedExpertsArgs& args, void* workspace) {
  for (int64_t e = 0; e < args.count; ++e) {
    const Turn turn = {args.x,     args.share + e, static_cast<float*>(workspace),
                       args.y,     args.rows,      args.count,
                       args.width, args.hidden,    args.activation,
                       e == 0};
    const Expert& expert = args.experts[e];
    start(launch, "routedExpertsInside", insideKernel, ceilDivide(args.rows * args.hidden, kThreads), kThreads, 0, turn,
          expert.gate, expert.up);
    start(launch, "routedExpertsDown", downKernel, ceilDivide(args.rows * args.width, kThreads), kThreads, 0, turn,
          expert.down);
  }
}

}  // namespace fw::kernels::FW_CUDA
