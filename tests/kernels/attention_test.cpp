// The attention kernels against plain loops in double, on every instruction set.
#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::testing {
namespace {

using kernels::AttentionArgs;
using kernels::AttentionGradientArgs;
using kernels::AttentionInputs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Sizes {
  int64_t B = 1, T = 1, S = 1, H = 1, Hkv = 1, K = 1, V = 1;
};

/// Inputs with the memory behind them.
struct Problem {
  AttentionInputs in;
  std::vector<float> q, k, v, dOut, dLse, bias, slopes;
  std::vector<uint8_t> keyMask;
  std::vector<int64_t> keyLengths, position, queryOffsets, keyOffsets;
  double scoreScale = 1;  // how large scores get: the error of 2^x grows with them
};

std::vector<float> normals(Rng& rng, int64_t count, double scale = 1) {
  std::vector<float> x(static_cast<size_t>(count));
  for (float& value : x) value = float(scale * rng.normal());
  return x;
}

Problem makeProblem(const Sizes& n, uint64_t seed = 1) {
  Rng rng(seed);
  Problem p;
  p.q = normals(rng, n.B * n.T * n.H * n.K);
  p.k = normals(rng, n.B * n.S * n.Hkv * n.K);
  p.v = normals(rng, n.B * n.S * n.Hkv * n.V);
  p.dOut = normals(rng, n.B * n.T * n.H * n.V);
  p.dLse = normals(rng, n.B * n.H * n.T);
  p.v[0] = 100;  // an outlier
  p.in.batch = p.in.sequences = n.B;
  p.in.queries = n.T;
  p.in.keys = n.S;
  p.in.heads = n.H;
  p.in.keyHeads = n.Hkv;
  p.in.keyWidth = n.K;
  p.in.valueWidth = n.V;
  p.in.scale = 1 / std::sqrt(float(n.K));
  return p;
}

void setBias(Problem& p, int64_t B, int64_t H, int64_t T) {
  Rng rng(5);
  p.bias = normals(rng, B * H * T * p.in.keys, 2);
  p.in.biasQueryStride = T == 1 ? 0 : p.in.keys;
  p.in.biasHeadStride = H == 1 ? 0 : T * p.in.keys;
  p.in.biasBatchStride = B == 1 ? 0 : H * T * p.in.keys;
}

/// Which keys query (b, i) sees, told by one sentence of the specification at a time.
bool isVisible(const Problem& p, int64_t b, int64_t i, int64_t j) {
  const AttentionInputs& in = p.in;
  int64_t offset = in.keys - in.queries, at = i, key = j;
  if (!p.queryOffsets.empty()) {
    int64_t sequence = -1;
    for (int64_t n = 0; n < in.sequences; ++n)
      if (i >= p.queryOffsets[size_t(n)] && i < p.queryOffsets[size_t(n) + 1]) sequence = n;
    if (sequence < 0) return false;
    const int64_t firstKey = p.keyOffsets[size_t(sequence)], lastKey = p.keyOffsets[size_t(sequence) + 1];
    if (j < firstKey || j >= lastKey) return false;
    at = i - p.queryOffsets[size_t(sequence)];
    key = j - firstKey;
    offset = (lastKey - firstKey) - (p.queryOffsets[size_t(sequence) + 1] - p.queryOffsets[size_t(sequence)]);
  }
  if (!p.position.empty()) {
    offset = p.position[p.position.size() == 1 ? 0 : size_t(b)];
    if (j >= offset + in.queries) return false;
  }
  if (!p.keyLengths.empty() && j >= p.keyLengths[size_t(b)]) return false;
  if (!p.keyMask.empty() && p.keyMask[size_t(b * in.keys + j)] == 0) return false;
  if (in.windowLeft >= 0 && key < at + offset - in.windowLeft) return false;
  if (in.windowRight >= 0 && key > at + offset + in.windowRight) return false;
  return true;
}

/// Position of query i among the keys of its sequence, minus key j's: what ALiBi multiplies.
double distanceOf(const Problem& p, int64_t b, int64_t i, int64_t j) {
  if (p.queryOffsets.empty()) {
    const int64_t offset =
        p.position.empty() ? p.in.keys - p.in.queries : p.position[p.position.size() == 1 ? 0 : size_t(b)];
    return double(std::abs(i + offset - j));
  }
  for (int64_t n = 0; n < p.in.sequences; ++n)
    if (i >= p.queryOffsets[size_t(n)] && i < p.queryOffsets[size_t(n) + 1])
      return double(std::abs((p.queryOffsets[size_t(n) + 1] - i) - (p.keyOffsets[size_t(n) + 1] - j)));
  return 0;
}

struct Expected {
  std::vector<double> out, lse, dq, dk, dv, dBias;
};

Expected reference(const Problem& p) {
  const AttentionInputs& in = p.in;
  const int64_t B = in.batch, T = in.queries, S = in.keys, H = in.heads, K = in.keyWidth, V = in.valueWidth;
  Expected e;
  e.out.assign(size_t(B * T * H * V), 0);
  e.lse.assign(size_t(B * H * T), -kInfinity);
  e.dq.assign(p.q.size(), 0);
  e.dk.assign(p.k.size(), 0);
  e.dv.assign(p.v.size(), 0);
  e.dBias.assign(p.bias.size(), 0);
  std::vector<double> score(static_cast<size_t>(S)), weight(static_cast<size_t>(S)), dWeight(static_cast<size_t>(S));
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < T; ++i)
      for (int64_t h = 0; h < H; ++h) {
        const int64_t keyHead = h / (H / in.keyHeads);
        const size_t row = size_t((b * T + i) * H + h);
        const auto kAt = [&](int64_t j) { return size_t(((b * S + j) * in.keyHeads + keyHead) * K); };
        const auto vAt = [&](int64_t j) { return size_t(((b * S + j) * in.keyHeads + keyHead) * V); };
        const auto biasAt = [&](int64_t j) {
          return size_t(b * in.biasBatchStride + h * in.biasHeadStride + i * in.biasQueryStride + j);
        };
        double highest = -kInfinity;
        for (int64_t j = 0; j < S; ++j) {
          score[size_t(j)] = -kInfinity;
          if (!isVisible(p, b, i, j)) continue;
          double dot = 0;
          for (int64_t c = 0; c < K; ++c) dot += double(p.q[row * size_t(K) + size_t(c)]) * p.k[kAt(j) + size_t(c)];
          dot *= in.scale;
          if (!p.bias.empty()) dot += p.bias[biasAt(j)];
          if (!p.slopes.empty()) dot -= double(p.slopes[size_t(h)]) * distanceOf(p, b, i, j);
          score[size_t(j)] = dot;
          highest = std::max(highest, dot);
        }
        if (highest == -kInfinity) continue;
        double sum = 0;
        for (int64_t j = 0; j < S; ++j) sum += std::exp(score[size_t(j)] - highest);
        e.lse[size_t((b * H + h) * T + i)] = highest + std::log(sum);
        double delta = p.dLse.empty() ? 0 : -p.dLse[size_t((b * H + h) * T + i)];
        for (int64_t j = 0; j < S; ++j) {
          weight[size_t(j)] = std::exp(score[size_t(j)] - highest) / sum;
          dWeight[size_t(j)] = 0;
          for (int64_t c = 0; c < V; ++c) {
            const double dOut = p.dOut[row * size_t(V) + size_t(c)];
            if (weight[size_t(j)] == 0) continue;
            e.out[row * size_t(V) + size_t(c)] += weight[size_t(j)] * p.v[vAt(j) + size_t(c)];
            e.dv[vAt(j) + size_t(c)] += weight[size_t(j)] * dOut;
            dWeight[size_t(j)] += dOut * p.v[vAt(j) + size_t(c)];
          }
          delta += weight[size_t(j)] * dWeight[size_t(j)];
        }
        for (int64_t j = 0; j < S; ++j) {
          const double dScore = weight[size_t(j)] * (dWeight[size_t(j)] - delta);
          if (weight[size_t(j)] == 0) continue;  // k may be anything where it is hidden
          if (!p.bias.empty()) e.dBias[biasAt(j)] += dScore;
          for (int64_t c = 0; c < K; ++c) {
            e.dq[row * size_t(K) + size_t(c)] += in.scale * dScore * p.k[kAt(j) + size_t(c)];
            e.dk[kAt(j) + size_t(c)] += in.scale * dScore * p.q[row * size_t(K) + size_t(c)];
          }
        }
      }
  return e;
}

void connect(Problem& p) {
  const auto address = [](const auto& x) { return x.empty() ? nullptr : x.data(); };
  p.in.q = p.q.data();
  p.in.k = p.k.data();
  p.in.v = p.v.data();
  p.in.bias = address(p.bias);
  p.in.slopes = address(p.slopes);
  p.in.keyMask = address(p.keyMask);
  p.in.keyLengths = address(p.keyLengths);
  p.in.position = address(p.position);
  p.in.positionStride = p.position.size() > 1 ? 1 : 0;
  p.in.queryOffsets = address(p.queryOffsets);
  p.in.keyOffsets = address(p.keyOffsets);
}

using Floats = std::vector<float>;

struct Results {
  Floats out, lse, dq, dk, dv, dBias;
};

/// Fails at the first place where |actual - expected| > tolerance * (1 + |expected|); infinities must be equal.
void expectNear(const Floats& actual, const std::vector<double>& expected, double tolerance, const char* name) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double want = expected[i], got = actual[i];
    if (std::isinf(want) && want == got) continue;
    if (std::abs(got - want) <= tolerance * (1 + std::abs(want))) continue;
    FAIL() << name << "[" << i << "] is " << got << "; expected " << want;
  }
}

Results run(const Problem& p, int threads) {
  const int64_t rows = p.in.batch * p.in.queries * p.in.heads;
  Guarded<float> out(rows * p.in.valueWidth), lse(rows), dq(int64_t(p.q.size())), dk(int64_t(p.k.size())),
      dv(int64_t(p.v.size())), dBias(int64_t(p.bias.size())), workspace(kernels::cpu::attentionWorkspace(p.in));
  kernels::cpu::attention({threads}, {p.in, out.data(), lse.data(), workspace.data()});
  AttentionGradientArgs grad{p.in, out.data(), lse.data(), p.dOut.data(), nullptr, dq.data(), dk.data(), dv.data()};
  if (!p.dLse.empty()) grad.dLogSumExp = p.dLse.data();
  grad.dBias = p.bias.empty() ? nullptr : dBias.data();
  Guarded<float> gradWorkspace(kernels::cpu::attentionGradientWorkspace(grad));
  grad.workspace = gradWorkspace.data();
  kernels::cpu::attentionGradient({threads}, grad);
  return {out.values(), lse.values(), dq.values(), dk.values(), dv.values(), dBias.values()};
}

void expectSameBits(const Floats& a, const Floats& b, const char* name) {
  EXPECT_TRUE(a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0)
      << name << " depends on the number of threads";
}

void expectRight(Problem p) {
  connect(p);
  const Expected e = reference(p);
  forEachTarget([&] {
    const Results r = run(p, 1);
    const double tolerance = 1e-5 * p.scoreScale;
    expectNear(r.out, e.out, tolerance, "out");
    expectNear(r.lse, e.lse, tolerance, "logSumExp");
    expectNear(r.dv, e.dv, tolerance, "dv");
    // dP is as large as the outlier in v, and cancels against delta.
    expectNear(r.dq, e.dq, 30 * tolerance, "dq");
    expectNear(r.dk, e.dk, 30 * tolerance, "dk");
    expectNear(r.dBias, e.dBias, 30 * tolerance, "dBias");
    const Results other = run(p, 3);
    expectSameBits(r.out, other.out, "out");
    expectSameBits(r.lse, other.lse, "logSumExp");
    expectSameBits(r.dq, other.dq, "dq");
    expectSameBits(r.dk, other.dk, "dk");
    expectSameBits(r.dv, other.dv, "dv");
    expectSameBits(r.dBias, other.dBias, "dBias");
  });
}

TEST(AttentionKernel, AwkwardSizes) {
  for (const Sizes& n : {Sizes{1, 1, 1, 1, 1, 1, 1}, Sizes{2, 3, 7, 1, 1, 3, 5}, Sizes{1, 7, 3, 2, 2, 8, 4},
                         Sizes{3, 33, 33, 4, 2, 16, 16}, Sizes{1, 63, 63, 2, 1, 33, 31}, Sizes{2, 1, 63, 6, 2, 7, 9},
                         Sizes{1, 63, 1, 8, 1, 64, 64}, Sizes{1, 65, 130, 3, 3, 17, 63}})
    for (const bool isCausal : {false, true}) {
      SCOPED_TRACE(text("B ", n.B, " T ", n.T, " S ", n.S, " H ", n.H, "/", n.Hkv, " K ", n.K, " V ", n.V));
      Problem p = makeProblem(n);
      if (isCausal) p.in.windowRight = 0;
      expectRight(p);
    }
}

TEST(AttentionKernel, WithoutGradientOfLogSumExp) {
  Problem p = makeProblem({2, 33, 33, 4, 2, 16, 16});
  p.dLse.clear();
  expectRight(p);
}

TEST(AttentionKernel, LongSequence) {
  Problem p = makeProblem({1, 1000, 1000, 2, 1, 16, 16});
  p.in.windowRight = 0;
  expectRight(p);
}

/// Enough rows for the blocks that are computed together to be whole.
TEST(AttentionKernel, ManyRows) {
  for (const bool isCausal : {false, true}) {
    Problem p = makeProblem({1, 260, 75, 32, 2, 50, 49});
    if (isCausal) {
      p.in.windowRight = 0;
      p.position = {-200};
    }
    expectRight(p);
  }
}

TEST(AttentionKernel, ManyRowsWithWindowAndNaN) {
  Problem p = makeProblem({1, 512, 260, 16, 16, 48, 64});
  p.in.windowLeft = 33;
  p.in.windowRight = 5;
  p.keyLengths = {250};
  for (size_t i = 250 * 16 * 48; i < p.k.size(); ++i) p.k[i] = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 250 * 16 * 64; i < p.v.size(); ++i) p.v[i] = std::numeric_limits<float>::infinity();
  expectRight(p);
}

TEST(AttentionKernel, Windows) {
  for (const auto& [left, right] :
       {std::pair(0, 0), std::pair(2, 0), std::pair(5, 3), std::pair(-1, 4), std::pair(40, -1)}) {
    SCOPED_TRACE(text("left ", left, " right ", right));
    Problem p = makeProblem({2, 100, 90, 2, 2, 8, 8});
    p.in.windowLeft = left;
    p.in.windowRight = right;
    expectRight(p);
  }
}

TEST(AttentionKernel, BiasOfEachShape) {
  for (const int64_t B : {1, 3})
    for (const int64_t H : {1, 4})
      for (const int64_t T : {1, 37}) {
        SCOPED_TRACE(text("bias [", B, ",", H, ",", T, ",70]"));
        Problem p = makeProblem({3, 37, 70, 4, 2, 8, 6});
        setBias(p, B, H, T);
        p.bias[3] = -std::numeric_limits<float>::infinity();
        expectRight(p);
      }
}

TEST(AttentionKernel, BiasMayHideEveryKey) {
  Problem p = makeProblem({1, 5, 9, 1, 1, 4, 4});
  setBias(p, 1, 1, 5);
  for (int64_t j = 0; j < 9; ++j) p.bias[size_t(2 * 9 + j)] = -std::numeric_limits<float>::infinity();
  expectRight(p);
}

TEST(AttentionKernel, Slopes) {
  for (const bool isCausal : {false, true}) {
    Problem p = makeProblem({2, 33, 70, 6, 3, 8, 8});
    if (isCausal) p.in.windowRight = 0;
    for (int h = 0; h < 6; ++h) p.slopes.push_back(float(std::exp2(-8.0 * (h + 1) / 6)));
    expectRight(p);
  }
}

TEST(AttentionKernel, KeyMaskAndKeyLengths) {
  Problem p = makeProblem({3, 33, 70, 2, 2, 8, 8});
  Rng rng(2);
  p.keyMask.resize(3 * 70);
  for (uint8_t& visible : p.keyMask) visible = rng.below(3) != 0;
  for (size_t j = 0; j < 70; ++j) p.keyMask[140 + j] = 0;  // the third sequence sees nothing
  expectRight(p);
  p.keyMask.clear();
  p.keyLengths = {70, 1, 0};
  expectRight(p);
  p.in.windowRight = 0;
  p.keyLengths = {40, 69, 3};
  expectRight(p);
}

TEST(AttentionKernel, PositionInAPreallocatedCache) {
  for (const int64_t T : {1, 2, 9})
    for (const bool isScalar : {false, true}) {
      SCOPED_TRACE(text("T ", T));
      Problem p = makeProblem({3, T, 300, 4, 2, 16, 16});
      p.position = isScalar ? std::vector<int64_t>{17} : std::vector<int64_t>{0, 291, 130};
      p.in.windowRight = 0;
      // What lies behind the valid keys was never written.
      for (int64_t b = 0; b < 3; ++b)
        for (int64_t j = p.position[isScalar ? 0 : size_t(b)] + T; j < 300; ++j)
          for (int64_t c = 0; c < 2 * 16; ++c)
            p.k[size_t((b * 300 + j) * 32 + c)] = p.v[size_t((b * 300 + j) * 32 + c)] =
                std::numeric_limits<float>::quiet_NaN();
      expectRight(p);
    }
}

TEST(AttentionKernel, FewQueriesOverManyKeys) {
  for (const Sizes& n :
       {Sizes{2, 1, 1300, 4, 4, 33, 20}, Sizes{1, 3, 2100, 6, 2, 64, 64}, Sizes{1, 1, 2100, 8, 1, 16, 130},
        Sizes{1, 20, 2100, 2, 1, 8, 9}, Sizes{2, 40, 2500, 2, 2, 16, 16}})
    for (const bool hasWindow : {false, true}) {
      SCOPED_TRACE(text("B ", n.B, " T ", n.T, " S ", n.S, " H ", n.H, "/", n.Hkv, " window ", hasWindow));
      Problem p = makeProblem(n);
      p.in.windowRight = 0;
      if (hasWindow) p.in.windowLeft = 700;
      for (int64_t b = 0; b < n.B; ++b) p.position.push_back(1100 + 150 * b);
      setBias(p, 1, n.H, n.T);
      for (int h = 0; h < n.H; ++h) p.slopes.push_back(0.01f * float(h));
      p.keyMask.assign(size_t(n.B * n.S), 1);
      for (size_t j = 0; j < 600; ++j) p.keyMask[j] = j % 3 == 0;
      expectRight(p);
    }
}

TEST(AttentionKernel, PackedSequences) {
  Problem p = makeProblem({1, 100, 100, 4, 2, 8, 8});
  p.queryOffsets = p.keyOffsets = {0, 33, 33, 34, 97};  // an empty one, and three rows that belong to none
  p.in.sequences = 4;
  p.in.windowRight = 0;
  expectRight(p);
  setBias(p, 1, 4, 100);
  expectRight(p);
  for (int h = 0; h < 4; ++h) p.slopes.push_back(0.1f * float(h));
  expectRight(p);
}

TEST(AttentionKernel, PackedSequencesWithTheirOwnKeys) {
  Problem p = makeProblem({1, 40, 90, 2, 1, 8, 8});
  p.queryOffsets = {0, 7, 20, 40};
  p.keyOffsets = {0, 60, 60, 90};  // the second sequence has no keys
  p.in.sequences = 3;
  expectRight(p);
  p.in.windowRight = 0;
  expectRight(p);
}

TEST(AttentionKernel, LargeScores) {
  Problem p = makeProblem({1, 33, 90, 2, 2, 8, 8});
  for (float& q : p.q) q *= 100;
  p.q[5] = 3000;
  p.scoreScale = 100;
  expectRight(p);
}

TEST(AttentionKernel, NaNInputGivesNaN) {
  Problem p = makeProblem({1, 3, 5, 1, 1, 4, 4});
  p.q[4] = std::numeric_limits<float>::quiet_NaN();  // in the second query
  connect(p);
  forEachTarget([&] {
    const Results r = run(p, 1);
    for (int64_t c = 0; c < 4; ++c) {
      EXPECT_FALSE(std::isnan(r.out[size_t(c)]));
      EXPECT_TRUE(std::isnan(r.out[size_t(4 + c)]));
      EXPECT_FALSE(std::isnan(r.out[size_t(8 + c)]));
    }
  });
}

}  // namespace
}  // namespace fw::testing
