// Linear maps with weights of one or two bytes: the weight is widened into scratch memory, then multiplied.
#include "kernels/compact_linear.h"

#include "kernels/cuda/convert.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void widenKernel(const T* weight, const float* scale, float* out, int64_t inputs, int64_t count) {
  const int64_t i = globalIndex();
  if (i < count) out[i] = float(readValue(weight[i])) * (scale != nullptr ? scale[i / inputs] : 1.0f);
}

int64_t wideBytes(const CompactLinearArgs& args) {
  return (args.outputs * args.inputs * int64_t(sizeof(float)) + 63) / 64 * 64;
}

/// With the weight widened to f32.
MatmulArgs productOf(const CompactLinearArgs& args, const float* wide) {
  MatmulArgs product;
  product.a = args.x;
  product.b = wide;
  product.c = args.y;
  product.bias = args.bias;
  product.m = args.rows;
  product.n = args.outputs;
  product.k = args.inputs;
  product.lda = product.ldb = args.inputs;
  product.ldc = args.outputs;
  product.batchStrideA = args.rows * args.inputs;
  product.batchStrideC = args.rows * args.outputs;
  product.transposeB = true;
  product.accumulates = args.accumulates;
  product.activation = args.activation;
  return product;
}

void widenAndMultiply(const Launch& launch, const CompactLinearArgs& args, void* workspace,
                      decltype(cpu::matmul) multiply) {
  const int64_t count = args.outputs * args.inputs;
  float* const wide = static_cast<float*>(workspace);
  if (count > 0)
    withElement(args.element, [&](auto element) {
      using T = decltype(element);
      start(launch, "widen", widenKernel<T>, ceilDivide(count, kThreads), kThreads, 0,
            static_cast<const T*>(args.weight), args.scale, wide, args.inputs, count);
    });
  multiply(launch, productOf(args, wide), static_cast<char*>(workspace) + wideBytes(args));
}

}  // namespace

int64_t compactLinearWorkspace(const CompactLinearArgs& args, int threads) {
  return wideBytes(args) + matmulWorkspace(productOf(args, nullptr), threads);
}

void compactLinear(const Launch& launch, const CompactLinearArgs& args, void* workspace) {
  widenAndMultiply(launch, args, workspace, matmul);
}

int64_t compactLinearBf16Workspace(const CompactLinearArgs& args, int threads) {
  return wideBytes(args) + matmulBf16Workspace(productOf(args, nullptr), threads);
}

void compactLinearBf16(const Launch& launch, const CompactLinearArgs& args, void* workspace) {
  widenAndMultiply(launch, args, workspace, matmulBf16);
}

}  // namespace fw::kernels::FW_CUDA
