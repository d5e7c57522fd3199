// Elementwise functions of contiguous f32 runs: output[i] = f(inputs[0][i], inputs[1][i], ...). An output may be one of
// the inputs. Booleans are 1 and 0 here; anything but 0 is true. Programs of these run by kernels/elementwise.h.
#pragma once

#include <cstdint>

namespace fw::kernels {

using Tile = void (*)(const float* const* inputs, float* output, int64_t count, const float* constants);

namespace cpu::tile {

#define FW_TILE(name) void name(const float* const* inputs, float* output, int64_t count, const float* constants);

FW_TILE(fill)  // constants[0], without an input
FW_TILE(copy)

FW_TILE(neg)
FW_TILE(abs)
FW_TILE(sign)  // -1, 0 or 1
FW_TILE(floor)
FW_TILE(round)  // ties to even
FW_TILE(square)
FW_TILE(reciprocal)
FW_TILE(sqrt)
FW_TILE(rsqrt)
FW_TILE(relu)
FW_TILE(squaredRelu)
FW_TILE(clamp)  // between constants[0] and constants[1]

FW_TILE(exp)
FW_TILE(log)
FW_TILE(log1p)
FW_TILE(sin)
FW_TILE(cos)
FW_TILE(tanh)
FW_TILE(sigmoid)
FW_TILE(silu)
FW_TILE(softplus)
FW_TILE(erf)
FW_TILE(gelu)
FW_TILE(geluTanh)
// inputs x, dy: dy f'(x)
FW_TILE(siluGradient)
FW_TILE(geluGradient)
FW_TILE(geluTanhGradient)

FW_TILE(add)
FW_TILE(sub)
FW_TILE(mul)
FW_TILE(div)
FW_TILE(pow)
FW_TILE(maximum)  // NaN where either is NaN
FW_TILE(minimum)

FW_TILE(equal)
FW_TILE(notEqual)
FW_TILE(less)
FW_TILE(lessEqual)
FW_TILE(greater)
FW_TILE(greaterEqual)
FW_TILE(logicalAnd)
FW_TILE(logicalOr)
FW_TILE(logicalNot)

FW_TILE(where)  // condition, a, b

#undef FW_TILE

}  // namespace cpu::tile
}  // namespace fw::kernels
