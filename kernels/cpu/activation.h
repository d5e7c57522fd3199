// The activations of kernels/activation.h on whole vectors. Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_ACTIVATION) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_ACTIVATION
#undef FW_KERNELS_CPU_ACTIVATION
#else
#define FW_KERNELS_CPU_ACTIVATION
#endif

#include "hwy/highway.h"
#include "kernels/activation.h"
#include "kernels/cpu/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

template <class D, class V = hwy::HWY_NAMESPACE::VFromD<D>>
HWY_INLINE V activated(D d, Activation activation, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V positive = hn::Max(x, hn::Zero(d));
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Relu:
      return positive;
    case Activation::SquaredRelu:
      return hn::Mul(positive, positive);
    case Activation::Silu:
      return hn::Mul(x, vecSigmoid(d, x));
    case Activation::Gelu: {
      // (1 + tanh u) / 2 = sigmoid(2 u)
      const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.0713548162726f), hn::Set(d, 1.59576912161f));
      return hn::Mul(x, vecSigmoid(d, hn::Mul(x, cubic)));
    }
    case Activation::GeluErf: {
      const V half = hn::Mul(x, hn::Set(d, 0.5f));
      return hn::MulAdd(half, vecErf(d, hn::Mul(x, hn::Set(d, 0.707106781f))), half);
    }
  }
  return x;
}

/// rows x columns of c become act(c), `ldc` elements from row to row; what they were is kept in `before` unless that is
/// null (same layout).
inline void activateTile(Activation activation, float* c, int64_t ldc, int64_t rows, int64_t columns, float* before) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < columns; j += lanes) {
      const auto mask = hn::FirstN(d, size_t(columns - j));
      const auto x = hn::MaskedLoad(mask, d, c + r * ldc + j);
      if (before != nullptr) hn::BlendedStore(x, mask, d, before + r * ldc + j);
      hn::BlendedStore(activated(d, activation, x), mask, d, c + r * ldc + j);
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
