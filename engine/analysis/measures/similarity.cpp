// Measures of how alike two sets of activations are.
#include "engine/analysis/measures/similarity.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

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

using Gram = Eigen::MatrixXd;

/// x x^T with a zero diagonal. Rows are centred first: the estimator does not need it, but large means cost digits.
Gram gramOf(const float* rows, int64_t samples, int64_t width) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXd x = Eigen::Map<const RowMajor>(rows, samples, width).cast<double>();
  x.rowwise() -= x.colwise().mean();
  Gram gram = Gram::Zero(samples, samples);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  gram.diagonal().setZero();
  return gram;
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
  std::vector<Gram> grams;
  std::vector<Eigen::VectorXd> sums;
  for (size_t i = 0; i < count_; ++i) {
    grams.push_back(gramOf(rows[i], samples, widths[i]));
    sums.push_back(grams.back().rowwise().sum());
  }
  const double n = double(samples);
  for (size_t i = 0; i < count_; ++i)
    for (size_t j = i; j < count_; ++j) {
      const double trace = grams[i].cwiseProduct(grams[j]).sum();
      const double hsic =
          (trace + sums[i].sum() * sums[j].sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * sums[i].dot(sums[j])) /
          (n * (n - 3));
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
