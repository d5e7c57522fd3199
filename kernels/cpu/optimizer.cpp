// One step of an optimiser in one pass over its tensors, and the sum of squares of a gradient.
#include "kernels/optimizer.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/optimizer.cpp"
#include "kernels/cpu/simd.h"

#include <cmath>

#include "kernels/copy.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Calls step(d, i) for whole vectors, then for single elements.
template <class Step>
HWY_INLINE void forRange(int64_t begin, int64_t end, const Step& step) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) step(d, i);
  for (; i < end; ++i) step(hn::CappedTag<float, 1>(), i);
}

void adamwRange(const AdamwArgs& args, int64_t begin, int64_t end) {
  const double rate = *args.learningRate, step = double(*args.step);
  const double correction1 = 1 - std::pow(args.beta1, step), correction2 = 1 - std::pow(args.beta2, step);
  // sqrt(v / c) + e = (sqrt(v) + e sqrt(c)) / sqrt(c): one division an element.
  const float size = float(rate / correction1 * std::sqrt(correction2));
  const float epsilon = float(args.epsilon * std::sqrt(correction2));
  const float keep = float(1 - rate * args.decay), scale = *args.scale;
  const float share1 = float(1 - args.beta1), share2 = float(1 - args.beta2), beta2 = float(args.beta2);
  forRange(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    const auto g = hn::Mul(hn::LoadU(d, args.gradient + i), hn::Set(d, scale));
    const auto m0 = hn::LoadU(d, args.m + i);
    const auto m = hn::MulAdd(hn::Sub(g, m0), hn::Set(d, share1), m0);
    const auto v = hn::MulAdd(hn::Mul(g, g), hn::Set(d, share2), hn::Mul(hn::LoadU(d, args.v + i), hn::Set(d, beta2)));
    const auto update = hn::Div(m, hn::Add(hn::Sqrt(v), hn::Set(d, epsilon)));
    const auto p = hn::Mul(hn::LoadU(d, args.parameter + i), hn::Set(d, keep));
    hn::StoreU(hn::NegMulAdd(update, hn::Set(d, size), p), d, args.newParameter + i);
    hn::StoreU(m, d, args.newM + i);
    hn::StoreU(v, d, args.newV + i);
  });
}

void sgdRange(const SgdArgs& args, int64_t begin, int64_t end) {
  const float rate = *args.learningRate, scale = *args.scale;
  const float momentum = float(args.momentum), decay = float(args.decay);
  forRange(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    const auto p = hn::LoadU(d, args.parameter + i);
    const auto g = hn::MulAdd(p, hn::Set(d, decay), hn::Mul(hn::LoadU(d, args.gradient + i), hn::Set(d, scale)));
    auto update = g;
    if (args.buffer) {
      const auto b = hn::MulAdd(hn::LoadU(d, args.buffer + i), hn::Set(d, momentum), g);
      update = args.isNesterov ? hn::MulAdd(b, hn::Set(d, momentum), g) : b;
      hn::StoreU(b, d, args.newBuffer + i);
    }
    hn::StoreU(hn::NegMulAdd(update, hn::Set(d, rate), p), d, args.newParameter + i);
  });
}

double sumSquaresRange(const float* x, int64_t begin, int64_t end) {
  double sum = 0;
  int64_t i = begin;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> half;
  const int64_t lanes = int64_t(hn::Lanes(d));
  auto a = hn::Zero(d), b = a, c = a, e = a;
  const auto add = [&](auto& total, int64_t at) HWY_ATTR {
    const auto value = hn::PromoteTo(d, hn::LoadU(half, x + at));
    total = hn::MulAdd(value, value, total);
  };
  for (; i + 4 * lanes <= end; i += 4 * lanes)
    add(a, i), add(b, i + lanes), add(c, i + 2 * lanes), add(e, i + 3 * lanes);
  sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
#endif
  for (; i < end; ++i) sum += double(x[i]) * x[i];
  return sum;
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(adamwRange);
HWY_EXPORT(sgdRange);
HWY_EXPORT(sumSquaresRange);
constexpr int64_t grain = 16384;

void keep(const Launch& launch, const float* from, float* to, int64_t count) {
  if (from != to) copyBytes(launch, from, to, count * int64_t(sizeof(float)));
}
}  // namespace

void adamw(const Launch& launch, const AdamwArgs& args) {
  if (!std::isfinite(*args.scale)) {
    keep(launch, args.parameter, args.newParameter, args.count);
    keep(launch, args.m, args.newM, args.count);
    return keep(launch, args.v, args.newV, args.count);
  }
  const auto range = HWY_DYNAMIC_DISPATCH(adamwRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

void sgd(const Launch& launch, const SgdArgs& args) {
  if (!std::isfinite(*args.scale)) {
    keep(launch, args.parameter, args.newParameter, args.count);
    if (args.buffer) keep(launch, args.buffer, args.newBuffer, args.count);
    return;
  }
  const auto range = HWY_DYNAMIC_DISPATCH(sgdRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

int64_t sumSquaresPartials(int64_t count) { return (count + grain - 1) / grain; }

void sumSquares(const Launch& launch, const SumSquaresArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(sumSquaresRange);
  parallelFor(launch, args.count, grain,
              [&](int64_t begin, int64_t end) { args.partials[begin / grain] = range(args.x, begin, end); });
  double sum = 0;
  for (int64_t i = 0; i < sumSquaresPartials(args.count); ++i) sum += args.partials[i];
  *args.y = float(sum);
}

}  // namespace fw::kernels::cpu
#endif
