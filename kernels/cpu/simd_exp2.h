// 2^x for whole vectors of f32, as the inner loops of attention and of the selective scan need it: quick, relative
// error below 2^-22, results below 2^-126 flushed to zero. Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_SIMD_EXP2) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_SIMD_EXP2
#undef FW_KERNELS_CPU_SIMD_EXP2
#else
#define FW_KERNELS_CPU_SIMD_EXP2
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

/// 2^x for x < 128; -infinity gives 0, NaN stays NaN. The polynomial is our own minimax fit on [-1/2, 1/2] with 2^0
/// = 1.
template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V vecExp2(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  const V lowest = hn::Set(d, -127.0f);
#if HWY_TARGET == HWY_SCALAR
  x = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
#else
  x = hn::Max(lowest, x);  // x86 returns the second operand where one is NaN
#endif
  // Adding 1.5 * 2^23 leaves the nearest whole number, plus the exponent's bias, in the low bits.
  const V magic = hn::Set(d, 12582912.0f + 127.0f);
  const V shifted = hn::Add(x, magic);
  const V r = hn::Sub(x, hn::Sub(shifted, magic));
  V p = hn::Set(d, 0.00132647273f);
  p = hn::MulAdd(p, r, hn::Set(d, 0.00967151299f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.0555073358f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.240222424f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.693147004f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
