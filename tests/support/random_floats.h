// Inputs for kernel tests.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace fw::testing {

/// Standard normal values with an outlier of 30 now and then; the same for the same seed.
inline std::vector<float> randomFloats(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(generator) * (generator() % 97 == 0 ? 30.0f : 1.0f);
  return values;
}

}  // namespace fw::testing
