// Matrix product of f32 matrices, batched: C = act(op(A) op(B) + bias [+ C]).
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/launch.h"

namespace fw::kernels {

/// op(A): [m,k], op(B): [k,n], C: [m,n], each `batch` times. A matrix lies row by row, `ld` elements from row to row;
/// transposeA means that A is stored as [k,m], transposeB that B is stored as [n,k] (a PyTorch weight: y = x W^T).
struct MatmulArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  const float* bias = nullptr;     // [n]; null: none
  float* preActivation = nullptr;  // laid out as C: receives what the activation is applied to; null: not kept
  int64_t batch = 1, m = 0, n = 0, k = 0;
  int64_t lda = 0, ldb = 0, ldc = 0;
  int64_t batchStrideA = 0, batchStrideB = 0, batchStrideC = 0;  // elements; 0 for A and B: the same matrix for all
  bool transposeA = false, transposeB = false;
  bool accumulates = false;  // adds the former C before the activation
  Activation activation = Activation::None;
};

/// Products of one A or, where they share the right side, of one B, which is read once for all where that pays. Alike
/// but for what they do not share, c, bias and preActivation.
struct MatmulGroup {
  const MatmulArgs* products = nullptr;
  int64_t count = 0;
  bool sharesRight = false;
};

namespace cpu {

/// Bytes of scratch memory that matmul needs (64-byte aligned).
int64_t matmulWorkspace(const MatmulArgs& args, int threads);

/// The same bits for any number of threads. C must not overlap A, B or bias.
void matmul(const Launch& launch, const MatmulArgs& args, void* workspace);

int64_t matmulGroupWorkspace(const Launch& launch, const MatmulGroup& group);

/// matmul of each.
void matmulGroup(const Launch& launch, const MatmulGroup& group, void* workspace);

}  // namespace cpu
}  // namespace fw::kernels
