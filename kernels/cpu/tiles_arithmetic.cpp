// Tiles that cost a few instructions an element: arithmetic, rounding, comparisons, logic.
#include <cmath>
#include <limits>

#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/tiles_arithmetic.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/tile_loop.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class M>
HWY_INLINE hn::Vec<D> oneWhere(D d, M mask) {
  return hn::IfThenElseZero(mask, hn::Set(d, 1.0f));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE auto isTrue(D d, V x) {
  return hn::Ne(x, hn::Zero(d));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V signOf(D d, V x) {
  const V one = hn::CopySign(hn::Set(d, 1.0f), x);
  return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Zero(d)), one, x);  // 0 and NaN as they are
}

void fillTile(const float* const*, float* output, int64_t count, const float* constants) {
  for (int64_t i = 0; i < count; ++i) output[i] = constants[0];
}
FW_UNARY_TILE(copy, x)
FW_UNARY_TILE(neg, hn::Neg(x))
FW_UNARY_TILE(abs, hn::Abs(x))
FW_UNARY_TILE(sign, signOf(d, x))
FW_UNARY_TILE(floor, hn::Floor(x))
FW_UNARY_TILE(round, hn::Round(x))
FW_UNARY_TILE(square, hn::Mul(x, x))
FW_UNARY_TILE(reciprocal, hn::Div(hn::Set(d, 1.0f), x))
FW_UNARY_TILE(sqrt, hn::Sqrt(x))
FW_UNARY_TILE(rsqrt, hn::Div(hn::Set(d, 1.0f), hn::Sqrt(x)))
FW_UNARY_TILE(relu, atLeast(d, x, hn::Zero(d)))
FW_UNARY_TILE(squaredRelu, hn::Mul(atLeast(d, x, hn::Zero(d)), atLeast(d, x, hn::Zero(d))))
FW_UNARY_TILE(clamp, atMost(d, atLeast(d, x, hn::Set(d, constants[0])), hn::Set(d, constants[1])))

FW_BINARY_TILE(add, hn::Add(x, y))
FW_BINARY_TILE(sub, hn::Sub(x, y))
FW_BINARY_TILE(mul, hn::Mul(x, y))
FW_BINARY_TILE(div, hn::Div(x, y))
FW_BINARY_TILE(maximum, hn::IfThenElse(hn::Or(hn::Gt(x, y), hn::IsNaN(x)), x, y))
FW_BINARY_TILE(minimum, hn::IfThenElse(hn::Or(hn::Lt(x, y), hn::IsNaN(x)), x, y))

FW_BINARY_TILE(equal, oneWhere(d, hn::Eq(x, y)))
FW_BINARY_TILE(notEqual, oneWhere(d, hn::Not(hn::Eq(x, y))))
FW_BINARY_TILE(less, oneWhere(d, hn::Lt(x, y)))
FW_BINARY_TILE(lessEqual, oneWhere(d, hn::Le(x, y)))
FW_BINARY_TILE(greater, oneWhere(d, hn::Gt(x, y)))
FW_BINARY_TILE(greaterEqual, oneWhere(d, hn::Ge(x, y)))
FW_BINARY_TILE(logicalAnd, oneWhere(d, hn::And(isTrue(d, x), isTrue(d, y))))
FW_BINARY_TILE(logicalOr, oneWhere(d, hn::Or(isTrue(d, x), isTrue(d, y))))
FW_UNARY_TILE(logicalNot, oneWhere(d, hn::Eq(x, hn::Zero(d))))

FW_TERNARY_TILE(where, hn::IfThenElse(isTrue(d, x), y, z))

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {

FW_DEFINE_TILE(fill)
FW_DEFINE_TILE(copy)
FW_DEFINE_TILE(neg)
FW_DEFINE_TILE(abs)
FW_DEFINE_TILE(sign)
FW_DEFINE_TILE(floor)
FW_DEFINE_TILE(round)
FW_DEFINE_TILE(square)
FW_DEFINE_TILE(reciprocal)
FW_DEFINE_TILE(sqrt)
FW_DEFINE_TILE(rsqrt)
FW_DEFINE_TILE(relu)
FW_DEFINE_TILE(squaredRelu)
FW_DEFINE_TILE(clamp)
FW_DEFINE_TILE(add)
FW_DEFINE_TILE(sub)
FW_DEFINE_TILE(mul)
FW_DEFINE_TILE(div)
FW_DEFINE_TILE(maximum)
FW_DEFINE_TILE(minimum)
FW_DEFINE_TILE(equal)
FW_DEFINE_TILE(notEqual)
FW_DEFINE_TILE(less)
FW_DEFINE_TILE(lessEqual)
FW_DEFINE_TILE(greater)
FW_DEFINE_TILE(greaterEqual)
FW_DEFINE_TILE(logicalAnd)
FW_DEFINE_TILE(logicalOr)
FW_DEFINE_TILE(logicalNot)
FW_DEFINE_TILE(where)

}  // namespace fw::kernels::cpu
#endif
