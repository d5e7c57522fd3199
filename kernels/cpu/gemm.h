// The engine below matmul and conv2d: C[m,n] = act(A B + bias [+ C]), where A and B are strided matrices or are
// computed piece by piece (the patches of an image, say).
//
// Each element of C is one chain of multiply-adds over k, cut at fixed places: how the tiles are shared among threads
// does not change its bits.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/activation.h"
#include "kernels/launch.h"

namespace fw::kernels::cpu {

/// Writes a panel of a computed operand: out[(k-k0)*width + i] = element(first+i, k) for i < count and k in [k0,k1);
/// what lies in [count, width) is never read.
struct PanelRequest {
  int64_t batch, first, count, width, k0, k1;
};
using PanelWriter = void (*)(const void* context, const PanelRequest& request, float* out);

/// One side of the product, seen as a list of vectors of length k: the rows of A, the columns of B.
struct GemmOperand {
  const float* data = nullptr;
  int64_t stride = 0;   // from one vector to the next
  int64_t kStride = 0;  // from one element of a vector to the next; one of the two strides is 1
  int64_t batchStride = 0;
  PanelWriter write = nullptr;  // takes the place of `data`
  const void* context = nullptr;
};

struct GemmArgs {
  int64_t batch = 1, m = 0, n = 0, k = 0;
  GemmOperand a, b;
  float* c = nullptr;  // [m,n], n contiguous
  int64_t ldc = 0, batchStrideC = 0;
  const float* bias = nullptr;
  bool biasIsPerRow = false;  // bias: [m] rather than [n]
  bool accumulates = false;
  Activation activation = Activation::None;
  float* preActivation = nullptr;
};

/// A block of C: all k, rows [row0,row1), columns [column0,column1) of one batch element.
struct Block {
  int64_t batch, row0, row1, column0, column1;
};

/// Bytes of scratch memory for gemm.
int64_t gemmWorkspace(const GemmArgs& args, int threads);

void gemm(const Launch& launch, const GemmArgs& args, void* workspace);

/// Products of one A or, where they share the right side, of one B; each with its own C.
struct GemmGroup {
  std::span<const GemmArgs> products;
  bool sharesRight = false;
};

/// Where the products are alike the shared side is read once for all.
int64_t gemmGroupWorkspace(const GemmGroup& group, int threads);
void gemmGroup(const Launch& launch, const GemmGroup& group, void* workspace);

}  // namespace fw::kernels::cpu
