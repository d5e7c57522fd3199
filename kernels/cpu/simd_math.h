// exp, log, tanh, sigmoid and erf of whole vectors of f32, within 4 units in the last place. Polynomials are minimax
// fits of our own (weighted least squares, relative error below 2^-26 before rounding). Include after
// kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_SIMD_MATH) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_SIMD_MATH
#undef FW_KERNELS_CPU_SIMD_MATH
#else
#define FW_KERNELS_CPU_SIMD_MATH
#endif

#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

/// c0 + c1 x + c2 x^2 + ...
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V polynomial(D d, V, float last) {
  return hwy::HWY_NAMESPACE::Set(d, last);
}
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>, class... Rest>
HWY_INLINE V polynomial(D d, V x, float first, Rest... rest) {
  return hwy::HWY_NAMESPACE::MulAdd(polynomial(d, x, rest...), x, hwy::HWY_NAMESPACE::Set(d, first));
}

/// 2^n for whole n in [-126, 127].
template <class D, class VI>
HWY_INLINE hwy::HWY_NAMESPACE::VFromD<D> powerOfTwo(D d, VI n) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// e^x; 0 below -104, infinity above 88.73, subnormal results kept.
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecExp(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  // NaN passes: Min and Max of x86 return the second operand when one is NaN.
  const V clamped = hn::Max(hn::Set(d, -105.0f), hn::Min(hn::Set(d, 90.0f), x));
  const V scaled = hn::Round(hn::Mul(clamped, hn::Set(d, 1.44269504f)));
  V r = hn::NegMulAdd(scaled, hn::Set(d, 0.693359375f), clamped);  // ln 2 in two parts: the first product is exact
  r = hn::NegMulAdd(scaled, hn::Set(d, -2.12194440e-4f), r);
  const V tail = polynomial(d, r, 0.49999994f, 0.166665211f, 0.041668389f, 0.00836874545f, 0.00138145406f);
  const V fraction = hn::Add(hn::MulAdd(hn::Mul(r, r), tail, r), hn::Set(d, 1.0f));
  const auto n = hn::ConvertTo(di, scaled);
  const auto half = hn::ShiftRight<1>(n);  // two steps: 2^n itself may lie outside the range
  const V result = hn::Mul(hn::Mul(fraction, powerOfTwo(d, half)), powerOfTwo(d, hn::Sub(n, half)));
  return hn::IfThenElse(hn::Eq(x, x), result, x);
}

/// Natural logarithm; -infinity at 0, NaN below.
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecLog(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  const auto isSmall = hn::Lt(x, hn::Set(d, 1.17549435e-38f));
  const V normal = hn::IfThenElse(isSmall, hn::Mul(x, hn::Set(d, 33554432.0f)), x);  // subnormals times 2^25
  const auto bits = hn::BitCast(di, normal);
  // The exponent that leaves a mantissa in [sqrt(1/2), sqrt(2)).
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3f3504f3)));
  const V mantissa = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  const V e = hn::Sub(hn::ConvertTo(d, exponent), hn::IfThenElseZero(isSmall, hn::Set(d, 25.0f)));
  const V r = hn::Sub(mantissa, hn::Set(d, 1.0f));
  const V r2 = hn::Mul(r, r);
  const V tail = polynomial(d, r, 0.333333313f, -0.250008196f, 0.200012267f, -0.166233569f, 0.142017573f, -0.131601825f,
                            0.12761578f, -0.0763449743f);
  V low = hn::Mul(hn::Mul(r2, r), tail);
  low = hn::MulAdd(e, hn::Set(d, -2.12194440e-4f), low);
  low = hn::NegMulAdd(r2, hn::Set(d, 0.5f), low);
  V result = hn::MulAdd(e, hn::Set(d, 0.693359375f), hn::Add(r, low));
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  result = hn::IfThenElse(hn::Lt(x, infinity), result, x);  // infinity and NaN as they are
  result = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), result);
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Set(d, std::numeric_limits<float>::quiet_NaN()), result);
}

/// tanh x, with relative accuracy near 0 too.
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecTanh(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V one = hn::Set(d, 1.0f);
  const V magnitude = hn::Abs(x);
  const V square = hn::Mul(x, x);
  const V series = polynomial(d, square, -0.333332807f, 0.133314312f, -0.053738758f, 0.0206358191f, -0.00570118567f);
  const V near = hn::MulAdd(hn::Mul(square, x), series, x);
  const V growth = vecExp(d, hn::Add(magnitude, magnitude));
  const V far = hn::CopySign(hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(growth, one))), x);
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), near, far);
}

/// 1 / (1 + e^-x), with relative accuracy for negative x too.
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecSigmoid(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, vecExp(d, hn::Neg(x))));
}

/// erf x = 2/sqrt(pi) * integral of e^(-t^2) over [0, x].
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecErf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V square = hn::Mul(x, x);
  const V series = polynomial(d, square, 0.128379166f, -0.376126349f, 0.112836972f, -0.0268594734f, 0.00520121912f,
                              -0.000814483094f, 8.37912594e-05f);
  const V near = hn::MulAdd(x, series, x);
  // Farther out, erfc a = exp(-q(a)); it is below half a unit of 1 from 4 on.
  const V a = hn::Min(hn::Abs(x), hn::Set(d, 4.0f));
  const V q = polynomial(d, a, 0.000194911903f, 1.12767875f, 0.637176931f, 0.10393627f, -0.0222291723f, 0.0030437829f,
                         -0.000195994915f);
  const V far = hn::CopySign(hn::Sub(hn::Set(d, 1.0f), vecExp(d, hn::Neg(q))), x);
  const V result = hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.92f)), near, far);
  return hn::IfThenElse(hn::Eq(x, x), result, x);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
