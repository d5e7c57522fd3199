// Measures of how alike two sets of activations are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fw {

/// 1 - mean over rows of cos(x_t, y_t), x and y [rows, width]; a row of zeros counts as cosine 0. The block influence
/// of Men et al., ShortGPT, 2024. Sums are returned so that batches can be added up: divide by `rows`.
double influenceSum(const float* x, const float* y, int64_t rows, int64_t width);

/// (1/pi) arccos cos(x, y) of two vectors, in [0, 1]. (Gromov et al., The Unreasonable Ineffectiveness of the Deeper
/// Layers, 2024.)
double angularDistance(const float* x, const float* y, int64_t width);

/// Linear CKA between all pairs of representations of the same samples, from the unbiased estimator of HSIC summed over
/// minibatches. (Song et al., Feature Selection via Dependence Maximization, 2012; Nguyen, Raghu and Kornblith, 2021.)
class MinibatchCka {
 public:
  explicit MinibatchCka(size_t count) : count_(count), sums_(count * count, 0) {}

  /// One minibatch: for each representation its [samples, width_i] rows; at least 4 samples.
  void add(const std::vector<const float*>& rows, const std::vector<int64_t>& widths, int64_t samples);

  /// HSIC_1(i,j) / sqrt(HSIC_1(i,i) HSIC_1(j,j)), row-major [count, count]; NaN where a representation is constant. May
  /// be slightly negative.
  std::vector<double> finish() const;

 private:
  size_t count_;
  std::vector<double> sums_;  // of HSIC_1, [count, count]
};

}  // namespace fw
