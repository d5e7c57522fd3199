// Attention and what stands around it as plain loops in double: what blocks are compared with.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/tensor.h"

namespace fw::testing {

/// A matrix, row-major.
struct Rows {
  int64_t count = 0, width = 0;
  std::vector<double> values = {};

  Rows() = default;
  Rows(int64_t rows, int64_t columns) : count(rows), width(columns), values(size_t(rows * columns), 0.0) {}
  double& operator()(int64_t i, int64_t j) { return values[size_t(i * width + j)]; }
  double operator()(int64_t i, int64_t j) const { return values[size_t(i * width + j)]; }
};

/// Matrix `index` of a tensor [.., count, width].
inline Rows rowsOf(const Tensor& tensor, int64_t index = 0) {
  const int rank = tensor.shape.rank();
  Rows rows(rank > 1 ? tensor.shape[rank - 2] : 1, tensor.shape[rank - 1]);
  const std::vector<double> all = tensor.toDoubles();
  for (size_t i = 0; i < rows.values.size(); ++i) rows.values[i] = all[size_t(index) * rows.values.size() + i];
  return rows;
}

/// x W^T + b
inline Rows linear(const Rows& x, const Tensor& weight, const Tensor* bias = nullptr) {
  const Rows w = rowsOf(weight);
  Rows y(x.count, w.count);
  for (int64_t i = 0; i < x.count; ++i)
    for (int64_t o = 0; o < w.count; ++o) {
      double sum = bias ? bias->toDoubles()[size_t(o)] : 0;
      for (int64_t k = 0; k < x.width; ++k) sum += x(i, k) * w(o, k);
      y(i, o) = sum;
    }
  return y;
}

/// Columns from..from+count-1.
inline Rows columns(const Rows& x, int64_t from, int64_t count) {
  Rows y(x.count, count);
  for (int64_t i = 0; i < x.count; ++i)
    for (int64_t j = 0; j < count; ++j) y(i, j) = x(i, from + j);
  return y;
}

inline void putColumns(Rows& y, int64_t from, const Rows& part) {
  for (int64_t i = 0; i < part.count; ++i)
    for (int64_t j = 0; j < part.width; ++j) y(i, from + j) = part(i, j);
}

inline double dot(const Rows& a, int64_t i, const Rows& b, int64_t j) {
  double sum = 0;
  for (int64_t k = 0; k < a.width; ++k) sum += a(i, k) * b(j, k);
  return sum;
}

using Visible = std::function<bool(int64_t i, int64_t j)>;
using Weight = std::function<double(int64_t i, int64_t j)>;

/// sum over j of w(i,j) v_j / sum over j of w(i,j), 0 where all weights are 0.
inline Rows weightedMean(const Rows& v, int64_t queries, const Weight& weight) {
  Rows y(queries, v.width);
  for (int64_t i = 0; i < queries; ++i) {
    double total = 0;
    for (int64_t j = 0; j < v.count; ++j) {
      const double w = weight(i, j);
      total += w;
      for (int64_t k = 0; k < v.width; ++k) y(i, k) += w * v(j, k);
    }
    for (int64_t k = 0; k < v.width; ++k) y(i, k) = total == 0 ? 0 : y(i, k) / total;
  }
  return y;
}

/// softmax(scale q k^T + bias) v over the visible keys, of one head.
inline Rows softmaxAttention(const Rows& q, const Rows& k, const Rows& v, const Visible& isVisible = {},
                             const Weight& bias = {}, double scale = 0) {
  const double factor = scale > 0 ? scale : 1 / std::sqrt(double(q.width));
  const auto score = [&](int64_t i, int64_t j) { return factor * dot(q, i, k, j) + (bias ? bias(i, j) : 0); };
  Rows y(q.count, v.width);
  for (int64_t i = 0; i < q.count; ++i) {
    double highest = -1e300;
    for (int64_t j = 0; j < k.count; ++j)
      if (!isVisible || isVisible(i, j)) highest = std::max(highest, score(i, j));
    double total = 0;
    for (int64_t j = 0; j < k.count; ++j) {
      if (isVisible && !isVisible(i, j)) continue;
      const double weight = std::exp(score(i, j) - highest);
      total += weight;
      for (int64_t c = 0; c < v.width; ++c) y(i, c) += weight * v(j, c);
    }
    if (total > 0)
      for (int64_t c = 0; c < v.width; ++c) y(i, c) /= total;
  }
  return y;
}

/// One head after the other: `of` gets q, k, v of a head and its number. Query head h reads key head h / (H / Hkv).
inline Rows byHeads(const Rows& q, const Rows& k, const Rows& v, int64_t heads, int64_t keyHeads,
                    const std::function<Rows(const Rows&, const Rows&, const Rows&, int64_t)>& of) {
  const int64_t K = q.width / heads, V = v.width / keyHeads;
  Rows y(q.count, heads * V);
  for (int64_t h = 0; h < heads; ++h) {
    const int64_t g = h / (heads / keyHeads);
    putColumns(y, h * V, of(columns(q, h * K, K), columns(k, g * K, K), columns(v, g * V, V), h));
  }
  return y;
}

inline bool seesThePast(int64_t i, int64_t j) { return j <= i; }

/// Pairs (i, i + K/2) of each head turned by (t + offset) base^(-2i/K).
inline Rows rotate(Rows x, int64_t heads, double base = 10000, double offset = 0) {
  const int64_t K = x.width / heads;
  for (int64_t t = 0; t < x.count; ++t)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < K / 2; ++i) {
        const double angle = (double(t) + offset) * std::pow(base, -2.0 * double(i) / double(K));
        double &a = x(t, h * K + i), &b = x(t, h * K + i + K / 2);
        const double u = a * std::cos(angle) - b * std::sin(angle), w = a * std::sin(angle) + b * std::cos(angle);
        a = u;
        b = w;
      }
  return x;
}

/// The largest difference of matrix `index` of a tensor from what is expected.
inline double difference(const Tensor& got, const Rows& expected, int64_t index = 0) {
  const Rows rows = rowsOf(got, index);
  if (rows.values.size() != expected.values.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < rows.values.size(); ++i) {
    const double distance = std::fabs(rows.values[i] - expected.values[i]);
    if (!(distance <= largest)) largest = distance;
  }
  return largest;
}

inline double difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.toDoubles(), y = b.toDoubles();
  if (x.size() != y.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (!(std::fabs(x[i] - y[i]) <= largest)) largest = std::fabs(x[i] - y[i]);
  return largest;
}

}  // namespace fw::testing
