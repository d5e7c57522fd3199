// CKA with Gaussian kernels exp(-|x_i - x_j|^2 / (2 s^2)), s half the median distance, unbiased. (Kornblith et al.,
// 2019, section 4, with the estimator of Song et al., 2012.)
#include <algorithm>
#include <vector>

#include "engine/analysis/measures/hsic.h"
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

constexpr double kBandwidth = 0.5;  // of the median distance

Kernel gaussian(const Features& features) {
  const Eigen::MatrixXd x = centred(features);
  const Eigen::Index n = x.rows();
  if (n < 4) return {};
  const Eigen::VectorXd squares = x.rowwise().squaredNorm();
  Eigen::MatrixXd distances = -2 * (x * x.transpose());
  distances.colwise() += squares;
  distances.rowwise() += squares.transpose();
  distances = distances.cwiseMax(0);
  std::vector<double> all;
  all.reserve(size_t(n * (n - 1) / 2));
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < i; ++j) all.push_back(distances(i, j));
  const auto middle = all.begin() + std::ptrdiff_t(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  if (*middle <= 0) return {};
  return makeKernel((distances / (-2 * kBandwidth * kBandwidth * *middle)).array().exp().matrix());
}

}  // namespace

ComparisonDef comparison_cka_rbf() {
  return {.id = "cka_rbf",
          .title = "CKA with Gaussian kernels",
          .help = "Looks at near samples more than at far ones. Blind to rotation, one scale for all and translation.",
          .paper = "Kornblith et al., 2019; Song et al., 2012",
          .mostRows = 4096,
          .prepare = preparing(gaussian),
          .compare = comparing(kernelAlignment),
          .caution = fewForHsic};
}

}  // namespace fw
