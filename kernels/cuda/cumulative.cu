// Running sum, product or maximum. A thread walks a row of its own where many lie side by side; a block walks one row
// where it is alone, a scan over its threads at a time.
#include "kernels/cumulative.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

struct Running {
  CumulativeKind kind;
  __device__ double operator()(double a, double x) const {
    if (kind == CumulativeKind::Sum) return a + x;
    if (kind == CumulativeKind::Prod) return a * x;
    return a > x || a != a ? a : x;
  }
  __device__ double neutral() const {
    return kind == CumulativeKind::Sum ? 0 : kind == CumulativeKind::Prod ? 1 : -INFINITY;
  }
};

__global__ void cumulativeKernel(CumulativeArgs args) {
  const int64_t lane = globalIndex();
  if (lane >= args.outer * args.inner) return;
  const Running combine{args.kind};
  const int64_t step = args.isReversed ? -args.inner : args.inner;
  int64_t at = lane / args.inner * args.size * args.inner + lane % args.inner +
               (args.isReversed ? (args.size - 1) * args.inner : 0);
  double total = combine.neutral();
  for (int64_t n = 0; n < args.size; ++n, at += step) {
    const double value = args.x[at];
    if (args.isExclusive) args.y[at] = float(total);
    total = combine(total, value);
    if (!args.isExclusive) args.y[at] = float(total);
  }
}

/// A block a row of contiguous elements.
__global__ void cumulativeRowKernel(CumulativeArgs args) {
  SharedMemory memory;
  const SharedArray<double> totals = memory.array<double>(kThreads / kWarp);
  const Running combine{args.kind};
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const float* const x = args.x + blockIdx.x * args.size;
  float* const y = args.y + blockIdx.x * args.size;
  double carried = combine.neutral();
  for (int64_t begin = 0; begin < args.size; begin += kThreads) {
    const int64_t n = begin + threadIdx.x, at = args.isReversed ? args.size - 1 - n : n;
    double running = n < args.size ? double(x[at]) : combine.neutral();
    for (unsigned by = 1; by < kWarp; by *= 2) {
      const double before = __shfl_up_sync(kAllLanes, running, by);
      if (lane >= int(by)) running = combine(before, running);
    }
    if (lane == kWarp - 1) totals[warp] = running;
    const double beforeMe = __shfl_up_sync(kAllLanes, running, 1);
    __syncthreads();
    double ahead = carried;
    for (int w = 0; w < kThreads / kWarp; ++w) {
      if (w == warp) {
        const double inclusive = combine(ahead, running);
        const double exclusive = lane == 0 ? ahead : combine(ahead, beforeMe);
        if (n < args.size) y[at] = float(args.isExclusive ? exclusive : inclusive);
      }
      ahead = combine(ahead, totals[w]);
    }
    carried = ahead;
    __syncthreads();
  }
}

}  // namespace

void cumulative(const Launch& launch, const CumulativeArgs& args) {
  if (args.inner == 1 && args.size >= kWarp && args.outer < 4096)
    return start(launch, "cumulativeRow", cumulativeRowKernel, args.outer, kThreads,
                 sharedBytes<double>(kThreads / kWarp), args);
  start(launch, "cumulative", cumulativeKernel, ceilDivide(args.outer * args.inner, kThreads), kThreads, 0, args);
}

}  // namespace fw::kernels::FW_CUDA
