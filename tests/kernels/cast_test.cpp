// Casts: every pair of element types, and the rounding of the narrow floats.
#include "kernels/cast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

constexpr Element all[] = {Element::F32, Element::F16, Element::BF16, Element::I8,
                           Element::I32, Element::I64, Element::Bool};

// Small whole numbers are exact in every type; bool keeps only whether they are 0.
TEST(Cast, EveryPairOnSmallWholeNumbers) {
  const std::vector<float> numbers = {0, 1, 2, 5, 100, 0, 3};
  const int64_t count = int64_t(numbers.size());
  for (Element from : all)
    for (Element to : all) {
      Guarded<uint8_t> x(count * byteSize(from)), y(count * byteSize(to));
      Guarded<float> back(count);
      cpu::cast({1}, {numbers.data(), x.data(), count, Element::F32, from});
      cpu::cast({2}, {x.data(), y.data(), count, from, to});
      cpu::cast({1}, {y.data(), back.data(), count, to, Element::F32});
      for (int64_t i = 0; i < count; ++i) {
        const float expected = from == Element::Bool || to == Element::Bool ? float(numbers[i] != 0) : numbers[i];
        EXPECT_EQ(back[i], expected) << int(from) << " to " << int(to);
      }
    }
}

template <class To>
To castOne(float value, Element to) {
  To result;
  cpu::fromF32(to, &value, &result, 1);
  return result;
}

TEST(Cast, FractionsAreDroppedAndRangesHeld) {
  EXPECT_EQ(castOne<int64_t>(-2.9f, Element::I64), -2);
  EXPECT_EQ(castOne<int32_t>(2.9f, Element::I32), 2);
  EXPECT_EQ(castOne<int8_t>(300.0f, Element::I8), 127);
  EXPECT_EQ(castOne<int32_t>(-1e20f, Element::I32), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(castOne<int32_t>(2147483648.0f, Element::I32), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(castOne<int64_t>(1e30f, Element::I64), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(castOne<int64_t>(std::nanf(""), Element::I64), 0);
  EXPECT_EQ(castOne<uint8_t>(0.25f, Element::Bool), 1);
  EXPECT_EQ(castOne<uint8_t>(-0.0f, Element::Bool), 0);
  EXPECT_EQ(castOne<uint8_t>(std::nanf(""), Element::Bool), 1);
}

TEST(Cast, LargeIntegersStayExact) {
  const int64_t x = (int64_t(1) << 53) + 1;
  int64_t y;
  cpu::cast({1}, {&x, &y, 1, Element::I64, Element::I64});
  EXPECT_EQ(y, x);
  const int32_t small = -2000000011;
  cpu::cast({1}, {&small, &y, 1, Element::I32, Element::I64});
  EXPECT_EQ(y, small);
}

/// Nearest value of a float format with `mantissa` bits and smallest exponent `least`, ties to even, by f64 arithmetic.
double nearest(double x, int mantissa, int least, double largest) {
  if (!(std::abs(x) < std::numeric_limits<double>::infinity()) || x == 0) return x;
  const int exponent = std::max(std::ilogb(x), least);
  const double unit = std::ldexp(1.0, exponent - mantissa);
  const double rounded = std::nearbyint(x / unit) * unit;
  return std::abs(rounded) > largest ? std::copysign(std::numeric_limits<double>::infinity(), x) : rounded;
}

TEST(Cast, NarrowFloatsRoundToEven) {
  std::vector<float> x;
  for (uint32_t bits = 0; bits < 0xff800000u - 9973; bits += 9973) {
    float value;
    std::memcpy(&value, &bits, 4);
    if (!std::isnan(value)) x.push_back(value);
  }
  for (float v : {65504.0f, 65519.0f, 65520.0f, 1.0009765625f, 1.00048828125f, 1.00146484375f, 5.96e-8f, 2.98e-8f,
                  3.0e-8f, 6.1e-5f, 6.097e-5f, 1.00390625f, 1.01171875f})
    x.insert(x.end(), {v, -v});
  const int64_t count = int64_t(x.size());
  Guarded<uint16_t> half(count);
  Guarded<float> back(count);
  cpu::cast({1}, {x.data(), half.data(), count, Element::F32, Element::F16});
  cpu::cast({1}, {half.data(), back.data(), count, Element::F16, Element::F32});
  for (int64_t i = 0; i < count; ++i) ASSERT_EQ(back[i], nearest(x[size_t(i)], 10, -14, 65504)) << x[size_t(i)];
  cpu::cast({1}, {x.data(), half.data(), count, Element::F32, Element::BF16});
  cpu::cast({1}, {half.data(), back.data(), count, Element::BF16, Element::F32});
  for (int64_t i = 0; i < count; ++i)
    ASSERT_EQ(back[i], nearest(x[size_t(i)], 7, -126, 3.3895313892515355e38)) << x[size_t(i)];
}

TEST(Cast, NarrowFloatsKeepNan) {
  for (Element to : {Element::F16, Element::BF16}) {
    for (uint32_t bits : {0x7fc00000u, 0xffffffffu, 0x7f800001u}) {
      float value, back;
      std::memcpy(&value, &bits, 4);
      const uint16_t half = castOne<uint16_t>(value, to);
      cpu::toF32(to, &half, &back, 1);
      EXPECT_TRUE(std::isnan(back));
    }
  }
}

}  // namespace
}  // namespace fw::kernels
