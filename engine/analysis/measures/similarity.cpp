// Measures of how alike two sets of activations are.
#include "engine/analysis/measures/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/analysis/measures/hsic.h"
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

double cosine(const float* x, const float* y, int64_t width) {
  double dot = 0, xx = 0, yy = 0;
  for (int64_t i = 0; i < width; ++i) {
    dot += double(x[i]) * y[i];
    xx += double(x[i]) * x[i];
    yy += double(y[i]) * y[i];
  }
  if (xx == 0 || yy == 0) return 0;
  return std::clamp(dot / std::sqrt(xx * yy), -1.0, 1.0);
}

}  // namespace

double influenceSum(const float* x, const float* y, int64_t rows, int64_t width) {
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) sum += 1 - cosine(x + r * width, y + r * width, width);
  return sum;
}

double angularDistance(const float* x, const float* y, int64_t width) {
  return std::acos(cosine(x, y, width)) / std::numbers::pi;
}

void MinibatchCka::add(const std::vector<const float*>& rows, const std::vector<int64_t>& widths, int64_t samples) {
  std::vector<Eigen::MatrixXd> kernels;
  std::vector<Eigen::VectorXd> sums;
  for (size_t i = 0; i < count_; ++i) {
    kernels.push_back(linearKernel(centred({rows[i], samples, widths[i]})));
    sums.push_back(kernels.back().rowwise().sum());
  }
  for (size_t i = 0; i < count_; ++i)
    for (size_t j = i; j < count_; ++j) {
      const double hsic = unbiasedHsic(kernels[i].cwiseProduct(kernels[j]).sum(), sums[i].sum(), sums[j].sum(),
                                       sums[i].dot(sums[j]), double(samples));
      sums_[i * count_ + j] += hsic;
      if (i != j) sums_[j * count_ + i] += hsic;
    }
}

std::vector<double> MinibatchCka::finish() const {
  std::vector<double> cka(sums_.size());
  for (size_t i = 0; i < count_; ++i)
    for (size_t j = 0; j < count_; ++j) {
      const double scale = sums_[i * count_ + i] * sums_[j * count_ + j];
      cka[i * count_ + j] =
          scale > 0 ? sums_[i * count_ + j] / std::sqrt(scale) : std::numeric_limits<double>::quiet_NaN();
    }
  return cka;
}

}  // namespace fw
