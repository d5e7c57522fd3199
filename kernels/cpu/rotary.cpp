// Rotary embedding: a task makes the sines and cosines of a token once and turns all its heads. The angle is a product
// in f32, as the checkpoints of the field were trained with.
#include "kernels/rotary.h"

#include <cstring>

#include "hwy/aligned_allocator.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/rotary.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

/// Tokens [begin, end) counted over [B,T].
void rotaryRange(const RotaryArgs& args, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d)), half = args.rotated / 2;
  const int64_t padded = (half + lanes - 1) / lanes * lanes;
  const auto memory = hwy::AllocateAligned<float>(size_t(3 * padded + 1));
  float* cosine = memory.get();
  float* sine = cosine + padded;
  float* frequencies = sine + padded;
  for (int64_t i = 0; i < padded; ++i) frequencies[i] = i < half ? args.frequencies[i] : 0;
  for (int64_t token = begin; token < end; ++token) {
    const int64_t b = token / args.time, t = token % args.time;
    int64_t position = args.isCounted ? t : 0;
    if (args.position != nullptr) position += args.position[b * args.positionBatch + t * args.positionTime];
    const auto at = hn::Set(d, float(args.isInverse ? -position : position));
    for (int64_t i = 0; i < half; i += lanes) {
      const auto angle = hn::Mul(at, hn::LoadU(d, frequencies + i));
      hn::StoreU(vecSine<1>(d, angle), d, cosine + i);
      hn::StoreU(vecSine<0>(d, angle), d, sine + i);
    }
    for (int64_t h = 0; h < args.heads; ++h) {
      const float* x = args.x + (token * args.heads + h) * args.width;
      float* y = args.y + (token * args.heads + h) * args.width;
      int64_t i = 0;
      if (args.isInterleaved) {
        for (; i + lanes <= half; i += lanes) {
          hn::Vec<decltype(d)> first, second;
          hn::LoadInterleaved2(d, x + 2 * i, first, second);
          const auto c = hn::LoadU(d, cosine + i), s = hn::LoadU(d, sine + i);
          hn::StoreInterleaved2(hn::NegMulAdd(second, s, hn::Mul(first, c)), hn::MulAdd(first, s, hn::Mul(second, c)),
                                d, y + 2 * i);
        }
        for (; i < half; ++i) {
          const float first = x[2 * i], second = x[2 * i + 1];
          y[2 * i] = first * cosine[i] - second * sine[i];
          y[2 * i + 1] = second * cosine[i] + first * sine[i];
        }
      } else {
        for (; i + lanes <= half; i += lanes) {
          const auto first = hn::LoadU(d, x + i), second = hn::LoadU(d, x + half + i);
          const auto c = hn::LoadU(d, cosine + i), s = hn::LoadU(d, sine + i);
          hn::StoreU(hn::NegMulAdd(second, s, hn::Mul(first, c)), d, y + i);
          hn::StoreU(hn::MulAdd(first, s, hn::Mul(second, c)), d, y + half + i);
        }
        for (; i < half; ++i) {
          const float first = x[i], second = x[half + i];
          y[i] = first * cosine[i] - second * sine[i];
          y[half + i] = second * cosine[i] + first * sine[i];
        }
      }
      if (y != x && args.rotated < args.width)
        std::memcpy(y + args.rotated, x + args.rotated, size_t(args.width - args.rotated) * sizeof(float));
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(rotaryRange);

}  // namespace

void rotary(const Launch& launch, const RotaryArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(rotaryRange);
  const int64_t perToken = args.heads * args.width, grain = perToken == 0 ? 1 : 1 + 8192 / perToken;
  parallelFor(launch, args.batch * args.time, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

}  // namespace fw::kernels::cpu
#endif
