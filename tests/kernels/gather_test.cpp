// Picking and adding along an axis, rows and single elements, against plain loops in double.
#include "kernels/gather.h"

#include <cmath>

#include "engine/base/rng.h"
#include "kernels/take.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

struct Sizes {
  int64_t outer, size, count, inner;
};

const std::vector<Sizes> sizesToTry = {{1, 1, 1, 1},  {1, 7, 33, 1},     {3, 5, 0, 2},   {2, 9, 63, 7},
                                       {5, 33, 3, 1}, {1, 64, 129, 100}, {4, 3, 31, 33}, {1, 700, 900, 65}};

std::vector<int64_t> randomIndices(int64_t count, int64_t size, uint64_t stream) {
  Rng rng(11, stream);
  std::vector<int64_t> indices(static_cast<size_t>(count));
  for (int64_t& index : indices) index = rng.below(size);
  return indices;
}

std::vector<float> randomFloats(int64_t count, uint64_t stream) {
  Rng rng(12, stream);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = float(rng.normal() * (rng.below(50) == 0 ? 100 : 1));
  return values;
}

template <class T>
std::vector<T> numbers(int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[size_t(i)] = T(i * 7 + 1);
  return values;
}

template <class T>
void expectGathered(const Sizes& s) {
  Guarded<T> x(numbers<T>(s.outer * s.size * s.inner)), y(s.outer * s.count * s.inner);
  Guarded<int64_t> indices(randomIndices(y.count(), s.size, 1));
  ASSERT_EQ(cpu::gather({2}, {x.data(), indices.data(), y.data(), sizeof(T), s.outer, s.size, s.count, s.inner}), -1);
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t j = 0; j < s.count; ++j)
      for (int64_t i = 0; i < s.inner; ++i) {
        const int64_t at = (o * s.count + j) * s.inner + i;
        ASSERT_EQ(y[at], x[(o * s.size + indices[at]) * s.inner + i]);
      }
}

template <class T>
void expectTaken(const Sizes& s) {
  Guarded<T> x(numbers<T>(s.outer * s.size * s.inner)), y(s.outer * s.count * s.inner);
  Guarded<int64_t> indices(randomIndices(s.count, s.size, 2));
  ASSERT_EQ(cpu::take({2}, {x.data(), indices.data(), y.data(), sizeof(T), s.outer, s.size, s.count, s.inner}), -1);
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t j = 0; j < s.count; ++j)
      for (int64_t i = 0; i < s.inner; ++i)
        ASSERT_EQ(y[(o * s.count + j) * s.inner + i], x[(o * s.size + indices[j]) * s.inner + i]);
}

TEST(Gather, PicksElementsOfEverySize) {
  for (const Sizes& sizes : sizesToTry) {
    expectGathered<uint8_t>(sizes);
    expectGathered<uint16_t>(sizes);
    expectGathered<float>(sizes);
    expectGathered<int64_t>(sizes);
  }
}

TEST(Take, PicksRowsOfEverySize) {
  for (const Sizes& sizes : sizesToTry) {
    expectTaken<uint8_t>(sizes);
    expectTaken<uint16_t>(sizes);
    expectTaken<float>(sizes);
    expectTaken<int64_t>(sizes);
  }
}

TEST(ScatterAdd, AddsInOrder) {
  for (const Sizes& s : sizesToTry) {
    const int64_t count = s.outer * s.size * s.inner, updateCount = s.outer * s.count * s.inner;
    Guarded<float> x(randomFloats(count, 3)), updates(randomFloats(updateCount, 4));
    Guarded<int64_t> indices(randomIndices(updateCount, s.size, 5));
    std::vector<double> expected(x.data(), x.data() + count), magnitude(size_t(count), 1);
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t j = 0; j < s.count; ++j)
        for (int64_t i = 0; i < s.inner; ++i) {
          const int64_t at = (o * s.count + j) * s.inner + i, target = (o * s.size + indices[at]) * s.inner + i;
          expected[size_t(target)] += updates[at];
          magnitude[size_t(target)] += std::abs(updates[at]);
        }
    std::vector<float> first;
    for (int threads : {1, 3}) {
      Guarded<float> y(count);
      ASSERT_EQ(cpu::scatterAdd(
                    {threads}, {x.data(), indices.data(), updates.data(), y.data(), s.outer, s.size, s.count, s.inner}),
                -1);
      for (int64_t i = 0; i < count; ++i) ASSERT_NEAR(y[i], expected[size_t(i)], 1e-5 * magnitude[size_t(i)]);
      if (first.empty()) first = y.values();
      ASSERT_EQ(y.values(), first) << "the bits depend on the number of threads";
    }
    Guarded<float> inPlace(x.values());
    cpu::scatterAdd(
        {2}, {inPlace.data(), indices.data(), updates.data(), inPlace.data(), s.outer, s.size, s.count, s.inner});
    EXPECT_EQ(inPlace.values(), first);
  }
}

TEST(IndexAdd, AddsRowsInOrder) {
  for (const Sizes& s : sizesToTry) {
    const int64_t count = s.outer * s.size * s.inner, updateCount = s.outer * s.count * s.inner;
    Guarded<float> x(randomFloats(count, 6)), updates(randomFloats(updateCount, 7));
    Guarded<int64_t> indices(randomIndices(s.count, s.size, 8));
    for (const bool hasStart : {true, false}) {
      std::vector<double> expected(size_t(count), 0), magnitude(size_t(count), 1);
      if (hasStart) expected.assign(x.data(), x.data() + count);
      for (int64_t o = 0; o < s.outer; ++o)
        for (int64_t j = 0; j < s.count; ++j)
          for (int64_t i = 0; i < s.inner; ++i) {
            const size_t target = size_t((o * s.size + indices[j]) * s.inner + i);
            expected[target] += updates[(o * s.count + j) * s.inner + i];
            magnitude[target] += std::abs(updates[(o * s.count + j) * s.inner + i]);
          }
      std::vector<float> first;
      testing::forEachTarget([&] {
        for (int threads : {1, 3}) {
          Guarded<float> y(count);
          ASSERT_EQ(cpu::indexAdd({threads}, {hasStart ? x.data() : nullptr, indices.data(), updates.data(), y.data(),
                                              s.outer, s.size, s.count, s.inner}),
                    -1);
          for (int64_t i = 0; i < count; ++i) ASSERT_NEAR(y[i], expected[size_t(i)], 1e-5 * magnitude[size_t(i)]);
          if (first.empty()) first = y.values();
          ASSERT_EQ(y.values(), first) << "the bits depend on the threads or the instruction set";
        }
      });
    }
  }
}

TEST(Indices, StrayOnesAreReportedAndNothingIsWritten) {
  for (const int64_t stray : {int64_t(-1), int64_t(5), int64_t(1) << 62, -(int64_t(1) << 62)}) {
    Guarded<float> x(std::vector<float>(20, 1)), y(40000);
    std::vector<int64_t> values = randomIndices(40000, 5, 9);
    values[39000] = stray;
    values[17000] = stray;
    Guarded<int64_t> indices(values);
    EXPECT_EQ(cpu::gather({3}, {x.data(), indices.data(), y.data(), 4, 1, 5, 10000, 4}), 17000);
    EXPECT_EQ(cpu::take({3}, {x.data(), indices.data(), y.data(), 4, 1, 5, 40000, 1}), 17000);
    Guarded<float> updates(std::vector<float>(160000, 1));
    EXPECT_EQ(cpu::scatterAdd({3}, {x.data(), indices.data(), updates.data(), x.data(), 1, 5, 10000, 4}), 17000);
    EXPECT_EQ(cpu::indexAdd({3}, {x.data(), indices.data(), updates.data(), x.data(), 1, 5, 40000, 4}), 17000);
    EXPECT_EQ(x.values(), std::vector<float>(20, 1));
    for (float value : y.values()) ASSERT_TRUE(std::isnan(value));
  }
}

}  // namespace
}  // namespace fw::kernels
