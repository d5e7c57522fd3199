// What the attention kernels share: a stripe of queries, one a lane, and its scores against a block of keys,
// transposed: S[j, lane] = log2(e) (scale q k^T + bias), so that the softmax runs along whole vectors without crossing
// lanes, and k and v are read as they lie. Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_ATTENTION_STRIPE) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_ATTENTION_STRIPE
#undef FW_KERNELS_CPU_ATTENTION_STRIPE
#else
#define FW_KERNELS_CPU_ATTENTION_STRIPE
#endif

#include <limits>

#include "hwy/highway.h"
#include "kernels/attention.h"
#include "kernels/cpu/simd_exp2.h"
#include "kernels/cpu/simd_tile.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

constexpr float kLog2E = 1.44269504f;
constexpr float kLn2 = 0.693147181f;
constexpr int64_t kStripeVectors = 2;
constexpr int64_t kMaxStripe = kStripeVectors * HWY_LANES(float);

/// Rows of the query heads that share one key head: row r is query r / group, head keyHead * group + r % group.
struct Stripe {
  int64_t rows = 0;                             // rows in use
  int64_t width = 0;                            // rows rounded up to whole vectors
  KeyRange any, all;                            // keys that some row sees; keys that every row sees
  int32_t begin[kMaxStripe], end[kMaxStripe];   // keys that each row sees
  float at[kMaxStripe], slope[kMaxStripe];      // position among the keys; ALiBi slope times log2(e)
  int64_t query[kMaxStripe], head[kMaxStripe];  // query inside its sequence; query head
};

inline Stripe makeStripe(const AttentionInputs& in, const AttentionSequence& s, int64_t keyHead, int64_t firstRow) {
  const int64_t group = in.heads / in.keyHeads;
  const int64_t lanes = int64_t(hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));
  Stripe stripe;
  stripe.rows = std::min(kStripeVectors * lanes, s.queries * group - firstRow);
  stripe.width = (stripe.rows + lanes - 1) / lanes * lanes;
  stripe.any = {std::numeric_limits<int64_t>::max(), 0};
  stripe.all = {0, std::numeric_limits<int64_t>::max()};
  for (int64_t r = 0; r < stripe.width; ++r) {
    const int64_t row = firstRow + std::min(r, stripe.rows - 1);  // lanes not in use repeat the last row
    const int64_t i = row / group;
    const KeyRange range = visibleKeys(in, s, i);
    stripe.begin[r] = int32_t(range.begin);
    stripe.end[r] = int32_t(range.end);
    stripe.query[r] = i;
    stripe.head[r] = keyHead * group + row % group;
    stripe.at[r] = float(i + s.offset);
    stripe.slope[r] = in.slopes == nullptr ? 0 : in.slopes[stripe.head[r]] * kLog2E;
    if (range.begin < range.end) {
      stripe.any.begin = std::min(stripe.any.begin, range.begin);
      stripe.any.end = std::max(stripe.any.end, range.end);
    }
    stripe.all.begin = std::max(stripe.all.begin, range.begin);
    stripe.all.end = std::min(stripe.all.end, range.end);
  }
  return stripe;
}

/// Index of the row's element (i, head) in a [B,T,H,...] tensor, before the last dimension.
inline int64_t rowIndex(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe, int64_t r) {
  return (s.queryRow + stripe.query[r]) * in.heads + stripe.head[r];
}

/// Index of the row in a [B,H,T] tensor.
inline int64_t rowIndexByHead(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe, int64_t r) {
  return (s.batch * in.heads + stripe.head[r]) * in.queries + s.firstQuery + stripe.query[r];
}

/// Index of the row's first element in bias.
inline int64_t biasIndex(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe, int64_t r) {
  return s.batch * in.biasBatchStride + stripe.head[r] * in.biasHeadStride +
         (s.firstQuery + stripe.query[r]) * in.biasQueryStride + s.firstKey;
}

/// to[c, lane] = factor * x[row of lane, c] for a [B,T,H,columns] tensor; lanes not in use are 0.
inline void loadTransposed(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe, const float* x,
                           int64_t columns, float factor, float* to) {
  const float* from[kMaxStripe];
  for (int64_t r = 0; r < stripe.rows; ++r) from[r] = x + rowIndex(in, s, stripe, r) * columns;
  transposeRows(from, stripe.rows, columns, factor, to, stripe.width);
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = stripe.rows; r < stripe.width; ++r) to[c * stripe.width + r] = 0;
}

/// x[row of lane, c] = factor[lane] * from[c, lane]; fills the rows of a [B,T,H,columns] tensor.
inline void storeTransposed(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe,
                            const float* from, int64_t columns, const float* factor, float* x) {
  float* to[kMaxStripe];
  for (int64_t r = 0; r < stripe.rows; ++r) to[r] = x + rowIndex(in, s, stripe, r) * columns;
  transposeBack(from, stripe.width, stripe.rows, columns, factor, to);
}

/// Adds bias and slopes and hides what may not be seen in scores[j - begin, lane].
HWY_INLINE void finishScores(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe, int64_t begin,
                             int64_t end, float* scores, float* scratch) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const int64_t count = end - begin;
  if (in.bias != nullptr) {
    const float* rows[kMaxStripe];
    for (int64_t r = 0; r < stripe.width; ++r) rows[r] = in.bias + biasIndex(in, s, stripe, r) + begin;
    transposeRows(rows, stripe.width, count, kLog2E, scratch, stripe.width);
    for (int64_t i = 0; i < count * stripe.width; i += lanes)
      hn::StoreU(hn::Add(hn::LoadU(d, scores + i), hn::LoadU(d, scratch + i)), d, scores + i);
  }
  if (in.slopes != nullptr) {
    for (int64_t r = 0; r < stripe.width; r += lanes) {
      const auto at = hn::LoadU(d, stripe.at + r), slope = hn::LoadU(d, stripe.slope + r);
      for (int64_t j = begin; j < end; ++j) {
        float* to = scores + (j - begin) * stripe.width + r;
        const auto distance = hn::Abs(hn::Sub(at, hn::Set(d, float(j))));
        hn::StoreU(hn::NegMulAdd(slope, distance, hn::LoadU(d, to)), d, to);
      }
    }
  }
  const auto hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  if (begin < stripe.all.begin || end > stripe.all.end) {
    for (int64_t r = 0; r < stripe.width; r += lanes) {
      const auto first = hn::LoadU(di, stripe.begin + r), last = hn::LoadU(di, stripe.end + r);
      for (int64_t j = begin; j < end; ++j) {
        float* to = scores + (j - begin) * stripe.width + r;
        const auto key = hn::Set(di, int32_t(j));
        const auto isHidden = hn::RebindMask(d, hn::Or(hn::Gt(first, key), hn::Not(hn::Lt(key, last))));
        hn::StoreU(hn::IfThenElse(isHidden, hidden, hn::LoadU(d, to)), d, to);
      }
    }
  }
  if (in.keyMask != nullptr) {
    const uint8_t* mask = in.keyMask + s.keyRow;
    for (int64_t j = begin; j < end; ++j) {
      if (mask[j] != 0) continue;
      for (int64_t r = 0; r < stripe.width; r += lanes) hn::StoreU(hidden, d, scores + (j - begin) * stripe.width + r);
    }
  }
}

/// Rows of one key head, `stride` apart, and where they are kept side by side while several stripes read them: rows a
/// power of two apart fall into a few sets of the first-level cache and evict each other.
class HeadRows {
 public:
  HeadRows(const float* x, int64_t stride, int64_t width, float* memory)
      : x_(x), stride_(stride), width_(width), memory_(memory) {}

  /// Copies rows [begin, end); without memory nothing happens.
  HWY_INLINE void gather(int64_t begin, int64_t end) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::ScalableTag<float> d;
    const int64_t lanes = int64_t(hn::Lanes(d));
    if (memory_ == nullptr) return;
    first_ = begin;
    float* to = memory_;
    for (int64_t j = begin; j < end; ++j, to += width_) {
      const float* from = x_ + j * stride_;
      int64_t c = 0;
      for (; c + lanes <= width_; c += lanes) hn::StoreU(hn::LoadU(d, from + c), d, to + c);
      for (; c < width_; ++c) to[c] = from[c];
    }
  }
  const float* row(int64_t j) const { return memory_ == nullptr ? x_ + j * stride_ : memory_ + (j - first_) * width_; }
  int64_t stride() const { return memory_ == nullptr ? stride_ : width_; }

 private:
  const float* x_;
  int64_t stride_, width_, first_ = 0;
  float* memory_;
};

/// The keys and the values of one head of one sequence.
inline HeadRows headKeys(const AttentionInputs& in, const AttentionSequence& s, int64_t keyHead, float* memory) {
  const int64_t stride = in.keyHeads * in.keyWidth;
  return {in.k + s.keyRow * stride + keyHead * in.keyWidth, stride, in.keyWidth, memory};
}
inline HeadRows headValues(const AttentionInputs& in, const AttentionSequence& s, int64_t keyHead, float* memory) {
  const int64_t stride = in.keyHeads * in.valueWidth;
  return {in.v + s.keyRow * stride + keyHead * in.valueWidth, stride, in.valueWidth, memory};
}

/// scores[j - begin, lane] for keys [begin, end) of the sequence; qT: [K, width], scaled by scale * log2(e).
HWY_INLINE void stripeScores(const AttentionInputs& in, const AttentionSequence& s, const Stripe& stripe,
                             const HeadRows& k, const float* qT, int64_t begin, int64_t end, float* scores,
                             float* scratch) {
  tileProduct<TileLeft::Rows, TileStart::Zero>(k.row(begin), k.stride(), qT, stripe.width, scores, stripe.width,
                                               end - begin, stripe.width, in.keyWidth);
  finishScores(in, s, stripe, begin, end, scores, scratch);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
