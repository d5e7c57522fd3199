// Attention backward. With P = 2^(S - lse), dP = dO v^T, dS = P (dP + dLse - sum_v dO out):
// dv = P^T dO, dk = scale dS^T q, dq = scale dS k, dBias = dS. Scores are computed again from q and k.
// A task owns a range of keys of one key head, so that dk and dv have one writer; where keys are split over tasks, each
// leaves its part of dq in the workspace and the parts are added in order.
#include "kernels/attention.h"

#include <algorithm>

#include <cstring>
#include <vector>

#include "hwy/aligned_allocator.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_gradient.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/attention_stripe.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kKeyBlock = 64;
constexpr int64_t kQueryBlock = 256;  // rows that share a walk over the keys

HWY_INLINE float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < count; ++i) total += a[i] * b[i];
  return total;
}

/// scores and dWeights, [count, width], become the weights P and dS.
HWY_INLINE void weightsStep(int64_t count, int64_t width, const float* HWY_RESTRICT lse,
                            const float* HWY_RESTRICT delta, float* HWY_RESTRICT scores, float* HWY_RESTRICT dWeights) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t j = 0; j < count; ++j)
    for (int64_t r = 0; r < width; r += lanes) {
      const int64_t at = j * width + r;
      const auto p = vecExp2(d, hn::Sub(hn::LoadU(d, scores + at), hn::LoadU(d, lse + r)));
      hn::StoreU(p, d, scores + at);
      hn::StoreU(hn::Mul(p, hn::Sub(hn::LoadU(d, dWeights + at), hn::LoadU(d, delta + r))), d, dWeights + at);
    }
}

/// to[j * stride + c] += from[j * width + c]
HWY_INLINE void addRows(const float* HWY_RESTRICT from, int64_t rows, int64_t width, float* HWY_RESTRICT to,
                        int64_t stride) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t j = 0; j < rows; ++j, from += width, to += stride) {
    int64_t c = 0;
    for (; c + lanes <= width; c += lanes) hn::StoreU(hn::Add(hn::LoadU(d, to + c), hn::LoadU(d, from + c)), d, to + c);
    for (; c < width; ++c) to[c] += from[c];
  }
}

/// Keys [firstKey, lastKey) of one key head of one sequence; dq: where this task leaves its part, like q.
void attentionGradientRange(const AttentionGradientArgs& args, const AttentionSequence& s, int64_t keyHead,
                            int64_t firstKey, int64_t lastKey, float* dq) {
  const AttentionInputs& in = args.in;
  const int64_t lanes = int64_t(hn::Lanes(hn::ScalableTag<float>()));
  const int64_t maxStripe = kStripeVectors * lanes;
  const int64_t K = in.keyWidth, V = in.valueWidth;
  const int64_t keyPad = (K + lanes - 1) / lanes * lanes, valuePad = (V + lanes - 1) / lanes * lanes;
  const int64_t perStripe = (2 * K + V + keyPad + valuePad + 2) * maxStripe;
  const int64_t tile = kKeyBlock * maxStripe;
  const int64_t stripes = kQueryBlock / maxStripe;
  const bool isGathered = in.keyHeads > 1 && s.queries * (in.heads / in.keyHeads) > 4 * maxStripe;
  const auto memory = hwy::AllocateAligned<float>(
      size_t(stripes * perStripe + 3 * tile + (isGathered ? kKeyBlock * (2 * K + 2 * V) : 0)));
  float* scores = memory.get();
  float* dWeights = scores + tile;
  float* scratch = dWeights + tile;
  float* forKeys = isGathered ? scratch + tile + stripes * perStripe : nullptr;
  HeadRows keys = headKeys(in, s, keyHead, forKeys);
  HeadRows values = headValues(in, s, keyHead, isGathered ? forKeys + kKeyBlock * K : nullptr);
  float* dkHere = isGathered ? forKeys + kKeyBlock * (K + V) : nullptr;
  float* dvHere = isGathered ? dkHere + kKeyBlock * K : nullptr;
  struct State {
    Stripe stripe;
    float *qT, *dOutT, *dqT, *q, *dOut, *lse, *delta;
  };
  std::vector<State> states;
  const int64_t rows = s.queries * (in.heads / in.keyHeads);
  const int64_t keyStride = in.keyHeads * K, valueStride = in.keyHeads * V;
  for (int64_t firstRow = 0; firstRow < rows; firstRow += kQueryBlock) {
    states.clear();
    KeyRange any{lastKey, firstKey};
    for (int64_t row = firstRow; row < std::min(rows, firstRow + kQueryBlock); row += maxStripe) {
      State& state = states.emplace_back();
      Stripe& stripe = state.stripe = makeStripe(in, s, keyHead, row);
      state.qT = scratch + tile + int64_t(states.size() - 1) * perStripe;
      state.dOutT = state.qT + K * maxStripe;
      state.dqT = state.dOutT + V * maxStripe;
      state.q = state.dqT + K * maxStripe;
      state.dOut = state.q + keyPad * maxStripe;
      state.lse = state.dOut + valuePad * maxStripe;
      state.delta = state.lse + maxStripe;
      loadTransposed(in, s, stripe, in.q, K, in.scale * kLog2E, state.qT);
      loadTransposed(in, s, stripe, args.dOut, V, 1, state.dOutT);
      std::fill(state.dqT, state.dOut, 0.0f);
      std::fill(state.dOut, state.lse, 0.0f);
      for (int64_t r = 0; r < stripe.width; ++r) {
        state.lse[r] = std::numeric_limits<float>::infinity();  // no weight at all: 2^(s - inf) = 0
        state.delta[r] = 0;
        if (r >= stripe.rows) continue;
        const int64_t index = rowIndex(in, s, stripe, r), indexByHead = rowIndexByHead(in, s, stripe, r);
        const float lse = args.logSumExp[indexByHead];
        if (lse != -std::numeric_limits<float>::infinity()) state.lse[r] = lse * kLog2E;
        for (int64_t c = 0; c < K; ++c) state.q[r * keyPad + c] = in.scale * in.q[index * K + c];
        const float* dOut = args.dOut + index * V;
        std::memcpy(state.dOut + r * valuePad, dOut, size_t(V) * sizeof(float));
        state.delta[r] = dot(dOut, args.out + index * V, V);
        if (args.dLogSumExp != nullptr) state.delta[r] -= args.dLogSumExp[indexByHead];
      }
      any.begin = std::min(any.begin, std::max(firstKey, stripe.any.begin));
      any.end = std::max(any.end, std::min(lastKey, stripe.any.end));
    }
    for (int64_t block = any.begin; block < any.end; block += kKeyBlock) {
      const int64_t blockEnd = std::min(block + kKeyBlock, any.end);
      keys.gather(block, blockEnd);
      values.gather(block, blockEnd);
      float* dkBlock = args.dk + (s.keyRow + block) * keyStride + keyHead * K;
      float* dvBlock = args.dv + (s.keyRow + block) * valueStride + keyHead * V;
      if (isGathered) std::fill_n(dkHere, kKeyBlock * (K + V), 0.0f);
      for (State& state : states) {
        const Stripe& stripe = state.stripe;
        const int64_t begin = std::max(block, stripe.any.begin);
        const int64_t end = std::min({block + kKeyBlock, stripe.any.end, lastKey});
        if (begin >= end) continue;
        const int64_t count = end - begin, width = stripe.width;
        const int64_t dkStride = isGathered ? K : keyStride, dvStride = isGathered ? V : valueStride;
        float* dk = (isGathered ? dkHere : dkBlock) + (begin - block) * dkStride;
        float* dv = (isGathered ? dvHere : dvBlock) + (begin - block) * dvStride;
        stripeScores(in, s, stripe, keys, state.qT, begin, end, scores, scratch);
        tileProduct<TileLeft::Rows, TileStart::Zero>(values.row(begin), values.stride(), state.dOutT, width, dWeights,
                                                     width, count, width, V);
        weightsStep(count, width, state.lse, state.delta, scores, dWeights);
        tileProduct<TileLeft::Rows, TileStart::Add>(scores, width, state.dOut, valuePad, dv, dvStride, count, V,
                                                    stripe.rows);
        tileProduct<TileLeft::Rows, TileStart::Add>(dWeights, width, state.q, keyPad, dk, dkStride, count, K,
                                                    stripe.rows);
        tileProduct<TileLeft::Columns, TileStart::Add>(keys.row(begin), keys.stride(), dWeights, width, state.dqT,
                                                       width, K, width, count);
        if (args.dBias == nullptr) continue;
        for (int64_t r = 0; r < stripe.rows; ++r) {
          float* dBias = args.dBias + biasIndex(in, s, stripe, r) + begin;
          for (int64_t j = 0; j < count; ++j) dBias[j] += dWeights[j * width + r];
        }
      }
      if (!isGathered) continue;
      addRows(dkHere, blockEnd - block, K, dkBlock, keyStride);
      addRows(dvHere, blockEnd - block, V, dvBlock, valueStride);
    }
    for (State& state : states) {
      std::fill(state.lse, state.lse + maxStripe, in.scale);
      storeTransposed(in, s, state.stripe, state.dqT, K, state.lse, dq);
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(attentionGradientRange);

/// How the work is cut, from sizes alone: tasks of `batches` sequences and `heads` key heads (more than one where dBias
/// sums over them), each `splits` times over the keys.
struct Cut {
  int64_t sequences = 1, heads = 1, splits = 1;
};

Cut cutOf(const AttentionGradientArgs& args) {
  const AttentionInputs& in = args.in;
  Cut cut;
  if (args.dBias != nullptr && in.biasBatchStride == 0) cut.sequences = in.sequences;
  if (args.dBias != nullptr && in.biasHeadStride == 0) cut.heads = in.keyHeads;
  constexpr int64_t wanted = 16, leastKeys = 128;
  const int64_t tasks = (in.sequences / std::max<int64_t>(1, cut.sequences)) * (in.keyHeads / cut.heads);
  if (tasks > 0 && tasks < wanted)
    cut.splits = std::clamp<int64_t>((wanted + tasks - 1) / tasks, 1, std::max<int64_t>(1, in.keys / leastKeys));
  return cut;
}

void fillZero(const Launch& launch, float* x, int64_t count) {
  parallelFor(launch, count, 1 << 20,
              [&](int64_t begin, int64_t end) { std::memset(x + begin, 0, size_t(end - begin) * sizeof(float)); });
}

}  // namespace

int64_t attentionGradientWorkspace(const AttentionGradientArgs& args) {
  const AttentionInputs& in = args.in;
  const int64_t splits = cutOf(args).splits;
  return splits == 1 ? 0 : splits * in.batch * in.queries * in.heads * in.keyWidth;
}

void attentionGradient(const Launch& launch, const AttentionGradientArgs& args) {
  const AttentionInputs& in = args.in;
  const Cut cut = cutOf(args);
  const int64_t dqCount = in.batch * in.queries * in.heads * in.keyWidth;
  fillZero(launch, args.dk, in.batch * in.keys * in.keyHeads * in.keyWidth);
  fillZero(launch, args.dv, in.batch * in.keys * in.keyHeads * in.valueWidth);
  if (args.dBias != nullptr)
    fillZero(launch, args.dBias,
             (in.biasBatchStride ? in.batch : 1) * (in.biasHeadStride ? in.heads : 1) *
                 (in.biasQueryStride ? in.queries : 1) * in.keys);
  float* parts = cut.splits == 1 ? args.dq : args.workspace;
  // Rows outside every packed sequence have no writer.
  if (in.queryOffsets != nullptr) fillZero(launch, parts, cut.splits * dqCount);
  const auto run = HWY_DYNAMIC_DISPATCH(attentionGradientRange);
  const int64_t sequenceTasks = cut.sequences == 0 ? 0 : in.sequences / cut.sequences;
  const int64_t headTasks = in.keyHeads / cut.heads;
  parallelFor(launch, sequenceTasks * headTasks * cut.splits, 1, [&](int64_t task, int64_t) {
    const int64_t split = task % cut.splits, head = task / cut.splits % headTasks,
                  sequence = task / cut.splits / headTasks;
    for (int64_t n = sequence * cut.sequences; n < (sequence + 1) * cut.sequences; ++n) {
      const AttentionSequence s = attentionSequence(in, n);
      // Padded sequences are cut at the same keys whatever their lengths: they may share columns of dBias.
      const int64_t keys = in.queryOffsets == nullptr ? in.keys : s.keys,
                    perSplit = (keys + cut.splits - 1) / cut.splits;
      const int64_t first = std::min(split * perSplit, s.keys), last = std::min(first + perSplit, s.keys);
      for (int64_t h = head * cut.heads; h < (head + 1) * cut.heads; ++h)
        run(args, s, h, first, last, parts + split * dqCount);
    }
  });
  if (cut.splits == 1) return;
  parallelFor(launch, dqCount, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) args.dq[i] = parts[i];
    for (int64_t split = 1; split < cut.splits; ++split)
      for (int64_t i = begin; i < end; ++i) args.dq[i] += parts[split * dqCount + i];
  });
}

}  // namespace fw::kernels::cpu
#endif
