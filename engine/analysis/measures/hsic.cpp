// The unbiased estimator of the Hilbert-Schmidt independence criterion.
#include "engine/analysis/measures/hsic.h"

#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"

namespace fw {

double unbiasedHsic(double trace, double sumK, double sumL, double chain, double n) {
  return (trace + sumK * sumL / ((n - 1) * (n - 2)) - 2 / (n - 2) * chain) / (n * (n - 3));
}

double unbiasedHsic(const Eigen::MatrixXd& k, const Eigen::MatrixXd& l) {
  const Eigen::VectorXd rowsK = k.rowwise().sum(), rowsL = l.rowwise().sum();
  return unbiasedHsic(k.cwiseProduct(l).sum(), rowsK.sum(), rowsL.sum(), rowsK.dot(rowsL), double(k.rows()));
}

Kernel makeKernel(Eigen::MatrixXd k) {
  Kernel kernel{std::move(k)};
  kernel.k.diagonal().setZero();
  if (kernel.k.rows() >= 4) kernel.own = unbiasedHsic(kernel.k, kernel.k);
  return kernel;
}

double kernelAlignment(const Kernel& x, const Kernel& y) {
  if (!(x.own > 0 && y.own > 0)) return std::numeric_limits<double>::quiet_NaN();
  return unbiasedHsic(x.k, y.k) / std::sqrt(x.own * y.own);
}

std::string fewForHsic(int64_t rows, int64_t) {
  return rows >= 4 ? "" : text(rows, " samples: the unbiased estimator needs at least 4.");
}

Eigen::MatrixXd linearKernel(const Eigen::MatrixXd& x) {
  Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(x.rows(), x.rows());
  kernel.selfadjointView<Eigen::Lower>().rankUpdate(x);
  kernel.triangularView<Eigen::StrictlyUpper>() = kernel.transpose();
  kernel.diagonal().setZero();
  return kernel;
}

}  // namespace fw
