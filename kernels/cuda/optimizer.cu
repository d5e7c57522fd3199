// Optimiser steps: a thread an element; and the sum of squares by blocks, whose sums are added in order.
#include "kernels/optimizer.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__device__ bool isFinite(float x) { return x - x == 0; }

__global__ void adamwKernel(AdamwArgs args) {
  SharedMemory memory;
  const SharedArray<float> shared = memory.array<float>(3);
  if (threadIdx.x == 0) {  // powers of doubles, once a block
    const double rate = *args.learningRate, step = double(*args.step);
    const double correction1 = 1 - pow(args.beta1, step), correction2 = 1 - pow(args.beta2, step);
    // sqrt(v / c) + e = (sqrt(v) + e sqrt(c)) / sqrt(c): one division an element.
    shared[0] = float(rate / correction1 * sqrt(correction2));
    shared[1] = float(args.epsilon * sqrt(correction2));
    shared[2] = float(1 - rate * args.decay);
  }
  __syncthreads();
  const int64_t i = globalIndex();
  if (i >= args.count) return;
  const float scale = *args.scale, p = args.parameter[i], m0 = args.m[i], v0 = args.v[i];
  if (!isFinite(scale)) {
    args.newParameter[i] = p;
    args.newM[i] = m0;
    args.newV[i] = v0;
    return;
  }
  const float g = args.gradient[i] * scale;
  const float m = fmaf(g - m0, float(1 - args.beta1), m0);
  const float v = fmaf(g * g, float(1 - args.beta2), v0 * float(args.beta2));
  args.newParameter[i] = fmaf(-shared[0], m / (sqrtf(v) + shared[1]), p * shared[2]);
  args.newM[i] = m;
  args.newV[i] = v;
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
  start(launch, "adamw", adamwKernel, ceilDivide(args.count, kThreads), kThreads, sharedBytes<float>(3), args);
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
