// Selective scan backward. With g[t] = dh[t] = C[t] dy[t] + a[t+1] g[t+1] and a = exp(delta A):
// dC = sum_d dy h, dB = sum_d g delta x, dA = sum_t g delta a h[t-1], dx = delta sum_n g B + skip dy,
// dDelta = sum_n g (A a h[t-1] + B x), dState = a[0] g[0].
// Chunks run from the last to the first; inside one, states and decays are computed again from the saved state. What is
// summed over channels (dB, dC) or over the batch (dA, dSkip) is left in parts, one a task, that are added in order.
#include <algorithm>
#include <type_traits>

#include "hwy/aligned_allocator.h"
#include "kernels/selective_scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/selective_scan_gradient.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/simd_exp2.h"
#include "kernels/cpu/simd_tile.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kSteps = kSelectiveScanChunk;
constexpr float kLn2 = 0.693147181f;
constexpr float kLog2E = 1.44269504f;

/// One vector of channels through a chunk; arrays of [steps, lanes].
struct ScanVectors {
  const float *delta, *u, *dy;  // u = delta x
  float *sumGB, *sumGA;         // sum_n g B, and log2(e) sum_n g A a h[t-1]
};

/// G states back through `steps` steps. a (times log2 e), carry (a[t+1] g[t+1]), da: G rows `stride` apart, `saved` G
/// rows `savedStride` apart of which `mask` lanes exist; decays: [steps, G, lanes]; states: [steps + 1, G, lanes];
/// sumB, sumC: [steps, G, lanes], added to.
template <int G, class Mask>
HWY_INLINE void scanStatesBack(const ScanVectors& v, Mask mask, const float* HWY_RESTRICT a,
                               const float* HWY_RESTRICT b, const float* HWY_RESTRICT c, int64_t stateSize,
                               int64_t steps, int64_t stride, const float* HWY_RESTRICT saved, int64_t savedStride,
                               float* HWY_RESTRICT carry, float* HWY_RESTRICT da, float* HWY_RESTRICT decays,
                               float* HWY_RESTRICT states, float* HWY_RESTRICT sumB, float* HWY_RESTRICT sumC) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  V rate[G], state[G];
  for (int g = 0; g < G; ++g) {
    rate[g] = hn::LoadU(d, a + g * stride);
    state[g] = hn::MaskedLoad(mask, d, saved + g * savedStride);
    hn::StoreU(state[g], d, states + g * lanes);
  }
  for (int64_t t = 0; t < steps; ++t) {
    const V step = hn::LoadU(d, v.delta + t * lanes), input = hn::LoadU(d, v.u + t * lanes);
    for (int g = 0; g < G; ++g) {
      const V decay = vecExp2(d, hn::Mul(step, rate[g]));
      state[g] = hn::MulAdd(decay, state[g], hn::Mul(input, hn::Set(d, b[t * stateSize + g])));
      hn::StoreU(decay, d, decays + (t * G + g) * lanes);
      hn::StoreU(state[g], d, states + ((t + 1) * G + g) * lanes);
    }
  }
  V later[G], sumA[G];
  for (int g = 0; g < G; ++g) {
    later[g] = hn::LoadU(d, carry + g * stride);
    sumA[g] = hn::LoadU(d, da + g * stride);
  }
  for (int64_t t = steps - 1; t >= 0; --t) {
    const V step = hn::LoadU(d, v.delta + t * lanes), input = hn::LoadU(d, v.u + t * lanes);
    const V dy = hn::LoadU(d, v.dy + t * lanes);
    V gB = hn::LoadU(d, v.sumGB + t * lanes), gA = hn::LoadU(d, v.sumGA + t * lanes);
    for (int g = 0; g < G; ++g) {
      float* toB = sumB + (t * G + g) * lanes;
      float* toC = sumC + (t * G + g) * lanes;
      const V grad = hn::MulAdd(hn::Set(d, c[t * stateSize + g]), dy, later[g]);
      later[g] = hn::Mul(grad, hn::LoadU(d, decays + (t * G + g) * lanes));
      const V previous = hn::LoadU(d, states + (t * G + g) * lanes);
      hn::StoreU(hn::MulAdd(dy, state[g], hn::LoadU(d, toC)), d, toC);
      hn::StoreU(hn::MulAdd(grad, input, hn::LoadU(d, toB)), d, toB);
      gB = hn::MulAdd(grad, hn::Set(d, b[t * stateSize + g]), gB);
      const V kept = hn::Mul(later[g], previous);  // g a h[t-1]
      sumA[g] = hn::MulAdd(step, kept, sumA[g]);
      gA = hn::MulAdd(rate[g], kept, gA);
      state[g] = previous;
    }
    hn::StoreU(gB, d, v.sumGB + t * lanes);
    hn::StoreU(gA, d, v.sumGA + t * lanes);
  }
  for (int g = 0; g < G; ++g) {
    hn::StoreU(later[g], d, carry + g * stride);
    hn::StoreU(sumA[g], d, da + g * stride);
  }
}

/// to[g] = sum over the lanes of rows[g], for G rows of `lanes`.
template <int G>
HWY_INLINE void sumLanes(const float* rows, float* to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int g = 0; g < G; ++g) to[g] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, rows + g * lanes)));
}

/// Channels [first, last) of sequence `batch`. Its part of what others add to: daPart: [N,D] and dSkipPart: [D] of the
/// sequence; db, dc: [T,N] of the sequence and the block.
void selectiveScanGradientBlock(const SelectiveScanGradientArgs& args, int64_t batch, int64_t first, int64_t last,
                                float* daPart, float* dSkipPart, float* db, float* dc) {
  const SelectiveScanInputs& in = args.in;
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const int64_t N = in.stateSize, D = in.width, count = last - first;
  const int64_t stride = (count + lanes - 1) / lanes * lanes, rows = kSteps * stride;
  constexpr int64_t G = 2;  // four arrays of [steps, G, lanes] fit the first cache
  const int64_t group = kSteps * G * lanes;
  const auto memory = hwy::AllocateAligned<float>(size_t(3 * N * stride + stride + 5 * rows + 4 * group + G * lanes));
  float* a = memory.get();         // [N, stride], times log2 e
  float* carry = a + N * stride;   // [N, stride]
  float* da = carry + N * stride;  // [N, stride]
  float* dSkip = da + N * stride;  // [stride]
  float* delta = dSkip + stride;   // these: [vectors, steps, lanes]
  float* u = delta + rows;
  float* dy = u + rows;
  float* sumGB = dy + rows;
  float* sumGA = sumGB + rows;
  float* decays = sumGA + rows;  // these: [steps, G, lanes]
  float* sumB = decays + group;
  float* sumC = sumB + group;
  float* states = sumC + group;  // [steps + 1, G, lanes]
  std::fill_n(a, 3 * N * stride + stride, 0.0f);
  const float* from[kSelectiveScanChannels];
  for (int64_t i = 0; i < count; ++i) from[i] = in.a + (first + i) * N;
  transposeRows(from, count, N, kLog2E, a, stride);
  if (args.dLastState != nullptr) {
    for (int64_t i = 0; i < count; ++i) from[i] = args.dLastState + (batch * D + first + i) * N;
    transposeRows(from, count, N, 1, carry, stride);
  }
  const int64_t chunks = selectiveScanChunks(in.time);
  for (int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
    const int64_t begin = chunk * kSteps, steps = std::min(kSteps, in.time - begin);
    const float* b = in.b + (batch * in.time + begin) * N;
    const float* c = in.c + (batch * in.time + begin) * N;
    const float* saved = args.saved + (batch * chunks + chunk) * N * D + first;
    const int64_t at = (batch * in.time + begin) * D + first;
    for (int64_t i = 0; i < count; i += lanes) {
      const auto mask = hn::FirstN(d, size_t(std::min(lanes, count - i)));
      for (int64_t t = 0; t < steps; ++t) {
        const auto step = hn::MaskedLoad(mask, d, in.delta + at + t * D + i);
        hn::StoreU(step, d, delta + i * kSteps + t * lanes);
        hn::StoreU(hn::Mul(step, hn::MaskedLoad(mask, d, in.x + at + t * D + i)), d, u + i * kSteps + t * lanes);
        hn::StoreU(hn::MaskedLoad(mask, d, args.dy + at + t * D + i), d, dy + i * kSteps + t * lanes);
      }
    }
    std::fill_n(sumGB, 2 * rows, 0.0f);
    const auto statesBack = [&](int64_t n, auto size) HWY_ATTR {
      constexpr int S = decltype(size)::value;
      std::fill_n(sumB, 2 * group, 0.0f);
      for (int64_t i = 0; i < count; i += lanes) {
        const auto mask = hn::FirstN(d, size_t(std::min(lanes, count - i)));
        const int64_t v = i * kSteps, s = n * stride + i;
        scanStatesBack<S>({delta + v, u + v, dy + v, sumGB + v, sumGA + v}, mask, a + s, b + n, c + n, N, steps, stride,
                          saved + n * D + i, D, carry + s, da + s, decays, states, sumB, sumC);
      }
      for (int64_t t = 0; t < steps; ++t) {
        sumLanes<S>(sumB + t * S * lanes, db + (begin + t) * N + n);
        sumLanes<S>(sumC + t * S * lanes, dc + (begin + t) * N + n);
      }
    };
    int64_t n = 0;
    for (; n + G <= N; n += G) statesBack(n, std::integral_constant<int, G>());
    for (; n < N; ++n) statesBack(n, std::integral_constant<int, 1>());
    for (int64_t i = 0; i < count; i += lanes) {
      const auto mask = hn::FirstN(d, size_t(std::min(lanes, count - i)));
      const auto skip = in.skip == nullptr ? hn::Zero(d) : hn::MaskedLoad(mask, d, in.skip + first + i);
      auto skipSum = hn::LoadU(d, dSkip + i);
      for (int64_t t = 0; t < steps; ++t) {
        const int64_t v = i * kSteps + t * lanes;
        const auto x = hn::MaskedLoad(mask, d, in.x + at + t * D + i), gB = hn::LoadU(d, sumGB + v);
        const auto grad = hn::LoadU(d, dy + v);
        const auto dx = hn::MulAdd(hn::LoadU(d, delta + v), gB, hn::Mul(skip, grad));
        hn::BlendedStore(dx, mask, d, args.dx + at + t * D + i);
        const auto dDelta = hn::MulAdd(x, gB, hn::Mul(hn::Set(d, kLn2), hn::LoadU(d, sumGA + v)));
        hn::BlendedStore(dDelta, mask, d, args.dDelta + at + t * D + i);
        skipSum = hn::MulAdd(x, grad, skipSum);
      }
      hn::StoreU(skipSum, d, dSkip + i);
    }
    if (args.dSaved == nullptr) continue;
    const float* dSaved = args.dSaved + (batch * chunks + chunk) * N * D + first;
    for (int64_t n = 0; n < N; ++n)
      for (int64_t i = 0; i < count; ++i) carry[n * stride + i] += dSaved[n * D + i];
  }
  for (int64_t n = 0; n < N; ++n) std::copy_n(da + n * stride, count, daPart + n * D + first);
  std::copy_n(dSkip, count, dSkipPart + first);
  if (args.dState == nullptr) return;
  float ones[kSelectiveScanChannels];
  std::fill_n(ones, kSelectiveScanChannels, 1.0f);
  float* to[kSelectiveScanChannels];
  for (int64_t i = 0; i < count; ++i) to[i] = args.dState + (batch * D + first + i) * N;
  transposeBack(carry, stride, count, N, ones, to);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(selectiveScanGradientBlock);

int64_t blocksOf(const SelectiveScanInputs& in) {
  return (in.width + kSelectiveScanChannels - 1) / kSelectiveScanChannels;
}

/// to[i] = sum over `parts` parts, `stride` apart, in their order.
void addParts(const Launch& launch, const float* from, int64_t parts, int64_t stride, float* to, int64_t count) {
  parallelFor(launch, count, 1 << 14, [&](int64_t begin, int64_t end) {
    std::fill(to + begin, to + end, 0.0f);
    for (int64_t n = 0; n < parts; ++n)
      for (int64_t i = begin; i < end; ++i) to[i] += from[n * stride + i];
  });
}

}  // namespace

int64_t selectiveScanGradientWorkspace(const SelectiveScanInputs& in) {
  return in.batch * (blocksOf(in) * in.time * in.stateSize * 2 + in.stateSize * in.width + in.width);
}

void selectiveScanGradient(const Launch& launch, const SelectiveScanGradientArgs& args) {
  const SelectiveScanInputs& in = args.in;
  const int64_t B = in.batch, T = in.time, D = in.width, N = in.stateSize, blocks = blocksOf(in);
  float* db = args.workspace;           // [blocks,B,T,N]
  float* dc = db + blocks * B * T * N;  // [blocks,B,T,N]
  float* da = dc + blocks * B * T * N;  // [B,N,D]
  float* dSkip = da + B * N * D;        // [B,D]
  const auto block = HWY_DYNAMIC_DISPATCH(selectiveScanGradientBlock);
  parallelFor(launch, B * blocks, 1, [&](int64_t task, int64_t) {
    const int64_t batch = task / blocks, index = task % blocks, first = index * kSelectiveScanChannels;
    const int64_t row = (index * B + batch) * T * N;
    block(args, batch, first, std::min(first + kSelectiveScanChannels, D), da + batch * N * D, dSkip + batch * D,
          db + row, dc + row);
  });
  addParts(launch, db, blocks, B * T * N, args.db, B * T * N);
  addParts(launch, dc, blocks, B * T * N, args.dc, B * T * N);
  if (args.dSkip != nullptr) addParts(launch, dSkip, B, D, args.dSkip, D);
  parallelFor(launch, D, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t n = 0; n < N; ++n) {
        float sum = 0;
        for (int64_t batch = 0; batch < B; ++batch) sum += da[(batch * N + n) * D + i];
        args.da[i * N + n] = sum;
      }
  });
}

}  // namespace fw::kernels::cpu
#endif
