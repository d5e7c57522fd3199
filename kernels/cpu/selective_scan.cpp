// Selective scan forward. A task is a block of channels of one sequence; a lane is a channel, so nothing crosses lanes,
// and a few of the N states at a time live in registers while a chunk of steps runs.
#include "kernels/selective_scan.h"

#include <algorithm>

#include "hwy/aligned_allocator.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/selective_scan.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/simd_exp2.h"
#include "kernels/cpu/simd_tile.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float kLog2E = 1.44269504f;

/// G states through `count` steps. delta, u = delta x, y: [count, lanes]; a (times log2 e), h: G rows `stride` apart;
/// b, c: rows `stateSize` apart.
template <int G>
HWY_INLINE void scanStates(const float* HWY_RESTRICT delta, const float* HWY_RESTRICT u, const float* HWY_RESTRICT a,
                           const float* HWY_RESTRICT b, const float* HWY_RESTRICT c, int64_t stateSize, int64_t count,
                           int64_t stride, float* HWY_RESTRICT h, float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  V rate[G], state[G];
  for (int g = 0; g < G; ++g) {
    rate[g] = hn::LoadU(d, a + g * stride);
    state[g] = hn::LoadU(d, h + g * stride);
  }
  for (int64_t t = 0; t < count; ++t) {
    const V step = hn::LoadU(d, delta + t * lanes), input = hn::LoadU(d, u + t * lanes);
    V sum = hn::LoadU(d, y + t * lanes);
    for (int g = 0; g < G; ++g) {
      const V decay = vecExp2(d, hn::Mul(step, rate[g]));
      state[g] = hn::MulAdd(decay, state[g], hn::Mul(input, hn::Set(d, b[t * stateSize + g])));
      sum = hn::MulAdd(hn::Set(d, c[t * stateSize + g]), state[g], sum);
    }
    hn::StoreU(sum, d, y + t * lanes);
  }
  for (int g = 0; g < G; ++g) hn::StoreU(state[g], d, h + g * stride);
}

/// Channels [first, last) of sequence `batch`.
void selectiveScanBlock(const SelectiveScanArgs& args, int64_t batch, int64_t first, int64_t last) {
  const SelectiveScanInputs& in = args.in;
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const int64_t N = in.stateSize, D = in.width, count = last - first;
  const int64_t stride = (count + lanes - 1) / lanes * lanes;
  const auto memory = hwy::AllocateAligned<float>(size_t(2 * N * stride + 3 * kSelectiveScanChunk * lanes));
  float* a = memory.get();    // [N, stride], times log2 e
  float* h = a + N * stride;  // [N, stride]
  float* delta = h + N * stride;
  float* u = delta + kSelectiveScanChunk * lanes;
  float* y = u + kSelectiveScanChunk * lanes;
  std::fill_n(a, 2 * N * stride, 0.0f);
  const float* from[kSelectiveScanChannels];
  for (int64_t i = 0; i < count; ++i) from[i] = in.a + (first + i) * N;
  transposeRows(from, count, N, kLog2E, a, stride);
  if (in.state != nullptr) {
    for (int64_t i = 0; i < count; ++i) from[i] = in.state + (batch * D + first + i) * N;
    transposeRows(from, count, N, 1, h, stride);
  }
  const int64_t chunks = selectiveScanChunks(in.time);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kSelectiveScanChunk, steps = std::min(kSelectiveScanChunk, in.time - begin);
    const float* b = in.b + (batch * in.time + begin) * N;
    const float* c = in.c + (batch * in.time + begin) * N;
    if (args.saved != nullptr)
      for (int64_t n = 0; n < N; ++n)
        std::copy_n(h + n * stride, count, args.saved + ((batch * chunks + chunk) * N + n) * D + first);
    for (int64_t i = 0; i < count; i += lanes) {
      const auto mask = hn::FirstN(d, size_t(std::min(lanes, count - i)));
      const int64_t at = (batch * in.time + begin) * D + first + i;
      const auto skip = in.skip == nullptr ? hn::Zero(d) : hn::MaskedLoad(mask, d, in.skip + first + i);
      for (int64_t t = 0; t < steps; ++t) {
        const auto step = hn::MaskedLoad(mask, d, in.delta + at + t * D),
                   x = hn::MaskedLoad(mask, d, in.x + at + t * D);
        hn::StoreU(step, d, delta + t * lanes);
        hn::StoreU(hn::Mul(step, x), d, u + t * lanes);
        hn::StoreU(hn::Mul(skip, x), d, y + t * lanes);
      }
      constexpr int many = HWY_TARGET == HWY_AVX3 ? 8 : 4;
      int64_t n = 0;
      for (; n + many <= N; n += many)
        scanStates<many>(delta, u, a + n * stride + i, b + n, c + n, N, steps, stride, h + n * stride + i, y);
      for (; n < N; ++n)
        scanStates<1>(delta, u, a + n * stride + i, b + n, c + n, N, steps, stride, h + n * stride + i, y);
      for (int64_t t = 0; t < steps; ++t) hn::BlendedStore(hn::LoadU(d, y + t * lanes), mask, d, args.y + at + t * D);
    }
  }
  float one[kSelectiveScanChannels];
  std::fill_n(one, kSelectiveScanChannels, 1.0f);
  float* to[kSelectiveScanChannels];
  for (int64_t i = 0; i < count; ++i) to[i] = args.lastState + (batch * D + first + i) * N;
  transposeBack(h, stride, count, N, one, to);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(selectiveScanBlock);

}  // namespace

void selectiveScan(const Launch& launch, const SelectiveScanArgs& args) {
  constexpr int64_t channels = kSelectiveScanChannels;
  const auto block = HWY_DYNAMIC_DISPATCH(selectiveScanBlock);
  const int64_t D = args.in.width, blocks = (D + channels - 1) / channels;
  parallelFor(launch, args.in.batch * blocks, 1, [&](int64_t task, int64_t) {
    const int64_t first = task % blocks * channels;
    block(args, task / blocks, first, std::min(first + channels, D));
  });
}

}  // namespace fw::kernels::cpu
#endif
