// Applying an activation to rows that a kernel has just written.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/tiles.h"

namespace fw::kernels::cpu {

/// rows x columns of c, `stride` floats from row to row, become act(c); what they were is kept in `before` unless that
/// is null (the same layout).
inline void activateRows(Activation activation, float* c, int64_t stride, int64_t rows, int64_t columns,
                         float* before) {
  static constexpr Tile tiles[] = {nullptr, tile::relu, tile::gelu, tile::geluTanh, tile::silu, tile::squaredRelu};
  const Tile function = tiles[size_t(activation)];
  if (function == nullptr && before == nullptr) return;
  for (int64_t row = 0; row < rows; ++row) {
    float* at = c + row * stride;
    if (before != nullptr) std::memcpy(before + row * stride, at, size_t(columns) * sizeof(float));
    if (function != nullptr) function(&at, at, columns, nullptr);
  }
}

}  // namespace fw::kernels::cpu
