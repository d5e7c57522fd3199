// Running sum, product or maximum: one accumulator per row of the outer and element of the inner dimensions. Bound by
// memory; double accumulators keep long sums exact.
#include "kernels/cumulative.h"

#include <algorithm>
#include <limits>

namespace fw::kernels::cpu {
namespace {

constexpr int64_t kWidth = 128;  // inner elements of a task

template <CumulativeKind kind>
double combine(double a, double x) {
  if constexpr (kind == CumulativeKind::Sum) return a + x;
  if constexpr (kind == CumulativeKind::Prod) return a * x;
  return a > x || a != a ? a : x;
}

template <CumulativeKind kind>
constexpr double kIdentity = kind == CumulativeKind::Sum    ? 0
                             : kind == CumulativeKind::Prod ? 1
                                                            : -std::numeric_limits<double>::infinity();

/// Inner elements [begin, end) of row `row`.
template <CumulativeKind kind, bool isExclusive>
void range(const CumulativeArgs& args, int64_t row, int64_t begin, int64_t end) {
  double total[kWidth];
  const int64_t width = end - begin, step = (args.isReversed ? -1 : 1) * args.inner;
  std::fill_n(total, width, kIdentity<kind>);
  int64_t at = row * args.size * args.inner + (args.isReversed ? (args.size - 1) * args.inner : 0) + begin;
  for (int64_t count = 0; count < args.size; ++count, at += step) {
    const float* x = args.x + at;
    float* y = args.y + at;
    for (int64_t i = 0; i < width; ++i) {
      const float value = x[i];  // read before y is written: both may be the same memory
      if (isExclusive) y[i] = float(total[i]);
      total[i] = combine<kind>(total[i], value);
      if (!isExclusive) y[i] = float(total[i]);
    }
  }
}

template <CumulativeKind kind>
void run(const Launch& launch, const CumulativeArgs& args) {
  const int64_t ranges = (args.inner + kWidth - 1) / kWidth;
  const int64_t work = std::max<int64_t>(1, args.size * std::min(args.inner, kWidth));
  parallelFor(launch, args.outer * ranges, std::max<int64_t>(1, 8192 / work), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task % ranges * kWidth, last = std::min(first + kWidth, args.inner);
      if (args.isExclusive)
        range<kind, true>(args, task / ranges, first, last);
      else
        range<kind, false>(args, task / ranges, first, last);
    }
  });
}

}  // namespace

void cumulative(const Launch& launch, const CumulativeArgs& args) {
  switch (args.kind) {
    case CumulativeKind::Sum:
      return run<CumulativeKind::Sum>(launch, args);
    case CumulativeKind::Prod:
      return run<CumulativeKind::Prod>(launch, args);
    case CumulativeKind::Max:
      return run<CumulativeKind::Max>(launch, args);
  }
}

}  // namespace fw::kernels::cpu
