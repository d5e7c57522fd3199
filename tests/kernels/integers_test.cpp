// Elementwise functions of integers against plain formulas.
#include "kernels/integers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include "engine/base/rng.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;
using F = IntegerFunction;

template <class T>
std::vector<T> values(Rng& rng, int64_t count) {
  std::vector<T> x;
  for (int64_t i = 0; i < count; ++i) x.push_back(T(rng.below(9) - 4));
  return x;
}

struct Binary {
  F function;
  std::function<int64_t(int64_t, int64_t)> formula;
  bool isComparison = false;
};

const std::vector<Binary>& binaries() {
  static const std::vector<Binary> table = {
      {F::Add, [](int64_t a, int64_t b) { return a + b; }},
      {F::Sub, [](int64_t a, int64_t b) { return a - b; }},
      {F::Mul, [](int64_t a, int64_t b) { return a * b; }},
      {F::Minimum, [](int64_t a, int64_t b) { return a < b ? a : b; }},
      {F::Maximum, [](int64_t a, int64_t b) { return a > b ? a : b; }},
      {F::Equal, [](int64_t a, int64_t b) { return int64_t(a == b); }, true},
      {F::NotEqual, [](int64_t a, int64_t b) { return int64_t(a != b); }, true},
      {F::Less, [](int64_t a, int64_t b) { return int64_t(a < b); }, true},
      {F::LessEqual, [](int64_t a, int64_t b) { return int64_t(a <= b); }, true},
      {F::Greater, [](int64_t a, int64_t b) { return int64_t(a > b); }, true},
      {F::GreaterEqual, [](int64_t a, int64_t b) { return int64_t(a >= b); }, true},
  };
  return table;
}

/// a is [5, 1, 7], b is [3, 7]; the space is [5, 3, 7].
template <class T>
void expectBinaries(Element element) {
  Rng rng(1);
  const std::vector<T> a = values<T>(rng, 5 * 7), b = values<T>(rng, 3 * 7);
  const int64_t sizes[] = {5, 3, 7}, strideA[] = {7, 0, 1}, strideB[] = {0, 7, 1};
  for (const Binary& binary : binaries()) {
    Guarded<T> y(105);
    Guarded<uint8_t> isTrue(105);
    cpu::integers({2}, {binary.function,
                        element,
                        sizes,
                        3,
                        {a.data(), b.data()},
                        {strideA, strideB},
                        binary.isComparison ? static_cast<void*>(isTrue.data()) : y.data()});
    for (int64_t i = 0; i < 105; ++i) {
      const int64_t expected = binary.formula(a[size_t(i / 21 * 7 + i % 7)], b[size_t(i % 21)]);
      ASSERT_EQ(binary.isComparison ? int64_t(isTrue[i]) : int64_t(y[i]), expected) << int(binary.function);
    }
  }
}

TEST(Integers, BinaryFunctions) {
  expectBinaries<int8_t>(Element::I8);
  expectBinaries<int32_t>(Element::I32);
  expectBinaries<int64_t>(Element::I64);
}

TEST(Integers, UnaryFunctionsOverLongRows) {
  Rng rng(2);
  const int64_t count = 70001;
  const std::vector<int64_t> x = values<int64_t>(rng, count);
  const std::pair<F, std::function<int64_t(int64_t)>> table[] = {
      {F::Neg, [](int64_t v) { return -v; }},
      {F::Abs, [](int64_t v) { return v < 0 ? -v : v; }},
      {F::Sign, [](int64_t v) { return int64_t(v > 0) - int64_t(v < 0); }},
      {F::Square, [](int64_t v) { return v * v; }},
  };
  for (const auto& [function, formula] : table)
    for (int threads : {1, 2}) {
      Guarded<int64_t> y(count);
      cpu::integers({threads}, {function, Element::I64, &count, 1, {x.data()}, {}, y.data()});
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(y[i], formula(x[size_t(i)]));
    }
}

TEST(Integers, ScalarsBroadcast) {
  const int64_t sizes[] = {33}, whole[] = {1}, none[] = {0};
  Rng rng(3);
  const std::vector<int32_t> x = values<int32_t>(rng, 33);
  const int32_t two = 2;
  Guarded<int32_t> y(33), z(1);
  cpu::integers({1}, {F::Mul, Element::I32, sizes, 1, {x.data(), &two}, {whole, none}, y.data()});
  for (int64_t i = 0; i < 33; ++i) EXPECT_EQ(y[i], 2 * x[size_t(i)]);
  cpu::integers({1}, {F::Sub, Element::I32, nullptr, 0, {&two, x.data()}, {}, z.data()});
  EXPECT_EQ(z[0], 2 - x[0]);
}

TEST(Integers, WrapAtTheEnds) {
  const int64_t one = 1;
  const int32_t most = std::numeric_limits<int32_t>::max(), least = std::numeric_limits<int32_t>::min(), unit = 1;
  Guarded<int32_t> y(1);
  cpu::integers({1}, {F::Add, Element::I32, &one, 1, {&most, &unit}, {}, y.data()});
  EXPECT_EQ(y[0], least);
  cpu::integers({1}, {F::Neg, Element::I32, &one, 1, {&least}, {}, y.data()});
  EXPECT_EQ(y[0], least);
}

TEST(Integers, WhereMovesValuesOfAnySize) {
  const int64_t sizes[] = {4, 33}, rows[] = {1, 0}, columns[] = {0, 1};
  Rng rng(4);
  std::vector<uint8_t> condition;
  for (int i = 0; i < 4 * 33; ++i) condition.push_back(uint8_t(rng.below(2)));
  const std::vector<int64_t> a = values<int64_t>(rng, 4), b = values<int64_t>(rng, 33);
  const std::vector<int8_t> c = values<int8_t>(rng, 4), d = values<int8_t>(rng, 33);
  Guarded<int64_t> wide(4 * 33);
  Guarded<int8_t> narrow(4 * 33);
  cpu::integers({2}, {F::Where,
                      Element::I64,
                      sizes,
                      2,
                      {condition.data(), a.data(), b.data()},
                      {nullptr, rows, columns},
                      wide.data()});
  cpu::integers({2}, {F::Where,
                      Element::Bool,
                      sizes,
                      2,
                      {condition.data(), c.data(), d.data()},
                      {nullptr, rows, columns},
                      narrow.data()});
  for (int64_t i = 0; i < 4 * 33; ++i) {
    EXPECT_EQ(wide[i], condition[size_t(i)] ? a[size_t(i / 33)] : b[size_t(i % 33)]);
    EXPECT_EQ(narrow[i], condition[size_t(i)] ? c[size_t(i / 33)] : d[size_t(i % 33)]);
  }
}

TEST(Integers, EmptySpace) {
  const int64_t sizes[] = {3, 0, 2};
  cpu::integers({1}, {F::Neg, Element::I64, sizes, 3, {nullptr}, {}, nullptr});
}

}  // namespace
}  // namespace fw::kernels
