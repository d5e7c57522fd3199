// Random tensors: the published answers of Philox, exact words, moments, and independence of size, threads and target.
#include "kernels/random.h"

#include <cmath>
#include <numbers>

#include "kernels/philox.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

// Philox4x32-10 by its definition, written apart from the header: an array at a time.
std::vector<uint32_t> philoxPlainly(std::vector<uint32_t> counter, std::vector<uint32_t> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b & 0xffffffffu),
               uint32_t(a >> 32) ^ counter[3] ^ key[1], uint32_t(a & 0xffffffffu)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

uint32_t wordOf(int64_t seed, int64_t stream, int64_t index) {
  const uint64_t s = uint64_t(seed), t = uint64_t(stream), b = uint64_t(index / 4);
  return philoxPlainly({uint32_t(b), uint32_t(b >> 32), uint32_t(t), uint32_t(t >> 32)},
                       {uint32_t(s), uint32_t(s >> 32)})[size_t(index % 4)];
}

TEST(Philox, GivesThePublishedAnswers) {
  const auto expectWords = [](PhiloxWords counter, uint32_t key0, uint32_t key1, PhiloxWords expected) {
    const PhiloxWords words = philox(counter, key0, key1);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(words.word[i], expected.word[i]);
  };
  expectWords({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expectWords({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
              {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expectWords({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
              {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

const int64_t seeds[] = {0, 1, -1, int64_t(0x123456789abcdef0)};

TEST(RandomUniform, IsTheTopOfEachWord) {
  testing::forEachTarget([] {
    for (const int64_t seed : seeds)
      for (const int64_t stream : {int64_t(0), int64_t(-5)}) {
        Guarded<float> y(1500);
        cpu::randomUniform({2}, {&seed, stream, y.data(), y.count(), 0, 1});
        for (int64_t i = 0; i < y.count(); ++i) ASSERT_EQ(y[i], float(wordOf(seed, stream, i) >> 8) / 16777216.0f) << i;
      }
  });
}

TEST(RandomUniform, StaysInItsRange) {
  const int64_t seed = 5;
  Guarded<float> y(100000);
  cpu::randomUniform({2}, {&seed, 3, y.data(), y.count(), -3, 5});
  double sum = 0, least = 9, most = -9;
  for (float value : y.values()) {
    sum += value;
    least = std::min(least, double(value));
    most = std::max(most, double(value));
  }
  EXPECT_GE(least, -3);
  EXPECT_LT(most, 5);
  EXPECT_NEAR(least, -3, 1e-3);
  EXPECT_NEAR(most, 5, 1e-3);
  EXPECT_NEAR(sum / 100000, 1, 4 * 8 / std::sqrt(12 * 100000.0));  // four standard errors
}

TEST(RandomNormal, IsBoxMullerOfTheWords) {
  testing::forEachTarget([] {
    for (const int64_t seed : seeds) {
      Guarded<float> y(3001);
      cpu::randomNormal({2}, {&seed, 9, y.data(), y.count(), 0.5, 2});
      for (int64_t i = 0; i < y.count(); ++i) {
        const float u =
            (float(wordOf(seed, 9, i / 2 * 2)) + 1.0f) / 4294967296.0f;  // rounded: the radius depends on it
        const double angle = 2 * std::numbers::pi * double(wordOf(seed, 9, i / 2 * 2 + 1)) / 4294967296.0;
        const double radius = 2 * std::sqrt(-2 * std::log(double(u)));
        ASSERT_NEAR(y[i], 0.5 + radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)), 1e-6 * (1 + radius)) << i;
      }
    }
  });
}

TEST(RandomNormal, HasTheMomentsOfANormal) {
  const int64_t seed = 77, count = 400000;
  Guarded<float> y(count);
  cpu::randomNormal({2}, {&seed, 1, y.data(), count, 0, 1});
  double mean = 0, square = 0, fourth = 0, beyondThree = 0, neighbours = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double v = y[i];
    mean += v / double(count);
    square += v * v / double(count);
    fourth += v * v * v * v / double(count);
    beyondThree += std::abs(v) > 3 ? 1.0 / double(count) : 0;
    if (i > 0) neighbours += v * y[i - 1] / double(count);
  }
  const double error = 1 / std::sqrt(double(count));
  EXPECT_NEAR(mean, 0, 4 * error);
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2.0) * error);
  EXPECT_NEAR(fourth, 3, 4 * std::sqrt(96.0) * error);
  EXPECT_NEAR(beyondThree, 0.0026998, 4 * std::sqrt(0.0027) * error);
  EXPECT_NEAR(neighbours, 0, 4 * error);
}

TEST(RandomBernoulli, ComparesEachWord) {
  testing::forEachTarget([] {
    for (const double probability : {0.0, 0.1, 0.5, 0.999, 1.0}) {
      const int64_t seed = 3;
      Guarded<float> y(2050);
      cpu::randomBernoulli({2}, {&seed, 4, y.data(), y.count(), probability, 0});
      for (int64_t i = 0; i < y.count(); ++i)
        ASSERT_EQ(y[i], double(wordOf(seed, 4, i)) < probability * 4294967296.0 ? 1.0f : 0.0f)
            << probability << " at " << i;
    }
  });
}

TEST(Dropout, KeepsWhatBernoulliKeeps) {
  testing::forEachTarget([] {
    for (const double rate : {0.0, 0.1, 0.5, 1.0})
      for (const int64_t count : {1, 3, 63, 1024, 2050}) {
        const int64_t seed = 8;
        Guarded<float> x(count), y(count), mask(count), inPlace(count);
        for (int64_t i = 0; i < count; ++i) x[i] = inPlace[i] = float(i) - 500.25f;
        cpu::dropout({2}, {x.data(), &seed, 6, y.data(), count, rate});
        cpu::dropout({2}, {inPlace.data(), &seed, 6, inPlace.data(), count, rate});
        cpu::randomBernoulli({2}, {&seed, 6, mask.data(), count, 1 - rate, 0});
        for (int64_t i = 0; i < count; ++i) ASSERT_EQ(y[i], mask[i] == 0 ? 0.0f : x[i] * float(1 / (1 - rate))) << i;
        EXPECT_EQ(inPlace.values(), y.values());
      }
  });
}

TEST(Random, DependsOnSeedStreamAndIndexAlone) {
  const int64_t seed = 42, count = 50000;
  const auto normals = [](int64_t s, int64_t stream, int64_t n, int threads) {
    Guarded<float> y(n);
    cpu::randomNormal({threads}, {&s, stream, y.data(), n, 0, 1});
    return y.values();
  };
  const std::vector<float> whole = normals(seed, 1, count, 1);
  EXPECT_EQ(normals(seed, 1, count, 3), whole);
  for (const int64_t n : {1, 2, 3, 1023, 1025, 16385})
    EXPECT_EQ(normals(seed, 1, n, 2), std::vector<float>(whole.begin(), whole.begin() + n)) << n;
  const auto agreement = [&](const std::vector<float>& other) {
    int64_t equal = 0;
    for (size_t i = 0; i < other.size(); ++i) equal += other[i] == whole[i];
    return equal;
  };
  EXPECT_LT(agreement(normals(seed, 2, count, 1)), 5);
  EXPECT_LT(agreement(normals(seed + 1, 1, count, 1)), 5);
  EXPECT_LT(agreement(normals(seed + (int64_t(1) << 32), 1, count, 1)), 5);
}

}  // namespace
}  // namespace fw::kernels
