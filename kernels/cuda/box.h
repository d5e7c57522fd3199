// A box of indices with a stride of each operand along each dimension: what broadcasting and moving come down to.
// Neighbouring dimensions that every operand walks alike are joined first, on the host.
#pragma once

#include "kernels/cuda/kernel.h"

namespace fw::kernels::FW_CUDA {

template <int Operands>
struct Box {
  static constexpr int maxRank = 8;
  int rank = 0;
  int64_t count = 1;
  int64_t sizes[maxRank];
  int64_t strides[Operands][maxRank];

  /// Adds a dimension inside the former ones.
  void add(int64_t size, const int64_t (&steps)[Operands]) {
    count *= size;
    if (size == 1) return;
    bool joins = rank > 0;
    for (int k = 0; k < Operands; ++k) joins = joins && strides[k][rank - 1] == steps[k] * size;
    if (!joins) ++rank;
    sizes[rank - 1] = joins ? sizes[rank - 1] * size : size;
    for (int k = 0; k < Operands; ++k) strides[k][rank - 1] = steps[k];
  }

  /// Where element `index` (row-major) of the box lies in each operand.
  __device__ void locate(int64_t index, int64_t (&offsets)[Operands]) const {
    for (int k = 0; k < Operands; ++k) offsets[k] = 0;
    if (count <= 0x7fffffff) return locateAs<uint32_t>(uint32_t(index), offsets);  // a division of half the cost
    locateAs<uint64_t>(uint64_t(index), offsets);
  }

 private:
  template <class Index>
  __device__ void locateAs(Index index, int64_t (&offsets)[Operands]) const {
    for (int i = rank - 1; i > 0; --i) {
      const Index size = Index(sizes[i]), rest = index / size;
      for (int k = 0; k < Operands; ++k) offsets[k] += int64_t(index - rest * size) * strides[k][i];
      index = rest;
    }
    if (rank > 0)
      for (int k = 0; k < Operands; ++k) offsets[k] += int64_t(index) * strides[k][0];
  }
};

}  // namespace fw::kernels::FW_CUDA
