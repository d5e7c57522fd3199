// Hashes and random numbers: the same bits on every machine. The expected bits come from a separate Python program that
// follows the published algorithms; its xoshiro256** gives the authors' 11520, 0, 1509978240 for the state 1, 2, 3, 4.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "engine/base/hash.h"
#include "engine/base/rng.h"

namespace fw {
namespace {

TEST(Hash, HasStoredBits) {
  EXPECT_EQ(Hasher().add(uint64_t(1)).add(uint64_t(2)).finish().toString(), "5c809a5b0132205484b1d5ba05e3b2a6");
  EXPECT_EQ(Hasher().add("attention").finish().toString(), "39f12c5ed997a2a63b41f63180b13ede");
  EXPECT_EQ(Hasher().add(-1).finish().toString(), "4f1fe451a349feced5a1e519b1f0bdf2");
}

TEST(Hash, TellsSequencesApart) {
  std::set<Hash> seen;
  for (int64_t i = 0; i < 1000; ++i) {
    seen.insert(Hasher().add(i).finish());
    seen.insert(Hasher().add(i).add(int64_t(0)).finish());
    seen.insert(Hasher().add(std::string(size_t(i) + 1, 'x')).finish());
  }
  EXPECT_EQ(seen.size(), 3000u);
  EXPECT_NE(Hasher().add("ab").add("c").finish(), Hasher().add("a").add("bc").finish());
  EXPECT_NE(Hasher().add(1).add(2).finish(), Hasher().add(2).add(1).finish());
}

TEST(Rng, HasStoredBits) {
  const auto expectBits = [](Rng rng, const std::array<uint64_t, 4>& expected) {
    for (uint64_t bits : expected) EXPECT_EQ(rng.bits(), bits);
  };
  expectBits(Rng(1), {0xffe386a6e6cedb2d, 0x9f7656f12b087feb, 0xb3a9387600d82e36, 0x07d634bfe502df56});
  expectBits(Rng(1, 1), {0x099aba66df4e256f, 0x30eba5d86da91225, 0x80adac52d00dfc1a, 0x887427f1f5288f95});
  expectBits(Rng(12345678901234567890u, 7),
             {0xad5e5f4715ce1170, 0x6d5434d55b59729c, 0xd24937af9a977260, 0xadb1191c4d4a77a4});
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
  Rng rng(7);
  const int count = 200000;
  double sum = 0, normalSum = 0, normalSquares = 0, normalFourth = 0;
  for (int i = 0; i < count; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double n = rng.normal();
    normalSum += n;
    normalSquares += n * n;
    normalFourth += n * n * n * n;
  }
  // Five standard errors of each estimate.
  EXPECT_NEAR(sum / count, 0.5, 5 * std::sqrt(1.0 / 12 / count));
  EXPECT_NEAR(normalSum / count, 0.0, 5 * std::sqrt(1.0 / count));
  EXPECT_NEAR(normalSquares / count, 1.0, 5 * std::sqrt(2.0 / count));
  EXPECT_NEAR(normalFourth / count, 3.0, 5 * std::sqrt(96.0 / count));
}

TEST(Rng, BelowReachesEveryValueEqually) {
  for (int64_t bound : {1, 3, 7, 33}) {
    Rng rng(3, uint64_t(bound));
    std::vector<int> counts(size_t(bound), 0);
    const int draws = 10000;
    for (int i = 0; i < draws; ++i) {
      const int64_t x = rng.below(bound);
      ASSERT_GE(x, 0);
      ASSERT_LT(x, bound);
      ++counts[size_t(x)];
    }
    const double expected = double(draws) / double(bound);
    for (int count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected) + 1e-9) << bound;
  }
}

}  // namespace
}  // namespace fw
