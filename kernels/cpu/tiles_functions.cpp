// Tiles of elementary functions and activations.
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/tiles_functions.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/tile_loop.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// s = sigmoid(x) and 1 - s, both to full relative accuracy.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoidAndRest(D d, V x, V& rest) {
  const V one = hn::Set(d, 1.0f);
  const V e = vecExpNegative(d, hn::Neg(hn::Abs(x)));
  const V larger = hn::Div(one, hn::Add(one, e));
  const V smaller = hn::Mul(e, larger);
  const auto isNegative = hn::Lt(x, hn::Zero(d));
  rest = hn::IfThenElse(isNegative, larger, smaller);
  return hn::IfThenElse(isNegative, smaller, larger);
}

/// silu(x) = x s with s = sigmoid(x); its slope is s + x s (1 - s).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V siluSlope(D d, V x) {
  V rest;
  const V s = sigmoidAndRest(d, x, rest);
  return hn::MulAdd(hn::Mul(x, s), rest, s);
}

/// 2 sqrt(2/pi) (x + 0.044715 x^3): gelu_tanh(x) = x sigmoid of it. Bounded so that x^3 stays finite.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V geluTanhArgument(D d, V x) {
  const V bounded = atMost(d, atLeast(d, x, hn::Set(d, -100.0f)), hn::Set(d, 100.0f));
  const V square = hn::Mul(bounded, bounded);
  return hn::Mul(bounded, hn::MulAdd(square, hn::Set(d, 0.0713548163f), hn::Set(d, 1.59576912f)));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecGeluTanh(D d, V x) {
  const V s = vecSigmoid(d, geluTanhArgument(d, x));
  return hn::Mul(hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -100.0f)), x), s);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V geluTanhSlope(D d, V x) {
  const V bounded = atMost(d, atLeast(d, x, hn::Set(d, -100.0f)), hn::Set(d, 100.0f));
  V rest;
  const V s = sigmoidAndRest(d, geluTanhArgument(d, bounded), rest);
  const V inner = hn::MulAdd(hn::Mul(bounded, bounded), hn::Set(d, 0.214064449f), hn::Set(d, 1.59576912f));
  return hn::MulAdd(hn::Mul(bounded, inner), hn::Mul(s, rest), s);
}

FW_UNARY_TILE(exp, vecExp(d, x))
FW_UNARY_TILE(log, vecLog(d, x))
FW_UNARY_TILE(log1p, vecLog1p(d, x))
FW_UNARY_TILE(sin, vecSine<0>(d, x))
FW_UNARY_TILE(cos, vecSine<1>(d, x))
FW_UNARY_TILE(tanh, vecTanh(d, x))
FW_UNARY_TILE(sigmoid, vecSigmoid(d, x))
FW_UNARY_TILE(silu, hn::Mul(x, vecSigmoid(d, x)))
FW_UNARY_TILE(softplus, vecSoftplus(d, x))
FW_UNARY_TILE(erf, vecErf(d, x))
FW_UNARY_TILE(gelu, vecGelu(d, x))
FW_UNARY_TILE(geluTanh, vecGeluTanh(d, x))
FW_BINARY_TILE(siluGradient, hn::Mul(y, siluSlope(d, x)))
FW_BINARY_TILE(geluGradient, hn::Mul(y, vecGeluSlope(d, x)))
FW_BINARY_TILE(geluTanhGradient, hn::Mul(y, geluTanhSlope(d, x)))
FW_BINARY_TILE(pow, vecPower(d, x, y))

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {

FW_DEFINE_TILE(exp)
FW_DEFINE_TILE(log)
FW_DEFINE_TILE(log1p)
FW_DEFINE_TILE(sin)
FW_DEFINE_TILE(cos)
FW_DEFINE_TILE(tanh)
FW_DEFINE_TILE(sigmoid)
FW_DEFINE_TILE(silu)
FW_DEFINE_TILE(softplus)
FW_DEFINE_TILE(erf)
FW_DEFINE_TILE(gelu)
FW_DEFINE_TILE(geluTanh)
FW_DEFINE_TILE(siluGradient)
FW_DEFINE_TILE(geluGradient)
FW_DEFINE_TILE(geluTanhGradient)
FW_DEFINE_TILE(pow)

}  // namespace fw::kernels::cpu
#endif
