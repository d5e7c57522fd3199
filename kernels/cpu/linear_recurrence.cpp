// Linear recurrence: a task walks one row of the outer dimensions, or a range of its inner elements, which fill the
// lanes.
#include "kernels/linear_recurrence.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/linear_recurrence.cpp"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Inner elements [begin, end) of row `row`.
void linearRecurrenceRange(const LinearRecurrenceArgs& args, int64_t row, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d)), inner = args.inner, base = row * args.time * inner;
  const int64_t first = args.isReversed ? args.time - 1 : 0, step = args.isReversed ? -1 : 1;
  int64_t i = begin;
  // Several chains at once: each step of one waits for the step before.
  for (; i + 4 * lanes <= end; i += 4 * lanes) {
    hn::Vec<decltype(d)> h[4];
    for (int n = 0; n < 4; ++n)
      h[n] = args.state == nullptr ? hn::Zero(d) : hn::LoadU(d, args.state + row * inner + i + n * lanes);
    for (int64_t count = 0, at = base + first * inner + i; count < args.time; ++count, at += step * inner)
      for (int n = 0; n < 4; ++n) {
        h[n] = hn::MulAdd(hn::LoadU(d, args.a + at + n * lanes), h[n], hn::LoadU(d, args.x + at + n * lanes));
        hn::StoreU(h[n], d, args.h + at + n * lanes);
      }
  }
  for (; i + lanes <= end; i += lanes) {
    auto h = args.state == nullptr ? hn::Zero(d) : hn::LoadU(d, args.state + row * inner + i);
    for (int64_t count = 0, at = base + first * inner + i; count < args.time; ++count, at += step * inner) {
      h = hn::MulAdd(hn::LoadU(d, args.a + at), h, hn::LoadU(d, args.x + at));
      hn::StoreU(h, d, args.h + at);
    }
  }
  for (; i < end; ++i) {
    float h = args.state == nullptr ? 0 : args.state[row * inner + i];
    for (int64_t count = 0, at = base + first * inner + i; count < args.time; ++count, at += step * inner)
      args.h[at] = h = args.a[at] * h + args.x[at];
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(linearRecurrenceRange);

}  // namespace

void linearRecurrence(const Launch& launch, const LinearRecurrenceArgs& args) {
  constexpr int64_t width = 64;  // of a range: one page row of each array stays in the first cache
  const auto range = HWY_DYNAMIC_DISPATCH(linearRecurrenceRange);
  const int64_t ranges = (args.inner + width - 1) / width;
  // Short rows are taken several at a time.
  const int64_t grain = args.time * args.inner >= 4096 || args.inner == 0 || args.time == 0
                            ? 1
                            : (4096 + args.time * args.inner - 1) / (args.time * args.inner);
  parallelFor(launch, args.outer * ranges, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task % ranges * width;
      range(args, task / ranges, first, first + width < args.inner ? first + width : args.inner);
    }
  });
}

}  // namespace fw::kernels::cpu
#endif
