// Random features and what is done to them to see what a measure is blind to.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/analysis/comparison.h"

namespace fw::testing {

/// Rows of features that own their memory.
struct Samples {
  int64_t rows, width;
  std::vector<float> values;
  float& at(int64_t r, int64_t c) { return values[size_t(r * width + c)]; }
  Features view() const { return {values.data(), rows, width}; }
  float at(int64_t r, int64_t c) const { return values[size_t(r * width + c)]; }
};

inline Samples gaussians(int64_t rows, int64_t width, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Samples x{rows, width, std::vector<float>(size_t(rows * width))};
  for (float& value : x.values) value = normal(random);
  return x;
}

/// x m for a square m.
inline Samples times(const Samples& x, const Samples& m) {
  Samples y{x.rows, m.width, std::vector<float>(size_t(x.rows * m.width))};
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < m.width; ++c) {
      double sum = 0;
      for (int64_t k = 0; k < x.width; ++k) sum += double(x.at(r, k)) * m.at(k, c);
      y.at(r, c) = float(sum);
    }
  return y;
}

/// Random orthonormal rows by Gram and Schmidt.
inline Samples rotation(int64_t width, uint32_t seed) {
  Samples q = gaussians(width, width, seed);
  for (int64_t r = 0; r < width; ++r) {
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t p = 0; p < r; ++p) {
        double dot = 0;
        for (int64_t c = 0; c < width; ++c) dot += double(q.at(r, c)) * q.at(p, c);
        for (int64_t c = 0; c < width; ++c) q.at(r, c) -= float(dot * q.at(p, c));
      }
    double squares = 0;
    for (int64_t c = 0; c < width; ++c) squares += double(q.at(r, c)) * q.at(r, c);
    for (int64_t c = 0; c < width; ++c) q.at(r, c) = float(q.at(r, c) / std::sqrt(squares));
  }
  return q;
}

}  // namespace fw::testing
