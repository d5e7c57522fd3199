// Attention of few queries: bound by reading k and v once. Keys are taken in small blocks with all their heads, in the
// order of memory; lanes run along the width of a head.
#include <cmath>
#include <limits>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/cpu/attention_parts.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_decode.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/simd_exp2.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kDecodeBlock = 32;  // keys whose weights are formed together
constexpr float kLog2E = 1.44269504f;
constexpr float kHidden = -std::numeric_limits<float>::infinity();

/// scores[r * kDecodeBlock + j] = q_r k_j for R queries; q: [R, pad], zeros behind `width`.
template <int R>
HWY_INLINE void dotKeys(const float* HWY_RESTRICT q, int64_t pad, const float* HWY_RESTRICT k, int64_t keyStride,
                        int64_t width, int64_t count, float* HWY_RESTRICT scores) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t j = 0; j < count; ++j) {
    const float* key = k + j * keyStride;
    V sum[R];
    for (int r = 0; r < R; ++r) sum[r] = hn::Zero(d);
    int64_t c = 0;
    for (; c + lanes <= width; c += lanes) {
      const V part = hn::LoadU(d, key + c);
      for (int r = 0; r < R; ++r) sum[r] = hn::MulAdd(part, hn::LoadU(d, q + r * pad + c), sum[r]);
    }
    if (c < width) {
      const V part = hn::MaskedLoad(hn::FirstN(d, size_t(width - c)), d, key + c);
      for (int r = 0; r < R; ++r) sum[r] = hn::MulAdd(part, hn::LoadU(d, q + r * pad + c), sum[r]);
    }
    for (int r = 0; r < R; ++r) scores[r * kDecodeBlock + j] = hn::GetLane(hn::SumOfLanes(d, sum[r]));
  }
}

/// out_r = out_r factor_r + sum_j weights[r, j] v_j for R rows; out: [R, pad].
template <int R>
HWY_INLINE void addValues(const float* HWY_RESTRICT weights, const float* HWY_RESTRICT factor,
                          const float* HWY_RESTRICT v, int64_t valueStride, int64_t width, int64_t count,
                          float* HWY_RESTRICT out, int64_t pad) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  constexpr int columns = 4;
  int64_t c = 0;
  for (; c + columns * lanes <= width; c += columns * lanes) {
    V sum[R][columns];
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < columns; ++n)
        sum[r][n] = hn::Mul(hn::Set(d, factor[r]), hn::LoadU(d, out + r * pad + c + n * lanes));
    for (int64_t j = 0; j < count; ++j)
      for (int n = 0; n < columns; ++n) {
        const V value = hn::LoadU(d, v + j * valueStride + c + n * lanes);
        for (int r = 0; r < R; ++r) sum[r][n] = hn::MulAdd(hn::Set(d, weights[r * kDecodeBlock + j]), value, sum[r][n]);
      }
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < columns; ++n) hn::StoreU(sum[r][n], d, out + r * pad + c + n * lanes);
  }
  for (; c < width; c += lanes) {
    const auto mask = hn::FirstN(d, size_t(width - c));
    V sum[R];
    for (int r = 0; r < R; ++r) sum[r] = hn::Mul(hn::Set(d, factor[r]), hn::LoadU(d, out + r * pad + c));
    for (int64_t j = 0; j < count; ++j) {
      const V value = hn::MaskedLoad(mask, d, v + j * valueStride + c);
      for (int r = 0; r < R; ++r) sum[r] = hn::MulAdd(hn::Set(d, weights[r * kDecodeBlock + j]), value, sum[r]);
    }
    for (int r = 0; r < R; ++r) hn::StoreU(sum[r], d, out + r * pad + c);
  }
}

/// Adds bias and slope to one row's scores for keys [begin, end) and hides what may not be seen.
HWY_INLINE void finishRow(const AttentionInputs& in, const AttentionSequence& s, int64_t i, int64_t head,
                          KeyRange range, int64_t begin, int64_t end, float* scores) {
  if (in.bias != nullptr) {
    const float* bias =
        in.bias + s.batch * in.biasBatchStride + head * in.biasHeadStride + i * in.biasQueryStride + begin;
    for (int64_t j = 0; j < end - begin; ++j) scores[j] += kLog2E * bias[j];
  }
  if (in.slopes != nullptr) {
    const float slope = in.slopes[head] * kLog2E;
    for (int64_t j = begin; j < end; ++j) scores[j - begin] -= slope * std::abs(float(i + s.offset - j));
  }
  for (int64_t j = begin; j < std::min(end, range.begin); ++j) scores[j - begin] = kHidden;
  for (int64_t j = std::max(begin, range.end); j < end; ++j) scores[j - begin] = kHidden;
  if (in.keyMask == nullptr) return;
  for (int64_t j = begin; j < end; ++j)
    if (in.keyMask[s.keyRow + j] == 0) scores[j - begin] = kHidden;
}

/// Turns one row's scores, padded by kHidden, into weights; updates maximum and sum; returns the factor of the old
/// output.
HWY_INLINE float softmaxRow(float* HWY_RESTRICT scores, float& maximum, float& sum) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  V highest = hn::Set(d, maximum);
  for (int64_t j = 0; j < kDecodeBlock; j += lanes) highest = hn::Max(highest, hn::LoadU(d, scores + j));
  const float m = hn::GetLane(hn::MaxOfLanes(d, highest));
  const float base = m == kHidden ? 0 : m;
  V total = hn::Zero(d);
  for (int64_t j = 0; j < kDecodeBlock; j += lanes) {
    const V p = vecExp2(d, hn::Sub(hn::LoadU(d, scores + j), hn::Set(d, base)));
    hn::StoreU(p, d, scores + j);
    total = hn::Add(total, p);
  }
  const float factor = std::exp2(maximum - base);
  maximum = m;
  sum = sum * factor + hn::GetLane(hn::SumOfLanes(d, total));
  return factor;
}

void attentionDecodePart(const AttentionArgs& args, const AttentionSequence& s, KeyRange keys, AttentionPart part) {
  const AttentionInputs& in = args.in;
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const int64_t group = in.heads / in.keyHeads, rows = in.queries * group;
  const int64_t K = in.keyWidth, V = in.valueWidth;
  const int64_t keyPad = (K + lanes - 1) / lanes * lanes, valuePad = (V + lanes - 1) / lanes * lanes;
  const int64_t perHead = rows * (keyPad + valuePad);
  const auto memory = hwy::AllocateAligned<float>(size_t(in.keyHeads * perHead));
  std::fill_n(memory.get(), in.keyHeads * perHead, 0.0f);
  // Row r of a key head is query r / group and head keyHead * group + r % group.
  const auto indexOf = [&](int64_t keyHead, int64_t r) { return r / group * in.heads + keyHead * group + r % group; };
  std::vector<KeyRange> ranges(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) ranges[size_t(r)] = visibleKeys(in, s, r / group);
  KeyRange any{keys.end, keys.begin};
  for (const KeyRange& range : ranges) {
    if (range.begin == range.end) continue;
    any.begin = std::min(any.begin, std::max(keys.begin, range.begin));
    any.end = std::max(any.end, std::min(keys.end, range.end));
  }
  for (int64_t keyHead = 0; keyHead < in.keyHeads; ++keyHead)
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = indexOf(keyHead, r);
      float* q = memory.get() + keyHead * perHead + r * keyPad;
      for (int64_t c = 0; c < K; ++c) q[c] = in.scale * kLog2E * in.q[(s.queryRow * in.heads + row) * K + c];
      part.maximum[row] = kHidden;
      part.sum[row] = 0;
    }
  float scores[kDecodeRows * kDecodeBlock];
  float factor[kDecodeRows];
  for (int64_t begin = any.begin; begin < any.end; begin += kDecodeBlock) {
    const int64_t end = std::min(begin + kDecodeBlock, any.end), count = end - begin;
    for (int64_t keyHead = 0; keyHead < in.keyHeads; ++keyHead) {
      const float* q = memory.get() + keyHead * perHead;
      float* out = memory.get() + keyHead * perHead + rows * keyPad;
      const float* k = in.k + ((s.keyRow + begin) * in.keyHeads + keyHead) * K;
      const float* v = in.v + ((s.keyRow + begin) * in.keyHeads + keyHead) * V;
      const int64_t keyStride = in.keyHeads * K, valueStride = in.keyHeads * V;
      int64_t r = 0;
      for (; r + 4 <= rows; r += 4)
        dotKeys<4>(q + r * keyPad, keyPad, k, keyStride, K, count, scores + r * kDecodeBlock);
      for (; r < rows; ++r) dotKeys<1>(q + r * keyPad, keyPad, k, keyStride, K, count, scores + r * kDecodeBlock);
      for (r = 0; r < rows; ++r) {
        float* rowScores = scores + r * kDecodeBlock;
        const int64_t row = indexOf(keyHead, r);
        finishRow(in, s, r / group, keyHead * group + r % group, ranges[size_t(r)], begin, end, rowScores);
        std::fill(rowScores + count, rowScores + kDecodeBlock, kHidden);
        factor[r] = softmaxRow(rowScores, part.maximum[row], part.sum[row]);
      }
      for (r = 0; r + 4 <= rows; r += 4)
        addValues<4>(scores + r * kDecodeBlock, factor + r, v, valueStride, V, count, out + r * valuePad, valuePad);
      for (; r < rows; ++r)
        addValues<1>(scores + r * kDecodeBlock, factor + r, v, valueStride, V, count, out + r * valuePad, valuePad);
    }
  }
  for (int64_t keyHead = 0; keyHead < in.keyHeads; ++keyHead)
    for (int64_t r = 0; r < rows; ++r)
      std::copy_n(memory.get() + keyHead * perHead + rows * keyPad + r * valuePad, V,
                  part.out + indexOf(keyHead, r) * V);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(attentionDecodePart);

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

void attentionDecode(const AttentionArgs& args, const AttentionSequence& s, KeyRange keys, AttentionPart part) {
  HWY_DYNAMIC_DISPATCH(attentionDecodePart)(args, s, keys, part);
}

void attentionCombine(const AttentionArgs& args, const AttentionParts& parts, int64_t row) {
  const AttentionInputs& in = args.in;
  const int64_t b = row / in.queries, i = row % in.queries, V = in.valueWidth;
  const int64_t used = (attentionSequence(in, b).keys + kKeysPerPart - 1) / kKeysPerPart;
  for (int64_t h = 0; h < in.heads; ++h) {
    const int64_t index = i * in.heads + h;
    float* out = args.out + (row * in.heads + h) * V;
    std::fill_n(out, V, 0.0f);
    float maximum = -kInfinity, sum = 0;
    for (int64_t n = 0; n < used; ++n)
      maximum = std::max(maximum, attentionPart(args, parts, b * parts.count + n).maximum[index]);
    const float base = maximum == -kInfinity ? 0 : maximum;
    for (int64_t n = 0; n < used; ++n) {
      const AttentionPart part = attentionPart(args, parts, b * parts.count + n);
      const float factor = std::exp2(part.maximum[index] - base);
      sum += factor * part.sum[index];
      for (int64_t c = 0; c < V; ++c) out[c] += factor * part.out[index * V + c];
    }
    const float inverse = sum == 0 ? 0 : 1 / sum;
    for (int64_t c = 0; c < V; ++c) out[c] *= inverse;
    args.logSumExp[(b * in.heads + h) * in.queries + i] =
        sum == 0 ? -kInfinity : (maximum + std::log2(sum)) * 0.693147181f;
  }
}

}  // namespace fw::kernels::cpu
#endif
