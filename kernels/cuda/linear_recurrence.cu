// Linear recurrence: the steps h -> a h + x compose, so a block scans a row kSteps at a time: first each thread its own
// few steps, then the threads of a channel among each other, then each thread again from the state it now knows. Where
// enough channels lie side by side a thread walks the whole of one.
#include "kernels/linear_recurrence.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__device__ int64_t placeOf(const LinearRecurrenceArgs& args, int64_t row, int64_t n, int64_t i) {
  const int64_t t = args.isReversed ? args.time - 1 - n : n;
  return (row * args.time + t) * args.inner + i;
}

__global__ void linearRecurrenceKernel(LinearRecurrenceArgs args) {
  const int64_t lane = globalIndex();
  if (lane >= args.outer * args.inner) return;
  const int64_t row = lane / args.inner, i = lane % args.inner;
  float h = args.state == nullptr ? 0 : args.state[lane];
  for (int64_t n = 0; n < args.time; ++n) {
    const int64_t at = placeOf(args, row, n, i);
    args.h[at] = h = args.a[at] * h + args.x[at];
  }
}

constexpr int kChannels = 8, kChunks = kThreads / kChannels;  // a warp holds a run of chunks of 8 channels
constexpr int64_t kChunk = 16;                                // steps of a thread

/// A block takes kChannels channels of a row, kChunks * kChunk steps at a time.
__global__ void linearRecurrenceChunksKernel(LinearRecurrenceArgs args) {
  SharedMemory memory;
  const SharedArray<float> factors = memory.array<float>(kThreads), states = memory.array<float>(kThreads);
  const int channel = int(threadIdx.x) % kChannels, chunk = int(threadIdx.x) / kChannels;
  const int64_t groups = (args.inner + kChannels - 1) / kChannels, row = blockIdx.x / groups;
  const int64_t i = blockIdx.x % groups * kChannels + channel;
  const bool isInside = i < args.inner;
  float carried = args.state == nullptr || !isInside ? 0 : args.state[row * args.inner + i];
  for (int64_t begin = 0; begin < args.time; begin += kChunks * kChunk) {
    const int64_t first = begin + chunk * kChunk;
    int64_t count = args.time - first;
    count = !isInside || count < 0 ? 0 : count < kChunk ? count : kChunk;
    float factor = 1, h = 0;
    for (int64_t n = first; n < first + count; ++n) {
      const int64_t at = placeOf(args, row, n, i);
      factor *= args.a[at];
      h = args.a[at] * h + args.x[at];
    }
    factors[threadIdx.x] = factor;
    states[threadIdx.x] = h;
    __syncthreads();
    float ahead = carried;
    for (int c = 0; c < kChunks; ++c) {
      if (c == chunk) h = ahead;
      ahead = factors[c * kChannels + channel] * ahead + states[c * kChannels + channel];
    }
    carried = ahead;
    for (int64_t n = first; n < first + count; ++n) {
      const int64_t at = placeOf(args, row, n, i);
      args.h[at] = h = args.a[at] * h + args.x[at];
    }
    __syncthreads();
  }
}

}  // namespace

void linearRecurrence(const Launch& launch, const LinearRecurrenceArgs& args) {
  if (args.time >= 64 && args.outer * args.inner < 32768)
    return start(launch, "linearRecurrenceChunks", linearRecurrenceChunksKernel,
                 args.outer * ceilDivide(args.inner, kChannels), kThreads, 2 * sharedBytes<float>(kThreads), args);
  start(launch, "linearRecurrence", linearRecurrenceKernel, ceilDivide(args.outer * args.inner, kThreads), kThreads, 0,
        args);
}

}  // namespace fw::kernels::FW_CUDA
