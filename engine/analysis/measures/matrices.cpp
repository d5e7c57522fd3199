// Features as Eigen matrices in double, and what comparisons make of them.
#include "engine/analysis/measures/matrices.h"

#include <algorithm>

#include "engine/base/error.h"

namespace fw {

Eigen::MatrixXd asMatrix(const Features& features) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(features.data, features.rows, features.width).cast<double>();
}

Eigen::MatrixXd centred(const Features& features) {
  Eigen::MatrixXd x = asMatrix(features);
  x.rowwise() -= x.colwise().mean().eval();
  return x;
}

Directions directionsOf(const Features& features) {
  const Eigen::MatrixXd x = centred(features);
  const Eigen::Index rank = std::min(x.rows(), x.cols());
  Directions found;
  if (x.rows() > x.cols()) {  // the decomposition of the small triangle costs less than that of all rows
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(x);
    const Eigen::MatrixXd triangle = qr.matrixQR().topRows(rank).triangularView<Eigen::Upper>();
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(triangle, Eigen::ComputeThinU | Eigen::ComputeThinV);
    found.left = Eigen::MatrixXd::Zero(x.rows(), rank);
    found.left.topRows(rank) = svd.matrixU();
    found.left.applyOnTheLeft(qr.householderQ());
    found.right = svd.matrixV();
    found.values = svd.singularValues();
  } else {
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    found.left = svd.matrixU();
    found.right = svd.matrixV();
    found.values = svd.singularValues();
  }
  Eigen::Index kept = 0;
  // Features that are constant but for rounding have no direction.
  const double noise = 1e-7 * asMatrix(features).norm();
  while (kept < rank && found.values[kept] > std::max(1e-6 * found.values[0], noise)) ++kept;
  found.left.conservativeResize(Eigen::NoChange, kept);
  found.right.conservativeResize(Eigen::NoChange, kept);
  found.values.conservativeResize(kept);
  return found;
}

Eigen::VectorXd canonicalCorrelations(const Directions& x, const Directions& y) {
  if (x.count() == 0 || y.count() == 0) return {};
  const Eigen::MatrixXd overlap = x.left.transpose() * y.left;
  return Eigen::BDCSVD<Eigen::MatrixXd>(overlap).singularValues().cwiseMin(1.0);
}

double meanCorrelation(const Directions& x, const Directions& y) {
  const Eigen::VectorXd rho = canonicalCorrelations(x, y);
  return rho.size() > 0 ? rho.mean() : kNoValue;
}

std::string fewForSubspaces(int64_t rows, int64_t width) {
  if (rows >= 5 * width) return {};
  return text(rows, " samples of ", width, " features: canonical correlations need at least ", 5 * width,
              " samples, with fewer they come out too high.");
}

}  // namespace fw
