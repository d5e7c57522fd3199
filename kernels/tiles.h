// Elementwise functions of contiguous f32 runs: output[i] = f(inputs[0][i], inputs[1][i], ...). An output may be one of
// the inputs. Booleans are 1 and 0 here; anything but 0 is true. Programs of these run by kernels/elementwise.h.
#pragma once

#include <cstdint>

namespace fw::kernels {

using Tile = void (*)(const float* const* inputs, float* output, int64_t count, const float* constants);

/// Every tile. fill: constants[0], without an input. sign: -1, 0 or 1. round: ties to even. clamp: between constants[0]
/// and constants[1]. The gradients take x and dy: dy f'(x). maximum and minimum: NaN where either is. where: condition,
/// a, b.
#define FW_TILES(X)   \
  X(fill)             \
  X(copy)             \
  X(neg)              \
  X(abs)              \
  X(sign)             \
  X(floor)            \
  X(round)            \
  X(square)           \
  X(reciprocal)       \
  X(sqrt)             \
  X(rsqrt)            \
  X(relu)             \
  X(squaredRelu)      \
  X(clamp)            \
  X(exp)              \
  X(log)              \
  X(log1p)            \
  X(sin)              \
  X(cos)              \
  X(tanh)             \
  X(sigmoid)          \
  X(silu)             \
  X(softplus)         \
  X(erf)              \
  X(gelu)             \
  X(geluTanh)         \
  X(siluGradient)     \
  X(geluGradient)     \
  X(geluTanhGradient) \
  X(add)              \
  X(sub)              \
  X(mul)              \
  X(div)              \
  X(pow)              \
  X(maximum)          \
  X(minimum)          \
  X(equal)            \
  X(notEqual)         \
  X(less)             \
  X(lessEqual)        \
  X(greater)          \
  X(greaterEqual)     \
  X(logicalAnd)       \
  X(logicalOr)        \
  X(logicalNot)       \
  X(where)

namespace cpu::tile {
#define FW_TILE(name) void name(const float* const* inputs, float* output, int64_t count, const float* constants);
FW_TILES(FW_TILE)
#undef FW_TILE
}  // namespace cpu::tile
}  // namespace fw::kernels
