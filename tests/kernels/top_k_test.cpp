// Top-k, argmax, one-hot and iota against sorting and plain loops.
#include "kernels/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/rng.h"
#include "kernels/iota.h"
#include "kernels/one_hot.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

// Few distinct values, so that equals abound; NaN, infinities and both zeros among them.
std::vector<float> mixedValues(int64_t count, uint64_t stream) {
  Rng rng(21, stream);
  const float special[] = {0.0f, -0.0f, infinity, -infinity, nan, 1e-40f};
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = rng.below(20) == 0 ? special[rng.below(6)] : float(rng.below(40)) - 20;
  return values;
}

bool isBefore(const float* x, int64_t a, int64_t b) {
  if (std::isnan(x[a]) != std::isnan(x[b])) return std::isnan(x[a]);
  if (!std::isnan(x[a]) && x[a] != x[b]) return x[a] > x[b];
  return a < b;
}

TEST(TopK, EqualsAStableSort) {
  for (const int64_t width : {1, 3, 7, 16, 33, 63, 1000})
    for (const int64_t k : {int64_t(0), int64_t(1), int64_t(2), int64_t(7), width / 2, width}) {
      if (k > width) continue;
      const int64_t rows = 5;
      Guarded<float> x(mixedValues(rows * width, uint64_t(width))), values(rows * k);
      Guarded<int64_t> indices(rows * k);
      cpu::topK({2}, {x.data(), values.data(), indices.data(), rows, width, k});
      for (int64_t r = 0; r < rows; ++r) {
        const float* row = x.data() + r * width;
        std::vector<int64_t> order(static_cast<size_t>(width));
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return isBefore(row, a, b); });
        for (int64_t j = 0; j < k; ++j) {
          ASSERT_EQ(indices[r * k + j], order[size_t(j)])
              << "width " << width << " k " << k << " row " << r << " place " << j;
          ASSERT_EQ(std::memcmp(&values[r * k + j], &row[order[size_t(j)]], 4), 0);
        }
      }
    }
}

TEST(TopK, AscendingRowReplacesEveryElement) {
  std::vector<float> ascending(500);
  std::iota(ascending.begin(), ascending.end(), -250.0f);
  Guarded<float> x(ascending), values(3);
  Guarded<int64_t> indices(3);
  cpu::topK({1}, {x.data(), values.data(), indices.data(), 1, 500, 3});
  EXPECT_EQ(values.values(), (std::vector<float>{249, 248, 247}));
  EXPECT_EQ(indices.values(), (std::vector<int64_t>{499, 498, 497}));
}

TEST(Argmax, EqualsAPlainLoopAlongAnyAxis) {
  for (const int64_t outer : {1, 3, 40})
    for (const int64_t size : {1, 2, 7, 33, 1000})
      for (const int64_t inner : {1, 2, 15, 16, 33}) {
        Guarded<float> x(mixedValues(outer * size * inner, uint64_t(size)));
        Guarded<int64_t> y(outer * inner);
        testing::forEachTarget([&] {
          cpu::argmax({2}, {x.data(), y.data(), outer, size, inner});
          for (int64_t o = 0; o < outer; ++o)
            for (int64_t i = 0; i < inner; ++i) {
              int64_t best = 0;
              for (int64_t j = 1; j < size; ++j) {
                const float value = x[(o * size + j) * inner + i], former = x[(o * size + best) * inner + i];
                if (!std::isnan(former) && (std::isnan(value) || value > former)) best = j;
              }
              ASSERT_EQ(y[o * inner + i], best) << outer << " " << size << " " << inner << " at " << o << "," << i;
            }
        });
      }
}

TEST(OneHot, PutsOneOneARow) {
  Guarded<int64_t> indices(std::vector<int64_t>{2, 0, 1, 2});
  Guarded<float> y(12);
  EXPECT_EQ(cpu::oneHot({2}, {indices.data(), y.data(), 4, 3}), -1);
  EXPECT_EQ(y.values(), (std::vector<float>{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1}));
}

TEST(OneHot, ReportsAStrayIndex) {
  Guarded<int64_t> indices(std::vector<int64_t>{2, 0, 3, -1});
  Guarded<float> y(12);
  EXPECT_EQ(cpu::oneHot({2}, {indices.data(), y.data(), 4, 3}), 2);
  for (float value : y.values()) EXPECT_TRUE(std::isnan(value));
}

TEST(Iota, CountsAlongTheAxis) {
  Guarded<int64_t> whole(12);
  cpu::iota({2},
            {.y = whole.data(), .element = Element::I64, .outer = 2, .size = 3, .inner = 2, .start = 5, .step = -2});
  EXPECT_EQ(whole.values(), (std::vector<int64_t>{5, 5, 3, 3, 1, 1, 5, 5, 3, 3, 1, 1}));
  Guarded<float> real(4);
  cpu::iota({2},
            {.y = real.data(), .element = Element::F32, .outer = 1, .size = 4, .inner = 1, .start = 0.5, .step = 0.25});
  EXPECT_EQ(real.values(), (std::vector<float>{0.5f, 0.75f, 1.0f, 1.25f}));
  Guarded<int32_t> small(70000);
  cpu::iota({3},
            {.y = small.data(), .element = Element::I32, .outer = 1, .size = 70000, .inner = 1, .start = 1, .step = 3});
  for (int32_t i = 0; i < 70000; ++i) ASSERT_EQ(small[i], 1 + 3 * i);
}

}  // namespace
}  // namespace fw::kernels
