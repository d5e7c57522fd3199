// Optimiser steps: AdamW on all tensors in one launch, a block some elements of one; SGD a thread an element; and the
// sum of squares by blocks, whose sums are added in order.
#include "kernels/optimizer.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__device__ bool isFinite(float x) { return x - x == 0; }

/// What an element's step needs besides its tensor's.
struct AdamwFactors {
  float rate, epsilon, keep, scale, share1, share2, beta2;
};

/// Powers of doubles: by one thread of a block, for all.
__device__ AdamwFactors factorsOf(const FusedAdamwArgs& args, double decay, SharedArray<float> shared) {
  if (threadIdx.x == 0) {
    const double rate = *args.learningRate, step = double(*args.step);
    const double correction1 = 1 - pow(args.beta1, step), correction2 = 1 - pow(args.beta2, step);
    // sqrt(v / c) + e = (sqrt(v) + e sqrt(c)) / sqrt(c): one division an element.
    shared[0] = float(rate / correction1 * sqrt(correction2));
    shared[1] = float(args.epsilon * sqrt(correction2));
    shared[2] = float(1 - rate * decay);
  }
  __syncthreads();
  return {shared[0],        shared[1], shared[2], *args.scale, float(1 - args.beta1), float(1 - args.beta2),
          float(args.beta2)};
}

constexpr int kMostTensors = 400;        // of a launch: its arguments have 32764 bytes
constexpr int64_t kStepElements = 4096;  // of a block

/// Tensors and the first block of each.
struct TensorTable {
  struct Entry {
    AdamwTensor tensor;
    int64_t firstBlock;
  };
  int count;
  Entry of[kMostTensors];
};

__global__ void adamwKernel(FusedAdamwArgs args, TensorTable table) {
  SharedMemory memory;
  int low = 0, high = table.count;  // the last tensor that begins at this block or before
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (table.of[middle].firstBlock <= blockIdx.x ? low : high) = middle;
  }
  const AdamwTensor& of = table.of[low].tensor;
  const AdamwFactors by = factorsOf(args, of.decay, memory.array<float>(3));
  const int64_t begin = (blockIdx.x - table.of[low].firstBlock) * kStepElements;
  const int64_t end = begin + kStepElements < of.count ? begin + kStepElements : of.count;
  const bool isSkipped = !isFinite(by.scale);
  for (int64_t i = begin + threadIdx.x; i < end; i += kThreads) {
    const float p = of.parameter[i], m0 = of.m[i], v0 = of.v[i], g = of.gradient[i] * by.scale;
    const float m = fmaf(g - m0, by.share1, m0), v = fmaf(g * g, by.share2, v0 * by.beta2);
    of.newParameter[i] = isSkipped ? p : fmaf(-by.rate, m / (sqrtf(v) + by.epsilon), p * by.keep);
    of.newM[i] = isSkipped ? m0 : m;
    of.newV[i] = isSkipped ? v0 : v;
  }
}

__global__ void sgdKernel(SgdArgs args) {
  const int64_t i = globalIndex();
  if (i >= args.count) return;
  const float scale = *args.scale, rate = *args.learningRate, p = args.parameter[i];
  const float momentum = float(args.momentum);
  if (!isFinite(scale)) {
    args.newParameter[i] = p;
    if (args.buffer != nullptr) args.newBuffer[i] = args.buffer[i];
    return;
  }
  const float g = fmaf(p, float(args.decay), args.gradient[i] * scale);
  float update = g;
  if (args.buffer != nullptr) {
    const float b = fmaf(args.buffer[i], momentum, g);
    update = args.isNesterov ? fmaf(b, momentum, g) : b;
    args.newBuffer[i] = b;
  }
  args.newParameter[i] = fmaf(-rate, update, p);
}

constexpr int64_t kElements = 8192;  // of a block

__global__ void squaresKernel(const float* x, double* partials, int64_t count) {
  SharedMemory memory;
  const SharedArray<double> scratch = memory.array<double>(kWarp);
  const int64_t begin = blockIdx.x * kElements, end = begin + kElements < count ? begin + kElements : count;
  double own = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kThreads) own += double(x[i]) * x[i];
  own = reduceBlock(own, 0.0, scratch, Plus());
  if (threadIdx.x == 0) partials[blockIdx.x] = own;
}

__global__ void sumOfPartialsKernel(const double* partials, float* y, int64_t count) {
  SharedMemory memory;
  const SharedArray<double> scratch = memory.array<double>(kWarp);
  double own = 0;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) own += partials[i];
  own = reduceBlock(own, 0.0, scratch, Plus());
  if (threadIdx.x == 0) *y = float(own);
}

}  // namespace

void adamw(const Launch& launch, const AdamwArgs& args) {
  const AdamwTensor tensor = {args.parameter, args.gradient, args.m,     args.v,    args.newParameter,
                              args.newM,      args.newV,     args.count, args.decay};
  fusedAdamw(launch, {&tensor, 1, args.learningRate, args.step, args.scale, args.beta1, args.beta2, args.epsilon});
}

void fusedAdamw(const Launch& launch, const FusedAdamwArgs& args) {
  static_assert(sizeof(FusedAdamwArgs) + sizeof(TensorTable) <= 32764, "what a launch can be given");
  for (int64_t first = 0; first < args.tensorCount; first += kMostTensors) {
    TensorTable table = {};
    int64_t blocks = 0;
    for (int64_t i = first; i < args.tensorCount && i < first + kMostTensors; ++i) {
      if (args.tensors[i].count == 0) continue;
      table.of[table.count++] = {args.tensors[i], blocks};
      blocks += ceilDivide(args.tensors[i].count, kStepElements);
    }
    start(launch, "adamw", adamwKernel, blocks, kThreads, sharedBytes<float>(3), args, table);
  }
}

void sgd(const Launch& launch, const SgdArgs& args) {
  start(launch, "sgd", sgdKernel, ceilDivide(args.count, kThreads), kThreads, 0, args);
}

int64_t sumSquaresPartials(int64_t count) { return ceilDivide(count, kElements); }

void sumSquares(const Launch& launch, const SumSquaresArgs& args) {
  const int64_t partials = sumSquaresPartials(args.count), bytes = sharedBytes<double>(kWarp);
  start(launch, "squares", squaresKernel, partials, kThreads, bytes, args.x, args.partials, args.count);
  start(launch, "sumOfPartials", sumOfPartialsKernel, 1, kThreads, bytes, static_cast<const double*>(args.partials),
        args.y, partials);
}

}  // namespace fw::kernels::FW_CUDA
