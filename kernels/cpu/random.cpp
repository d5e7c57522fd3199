// Random tensors: words are made for a run of elements at a time, then turned into numbers.
#include "kernels/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/random.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"

#include <algorithm>
#include <cstring>

#include "kernels/philox.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t run = 1024;  // elements whose words are made at once

// The words of elements [begin, begin + run); `begin` is a multiple of four.
void makeWords(int64_t seed, int64_t stream, int64_t begin, uint32_t* HWY_RESTRICT words) {
  const int64_t block = begin / 4;
#if HWY_TARGET == HWY_SCALAR
  for (int64_t b = 0; b < run / 4; ++b) {
    const PhiloxWords four = philoxBlock(seed, stream, block + b);
    std::copy(four.word, four.word + 4, words + 4 * b);
  }
#else
  // One block a 64-bit lane. A lane keeps a word in its lower half; the multiplication reads only that half, so that
  // the upper half may hold anything until the end.
  const hn::ScalableTag<uint64_t> d;
  const hn::ScalableTag<uint32_t> d32;
  using V = hn::VFromD<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const V multiplier0 = hn::Set(d, philoxMultiplier0), multiplier1 = hn::Set(d, philoxMultiplier1);
  const V lower = hn::Set(d, 0xffffffffu);
  const auto product = [&](V a, V b) HWY_ATTR { return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, b)); };
  const uint64_t s = uint64_t(seed), t = uint64_t(stream);
  V keys0[philoxRounds], keys1[philoxRounds];
  for (int round = 0; round < philoxRounds; ++round) {
    keys0[round] = hn::Set(d, uint32_t(s) + uint32_t(round) * philoxWeyl0);
    keys1[round] = hn::Set(d, uint32_t(s >> 32) + uint32_t(round) * philoxWeyl1);
  }
  const V step = hn::Set(d, uint64_t(lanes));
  V blocks = hn::Add(hn::Iota(d, 0), hn::Set(d, uint64_t(block)));
  for (int64_t b = 0; b < run / 4; b += lanes, blocks = hn::Add(blocks, step)) {
    V c0 = blocks, c1 = hn::ShiftRight<32>(c0), c2 = hn::Set(d, t), c3 = hn::Set(d, t >> 32);
    for (int round = 0; round < philoxRounds; ++round) {
      const V product0 = product(multiplier0, c0), product1 = product(multiplier1, c2);
      c0 = hn::Xor3(hn::ShiftRight<32>(product1), c1, keys0[round]);
      c2 = hn::Xor3(hn::ShiftRight<32>(product0), c3, keys1[round]);
      c1 = product1;
      c3 = product0;
    }
    const V first = hn::Or(hn::And(c0, lower), hn::ShiftLeft<32>(c1));
    const V second = hn::Or(hn::And(c2, lower), hn::ShiftLeft<32>(c3));
    hn::StoreInterleaved2(first, second, d, reinterpret_cast<uint64_t*>(words + 4 * b));
  }
#endif
}

// The nearest float of each word.
template <class D, class VW>
HWY_INLINE hn::VFromD<D> toFloat(D d, VW word) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto high = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<16>(word)));
  const auto low = hn::ConvertTo(d, hn::BitCast(di, hn::And(word, hn::Set(du, 0xffffu))));
  return hn::MulAdd(high, hn::Set(d, 65536.0f), low);
}

// sine and cosine of word/2^32 turns: the nearest quarter turn is split off in integers, exactly. The polynomials are
// minimax fits of our own on [-pi/4, pi/4], absolute error below 2e-9 before rounding.
template <class D, class VW, class V>
HWY_INLINE void sineCosine(D d, VW word, V& sine, V& cosine) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto quarter = hn::ShiftRight<30>(hn::Add(word, hn::Set(du, 1u << 29)));
  const auto rest = hn::BitCast(di, hn::Sub(word, hn::ShiftLeft<30>(quarter)));
  const V r = hn::Mul(hn::ConvertTo(d, rest), hn::Set(d, 1.46291807926715968e-9f));  // 2 pi / 2^32
  const V r2 = hn::Mul(r, r);
  const V s = hn::MulAdd(hn::Mul(r2, r), polynomial(d, r2, -0.166666508f, 0.00833197776f, -0.000194955675f), r);
  const V c = hn::MulAdd(hn::Mul(r2, r2), polynomial(d, r2, 0.0416666456f, -0.00138873665f, 2.44383791e-5f),
                         hn::NegMulAdd(r2, hn::Set(d, 0.5f), hn::Set(d, 1.0f)));
  const auto isOdd = hn::RebindMask(d, hn::Ne(hn::And(quarter, hn::Set(du, 1u)), hn::Zero(du)));
  const auto sineSign = hn::ShiftLeft<30>(hn::And(quarter, hn::Set(du, 2u)));
  const auto cosineSign = hn::ShiftLeft<30>(hn::And(hn::Add(quarter, hn::Set(du, 1u)), hn::Set(du, 2u)));
  sine = hn::Xor(hn::IfThenElse(isOdd, c, s), hn::BitCast(d, sineSign));
  cosine = hn::Xor(hn::IfThenElse(isOdd, s, c), hn::BitCast(d, cosineSign));
}

void uniformRun(const RandomArgs& args, const uint32_t* HWY_RESTRICT words, float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto scale = hn::Set(d, float((args.b - args.a) * 0x1p-24)), start = hn::Set(d, float(args.a));
  for (int64_t i = 0; i < run; i += int64_t(hn::Lanes(d))) {
    const auto top = hn::BitCast(di, hn::ShiftRight<8>(hn::LoadU(du, words + i)));
    hn::StoreU(hn::MulAdd(hn::ConvertTo(d, top), scale, start), d, y + i);
  }
}

void normalRun(const RandomArgs& args, const uint32_t* HWY_RESTRICT words, float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto mean = hn::Set(d, float(args.a)), deviation = hn::Set(d, float(args.b));
  const int64_t lanes = int64_t(hn::Lanes(d));
  for (int64_t i = 0; i < run; i += 2 * lanes) {
    hn::VFromD<decltype(du)> radiusWord, angleWord;
    hn::LoadInterleaved2(du, words + i, radiusWord, angleWord);
    // (word + 1) / 2^32 lies in (0, 1].
    const auto u = hn::Mul(hn::Add(toFloat(d, radiusWord), hn::Set(d, 1.0f)), hn::Set(d, 0x1p-32f));
    const auto radius = hn::Mul(deviation, hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), vecLog(d, u))));
    hn::VFromD<decltype(d)> sine, cosine;
    sineCosine(d, angleWord, sine, cosine);
    hn::StoreInterleaved2(hn::MulAdd(radius, cosine, mean), hn::MulAdd(radius, sine, mean), d, y + i);
  }
}

void bernoulliRun(const RandomArgs& args, const uint32_t* HWY_RESTRICT words, float* HWY_RESTRICT y) {
  const uint64_t bound = bernoulliBound(args.a);
  if (bound == 0 || bound >> 32) {
    std::fill_n(y, run, bound == 0 ? 0.0f : 1.0f);
    return;
  }
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto limit = hn::Set(du, uint32_t(bound)), one = hn::BitCast(du, hn::Set(d, 1.0f));
  for (int64_t i = 0; i < run; i += int64_t(hn::Lanes(d)))
    hn::StoreU(hn::BitCast(d, hn::IfThenElseZero(hn::Lt(hn::LoadU(du, words + i), limit), one)), d, y + i);
}

void dropoutRun(const DropoutArgs& args, const uint32_t* HWY_RESTRICT words, const float* x, float* y) {
  const uint64_t bound = bernoulliBound(1 - args.rate);
  if (bound == 0 || bound >> 32) {
    if (bound == 0)
      std::fill_n(y, run, 0.0f);
    else if (x != y)
      std::copy(x, x + run, y);
    return;
  }
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto limit = hn::Set(du, uint32_t(bound));
  const auto scale = hn::Set(d, float(1 / (1 - args.rate)));
  for (int64_t i = 0; i < run; i += int64_t(hn::Lanes(d))) {
    const auto isKept = hn::RebindMask(d, hn::Lt(hn::LoadU(du, words + i), limit));
    hn::StoreU(hn::IfThenElseZero(isKept, hn::Mul(hn::LoadU(d, x + i), scale)), d, y + i);
  }
}

template <class Run>
HWY_INLINE void fillRange(const RandomArgs& args, int64_t begin, int64_t end, const Run& make) {
  alignas(64) uint32_t words[run];
  alignas(64) float rest[run];
  for (int64_t i = begin; i < end; i += run) {
    makeWords(*args.seed, args.stream, i, words);
    const bool isWhole = i + run <= end;
    make(args, words, isWhole ? args.y + i : rest);
    if (!isWhole) std::copy(rest, rest + (end - i), args.y + i);
  }
}

void uniformRange(const RandomArgs& args, int64_t begin, int64_t end) { fillRange(args, begin, end, uniformRun); }
void normalRange(const RandomArgs& args, int64_t begin, int64_t end) { fillRange(args, begin, end, normalRun); }
void bernoulliRange(const RandomArgs& args, int64_t begin, int64_t end) { fillRange(args, begin, end, bernoulliRun); }

void dropoutRange(const DropoutArgs& args, int64_t begin, int64_t end) {
  alignas(64) uint32_t words[run];
  alignas(64) float rest[run] = {};
  for (int64_t i = begin; i < end; i += run) {
    makeWords(*args.seed, args.stream, i, words);
    if (i + run <= end) {
      dropoutRun(args, words, args.x + i, args.y + i);
      continue;
    }
    std::copy(args.x + i, args.x + end, rest);
    dropoutRun(args, words, rest, rest);
    std::copy(rest, rest + (end - i), args.y + i);
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(uniformRange);
HWY_EXPORT(normalRange);
HWY_EXPORT(bernoulliRange);
HWY_EXPORT(dropoutRange);
constexpr int64_t grain = 16384;  // a multiple of the run
}  // namespace

void randomUniform(const Launch& launch, const RandomArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(uniformRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

void randomNormal(const Launch& launch, const RandomArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(normalRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

void randomBernoulli(const Launch& launch, const RandomArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(bernoulliRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

void dropout(const Launch& launch, const DropoutArgs& args) {
  const auto range = HWY_DYNAMIC_DISPATCH(dropoutRange);
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) { range(args, begin, end); });
}

}  // namespace fw::kernels::cpu
#endif
