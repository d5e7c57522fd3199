// Layer norm and RMS norm, row by row; a row stays in the first-level cache between its passes.
#include "kernels/norm.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/norm.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_rows.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Moments {
  float mean;     // 0 for RMS norm
  float inverse;  // of the deviation
};

template <bool isCentred>
HWY_INLINE Moments moments(const float* h, int64_t width, float epsilon) {
  const hn::ScalableTag<float> d;
  float mean = 0;
  if constexpr (isCentred)
    mean = float(rowSum(width, [&](auto load) HWY_ATTR { return load(h, hn::Zero(d)); }) / double(width));
  const auto means = hn::Set(d, mean);
  const double squares = rowSum(width, [&](auto load) HWY_ATTR {
    const auto centred = hn::Sub(load(h, means), means);
    return hn::Mul(centred, centred);
  });
  return {mean, float(1 / std::sqrt(squares / double(width) + double(epsilon)))};
}

template <bool isCentred>
HWY_INLINE void normRowsOf(const NormArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const int64_t width = args.width;
  const auto zero = hn::Zero(d);
  for (int64_t row = begin; row < end; ++row) {
    const float* h = args.x + row * width;
    if (args.residual) {
      const float *x = h, *residual = args.residual + row * width;
      rowMap(width, args.sum + row * width,
             [&](auto load) HWY_ATTR { return hn::Add(load(x, zero), load(residual, zero)); });
      h = args.sum + row * width;
    }
    const Moments m = moments<isCentred>(h, width, args.epsilon);
    const auto mean = hn::Set(d, m.mean), inverse = hn::Set(d, m.inverse);
    const float *weight = args.weight, *bias = args.bias;
    float* y = args.y + row * width;
    const auto normalised = [&](auto load) HWY_ATTR { return hn::Mul(hn::Sub(load(h, zero), mean), inverse); };
    if (weight && bias) {
      rowMap(width, y,
             [&](auto load) HWY_ATTR { return hn::MulAdd(normalised(load), load(weight, zero), load(bias, zero)); });
    } else if (weight) {
      rowMap(width, y, [&](auto load) HWY_ATTR { return hn::Mul(normalised(load), load(weight, zero)); });
    } else if (bias) {
      rowMap(width, y, [&](auto load) HWY_ATTR { return hn::Add(normalised(load), load(bias, zero)); });
    } else {
      rowMap(width, y, normalised);
    }
  }
}

void normRows(const NormArgs& args, int64_t begin, int64_t end) {
  if (args.isCentred) return normRowsOf<true>(args, begin, end);
  normRowsOf<false>(args, begin, end);
}

/// Rows [begin, end); adds to dWeight and dBias, [width] each or nullptr.
template <bool isCentred>
HWY_INLINE void normGradientRowsOf(const NormGradientArgs& args, int64_t begin, int64_t end, float* dWeight,
                                   float* dBias) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t width = args.width, lanes = int64_t(hn::Lanes(d));
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const float* weight = args.weight;
  for (int64_t row = begin; row < end; ++row) {
    const float *h = args.h + row * width, *dy = args.dy + row * width;
    const Moments m = moments<isCentred>(h, width, args.epsilon);
    const V mean = hn::Set(d, m.mean), inverse = hn::Set(d, m.inverse);

    V sumOfG = zero, sumOfGN = zero;
    const auto add = [&](int64_t i, V ofH, V ofDy, V ofWeight, auto loadTotal, auto storeTotal) HWY_ATTR {
      const V n = hn::Mul(hn::Sub(ofH, mean), inverse);
      const V g = hn::Mul(ofDy, ofWeight);
      if constexpr (isCentred) sumOfG = hn::Add(sumOfG, g);
      sumOfGN = hn::MulAdd(g, n, sumOfGN);
      if (dWeight) storeTotal(hn::MulAdd(ofDy, n, loadTotal(dWeight + i)), dWeight + i);
      if (dBias) storeTotal(hn::Add(ofDy, loadTotal(dBias + i)), dBias + i);
    };
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes)
      add(
          i, hn::LoadU(d, h + i), hn::LoadU(d, dy + i), weight ? hn::LoadU(d, weight + i) : one,
          [&](const float* p) HWY_ATTR { return hn::LoadU(d, p); },
          [&](V v, float* p) HWY_ATTR { hn::StoreU(v, d, p); });
    if (i < width) {
      const auto mask = hn::FirstN(d, size_t(width - i));
      add(
          i, loadRest(d, h, i, width, mean), loadRest(d, dy, i, width, zero),
          weight ? loadRest(d, weight, i, width, one) : one,
          [&](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); },
          [&](V v, float* p) HWY_ATTR { hn::BlendedStore(v, mask, d, p); });
    }
    const V meanOfG = hn::Mul(hn::SumOfLanes(d, sumOfG), hn::Set(d, 1.0f / float(width)));
    const V meanOfGN = hn::Mul(hn::SumOfLanes(d, sumOfGN), hn::Set(d, 1.0f / float(width)));

    const float* carry = args.carry ? args.carry + row * width : nullptr;
    rowMap(width, args.dh + row * width, [&](auto load) HWY_ATTR {
      const V n = hn::Mul(hn::Sub(load(h, zero), mean), inverse);
      V g = load(dy, zero);
      if (weight) g = hn::Mul(g, load(weight, zero));
      if constexpr (isCentred) g = hn::Sub(g, meanOfG);
      const V dh = hn::Mul(inverse, hn::NegMulAdd(n, meanOfGN, g));
      return carry ? hn::Add(dh, load(carry, zero)) : dh;
    });
  }
}

void normGradientRows(const NormGradientArgs& args, int64_t begin, int64_t end, float* dWeight, float* dBias) {
  if (args.isCentred) return normGradientRowsOf<true>(args, begin, end, dWeight, dBias);
  normGradientRowsOf<false>(args, begin, end, dWeight, dBias);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {

HWY_EXPORT(normRows);
HWY_EXPORT(normGradientRows);

namespace {

/// Rows of a part: at most 64 parts, so that their sums are few.
int64_t rowsPerPart(int64_t rows) { return std::max<int64_t>((rows + 63) / 64, 8); }

}  // namespace

void norm(const Launch& launch, const NormArgs& args) {
  const auto rows = HWY_DYNAMIC_DISPATCH(normRows);
  parallelFor(launch, args.rows, std::max<int64_t>(16384 / std::max<int64_t>(args.width, 1), 1),
              [&](int64_t begin, int64_t end) { rows(args, begin, end); });
}

int64_t normGradientWorkspace(const NormGradientArgs& args) {
  const int64_t per = rowsPerPart(args.rows), parts = (args.rows + per - 1) / per;
  if (parts <= 1) return 0;
  return parts * args.width * (int64_t(args.dWeight != nullptr) + int64_t(args.dBias != nullptr));
}

void normGradient(const Launch& launch, const NormGradientArgs& args) {
  const auto rows = HWY_DYNAMIC_DISPATCH(normGradientRows);
  const int64_t width = args.width;
  const int64_t per = rowsPerPart(args.rows), parts = (args.rows + per - 1) / per;
  float* ofWeight = parts > 1 ? args.workspace : args.dWeight;  // [parts, width]
  float* ofBias = parts > 1 ? args.workspace + (args.dWeight ? parts * width : 0) : args.dBias;
  if (args.rows == 0) {
    if (args.dWeight) std::fill_n(args.dWeight, width, 0.0f);
    if (args.dBias) std::fill_n(args.dBias, width, 0.0f);
    return;
  }
  // One call of the loop is one part, whatever its size: parts are too few to be joined.
  parallelFor(launch, args.rows, per, [&](int64_t begin, int64_t end) {
    const int64_t part = begin / per;
    float* dWeight = args.dWeight ? ofWeight + part * width : nullptr;
    float* dBias = args.dBias ? ofBias + part * width : nullptr;
    if (dWeight) std::fill_n(dWeight, width, 0.0f);
    if (dBias) std::fill_n(dBias, width, 0.0f);
    rows(args, begin, end, dWeight, dBias);
  });
  if (parts == 1) return;
  const auto addParts = [&](const float* from, float* to, int64_t begin, int64_t end) {
    std::copy(from + begin, from + end, to + begin);
    for (int64_t part = 1; part < parts; ++part)
      for (int64_t i = begin; i < end; ++i) to[i] += from[part * width + i];
  };
  parallelFor(launch, width, 512, [&](int64_t begin, int64_t end) {
    if (args.dWeight) addParts(ofWeight, args.dWeight, begin, end);
    if (args.dBias) addParts(ofBias, args.dBias, begin, end);
  });
}

}  // namespace fw::kernels::cpu
#endif
