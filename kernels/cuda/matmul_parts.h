// What the matrix products share: the library's product, and what becomes of a sum.
#pragma once

#include "kernels/cuda/functions.h"
#include "kernels/matmul.h"

namespace fw::kernels::FW_CUDA {

/// The product by the device's library, what follows it included. False, and nothing done, where it has none. The
/// element is that of A and B: F32, or BF16 behind the same pointers.
bool productOfLibrary(const Launch& launch, const MatmulArgs& args, Element element);

/// C[m,n] of matrix `batch` from its sum over the depth; nothing outside of C.
__device__ inline void finishProduct(const MatmulArgs& args, int64_t batch, int64_t m, int64_t n, float sum) {
  if (m >= args.m || n >= args.n) return;
  const int64_t at = batch * args.batchStrideC + m * args.ldc + n;
  if (args.bias != nullptr) sum += args.bias[n];
  if (args.accumulates) sum += args.c[at];
  if (args.preActivation != nullptr) args.preActivation[at] = sum;
  args.c[at] = activate(args.activation, sum);
}

}  // namespace fw::kernels::FW_CUDA
