// Softmax and its logarithm, row by row. The largest element is subtracted first: exp overflows above 88.
#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/softmax.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/simd_rows.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void softmaxRows(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t width = args.width, lanes = int64_t(hn::Lanes(d));
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (int64_t row = begin; row < end; ++row) {
    const float* x = args.x + row * width;
    float* y = args.y + row * width;
    const V max = hn::Set(d, rowMax(x, width));
    double total = 0;
    for (int64_t i = 0; i < width;) {
      const int64_t stop = std::min(i + 2048, width);
      V a = hn::Zero(d), b = a;
      for (; i + 2 * lanes <= stop; i += 2 * lanes) {
        const V u = vecExpNegative(d, hn::Sub(hn::LoadU(d, x + i), max));
        const V v = vecExpNegative(d, hn::Sub(hn::LoadU(d, x + i + lanes), max));
        hn::StoreU(u, d, y + i);
        hn::StoreU(v, d, y + i + lanes);
        a = hn::Add(a, u);
        b = hn::Add(b, v);
      }
      for (; i + lanes <= stop; i += lanes) {
        const V u = vecExpNegative(d, hn::Sub(hn::LoadU(d, x + i), max));
        hn::StoreU(u, d, y + i);
        a = hn::Add(a, u);
      }
      if (i < stop) {
        const V u = vecExpNegative(d, hn::Sub(loadRest(d, x, i, width, lowest), max));
        storeRest(d, u, y, i, width);
        // A row of -infinity alone gives NaN, also beyond its end; those lanes do not count.
        b = hn::Add(b, hn::IfThenElseZero(hn::FirstN(d, size_t(width - i)), u));
        i = stop;
      }
      total += double(hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b))));
    }
    const V scale = hn::Set(d, float(1 / total));
    rowMap(width, y, [&](auto load) HWY_ATTR { return hn::Mul(load(y, hn::Zero(d)), scale); });
  }
}

void softmaxGradientRows(const SoftmaxGradientArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const auto zero = hn::Zero(d);
  for (int64_t row = begin; row < end; ++row) {
    const float *y = args.y + row * args.width, *dy = args.dy + row * args.width;
    const auto sum = hn::Set(
        d, float(rowSum(args.width, [&](auto load) HWY_ATTR { return hn::Mul(load(y, zero), load(dy, zero)); })));
    rowMap(args.width, args.dx + row * args.width,
           [&](auto load) HWY_ATTR { return hn::Mul(load(y, zero), hn::Sub(load(dy, zero), sum)); });
  }
}

void logSoftmaxRows(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (int64_t row = begin; row < end; ++row) {
    const float* x = args.x + row * args.width;
    const float max = rowMax(x, args.width);
    const auto maxes = hn::Set(d, max);
    const double sum =
        rowSum(args.width, [&](auto load) HWY_ATTR { return vecExpNegative(d, hn::Sub(load(x, lowest), maxes)); });
    const auto logs = hn::Set(d, float(std::log(sum)));
    rowMap(args.width, args.y + row * args.width,
           [&](auto load) HWY_ATTR { return hn::Sub(hn::Sub(load(x, lowest), maxes), logs); });
  }
}

void logSoftmaxGradientRows(const SoftmaxGradientArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const auto zero = hn::Zero(d);
  for (int64_t row = begin; row < end; ++row) {
    const float *y = args.y + row * args.width, *dy = args.dy + row * args.width;
    const auto sum = hn::Set(d, float(rowSum(args.width, [&](auto load) HWY_ATTR { return load(dy, zero); })));
    rowMap(args.width, args.dx + row * args.width,
           [&](auto load) HWY_ATTR { return hn::NegMulAdd(vecExpNegative(d, load(y, zero)), sum, load(dy, zero)); });
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {

HWY_EXPORT(softmaxRows);
HWY_EXPORT(softmaxGradientRows);
HWY_EXPORT(logSoftmaxRows);
HWY_EXPORT(logSoftmaxGradientRows);

namespace {

template <class Args>
void forRows(const Launch& launch, const Args& args, void (*rows)(const Args&, int64_t, int64_t)) {
  if (args.width == 0) return;
  parallelFor(launch, args.rows, std::max<int64_t>(16384 / args.width, 1),
              [&](int64_t begin, int64_t end) { rows(args, begin, end); });
}

}  // namespace

void softmax(const Launch& launch, const SoftmaxArgs& args) {
  forRows(launch, args, HWY_DYNAMIC_DISPATCH(softmaxRows));
}
void softmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args) {
  forRows(launch, args, HWY_DYNAMIC_DISPATCH(softmaxGradientRows));
}
void logSoftmax(const Launch& launch, const SoftmaxArgs& args) {
  forRows(launch, args, HWY_DYNAMIC_DISPATCH(logSoftmaxRows));
}
void logSoftmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args) {
  forRows(launch, args, HWY_DYNAMIC_DISPATCH(logSoftmaxGradientRows));
}

}  // namespace fw::kernels::cpu
#endif
