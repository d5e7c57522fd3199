// Elementary functions on Highway vectors of f32, for the kernels of this folder; include after simd.h.
// Each is within 2 to 4 units in the last place over the whole range, and keeps infinities and NaN. The polynomials are
// weighted minimax fits of ours; none relies on fused multiply-add, so the scalar target has the same accuracy.
#if defined(FW_KERNELS_CPU_SIMD_MATH) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_SIMD_MATH
#undef FW_KERNELS_CPU_SIMD_MATH
#else
#define FW_KERNELS_CPU_SIMD_MATH
#endif

#include <cmath>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
template <class D, class V, class First, class... Rest>
HWY_INLINE V polynomial(D d, V x, First first, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return hn::Set(d, first);
  } else {
    return hn::MulAdd(polynomial(d, x, rest...), x, hn::Set(d, first));
  }
}

/// max(x, low) and min(x, high) that return NaN for NaN on every target.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V atLeast(D, V x, V low) {
  return hn::IfThenElse(hn::Lt(x, low), low, x);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V atMost(D, V x, V high) {
  return hn::IfThenElse(hn::Gt(x, high), high, x);
}

template <class D, class V, class VI>
HWY_INLINE V addExponent(D d, V x, VI shiftedExponent) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::BitCast(di, x), shiftedExponent));
}

/// 2^n for whole n in [-126, 127].
template <class D, class VI>
HWY_INLINE hn::VFromD<D> powerOfTwo(D d, VI n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// x = n ln2 + r with n the nearest integer: gives r, and n 2^23 modulo 2^32, which added to a float's bits scales it
/// by 2^n. |x| below 2^21.
template <class D, class V, class VI>
HWY_INLINE V reduceByLn2(D d, V x, VI& shiftedExponent) {
  const hn::RebindToSigned<D> di;
  const V magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: the sum's low bits are the rounded integer
  const V sum = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(sum, magic);
  shiftedExponent = hn::ShiftLeft<23>(hn::BitCast(di, sum));
  const V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);  // nine bits: the product is exact
  return hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
}

/// e^r for |r| <= ln2 / 2.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expReduced(D d, V r) {
  const V q = polynomial(d, r, 0.4999999404f, 0.1666651964f, 4.166840762e-2f, 8.368922397e-3f, 1.381417154e-3f);
  return hn::Add(hn::MulAdd(hn::Mul(r, r), q, r), hn::Set(d, 1.0f));
}

/// p 2^n for the n of reduceByLn2, p in [1/2, 2]: gradual underflow included, infinity where `isOver`.
template <class D, class V, class VI, class M>
HWY_INLINE V scaleByExponent(D d, V p, VI shiftedExponent, M isSmall, M isOver) {
  const hn::RebindToSigned<D> di;
  // Where the exponent would leave its field it is raised by 64, and the result multiplied by 2^-64.
  const auto lift = hn::IfThenElseZero(hn::RebindMask(di, isSmall), hn::Set(di, 64 << 23));
  const V scaled = addExponent(d, p, hn::Add(shiftedExponent, lift));
  const V result = hn::Mul(scaled, hn::IfThenElse(isSmall, hn::Set(d, 0x1p-64f), hn::Set(d, 1.0f)));
  return hn::IfThenElse(isOver, hn::Set(d, std::numeric_limits<float>::infinity()), result);
}

/// e^x, gradual underflow included.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecExp(D d, V x) {
  const V bounded = atLeast(d, x, hn::Set(d, -110.0f));
  hn::Vec<hn::RebindToSigned<D>> exponent;
  const V p = expReduced(d, reduceByLn2(d, bounded, exponent));
  const V result =
      scaleByExponent(d, p, exponent, hn::Lt(bounded, hn::Set(d, -86.0f)), hn::Gt(x, hn::Set(d, 88.7228394f)));
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// e^x where x <= 0: results below 2^-126 become 0. The fast form, for softmax and its kin.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecExpNegative(D d, V x) {
  hn::Vec<hn::RebindToSigned<D>> exponent;
  const V p = expReduced(d, reduceByLn2(d, x, exponent));
  const V scale = addExponent(d, hn::Set(d, 1.0f), exponent);  // a product, so that NaN stays NaN
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.33654f)), hn::Mul(p, scale));
}

/// The same of x + small, |small| < 1e-4: for arguments of more than 24 bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecExpNegative(D d, V x, V small) {
  hn::Vec<hn::RebindToSigned<D>> exponent;
  const V p = expReduced(d, hn::Add(reduceByLn2(d, x, exponent), small));
  const V scale = addExponent(d, hn::Set(d, 1.0f), exponent);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.33654f)), hn::Mul(p, scale));
}

/// e^x - 1 where -40 <= x <= 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1Negative(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V one = hn::Set(d, 1.0f);
  hn::Vec<decltype(di)> exponent;
  const V r = reduceByLn2(d, x, exponent);
  const V q = polynomial(d, r, 0.4999999702f, 0.1666654199f, 4.166720435e-2f, 8.366713300e-3f, 1.388247823e-3f);
  const V p = hn::MulAdd(hn::Mul(r, r), q, r);
  const V scale = addExponent(d, one, exponent);
  return hn::MulAdd(scale, p, hn::Sub(scale, one));
}

/// ln(m 2^e) for m = 1 + f in [sqrt(1/2), sqrt(2)).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logReduced(D d, V f, V e) {
  const V p = polynomial(d, f, 0.3333333135f, -0.2500082254f, 0.2000122666f, -0.1662335694f, 0.1420176178f,
                         -0.1316019446f, 0.1276154965f, -7.634429634e-2f);
  const V square = hn::Mul(f, f);
  const V tail = hn::MulAdd(hn::Mul(square, f), p, hn::Mul(e, hn::Set(d, -2.12194440e-4f)));
  const V low = hn::NegMulAdd(square, hn::Set(d, 0.5f), tail);
  return hn::MulAdd(e, hn::Set(d, 0.693359375f), hn::Add(f, low));
}

/// Splits x > 0 (normal) into m in [sqrt(1/2), sqrt(2)) and the exponent e, x = m 2^e.
template <class D, class V, class VI>
HWY_INLINE V splitExponent(D d, V x, VI& e) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  e = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3f3504f3)));  // the bits of sqrt(1/2)
  return hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(e)));
}

/// ln x; -infinity at 0, NaN below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecLog(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V one = hn::Set(d, 1.0f), zero = hn::Zero(d), infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const auto isDenormal = hn::Lt(x, hn::Set(d, 0x1p-126f));
  const V normal = hn::IfThenElse(isDenormal, hn::Mul(x, hn::Set(d, 0x1p25f)), x);
  hn::Vec<decltype(di)> exponent;
  const V m = splitExponent(d, normal, exponent);
  const V e = hn::Sub(hn::ConvertTo(d, exponent), hn::IfThenElseZero(isDenormal, hn::Set(d, 25.0f)));
  V result = logReduced(d, hn::Sub(m, one), e);
  result = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), result);
  result = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, std::numeric_limits<float>::quiet_NaN()), result);
  return hn::IfThenElse(hn::Or(hn::Eq(x, infinity), hn::IsNaN(x)), x, result);
}

/// ln(sum + lost) where sum is positive and normal and |lost| is below its last place: ln(1 + x) with what rounding
/// took.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logOfSum(D d, V sum, V lost) {
  const hn::RebindToSigned<D> di;
  hn::Vec<decltype(di)> exponent;
  const V m = splitExponent(d, sum, exponent);
  const V scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::Max(hn::Sub(hn::Set(di, 127), exponent), hn::Set(di, 1))));
  const V f = hn::MulAdd(lost, scale, hn::Sub(m, hn::Set(d, 1.0f)));
  return logReduced(d, f, hn::ConvertTo(d, exponent));
}

/// ln(1 + x) without loss for small x; -infinity at -1, NaN below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecLog1p(D d, V x) {
  const V one = hn::Set(d, 1.0f), minusOne = hn::Set(d, -1.0f),
          infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V sum = hn::Add(one, x);
  // The larger term is subtracted first.
  const V lost = hn::IfThenElse(hn::Gt(x, one), hn::Sub(one, hn::Sub(sum, x)), hn::Sub(x, hn::Sub(sum, one)));
  V result = logOfSum(d, sum, lost);
  result = hn::IfThenElse(hn::Eq(x, minusOne), hn::Neg(infinity), result);
  result = hn::IfThenElse(hn::Lt(x, minusOne), hn::Set(d, std::numeric_limits<float>::quiet_NaN()), result);
  const auto isKept = hn::Or(hn::Or(hn::Eq(x, infinity), hn::IsNaN(x)), hn::Eq(x, hn::Zero(d)));
  return hn::IfThenElse(isKept, x, result);
}

/// tanh x = -m / (2 + m) with m = e^(-2|x|) - 1, and the sign of x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecTanh(D d, V x) {
  const V size = atMost(d, hn::Abs(x), hn::Set(d, 15.0f));
  const V m = expm1Negative(d, hn::Mul(size, hn::Set(d, -2.0f)));
  return hn::CopySign(hn::Div(hn::Neg(m), hn::Add(m, hn::Set(d, 2.0f))), x);
}

/// 1 / (1 + e^-x)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecSigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  // With e = e^-|x| <= 1: 1 / (1 + e) for x >= 0 and e / (1 + e) below.
  const V e = vecExpNegative(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecSoftplus(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = vecExp(d, hn::Neg(hn::Abs(x)));
  const V sum = hn::Add(one, e);
  return hn::Add(atLeast(d, x, hn::Zero(d)), logOfSum(d, sum, hn::Sub(e, hn::Sub(sum, one))));
}

/// The normal distribution: returns its lower tail P(X < -|x|) and writes e^(-x^2/2).
/// The tail is e^(-x^2/2) times a polynomial in 1 / (1 + 0.35 |x|); relative error 3e-7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecNormalTail(D d, V x, V& bell) {
  const hn::RebindToUnsigned<D> du;
  const V bounded = atMost(d, hn::Abs(x), hn::Set(d, 20.0f));  // the tail is 0 there
  // x^2 in two parts: the first is the square of 12 bits, so it is exact.
  const V high = hn::BitCast(d, hn::And(hn::BitCast(du, bounded), hn::Set(du, 0xfffff000u)));
  const V low = hn::Sub(bounded, high);
  const V minusHalf = hn::Set(d, -0.5f);
  bell = vecExpNegative(d, hn::Mul(minusHalf, hn::Mul(high, high)),
                        hn::Mul(hn::Mul(minusHalf, low), hn::Add(bounded, high)));
  const V k = hn::Div(hn::Set(d, 1.0f), hn::MulAdd(bounded, hn::Set(d, 0.35f), hn::Set(d, 1.0f)));
  const V p = polynomial(d, k, 0.1396213025f, 0.1398635209f, 0.1198212877f, 0.1055525020f, -2.321235277e-2f,
                         0.1593196988f, -0.2558389902f, 0.1440309137f, -2.915788628e-2f);
  return hn::Mul(hn::Mul(bell, k), p);
}

/// erf x: an odd polynomial up to 0.9, 1 - 2 tail(sqrt(2) |x|) beyond.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecErf(D d, V x) {
  const V size = hn::Abs(x);
  const V inner = hn::Mul(x, polynomial(d, hn::Mul(x, x), 1.128379107f, -0.3761252463f, 0.1128214151f, -2.677893080e-2f,
                                        5.011990201e-3f, -6.090482348e-4f));
  V bell;
  const V tail = vecNormalTail(d, hn::Mul(size, hn::Set(d, 1.41421356f)), bell);
  const V outer = hn::CopySign(hn::NegMulAdd(hn::Set(d, 2.0f), tail, hn::Set(d, 1.0f)), x);
  return hn::IfThenElse(hn::Lt(size, hn::Set(d, 0.9f)), inner, outer);
}

/// x P(X < x) = max(x, 0) - |x| tail(x): the exact GELU (Hendrycks and Gimpel 2016).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecGelu(D d, V x) {
  V bell;
  const V tail = vecNormalTail(d, x, bell);
  const V bounded = atMost(d, hn::Abs(x), hn::Set(d, 20.0f));
  return hn::NegMulAdd(bounded, tail, atLeast(d, x, hn::Zero(d)));
}

/// d gelu(x) / dx = P(X < x) + x e^(-x^2/2) / sqrt(2 pi)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecGeluSlope(D d, V x) {
  V bell;
  const V tail = vecNormalTail(d, x, bell);
  const V below = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
  const V bounded = hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, 20.0f)), x);
  return hn::MulAdd(hn::Mul(bounded, hn::Set(d, 0.398942280f)), bell, below);
}

/// sin x (quarter 0) or cos x (quarter 1): reduction by multiples of pi/2, in three parts below 8192; each lane by the
/// C library beyond.
template <int quarter, class D, class V = hn::Vec<D>>
HWY_INLINE V vecSine(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V limit = hn::Set(d, 8192.0f);
  if (!hn::AllTrue(d, hn::Lt(hn::Abs(x), limit))) {
    HWY_ALIGN float lanes[hn::MaxLanes(d)];
    hn::Store(x, d, lanes);
    for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = quarter == 0 ? std::sin(lanes[i]) : std::cos(lanes[i]);
    return hn::Load(d, lanes);
  }
  const V magic = hn::Set(d, 12582912.0f);
  const V sum = hn::MulAdd(x, hn::Set(d, 0.636619772f), magic);
  const V n = hn::Sub(sum, magic);
  const auto turn = hn::Add(hn::BitCast(di, sum), hn::Set(di, quarter));
  V r = hn::NegMulAdd(n, hn::Set(d, 1.5703125f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 4.8351287841796875e-4f), r);
  r = hn::NegMulAdd(n, hn::Set(d, 3.13855707645416259765625e-7f), r);
  r = hn::NegMulAdd(n, hn::Set(d, 6.0771005065061922e-11f), r);
  const V square = hn::Mul(r, r);
  const V sinP = polynomial(d, square, -0.1666666716f, 8.333329111e-3f, -1.983923285e-4f, 2.717366897e-6f);
  const V cosP = polynomial(d, square, 4.166664556e-2f, -1.388725126e-3f, 2.442567893e-5f);
  const V s = hn::MulAdd(hn::Mul(square, r), sinP, r);
  const V c = hn::MulAdd(hn::Mul(square, square), cosP, hn::NegMulAdd(square, hn::Set(d, 0.5f), hn::Set(d, 1.0f)));
  const auto isOdd = hn::RebindMask(d, hn::Eq(hn::And(turn, hn::Set(di, 1)), hn::Set(di, 1)));
  const V sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(turn, hn::Set(di, 2))));
  return hn::Xor(hn::IfThenElse(isOdd, c, s), sign);
}

/// y ln(m 2^e) = n ln2 + r in f64: returns e^r and writes n, bounded to +-1000.
template <class D64, class V64 = hn::Vec<D64>>
HWY_INLINE V64 powerCore(D64 d, V64 m, V64 e, V64 y, V64& n) {
  const V64 one = hn::Set(d, 1.0);
  const V64 s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const V64 square = hn::Mul(s, s);
  const V64 p = polynomial(d, square, 0.6666666667576804, 0.39999995633037705, 0.2857210797620839, 0.22176237778685132,
                           0.19583449960447227);
  const V64 series = hn::MulAdd(hn::Mul(square, s), p, hn::Add(s, s));
  const V64 product = hn::Mul(y, hn::MulAdd(e, hn::Set(d, 0.69314718055994531), series));
  const V64 bounded = atMost(d, atLeast(d, product, hn::Set(d, -693.0)), hn::Set(d, 693.0));
  n = hn::Round(hn::Mul(bounded, hn::Set(d, 1.4426950408889634)));
  const V64 r = hn::NegMulAdd(n, hn::Set(d, 0.69314718055994531), bounded);
  const V64 q = polynomial(d, r, 0.5000000000430248, 0.1666666678514959, 0.041666664391453945, 0.008333281601829097,
                           0.0013889198367216917, 0.00019909074327189094, 2.4708101276957427e-05);
  return hn::MulAdd(hn::Mul(r, r), q, hn::Add(r, one));
}

/// x^y with the special values of C's pow. Logarithm and exponential are f64, so the error is about half a unit.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V vecPower(D d, V x, V y) {
  const hn::RebindToSigned<D> di;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f), half = hn::Set(d, 0.5f),
          infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V size = hn::Abs(x);
  const auto isDenormal = hn::Lt(size, hn::Set(d, 0x1p-126f));
  hn::Vec<decltype(di)> intExponent;
  const V m = splitExponent(d, hn::IfThenElse(isDenormal, hn::Mul(size, hn::Set(d, 0x1p25f)), size), intExponent);
  const V e = hn::Sub(hn::ConvertTo(d, intExponent), hn::IfThenElseZero(isDenormal, hn::Set(d, 25.0f)));
#if HWY_TARGET == HWY_SCALAR
  const hn::Rebind<double, D> d64;
  hn::Vec<decltype(d64)> n64;
  const V p = hn::DemoteTo(d, powerCore(d64, hn::PromoteTo(d64, m), hn::PromoteTo(d64, e), hn::PromoteTo(d64, y), n64));
  const V n = hn::DemoteTo(d, n64);
#else
  const hn::Half<D> dh;
  const hn::Rebind<double, decltype(dh)> d64;
  hn::Vec<decltype(d64)> nLow, nHigh;
  const auto pLow = powerCore(d64, hn::PromoteTo(d64, hn::LowerHalf(dh, m)), hn::PromoteTo(d64, hn::LowerHalf(dh, e)),
                              hn::PromoteTo(d64, hn::LowerHalf(dh, y)), nLow);
  const auto pHigh = powerCore(d64, hn::PromoteTo(d64, hn::UpperHalf(dh, m)), hn::PromoteTo(d64, hn::UpperHalf(dh, e)),
                               hn::PromoteTo(d64, hn::UpperHalf(dh, y)), nHigh);
  const V p = hn::Combine(d, hn::DemoteTo(dh, pHigh), hn::DemoteTo(dh, pLow));
  const V n = hn::Combine(d, hn::DemoteTo(dh, nHigh), hn::DemoteTo(dh, nLow));
#endif
  const V bounded = atMost(d, atLeast(d, n, hn::Set(d, -160.0f)), hn::Set(d, 128.0f));
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(di, bounded));
  const auto isOver = hn::Or(hn::Gt(n, hn::Set(d, 128.0f)), hn::And(hn::Eq(n, hn::Set(d, 128.0f)), hn::Ge(p, one)));
  V result = scaleByExponent(d, p, exponent, hn::Lt(n, hn::Set(d, -120.0f)), isOver);

  const auto isInfinite = hn::Eq(size, infinity), isZero = hn::Eq(size, zero), isRising = hn::Gt(y, zero);
  const auto growsOut = hn::Or(hn::And(isInfinite, isRising), hn::AndNot(isRising, isZero));
  result = hn::IfThenElse(hn::Or(isInfinite, isZero), hn::IfThenElseZero(growsOut, infinity), result);
  result = hn::IfThenElse(hn::Eq(size, one), one, result);

  const V halfOfY = hn::Mul(y, half);
  const auto isWhole = hn::Eq(y, hn::Floor(y));
  const auto isOdd = hn::And(isWhole, hn::Ne(halfOfY, hn::Floor(halfOfY)));
  result = hn::IfThenElse(isOdd, hn::CopySign(result, x), result);
  const auto isUndefined = hn::AndNot(hn::Or(isWhole, hn::Or(isInfinite, isZero)), hn::Lt(x, zero));
  const auto isNan = hn::Or(isUndefined, hn::Or(hn::IsNaN(x), hn::IsNaN(y)));
  result = hn::IfThenElse(isNan, hn::Set(d, std::numeric_limits<float>::quiet_NaN()), result);
  return hn::IfThenElse(hn::Or(hn::Eq(x, one), hn::Eq(y, zero)), one, result);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // FW_KERNELS_CPU_SIMD_MATH
