// Procrustes similarity 1 - d^2 / 2 with d^2 = 2 - 2 |X^T Y|_* : how well one set of centred features of unit norm can
// be turned onto the other. (Schoenemann, A Generalized Solution of the Orthogonal Procrustes Problem, 1966.)
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

/// Centred, of Frobenius norm 1; all zero where the features are constant.
Eigen::MatrixXd prepare(const Features& features) {
  Eigen::MatrixXd x = centred(features);
  const double norm = x.norm();
  if (norm > 1e-7 * asMatrix(features).norm()) return x / norm;
  return Eigen::MatrixXd::Zero(x.rows(), x.cols());
}

/// Columns of zeros, which would make widths equal, add nothing to the nuclear norm.
double compare(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  if (x.isZero(0) || y.isZero(0)) return kNoValue;
  const Eigen::MatrixXd cross = x.transpose() * y;
  return Eigen::BDCSVD<Eigen::MatrixXd>(cross).singularValues().sum();
}

}  // namespace

ComparisonDef comparison_procrustes() {
  return {.id = "procrustes",
          .title = "Procrustes similarity",
          .help = "Blind to rotation, one scale for all and translation.",
          .paper = "Schoenemann, 1966",
          .prepare = preparing(prepare),
          .compare = comparing(compare)};
}

}  // namespace fw
