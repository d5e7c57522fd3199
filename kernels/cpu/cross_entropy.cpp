// Cross-entropy of logits against labels: the logits are read once forward and once backward, no probability is stored.
#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/cross_entropy.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/simd_rows.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void crossEntropyRows(const CrossEntropyArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (int64_t row = begin; row < end; ++row) {
    const float* x = args.logits + row * args.classes;
    const float max = rowMax(x, args.classes);
    const auto maxes = hn::Set(d, max);
    const double sum =
        rowSum(args.classes, [&](auto load) HWY_ATTR { return vecExpNegative(d, hn::Sub(load(x, lowest), maxes)); });
    const double logSumExp = double(max) + std::log(sum);
    args.logSumExp[row] = float(logSumExp);
    const int64_t label = args.labels[row];
    if (label == args.ignoredLabel || label < 0 || label >= args.classes) {
      args.loss[row] = 0;
      continue;
    }
    double expected = x[label];
    if (args.smoothing > 0) {
      const double all = rowSum(args.classes, [&](auto load) HWY_ATTR { return load(x, hn::Zero(d)); });
      expected = (1 - double(args.smoothing)) * expected + double(args.smoothing) * all / double(args.classes);
    }
    args.loss[row] = float(logSumExp - expected);
  }
}

void crossEntropyGradientRows(const CrossEntropyGradientArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  for (int64_t row = begin; row < end; ++row) {
    const float* x = args.logits + row * args.classes;
    float* dx = args.dLogits + row * args.classes;
    const int64_t label = args.labels[row];
    const bool isAsked = label != args.ignoredLabel && label >= 0 && label < args.classes;
    const float dLoss = isAsked ? args.dLoss[row] : 0;
    const float ofProbability = dLoss + (args.dLogSumExp ? args.dLogSumExp[row] : 0);
    if (ofProbability == 0 && dLoss == 0) {
      std::fill_n(dx, args.classes, 0.0f);
      continue;
    }
    const auto logSumExp = hn::Set(d, args.logSumExp[row]), factor = hn::Set(d, ofProbability);
    const auto shared = hn::Set(d, -dLoss * args.smoothing / float(args.classes));
    rowMap(args.classes, dx, [&](auto load) HWY_ATTR {
      return hn::MulAdd(vecExpNegative(d, hn::Sub(load(x, hn::Zero(d)), logSumExp)), factor, shared);
    });
    if (isAsked) dx[label] -= dLoss * (1 - args.smoothing);
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {

HWY_EXPORT(crossEntropyRows);
HWY_EXPORT(crossEntropyGradientRows);

void crossEntropy(const Launch& launch, const CrossEntropyArgs& args) {
  const auto rows = HWY_DYNAMIC_DISPATCH(crossEntropyRows);
  parallelFor(launch, args.rows, std::max<int64_t>(16384 / std::max<int64_t>(args.classes, 1), 1),
              [&](int64_t begin, int64_t end) { rows(args, begin, end); });
}

void crossEntropyGradient(const Launch& launch, const CrossEntropyGradientArgs& args) {
  const auto rows = HWY_DYNAMIC_DISPATCH(crossEntropyGradientRows);
  parallelFor(launch, args.rows, std::max<int64_t>(16384 / std::max<int64_t>(args.classes, 1), 1),
              [&](int64_t begin, int64_t end) { rows(args, begin, end); });
}

}  // namespace fw::kernels::cpu
#endif
