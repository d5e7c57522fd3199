// Random numbers on the host for data and tests: xoshiro256**, seeded through splitmix64; same seed, same bytes,
// everywhere. (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.)
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace fw {

class Rng {
 public:
  /// `stream` separates independent sequences of one seed.
  explicit Rng(uint64_t seed, uint64_t stream = 0) {
    uint64_t x = seed ^ (stream * 0xd1342543de82ef95ull + 0x2545f4914f6cdd1dull);
    for (uint64_t& word : state_) {
      x += 0x9e3779b97f4a7c15ull;
      uint64_t z = x;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
      word = z ^ (z >> 31);
    }
  }

  uint64_t bits() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1) with 53 bits.
  double uniform() { return double(bits() >> 11) * 0x1.0p-53; }

  /// Uniform integer in [0, bound), without bias; bound >= 1.
  int64_t below(int64_t bound) {
    const uint64_t range = uint64_t(bound);
    const uint64_t limit = UINT64_MAX - UINT64_MAX % range;
    uint64_t x = bits();
    while (x >= limit) x = bits();
    return int64_t(x % range);
  }

  /// Standard normal by Box-Muller.
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t state_[4];
};

}  // namespace fw
