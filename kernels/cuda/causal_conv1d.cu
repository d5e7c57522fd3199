// Causal convolution along time: a thread a result, neighbours being channels. Its weight gradient: a block sums a part
// of the steps for 32 channels, the parts are added in order.
#include "kernels/causal_conv1d.h"

#include "kernels/cuda/functions.h"
#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256, kChannels = kWarp, kLanes = kThreads / kChannels;
constexpr int64_t kSteps = 512;  // of a part

/// x[b, t, d], the history before the first step, zero outside.
__device__ float inputAt(const float* x, const float* history, int64_t b, int64_t t, int64_t d, int64_t time,
                         int64_t width, int64_t kernel) {
  if (t >= 0 && t < time) return x[(b * time + t) * width + d];
  if (t < 0 && history != nullptr) return history[(b * (kernel - 1) + t + kernel - 1) * width + d];
  return 0;
}

__global__ void causalConv1dKernel(CausalConv1dArgs args) {
  const int64_t i = globalIndex();
  if (i >= args.batch * args.time * args.width) return;
  const int64_t d = i % args.width, t = i / args.width % args.time, b = i / args.width / args.time;
  float sum = args.bias != nullptr ? args.bias[d] : 0;
  for (int64_t k = 0; k < args.kernel; ++k) {
    const int64_t from = args.isReversed ? t + args.kernel - 1 - k : t - args.kernel + 1 + k;
    sum = fmaf(args.weight[d * args.kernel + k],
               inputAt(args.x, args.history, b, from, d, args.time, args.width, args.kernel), sum);
  }
  args.y[i] = activate(args.activation, sum);
}

/// parts[part, d, k]
__global__ void weightPartsKernel(CausalConv1dWeightGradientArgs args, float* parts, int64_t blocksOfTime,
                                  int64_t blocksOfChannels) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kThreads);
  const int64_t part = blockIdx.x / blocksOfChannels, b = part / blocksOfTime, first = part % blocksOfTime * kSteps;
  const int64_t end = first + kSteps < args.time ? first + kSteps : args.time;
  const int lane = int(threadIdx.x) / kChannels, channel = int(threadIdx.x) % kChannels;
  const int64_t d = blockIdx.x % blocksOfChannels * kChannels + channel;
  for (int64_t k = 0; k < args.kernel; ++k) {
    float own = 0;
    if (d < args.width)
      for (int64_t t = first + lane; t < end; t += kLanes)
        own =
            fmaf(args.dy[(b * args.time + t) * args.width + d],
                 inputAt(args.x, args.history, b, t - args.kernel + 1 + k, d, args.time, args.width, args.kernel), own);
    scratch[threadIdx.x] = own;
    __syncthreads();
    if (lane == 0 && d < args.width) {
      for (int other = 1; other < kLanes; ++other) own += scratch[other * kChannels + channel];
      parts[(part * args.width + d) * args.kernel + k] = own;
    }
    __syncthreads();
  }
}

__global__ void sumWeightPartsKernel(const float* parts, float* dweight, int64_t count, int64_t size) {
  const int64_t i = globalIndex();
  if (i >= size) return;
  float sum = 0;
  for (int64_t part = 0; part < count; ++part) sum += parts[part * size + i];
  dweight[i] = sum;
}

int64_t partsOf(const CausalConv1dWeightGradientArgs& args) { return args.batch * ceilDivide(args.time, kSteps); }

}  // namespace

int64_t causalConv1dWorkspace(const CausalConv1dArgs&) { return 0; }

void causalConv1d(const Launch& launch, const CausalConv1dArgs& args, void*) {
  start(launch, "causalConv1d", causalConv1dKernel, ceilDivide(args.batch * args.time * args.width, kThreads), kThreads,
        0, args);
}

int64_t causalConv1dWeightGradientWorkspace(const CausalConv1dWeightGradientArgs& args) {
  return partsOf(args) * args.width * args.kernel * int64_t(sizeof(float));
}

void causalConv1dWeightGradient(const Launch& launch, const CausalConv1dWeightGradientArgs& args, void* workspace) {
  float* const parts = static_cast<float*>(workspace);
  const int64_t size = args.width * args.kernel, channels = ceilDivide(args.width, kChannels);
  start(launch, "causalConv1dWeightParts", weightPartsKernel, partsOf(args) * channels, kThreads,
        sharedBytes<float>(kThreads), args, parts, ceilDivide(args.time, kSteps), channels);
  start(launch, "causalConv1dWeightGradient", sumWeightPartsKernel, ceilDivide(size, kThreads), kThreads, 0,
        static_cast<const float*>(parts), args.dweight, partsOf(args), size);
}

}  // namespace fw::kernels::FW_CUDA
