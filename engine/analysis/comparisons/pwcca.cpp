// PWCCA: canonical correlations weighted by how much of the features each canonical variate accounts for,
// sum a_i rho_i with a_i = sum_j |<h_i, x_j>| normalised; x is the side with fewer directions, of equal ones the mean
// of both. (Morcos, Raghu and Bengio, Insights on Representational Similarity, 2018.)
#include <utility>

#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

/// `variates` [n, r] orthonormal: canonical variates of the side whose centred features `of` are split.
double weighted(const Directions& of, const Eigen::MatrixXd& variates, const Eigen::VectorXd& rho) {
  const Eigen::MatrixXd features = of.left * of.values.asDiagonal() * of.right.transpose();
  const Eigen::VectorXd weights = (variates.transpose() * features).cwiseAbs().rowwise().sum();
  return weights.dot(rho.head(weights.size())) / weights.sum();
}

double compare(const Directions& x, const Directions& y) {
  if (x.count() == 0 || y.count() == 0) return kNoValue;
  const Eigen::MatrixXd overlap = x.left.transpose() * y.left;
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(overlap, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd rho = svd.singularValues().cwiseMin(1.0);
  const auto byX = [&] { return weighted(x, x.left * svd.matrixU(), rho); };
  const auto byY = [&] { return weighted(y, y.left * svd.matrixV(), rho); };
  if (x.count() != y.count()) return x.count() < y.count() ? byX() : byY();
  return (byX() + byY()) / 2;
}

}  // namespace

ComparisonDef comparison_pwcca() {
  return {.id = "pwcca",
          .title = "Projection-weighted CCA",
          .help = "Canonical correlations of directions that carry little count little. Blind to translation.",
          .paper = "Morcos, Raghu and Bengio, 2018",
          .prepare = preparing(directionsOf),
          .compare = comparing(compare),
          .caution = fewForSubspaces};
}

}  // namespace fw
