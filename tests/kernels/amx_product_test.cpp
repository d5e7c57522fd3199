// Products on the tiles of AMX against plain loops in double: as exact as f32, for each layout and epilogue, with the
// same bits for any number of threads. Skipped where the processor has no tiles.
#include "kernels/cpu/amx_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/matmul.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"
#include "tests/support/random_floats.h"

namespace fw::kernels {
namespace {

using fw::testing::Guarded;
using fw::testing::randomFloats;

struct Sizes {
  int64_t m, n, k;
};

struct Product {
  Sizes size;
  bool transposesA, transposesB;
  std::vector<float> a, b, start, bias;

  Product(const Sizes& n, int layout)
      : size(n),
        transposesA(layout & 1),
        transposesB(layout & 2),
        a(randomFloats(n.m * n.k, 1)),
        b(randomFloats(n.n * n.k, 2)),
        start(randomFloats(n.m * n.n, 3)),
        bias(randomFloats(n.n, 4)) {}

  float left(int64_t i, int64_t k) const { return a[size_t(transposesA ? k * size.m + i : i * size.k + k)]; }
  float right(int64_t k, int64_t j) const { return b[size_t(transposesB ? j * size.k + k : k * size.n + j)]; }

  MatmulArgs args() const {
    MatmulArgs args;
    args.a = a.data();
    args.b = b.data();
    args.m = size.m;
    args.n = size.n;
    args.k = size.k;
    args.lda = transposesA ? size.m : size.k;
    args.ldb = transposesB ? size.k : size.n;
    args.ldc = size.n;
    args.transposeA = transposesA;
    args.transposeB = transposesB;
    return args;
  }

  std::vector<float> run(MatmulArgs args, int threads, std::vector<float>* before = nullptr) const {
    Guarded<float> c(start), kept(int64_t(start.size()));
    args.c = c.data();
    if (before != nullptr) args.preActivation = kept.data();
    Guarded<float> workspace(cpu::matmulWorkspace(args, threads) / int64_t(sizeof(float)));
    cpu::matmul({threads}, args, workspace.data());
    if (before != nullptr) *before = kept.values();
    return c.values();
  }
};

bool hasTiles() {
  cpu::GemmArgs large;
  large.m = large.n = large.k = 512;
  large.a.stride = large.b.stride = 1;
  return cpu::wantsAmx({{&large, 1}});
}

constexpr Sizes kSizes[] = {{225, 193, 513},  {256, 192, 512},  {203, 1500, 99},
                            {1031, 197, 113}, {161, 225, 1601}, {1500, 203, 97}};

TEST(AmxProduct, IsAsExactAsFloats) {
  if (!hasTiles()) GTEST_SKIP() << "the processor has no tiles";
  for (const Sizes& n : kSizes)
    for (int layout = 0; layout < 4; ++layout)
      for (const bool accumulates : {false, true}) {
        const Product product(n, layout);
        MatmulArgs args = product.args();
        args.accumulates = accumulates;
        const std::vector<float> result = product.run(args, 1);
        double squares = 0;
        for (int64_t i = 0; i < n.m; ++i)
          for (int64_t j = 0; j < n.n; ++j) {
            double sum = accumulates ? product.start[size_t(i * n.n + j)] : 0, magnitude = std::abs(sum);
            for (int64_t k = 0; k < n.k; ++k) {
              const double term = double(product.left(i, k)) * product.right(k, j);
              sum += term;
              magnitude += std::abs(term);
            }
            const double error = (result[size_t(i * n.n + j)] - sum) / magnitude;
            squares += error * error;
            ASSERT_LE(std::abs(error), 1e-6)
                << n.m << "x" << n.n << "x" << n.k << " layout " << layout << " at " << i << ", " << j;
          }
        // Multiply-adds in f32 come to 5e-8 to 7e-8 here.
        EXPECT_LE(std::sqrt(squares / double(n.m * n.n)), 6e-8) << n.m << "x" << n.n << "x" << n.k;
        for (const int threads : {2, 3}) {
          const std::vector<float> again = product.run(args, threads);
          ASSERT_EQ(0, std::memcmp(result.data(), again.data(), result.size() * sizeof(float))) << threads;
        }
      }
}

TEST(AmxProduct, AddsBiasAndAppliesActivation) {
  if (!hasTiles()) GTEST_SKIP() << "the processor has no tiles";
  const Product product({227, 263, 277}, 2);
  MatmulArgs args = product.args();
  const std::vector<float> plain = product.run(args, 2);
  args.bias = product.bias.data();
  args.activation = Activation::Relu;
  std::vector<float> before;
  const std::vector<float> result = product.run(args, 2, &before);
  for (size_t i = 0; i < result.size(); ++i) {
    const float z = plain[i] + product.bias[i % size_t(product.size.n)];
    ASSERT_EQ(before[i], z) << i;
    ASSERT_EQ(result[i], z > 0 ? z : 0) << i;
  }
}

/// Products that share a side, with tiles and without, against plain loops; the same bits for any number of threads.
void checkSharedSide(bool sharesRight, int layout) {
  const Product one({192, 192, 257}, layout);
  Product other = one;
  for (float& x : sharesRight ? other.a : other.b) x = 1 - x;
  std::vector<MatmulArgs> products = {one.args(), other.args()};
  for (MatmulArgs& args : products) {
    args.bias = one.bias.data();
    args.activation = Activation::Relu;
  }
  std::vector<std::vector<float>> first;
  for (const int threads : {1, 2, 3}) {
    Guarded<float> c0(one.start), c1(one.start);
    products[0].c = c0.data();
    products[1].c = c1.data();
    const MatmulGroup group = {products.data(), 2, sharesRight};
    Guarded<float> workspace(cpu::matmulGroupWorkspace({threads}, group) / int64_t(sizeof(float)));
    cpu::matmulGroup({threads}, group, workspace.data());
    const std::vector<std::vector<float>> results = {c0.values(), c1.values()};
    if (first.empty()) first = results;
    ASSERT_EQ(results, first) << threads << " threads";
  }
  for (size_t p = 0; p < 2; ++p) {
    const Product& of = p == 0 ? one : other;
    for (int64_t i = 0; i < of.size.m; ++i)
      for (int64_t j = 0; j < of.size.n; ++j) {
        double sum = one.bias[size_t(j)], magnitude = std::abs(sum);
        for (int64_t k = 0; k < of.size.k; ++k) {
          const double term = double(of.left(i, k)) * of.right(k, j);
          sum += term;
          magnitude += std::abs(term);
        }
        // A chain of 257 additions in f32 may be 1.5e-5 off.
        ASSERT_NEAR(first[p][size_t(i * of.size.n + j)], std::max(sum, 0.0), 5e-6 * magnitude)
            << p << " at " << i << ", " << j;
      }
  }
}

TEST(AmxProduct, SharesASide) {
  fw::testing::forEachTarget([] {
    for (const bool sharesRight : {false, true})
      for (int layout = 0; layout < 4; ++layout) {
        SCOPED_TRACE(layout);
        checkSharedSide(sharesRight, layout);
      }
  });
}

/// What is not finite reaches what it should, and nothing else.
TEST(AmxProduct, KeepsInfinitiesAndNaN) {
  if (!hasTiles()) GTEST_SKIP() << "the processor has no tiles";
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (int layout = 0; layout < 4; ++layout) {
    Product product({226, 262, 300}, layout);
    const auto at = [&](int64_t i, int64_t k) -> float& {
      return product.a[size_t(product.transposesA ? k * product.size.m + i : i * product.size.k + k)];
    };
    at(3, 7) = infinity;
    at(40, 299) = -infinity;
    at(70, 130) = std::numeric_limits<float>::quiet_NaN();
    at(129, 5) = std::numeric_limits<float>::max();
    const auto check = [&] {
      const std::vector<float> result = product.run(product.args(), 2);
      for (int64_t i = 0; i < product.size.m; ++i)
        for (int64_t j = 0; j < product.size.n; ++j) {
          double sum = 0, magnitude = 0;
          for (int64_t k = 0; k < product.size.k; ++k) {
            const double term = double(product.left(i, k)) * product.right(k, j);
            sum += term;
            magnitude += std::abs(term);
          }
          const float got = result[size_t(i * product.size.n + j)];
          if (i == 129 && !(magnitude < 3e38)) {
            // Beyond the floats; whether an infinity or NaN depends on the order of the sums.
            if (!(magnitude < 4e38)) {
              ASSERT_FALSE(std::isfinite(got)) << i << ", " << j;
            }
          } else if (!std::isfinite(sum)) {
            ASSERT_EQ(std::isnan(got), std::isnan(sum)) << i << ", " << j;
            if (std::isinf(sum)) {
              ASSERT_EQ(got, float(sum)) << i << ", " << j;
            }
          } else {
            ASSERT_NEAR(got, sum, 3e-6 * magnitude) << i << ", " << j;
          }
        }
    };
    check();
    product.b[product.b.size() / 2] = infinity;
    check();
  }
}

}  // namespace
}  // namespace fw::kernels
