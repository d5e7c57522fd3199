// Programs of tiles against plain loops in double: every function, every way of broadcasting, every element type.
#include "kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::forEachTarget;
using testing::Guarded;
namespace tile = cpu::tile;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Formula = std::function<double(double, double, double)>;

struct Function {
  const char* name;
  Tile tile;
  int arity;
  double low, high;
  double tolerance;  // relative, and absolute times the largest input that cancels
  Formula formula;
  std::vector<float> constants = {};
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double normal(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double geluTanhInner(double x) { return std::sqrt(8 / M_PI) * (x + 0.044715 * x * x * x); }

const std::vector<Function>& functions() {
  static const std::vector<Function> table = {
      {"fill", tile::fill, 0, 0, 1, 0, [](double, double, double) { return 2.5; }, {2.5f}},
      {"copy", tile::copy, 1, -9, 9, 0, [](double x, double, double) { return x; }},
      {"neg", tile::neg, 1, -9, 9, 0, [](double x, double, double) { return -x; }},
      {"abs", tile::abs, 1, -9, 9, 0, [](double x, double, double) { return std::abs(x); }},
      {"sign", tile::sign, 1, -2, 2, 0, [](double x, double, double) { return double(x > 0) - double(x < 0); }},
      {"floor", tile::floor, 1, -9, 9, 0, [](double x, double, double) { return std::floor(x); }},
      {"round", tile::round, 1, -9, 9, 0, [](double x, double, double) { return std::nearbyint(x); }},
      {"square", tile::square, 1, -9, 9, 6e-8, [](double x, double, double) { return x * x; }},
      {"reciprocal", tile::reciprocal, 1, 0.1, 9, 6e-8, [](double x, double, double) { return 1 / x; }},
      {"sqrt", tile::sqrt, 1, 0, 9, 6e-8, [](double x, double, double) { return std::sqrt(x); }},
      {"rsqrt", tile::rsqrt, 1, 0.01, 9, 2e-7, [](double x, double, double) { return 1 / std::sqrt(x); }},
      {"relu", tile::relu, 1, -2, 2, 0, [](double x, double, double) { return std::max(x, 0.0); }},
      {"squaredRelu", tile::squaredRelu, 1, -2, 2, 6e-8,
       [](double x, double, double) { return std::max(x, 0.0) * std::max(x, 0.0); }},
      {"clamp",
       tile::clamp,
       1,
       -2,
       2,
       0,
       [](double x, double, double) { return std::min(std::max(x, -0.5), 1.25); },
       {-0.5f, 1.25f}},
      {"exp", tile::exp, 1, -20, 20, 1e-6, [](double x, double, double) { return std::exp(x); }},
      {"log", tile::log, 1, 0.01, 20, 1e-6, [](double x, double, double) { return std::log(x); }},
      {"log1p", tile::log1p, 1, -0.9, 20, 1e-6, [](double x, double, double) { return std::log1p(x); }},
      {"sin", tile::sin, 1, -20, 20, 1e-6, [](double x, double, double) { return std::sin(x); }},
      {"cos", tile::cos, 1, -20, 20, 1e-6, [](double x, double, double) { return std::cos(x); }},
      {"tanh", tile::tanh, 1, -5, 5, 1e-6, [](double x, double, double) { return std::tanh(x); }},
      {"sigmoid", tile::sigmoid, 1, -20, 20, 1e-6, [](double x, double, double) { return sigmoid(x); }},
      {"silu", tile::silu, 1, -20, 20, 1e-6, [](double x, double, double) { return x * sigmoid(x); }},
      {"softplus", tile::softplus, 1, -20, 20, 1e-6, [](double x, double, double) { return std::log1p(std::exp(x)); }},
      {"erf", tile::erf, 1, -4, 4, 1e-6, [](double x, double, double) { return std::erf(x); }},
      {"gelu", tile::gelu, 1, -9, 9, 1e-6, [](double x, double, double) { return x * normal(x); }},
      {"geluTanh", tile::geluTanh, 1, -5, 5, 4e-6,
       [](double x, double, double) { return x * sigmoid(geluTanhInner(x)); }},
      {"siluGradient", tile::siluGradient, 2, -9, 9, 1e-6,
       [](double x, double dy, double) { return dy * sigmoid(x) * (1 + x * (1 - sigmoid(x))); }},
      {"geluGradient", tile::geluGradient, 2, -6, 6, 1e-6,
       [](double x, double dy, double) { return dy * (normal(x) + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI)); }},
      {"geluTanhGradient", tile::geluTanhGradient, 2, -4, 4, 4e-6,
       [](double x, double dy, double) {
         const double s = sigmoid(geluTanhInner(x));
         return dy * (s + x * s * (1 - s) * std::sqrt(8 / M_PI) * (1 + 3 * 0.044715 * x * x));
       }},
      {"add", tile::add, 2, -9, 9, 1e-7, [](double x, double y, double) { return x + y; }},
      {"sub", tile::sub, 2, -9, 9, 1e-7, [](double x, double y, double) { return x - y; }},
      {"mul", tile::mul, 2, -9, 9, 6e-8, [](double x, double y, double) { return x * y; }},
      {"div", tile::div, 2, 0.1, 9, 6e-8, [](double x, double y, double) { return x / y; }},
      {"pow", tile::pow, 2, 0.1, 9, 2e-7, [](double x, double y, double) { return std::pow(x, y); }},
      {"maximum", tile::maximum, 2, -9, 9, 0, [](double x, double y, double) { return std::max(x, y); }},
      {"minimum", tile::minimum, 2, -9, 9, 0, [](double x, double y, double) { return std::min(x, y); }},
      {"equal", tile::equal, 2, -1, 1, 0, [](double x, double y, double) { return double(x == y); }},
      {"notEqual", tile::notEqual, 2, -1, 1, 0, [](double x, double y, double) { return double(x != y); }},
      {"less", tile::less, 2, -1, 1, 0, [](double x, double y, double) { return double(x < y); }},
      {"lessEqual", tile::lessEqual, 2, -1, 1, 0, [](double x, double y, double) { return double(x <= y); }},
      {"greater", tile::greater, 2, -1, 1, 0, [](double x, double y, double) { return double(x > y); }},
      {"greaterEqual", tile::greaterEqual, 2, -1, 1, 0, [](double x, double y, double) { return double(x >= y); }},
      {"logicalAnd", tile::logicalAnd, 2, -1, 1, 0,
       [](double x, double y, double) { return double(x != 0 && y != 0); }},
      {"logicalOr", tile::logicalOr, 2, -1, 1, 0, [](double x, double y, double) { return double(x != 0 || y != 0); }},
      {"logicalNot", tile::logicalNot, 1, -1, 1, 0, [](double x, double, double) { return double(x == 0); }},
      {"where", tile::where, 3, -1, 1, 0, [](double x, double y, double z) { return x != 0 ? y : z; }},
  };
  return table;
}

/// Values of [low, high) in steps that often meet: ties, zeros and equal pairs occur.
std::vector<float> values(Rng& rng, int64_t count, double low, double high) {
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) {
    const double u = low + (high - low) * rng.uniform();
    x.push_back(float(i % 3 == 0 ? std::max(low, std::round(u * 2) / 2) : u));
  }
  return x;
}

TEST(Tiles, EachFunction) {
  Rng rng(1);
  for (const Function& function : functions())
    for (int64_t count : {1, 3, 7, 33, 63, 1000}) {
      const std::vector<float> x = values(rng, count, function.low, function.high);
      const std::vector<float> y = values(rng, count, function.low, function.high);
      const std::vector<float> z = values(rng, count, function.low, function.high);
      forEachTarget([&] {
        Guarded<float> output(count);
        const float* inputs[] = {x.data(), y.data(), z.data()};
        function.tile(inputs, output.data(), count, function.constants.data());
        for (int64_t i = 0; i < count; ++i) {
          const double expected = function.formula(x[i], y[i], z[i]);
          const double scale = std::abs(expected) + (function.arity == 2 ? std::abs(double(y[i])) : 0);
          ASSERT_NEAR(output[i], expected, function.tolerance * scale)
              << function.name << " of " << x[i] << ", " << y[i] << ", " << z[i];
        }
      });
    }
}

TEST(Tiles, WorkInPlace) {
  Rng rng(2);
  for (const Function& function : functions()) {
    const int64_t count = 77;
    const std::vector<float> x = values(rng, count, function.low, function.high);
    const std::vector<float> y = values(rng, count, function.low, function.high);
    const std::vector<float> z = values(rng, count, function.low, function.high);
    forEachTarget([&] {
      std::vector<float> apart(count), inPlace = x;
      const float* inputs[] = {x.data(), y.data(), z.data()};
      function.tile(inputs, apart.data(), count, function.constants.data());
      inputs[0] = inPlace.data();
      function.tile(inputs, inPlace.data(), count, function.constants.data());
      EXPECT_EQ(inPlace, apart) << function.name;
    });
  }
}

TEST(Tiles, NanAndInfinity) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float x[] = {float(nan), infinity, -infinity, 0.0f, -0.0f};
  forEachTarget([&] {
    for (Tile f :
         {tile::neg, tile::abs, tile::sign, tile::floor, tile::round, tile::square, tile::relu, tile::squaredRelu,
          tile::clamp, tile::exp, tile::tanh, tile::sigmoid, tile::silu, tile::gelu, tile::geluTanh, tile::erf}) {
      float y[5];
      const float constants[] = {-1, 1}, *inputs[] = {x};
      f(inputs, y, 5, constants);
      EXPECT_TRUE(std::isnan(y[0]));
      EXPECT_FALSE(std::isnan(y[1]));
    }
    for (Tile f : {tile::add, tile::maximum, tile::minimum, tile::mul})
      for (int side : {0, 1}) {
        float y[1];
        const float one = 1, *inputs[] = {side ? &one : x, side ? x : &one};
        f(inputs, y, 1, nullptr);
        EXPECT_TRUE(std::isnan(y[0]));
      }
    float y[1];
    const float* inputs[] = {x, x};
    tile::equal(inputs, y, 1, nullptr);
    EXPECT_EQ(y[0], 0);
    tile::notEqual(inputs, y, 1, nullptr);
    EXPECT_EQ(y[0], 1);
    tile::lessEqual(inputs, y, 1, nullptr);
    EXPECT_EQ(y[0], 0);
  });
}

using Sizes = std::vector<int64_t>;

/// NumPy's rule: sizes aligned at the end, 1 stretches.
Sizes broadcast(const Sizes& a, const Sizes& b) {
  Sizes result(std::max(a.size(), b.size()), 1);
  for (const Sizes* sizes : {&a, &b})
    for (size_t i = 0; i < sizes->size(); ++i) {
      int64_t& size = result[result.size() - 1 - i];
      size = std::max(size, (*sizes)[sizes->size() - 1 - i]);
    }
  return result;
}

int64_t product(const Sizes& sizes) {
  int64_t count = 1;
  for (int64_t size : sizes) count *= size;
  return count;
}

Sizes stridesIn(const Sizes& sizes, const Sizes& space) {
  Sizes strides(space.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t size = sizes[sizes.size() - 1 - i];
    strides[space.size() - 1 - i] = size == 1 && space[space.size() - 1 - i] != 1 ? 0 : stride;
    stride *= size;
  }
  return strides;
}

/// y = (a + b) * c over shapes that broadcast, and a second output (a + b); threads give the same bits.
void expectBroadcast(const Sizes& a, const Sizes& b, const Sizes& c) {
  const Sizes space = broadcast(broadcast(a, b), c);
  std::string place;
  for (int64_t size : space) place += std::to_string(size) + " ";
  Rng rng(uint64_t(product(space)));
  std::vector<std::vector<float>> data;
  std::vector<Sizes> strides;
  for (const Sizes* sizes : {&a, &b, &c}) {
    data.push_back(values(rng, product(*sizes), -4, 4));
    strides.push_back(stridesIn(*sizes, space));
  }
  const int64_t count = product(space);
  std::vector<double> sums, scaled;
  for (int64_t i = 0; i < count; ++i) {
    double v[3];
    for (int k = 0; k < 3; ++k) {
      int64_t rest = i, offset = 0;
      for (size_t axis = space.size(); axis-- > 0;) {
        offset += rest % space[axis] * strides[k][axis];
        rest /= space[axis];
      }
      v[k] = data[k][size_t(offset)];
    }
    sums.push_back(v[0] + v[1]);
    scaled.push_back((v[0] + v[1]) * v[2]);
  }
  std::vector<ElementwiseInput> inputs;
  for (int k = 0; k < 3; ++k) inputs.push_back({data[k].data(), strides[k].data()});
  const ElementwiseStep steps[] = {{tile::add, {0, 1}, 2}, {tile::mul, {3, 2}, 2}};
  forEachTarget([&] {
    std::vector<float> first;
    for (int threads : {1, 2, 3}) {
      Guarded<float> sum(count), result(count);
      const ElementwiseOutput outputs[] = {{result.data(), 4}, {sum.data(), 3}};
      cpu::elementwise({threads}, {space.data(), int(space.size()), inputs.data(), 3, steps, 2, outputs, 2});
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_NEAR(sum[i], sums[size_t(i)], 1e-6) << place << " at " << i;
        ASSERT_NEAR(result[i], scaled[size_t(i)], 1e-5) << place << " at " << i;
      }
      if (threads == 1) first = result.values();
      EXPECT_EQ(result.values(), first);
    }
  });
}

TEST(Elementwise, Broadcasts) {
  expectBroadcast({}, {}, {});
  expectBroadcast({1}, {}, {1, 1});
  expectBroadcast({7}, {7}, {});
  expectBroadcast({1000}, {1000}, {1});
  expectBroadcast({70000}, {70000}, {});
  expectBroadcast({33, 7}, {7}, {33, 1});
  expectBroadcast({33, 3}, {1, 3}, {33, 3});
  expectBroadcast({5, 1000}, {1000}, {5, 1});
  expectBroadcast({5, 2500}, {1, 2500}, {});
  expectBroadcast({3, 1, 7}, {5, 1}, {3, 5, 7});
  expectBroadcast({2, 3, 1, 63}, {5, 63}, {3, 1, 1});
  expectBroadcast({4, 1, 6, 1}, {1, 5, 1, 300}, {1});
  expectBroadcast({2, 1, 3, 1, 2, 1}, {1, 3, 1, 2, 1, 33}, {33});
  expectBroadcast({1200, 255}, {255}, {1200, 1});
  expectBroadcast({130, 256}, {256}, {130, 1});
}

TEST(Elementwise, EmptySpace) {
  const int64_t sizes[] = {3, 0};
  const ElementwiseInput input = {nullptr, nullptr};
  const ElementwiseStep step = {tile::neg, {0}, 1};
  const ElementwiseOutput output = {nullptr, 1};
  cpu::elementwise({2}, {sizes, 2, &input, 1, &step, 1, &output, 1});
}

TEST(Elementwise, BooleansInAndOut) {
  const int64_t count = 1500;
  Rng rng(3);
  std::vector<uint8_t> condition;
  for (int64_t i = 0; i < count; ++i) condition.push_back(uint8_t(rng.below(2)));
  const std::vector<float> a = values(rng, count, -1, 1), b = values(rng, count, -1, 1);
  const ElementwiseInput inputs[] = {
      {condition.data(), nullptr, Element::Bool}, {a.data(), nullptr}, {b.data(), nullptr}};
  const ElementwiseStep steps[] = {{tile::where, {0, 1, 2}, 3}, {tile::less, {3, 2}, 2}};
  forEachTarget([&] {
    Guarded<float> chosen(count);
    Guarded<uint8_t> isLess(count);
    const ElementwiseOutput outputs[] = {{chosen.data(), 3}, {isLess.data(), 4, Element::Bool}};
    cpu::elementwise({2}, {&count, 1, inputs, 3, steps, 2, outputs, 2});
    for (int64_t i = 0; i < count; ++i) {
      const float expected = condition[size_t(i)] ? a[size_t(i)] : b[size_t(i)];
      ASSERT_EQ(chosen[i], expected);
      ASSERT_EQ(isLess[i], expected < b[size_t(i)]);
    }
  });
}

// y0 = -x goes where x is, while a later step still reads x.
TEST(Elementwise, OutputInTheMemoryOfAnInputReadLater) {
  const int64_t count = 2100;
  Rng rng(4);
  const std::vector<float> x = values(rng, count, -4, 4);
  const ElementwiseStep steps[] = {{tile::neg, {0}, 1}, {tile::mul, {0, 1}, 2}};
  forEachTarget([&] {
    Guarded<float> shared(x), product(count);
    const ElementwiseInput input = {shared.data(), nullptr};
    const ElementwiseOutput outputs[] = {{shared.data(), 1}, {product.data(), 2}};
    cpu::elementwise({2}, {&count, 1, &input, 1, steps, 2, outputs, 2});
    for (int64_t i = 0; i < count; ++i) {
      ASSERT_EQ(shared[i], -x[size_t(i)]);
      ASSERT_EQ(product[i], -x[size_t(i)] * x[size_t(i)]);
    }
  });
}

// A chain as long as a program may be, every value alive to the end: v[k + 1] = v[k] + x, y = sum of all.
TEST(Elementwise, LongestProgram) {
  const int64_t sizes[] = {6, 255};
  const int64_t count = 6 * 255;
  Rng rng(5);
  const std::vector<float> row = values(rng, 255, 0, 1);
  const int64_t strides[] = {0, 1};
  std::vector<ElementwiseStep> steps;
  const int half = ElementwiseArgs::maxSteps / 2;
  for (int k = 0; k < half; ++k) steps.push_back({tile::add, {k, 0}, 2});  // slot k + 1 = (k + 2) x
  for (int k = 0; k < half; ++k) steps.push_back({tile::add, {k, half + k}, 2});
  Guarded<float> output(count);
  const ElementwiseInput input = {row.data(), strides};
  const ElementwiseOutput out = {output.data(), int(steps.size())};
  cpu::elementwise({1}, {sizes, 2, &input, 1, steps.data(), int(steps.size()), &out, 1});
  double factor = 0;
  std::vector<double> factors = {1};
  for (const ElementwiseStep& step : steps) {
    factor = factors[size_t(step.slots[0])] + factors[size_t(step.slots[1])];
    factors.push_back(factor);
  }
  for (int64_t i = 0; i < count; ++i) ASSERT_NEAR(output[i], factor * row[size_t(i % 255)], 1e-4 * factor);
}

}  // namespace
}  // namespace fw::kernels
