// Attention forward. A task is a block of queries of one key head; it walks the keys it sees in blocks and keeps, per
// query, the running maximum m, the sum l of 2^(s - m) and the unnormalised output: m' = max(m, s), l' = l 2^(m - m') +
// sum 2^(s - m'), o' = o 2^(m - m') + sum 2^(s - m') v.
#include "kernels/attention.h"

#include <algorithm>

#include <cmath>
#include <optional>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/cpu/amx_tiles.h"
#include "kernels/cpu/attention_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention.cpp"
#include "kernels/cpu/simd.h"
// After simd.h: compiled once per instruction set.
#include "kernels/cpu/attention_stripe.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kKeyBlock = 64;  // with a stripe of queries, their scores and v it fits the first cache

/// Turns scores into weights 2^(s - m'), updates m and l, and leaves the factor of the old output in `factor`.
template <int N>
HWY_INLINE void softmaxStep(float* HWY_RESTRICT scores, int64_t count, float* HWY_RESTRICT maximum,
                            float* HWY_RESTRICT sum, float* HWY_RESTRICT factor) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  V m[N], base[N], total[N];
  for (int n = 0; n < N; ++n) m[n] = hn::LoadU(d, maximum + n * lanes);
  for (int64_t j = 0; j < count; ++j)
    for (int n = 0; n < N; ++n) m[n] = hn::Max(m[n], hn::LoadU(d, scores + (j * N + n) * lanes));
  for (int n = 0; n < N; ++n) {
    base[n] = hn::IfThenZeroElse(hn::Eq(m[n], lowest), m[n]);  // nothing seen yet: 2^(-inf - 0) = 0
    const V shrink = vecExp2(d, hn::Sub(hn::LoadU(d, maximum + n * lanes), base[n]));
    hn::StoreU(shrink, d, factor + n * lanes);
    hn::StoreU(m[n], d, maximum + n * lanes);
    total[n] = hn::Mul(shrink, hn::LoadU(d, sum + n * lanes));
  }
  for (int64_t j = 0; j < count; ++j)
    for (int n = 0; n < N; ++n) {
      float* at = scores + (j * N + n) * lanes;
      const V p = vecExp2(d, hn::Sub(hn::LoadU(d, at), base[n]));
      hn::StoreU(p, d, at);
      total[n] = hn::Add(total[n], p);
    }
  for (int n = 0; n < N; ++n) hn::StoreU(total[n], d, sum + n * lanes);
}

/// What is added to next: out[c, lane] *= factor[lane]. Factors are 1 where the maxima have not changed.
HWY_INLINE void scaleColumns(float* HWY_RESTRICT out, int64_t rows, int64_t width, const float* HWY_RESTRICT factor) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t r = 0; r < width; r += lanes) {
    const auto f = hn::LoadU(d, factor + r);
    if (hn::AllTrue(d, hn::Eq(f, hn::Set(d, 1.0f)))) continue;
    for (int64_t c = 0; c < rows; ++c)
      hn::StoreU(hn::Mul(f, hn::LoadU(d, out + c * width + r)), d, out + c * width + r);
  }
}

/// Whether the products are made on the tiles of AMX, whose columns the queries of a whole stripe are.
HWY_INLINE bool usesTiles(const AttentionInputs& in, int64_t stripes) {
  return kMaxStripe == amx::kBlock && stripes >= 8 && in.keyWidth >= 48 && in.valueWidth >= 48 && amx::isAvailable();
}

/// Rows [firstRow, lastRow) of one key head of one sequence, over the keys in `keys`. With a part, leaves it there
/// unnormalised; without, writes the results.
void attentionBlock(const AttentionArgs& args, const AttentionSequence& s, int64_t keyHead, int64_t firstRow,
                    int64_t lastRow, KeyRange keys, AttentionPart part) {
  const AttentionInputs& in = args.in;
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const int64_t maxStripe = kStripeVectors * lanes;
  const int64_t stripes = (lastRow - firstRow + maxStripe - 1) / maxStripe;
  const bool isTiled = usesTiles(in, stripes);
  const int64_t outRows = isTiled ? (in.valueWidth + amx::kBlock - 1) / amx::kBlock * amx::kBlock : in.valueWidth;
  const int64_t perStripe = (in.keyWidth + outRows + 3) * maxStripe;
  const int64_t gathered = !isTiled && stripes > 4 && in.keyHeads > 1 ? kKeyBlock * (in.keyWidth + in.valueWidth) : 0;
  const auto memory = hwy::AllocateAligned<float>(size_t(stripes * perStripe + 2 * kKeyBlock * maxStripe + gathered));
  float* scores = memory.get();
  float* scratch = scores + kKeyBlock * maxStripe;
  float* forKeys = gathered == 0 ? nullptr : scratch + kKeyBlock * maxStripe + stripes * perStripe;
  HeadRows k = headKeys(in, s, keyHead, forKeys);
  HeadRows v = headValues(in, s, keyHead, gathered == 0 ? nullptr : forKeys + kKeyBlock * in.keyWidth);
  std::optional<amx::Tiles> tiles;
  hwy::AlignedFreeUniquePtr<amx::Bf16[]> pieces;
  amx::Bf16 *keyPieces = nullptr, *valuePieces = nullptr, *weightPieces = nullptr, *queryPieces = nullptr;
  const int64_t querySize = amx::sideSize(maxStripe, in.keyWidth);
  if (isTiled) {
    tiles.emplace();
    const int64_t keySize = amx::sideSize(kKeyBlock, in.keyWidth), valueSize = amx::sideSize(in.valueWidth, kKeyBlock);
    const int64_t weightSize = amx::sideSize(maxStripe, kKeyBlock);
    pieces = hwy::AllocateAligned<amx::Bf16>(size_t(keySize + valueSize + weightSize + stripes * querySize));
    keyPieces = pieces.get();
    valuePieces = keyPieces + keySize;
    weightPieces = valuePieces + valueSize;
    queryPieces = weightPieces + weightSize;
  }
  struct State {
    Stripe stripe;
    float *qT, *outT, *maximum, *sum, *factor;
    amx::Bf16* pieces;  // of qT; null where there are none
  };
  std::vector<State> states(static_cast<size_t>(stripes));
  KeyRange any{std::numeric_limits<int64_t>::max(), 0};
  for (int64_t n = 0; n < stripes; ++n) {
    State& state = states[size_t(n)];
    state.stripe = makeStripe(in, s, keyHead, firstRow + n * maxStripe);
    state.qT = scratch + kKeyBlock * maxStripe + n * perStripe;
    state.outT = state.qT + in.keyWidth * maxStripe;
    state.maximum = state.outT + outRows * maxStripe;
    state.sum = state.maximum + maxStripe;
    state.factor = state.sum + maxStripe;
    loadTransposed(in, s, state.stripe, in.q, in.keyWidth, in.scale * kLog2E, state.qT);
    state.pieces = isTiled && state.stripe.width == maxStripe ? queryPieces + n * querySize : nullptr;
    if (state.pieces != nullptr &&
        !amx::packSide(amx::packColumns, {state.qT, 1, maxStripe}, 0, maxStripe, 0, in.keyWidth, state.pieces))
      state.pieces = nullptr;
    std::fill(state.outT, state.maximum, 0.0f);
    std::fill(state.maximum, state.sum, -std::numeric_limits<float>::infinity());
    std::fill(state.sum, state.factor, 0.0f);
    any.begin = std::min(any.begin, state.stripe.any.begin);
    any.end = std::max(any.end, state.stripe.any.end);
  }
  any = {std::max(any.begin, keys.begin), std::min(any.end, keys.end)};
  for (int64_t block = any.begin; block < any.end; block += kKeyBlock) {
    k.gather(block, std::min(block + kKeyBlock, any.end));
    v.gather(block, std::min(block + kKeyBlock, any.end));
    const int64_t blockKeys = std::min(kKeyBlock, any.end - block);
    const bool hasPieces =
        isTiled &&
        amx::packSide(amx::packRows, {k.row(block), k.stride(), 1}, 0, blockKeys, 0, in.keyWidth, keyPieces) &&
        amx::packSide(amx::packRows, {v.row(block), 1, v.stride()}, 0, in.valueWidth, 0, blockKeys, valuePieces);
    for (State& state : states) {
      const Stripe& stripe = state.stripe;
      const int64_t begin = std::max(block, stripe.any.begin);
      const int64_t end = std::min({block + kKeyBlock, stripe.any.end, keys.end});
      if (begin >= end) continue;
      const int64_t count = end - begin;
      const bool isOnTiles = hasPieces && state.pieces != nullptr && begin == block;
      if (isOnTiles) {
        amx::multiplySides(keyPieces, count, in.keyWidth, state.pieces, maxStripe, in.keyWidth, scores, maxStripe,
                           false);
        finishScores(in, s, stripe, begin, end, scores, scratch);
      } else {
        stripeScores(in, s, stripe, k, state.qT, begin, end, scores, scratch);
      }
      if (stripe.width == lanes)
        softmaxStep<1>(scores, count, state.maximum, state.sum, state.factor);
      else
        softmaxStep<kStripeVectors>(scores, count, state.maximum, state.sum, state.factor);
      if (isOnTiles && amx::packSide(amx::packColumns, {scores, 1, maxStripe}, 0, maxStripe, 0, count, weightPieces)) {
        scaleColumns(state.outT, in.valueWidth, maxStripe, state.factor);
        amx::multiplySides(valuePieces, in.valueWidth, blockKeys, weightPieces, maxStripe, count, state.outT, maxStripe,
                           true);
        continue;
      }
      tileProduct<TileLeft::Columns, TileStart::Scale>(v.row(begin), v.stride(), scores, stripe.width, state.outT,
                                                       stripe.width, in.valueWidth, stripe.width, count, state.factor);
    }
  }
  for (State& state : states) {
    const Stripe& stripe = state.stripe;
    if (part.out != nullptr) {
      for (int64_t r = 0; r < stripe.rows; ++r) {
        const int64_t row = stripe.query[r] * in.heads + stripe.head[r];
        part.maximum[row] = state.maximum[r];
        part.sum[row] = state.sum[r];
        for (int64_t c = 0; c < in.valueWidth; ++c)
          part.out[row * in.valueWidth + c] = state.outT[c * stripe.width + r];
      }
      continue;
    }
    for (int64_t r = 0; r < stripe.rows; ++r) {
      const float sum = state.sum[r];
      state.factor[r] = sum == 0 ? 0 : 1 / sum;
      args.logSumExp[rowIndexByHead(in, s, stripe, r)] =
          sum == 0 ? -std::numeric_limits<float>::infinity() : (state.maximum[r] + std::log2(sum)) * kLn2;
    }
    storeTransposed(in, s, stripe, state.outT, in.valueWidth, state.factor, args.out);
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(attentionBlock);

/// Rows that share a walk over the keys: many, where tasks for the threads are left.
int64_t rowBlockOf(const AttentionInputs& in) {
  constexpr int64_t most = 512, least = 128, wantedTasks = 32;
  const int64_t rows = in.batch * in.queries * in.heads;
  int64_t block = most;
  while (block > least && rows < wantedTasks * block) block /= 2;
  return block;
}

/// Packed rows before the first and behind the last sequence see no key.
void fillOutside(const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  const int64_t first = in.queryOffsets[0], last = in.queryOffsets[in.sequences];
  for (int64_t i = 0; i < in.queries; ++i) {
    if (i >= first && i < last) continue;
    std::fill_n(args.out + i * in.heads * in.valueWidth, in.heads * in.valueWidth, 0.0f);
    for (int64_t h = 0; h < in.heads; ++h) args.logSumExp[h * in.queries + i] = -std::numeric_limits<float>::infinity();
  }
}

void attentionInParts(const Launch& launch, const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  const AttentionParts parts = attentionParts(in);
  const int64_t rows = in.queries * in.heads / in.keyHeads;
  const auto block = HWY_DYNAMIC_DISPATCH(attentionBlock);
  parallelFor(launch, in.batch * parts.count, 1, [&](int64_t task, int64_t) {
    const AttentionSequence s = attentionSequence(in, task / parts.count);
    const int64_t begin = task % parts.count * kKeysPerPart;
    if (begin >= s.keys) return;
    const KeyRange keys{begin, std::min(begin + kKeysPerPart, s.keys)};
    const AttentionPart part = attentionPart(args, parts, task);
    if (rows <= kDecodeRows) return attentionDecode(args, s, keys, part);
    for (int64_t keyHead = 0; keyHead < in.keyHeads; ++keyHead) block(args, s, keyHead, 0, rows, keys, part);
  });
  parallelFor(launch, in.batch * in.queries, 1, [&](int64_t row, int64_t) { attentionCombine(args, parts, row); });
}

}  // namespace

int64_t attentionWorkspace(const AttentionInputs& in) {
  const AttentionParts parts = attentionParts(in);
  return in.batch * parts.count * parts.floats;
}

void attention(const Launch& launch, const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  if (attentionParts(in).count > 0) return attentionInParts(launch, args);
  if (in.queryOffsets != nullptr) fillOutside(args);
  const int64_t group = in.heads / in.keyHeads, rowBlock = rowBlockOf(in);
  const auto run = HWY_DYNAMIC_DISPATCH(attentionBlock);
  // Blocks of each sequence, counted up: packed sequences differ in length.
  std::vector<int64_t> firstBlock(size_t(in.sequences) + 1, 0);
  for (int64_t n = 0; n < in.sequences; ++n)
    firstBlock[size_t(n) + 1] =
        firstBlock[size_t(n)] + (attentionSequence(in, n).queries * group + rowBlock - 1) / rowBlock;
  parallelFor(launch, firstBlock.back() * in.keyHeads, 1, [&](int64_t task, int64_t) {
    const int64_t n =
        std::upper_bound(firstBlock.begin(), firstBlock.end(), task / in.keyHeads) - firstBlock.begin() - 1;
    const int64_t blocks = firstBlock[size_t(n) + 1] - firstBlock[size_t(n)];
    const int64_t rest = task - firstBlock[size_t(n)] * in.keyHeads;
    // Head by head: keys and values then stay in the second-level cache. The last block first: under a causal mask it
    // is the longest.
    const int64_t keyHead = rest / blocks, block = blocks - 1 - rest % blocks;
    const AttentionSequence s = attentionSequence(in, n);
    const int64_t first = block * rowBlock;
    run(args, s, keyHead, first, std::min(first + rowBlock, s.queries * group), {0, s.keys}, {});
  });
}

}  // namespace fw::kernels::cpu
#endif
