// Causal convolution on the CPU: channels along the vectors, some steps of time at once so that each input is loaded
// once and not K times.
#include "kernels/causal_conv1d.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/causal_conv1d.cpp"
#include "kernels/cpu/simd.h"

#ifndef FW_KERNELS_CPU_CAUSAL_CONV1D
#define FW_KERNELS_CPU_CAUSAL_CONV1D
namespace fw::kernels::cpu {

constexpr int64_t stepsAtATime = 4;

/// Up to stepsAtATime steps of one sequence: output i is the sum over k of taps[k] * rows[i+k].
struct ConvSteps {
  const float* const* rows;  // [steps+K-1], each [D]
  const float* taps;         // [K,D]
  const float* bias;
  float* y;  // [steps,D]
  int64_t steps, width, kernel;
};

/// sums[k] += sum over i of dy[i] * rows[i+k].
struct ConvSums {
  const float* const* rows;
  const float* dy;  // [steps,D]
  float* sums;      // [K,D]
  int64_t steps, width, kernel;
};

}  // namespace fw::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <int steps, class D>
HWY_INLINE void convColumns(D d, const ConvSteps& conv, int64_t column, bool isWhole, hn::Mask<D> mask) {
  using V = hn::Vec<D>;
  const auto load = [&](const float* from) HWY_ATTR {
    return isWhole ? hn::LoadU(d, from + column) : hn::MaskedLoad(mask, d, from + column);
  };
  V sum[steps];
  const V start = conv.bias == nullptr ? hn::Zero(d) : load(conv.bias);
#pragma GCC unroll 4
  for (int i = 0; i < steps; ++i) sum[i] = start;
  for (int64_t k = 0; k < conv.kernel; ++k) {
    const V tap = load(conv.taps + k * conv.width);
#pragma GCC unroll 4
    for (int i = 0; i < steps; ++i) sum[i] = hn::MulAdd(tap, load(conv.rows[i + k]), sum[i]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < steps; ++i) {
    float* to = conv.y + i * conv.width + column;
    if (isWhole) {
      hn::StoreU(sum[i], d, to);
    } else {
      hn::BlendedStore(sum[i], mask, d, to);
    }
  }
}

template <int steps>
void convRows(const ConvSteps& conv) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const auto all = hn::FirstN(d, size_t(lanes));
  int64_t column = 0;
  for (; column + lanes <= conv.width; column += lanes) convColumns<steps>(d, conv, column, true, all);
  if (column < conv.width) convColumns<steps>(d, conv, column, false, hn::FirstN(d, size_t(conv.width - column)));
}

void convSteps(const ConvSteps& conv) {
  if (conv.steps == stepsAtATime) return convRows<stepsAtATime>(conv);
  ConvSteps one = conv;
  for (int64_t i = 0; i < conv.steps; ++i) {
    one.rows = conv.rows + i;
    one.y = conv.y + i * conv.width;
    convRows<1>(one);
  }
}

void convSums(const ConvSums& conv) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t column = 0; column < conv.width; column += lanes) {
    const auto mask = hn::FirstN(d, size_t(conv.width - column));
    for (int64_t k = 0; k < conv.kernel; ++k) {
      float* to = conv.sums + k * conv.width + column;
      auto sum = hn::MaskedLoad(mask, d, to);
      for (int64_t i = 0; i < conv.steps; ++i) {
        sum = hn::MulAdd(hn::MaskedLoad(mask, d, conv.dy + i * conv.width + column),
                         hn::MaskedLoad(mask, d, conv.rows[i + k] + column), sum);
      }
      hn::BlendedStore(sum, mask, d, to);
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(convSteps);
HWY_EXPORT(convSums);

constexpr int64_t mostTaps = 64;      // of a kernel whose rows are looked up on the stack
constexpr int64_t stepsPerTask = 64;  // one partial sum of the weight's gradient for so many steps

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The rows a sequence is read from, of which some lie before or after it.
struct Rows {
  const float* x;        // [T,D]
  const float* history;  // [K-1,D] or null
  const float* zeros;    // [D]
  int64_t time, width, kernel;

  const float* at(int64_t t) const {
    if (t >= 0 && t < time) return x + t * width;
    if (t < 0 && history != nullptr) return history + (t + kernel - 1) * width;
    return zeros;
  }
};

}  // namespace

int64_t causalConv1dWorkspace(const CausalConv1dArgs& args) {
  return (args.kernel + 1) * args.width * int64_t(sizeof(float));
}

void causalConv1d(const Launch& launch, const CausalConv1dArgs& args, void* workspace) {
  const int64_t kernel = args.kernel, width = args.width;
  float* taps = static_cast<float*>(workspace);  // [K,D]
  float* zeros = taps + kernel * width;
  std::memset(zeros, 0, size_t(width) * sizeof(float));
  for (int64_t d = 0; d < width; ++d) {
    for (int64_t k = 0; k < kernel; ++k)
      taps[(args.isReversed ? kernel - 1 - k : k) * width + d] = args.weight[d * kernel + k];
  }
  const int64_t first = args.isReversed ? 0 : 1 - kernel;  // of the rows that step 0 reads
  const auto compute = HWY_DYNAMIC_DISPATCH(convSteps);
  const int64_t blocks = ceilDiv(args.time, stepsPerTask);
  parallelFor(launch, args.batch * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t b = task / blocks, from = task % blocks * stepsPerTask,
                    to = std::min(from + stepsPerTask, args.time);
      const float* history = args.history == nullptr ? nullptr : args.history + b * (kernel - 1) * width;
      const Rows rows = {args.x + b * args.time * width, history, zeros, args.time, width, kernel};
      for (int64_t t = from; t < to; t += stepsAtATime) {
        const float* pointers[mostTaps + stepsAtATime];
        const int64_t steps = std::min(stepsAtATime, to - t);
        float* y = args.y + (b * args.time + t) * width;
        for (int64_t i = 0; i < steps + kernel - 1; ++i) pointers[i] = rows.at(t + first + i);
        compute({pointers, taps, args.bias, y, steps, width, kernel});
        activateRows(args.activation, y, width, steps, width, nullptr);
      }
    }
  });
}

int64_t causalConv1dWeightGradientWorkspace(const CausalConv1dWeightGradientArgs& args) {
  const int64_t tasks = args.batch * ceilDiv(args.time, stepsPerTask);
  return (tasks * args.kernel + 1) * args.width * int64_t(sizeof(float));
}

void causalConv1dWeightGradient(const Launch& launch, const CausalConv1dWeightGradientArgs& args, void* workspace) {
  const int64_t kernel = args.kernel, width = args.width;
  float* zeros = static_cast<float*>(workspace);
  float* partial = zeros + width;  // [tasks,K,D]
  std::memset(zeros, 0, size_t(width) * sizeof(float));
  const auto compute = HWY_DYNAMIC_DISPATCH(convSums);
  const int64_t blocks = ceilDiv(args.time, stepsPerTask), tasks = args.batch * blocks;
  parallelFor(launch, tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t b = task / blocks, from = task % blocks * stepsPerTask,
                    to = std::min(from + stepsPerTask, args.time);
      const float* history = args.history == nullptr ? nullptr : args.history + b * (kernel - 1) * width;
      const Rows rows = {args.x + b * args.time * width, history, zeros, args.time, width, kernel};
      float* sums = partial + task * kernel * width;
      std::memset(sums, 0, size_t(kernel * width) * sizeof(float));
      const int64_t step = 2 * stepsAtATime;
      for (int64_t t = from; t < to; t += step) {
        const float* pointers[mostTaps + 2 * stepsAtATime];
        const int64_t steps = std::min(step, to - t);
        for (int64_t i = 0; i < steps + kernel - 1; ++i) pointers[i] = rows.at(t + 1 - kernel + i);
        compute({pointers, args.dy + (b * args.time + t) * width, sums, steps, width, kernel});
      }
    }
  });
  parallelFor(launch, width, 256, [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) {
      for (int64_t k = 0; k < kernel; ++k) {
        float sum = 0;
        for (int64_t task = 0; task < tasks; ++task) sum += partial[(task * kernel + k) * width + d];
        args.dweight[d * kernel + k] = sum;
      }
    }
  });
}

}  // namespace fw::kernels::cpu
#endif
