// Counter-based random numbers: ten rounds of Philox4x32 turn (seed, stream, block) into four words, with no state, so
// that element i of a tensor depends on its seed, its stream and i alone, on any device and in any order. (Salmon,
// Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.)
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace fw::kernels {

struct PhiloxWords {
  uint32_t word[4];
};

constexpr int philoxRounds = 10;
constexpr uint32_t philoxMultiplier0 = 0xD2511F53u, philoxMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t philoxWeyl0 = 0x9E3779B9u, philoxWeyl1 = 0xBB67AE85u;

FW_HOST_DEVICE inline PhiloxWords philox(PhiloxWords counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < philoxRounds; ++round) {
    const uint64_t product0 = uint64_t(philoxMultiplier0) * counter.word[0];
    const uint64_t product1 = uint64_t(philoxMultiplier1) * counter.word[2];
    counter = {{uint32_t(product1 >> 32) ^ counter.word[1] ^ key0, uint32_t(product1),
                uint32_t(product0 >> 32) ^ counter.word[3] ^ key1, uint32_t(product0)}};
    key0 += philoxWeyl0;
    key1 += philoxWeyl1;
  }
  return counter;
}

/// The words of the elements 4*block .. 4*block+3 of a stream.
FW_HOST_DEVICE inline PhiloxWords philoxBlock(int64_t seed, int64_t stream, int64_t block) {
  const uint64_t s = uint64_t(seed), t = uint64_t(stream), b = uint64_t(block);
  return philox({{uint32_t(b), uint32_t(b >> 32), uint32_t(t), uint32_t(t >> 32)}}, uint32_t(s), uint32_t(s >> 32));
}

/// Uniform in [0, 1), in steps of 2^-24.
FW_HOST_DEVICE inline float uniformOf(uint32_t word) { return float(word >> 8) * 0x1p-24f; }

/// A word lies below this with the given probability.
inline uint64_t bernoulliBound(double probability) { return uint64_t(std::llround(probability * 4294967296.0)); }

}  // namespace fw::kernels
