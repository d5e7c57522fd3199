// Products of tiles in shared memory: the inner loop of attention. Everything around it stays the same whether tensor
// cores or, as here, the threads one by one multiply.
#pragma once

#include "kernels/cuda/kernel.h"

namespace fw::kernels::FW_CUDA {

/// A matrix in shared memory; element (i, j) at i * step + j * otherStep.
struct Tile {
  SharedArray<float> data;
  int step, otherStep;
};

inline __device__ Tile rowsOf(SharedArray<float> data, int ld) { return {data, ld, 1}; }
inline __device__ Tile transposed(Tile tile) { return {tile.data, tile.otherStep, tile.step}; }

/// C (+)= factor A B, A: [m,k], B: [k,n], C rows `ldc` apart. All threads of the block; barriers are the caller's.
template <bool accumulates>
__device__ void multiply(Tile a, Tile b, SharedArray<float> c, int ldc, int m, int n, int k, float factor = 1) {
  constexpr int each = 4;
  const int columns = (n + each - 1) / each, tiles = (m + each - 1) / each * columns;
  for (int tile = int(threadIdx.x); tile < tiles; tile += int(blockDim.x)) {
    const int row = tile / columns * each, column = tile % columns * each;
    const int rows = m - row < each ? m - row : each, width = n - column < each ? n - column : each;
    float sums[each][each] = {};
    for (int l = 0; l < k; ++l) {
      float x[each], y[each];
#pragma unroll
      for (int i = 0; i < each; ++i) x[i] = i < rows ? float(a.data[(row + i) * a.step + l * a.otherStep]) : 0;
#pragma unroll
      for (int j = 0; j < each; ++j) y[j] = j < width ? float(b.data[l * b.step + (column + j) * b.otherStep]) : 0;
#pragma unroll
      for (int i = 0; i < each; ++i)
#pragma unroll
        for (int j = 0; j < each; ++j) sums[i][j] = fmaf(x[i], y[j], sums[i][j]);
    }
#pragma unroll
    for (int i = 0; i < each; ++i)
#pragma unroll
      for (int j = 0; j < each; ++j) {
        if (i >= rows || j >= width) continue;
        const int at = (row + i) * ldc + column + j;
        c[at] = accumulates ? fmaf(factor, sums[i][j], float(c[at])) : factor * sums[i][j];
      }
  }
}

}  // namespace fw::kernels::FW_CUDA
