// The unbiased estimator of the Hilbert-Schmidt independence criterion.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <string>

namespace fw {

/// HSIC_1 = [tr(K L) + (1'K1)(1'L1) / ((n-1)(n-2)) - 2 1'K L 1 / (n-2)] / (n (n-3)) of two symmetric [n, n] kernels
/// whose diagonals are zero; n >= 4. (Song et al., Feature Selection via Dependence Maximization, 2012.)
double unbiasedHsic(const Eigen::MatrixXd& k, const Eigen::MatrixXd& l);

/// HSIC_1 from its sums: trace = tr(K L), the sums of all elements of K and of L, chain = 1'K L 1, over n samples.
double unbiasedHsic(double trace, double sumK, double sumL, double chain, double n);

/// A kernel and its HSIC_1 with itself.
struct Kernel {
  Eigen::MatrixXd k;
  double own = 0;
};

/// Sets the diagonal to zero; fewer than 4 samples leave `own` 0.
Kernel makeKernel(Eigen::MatrixXd k);

/// CKA: HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)); NaN where a kernel is constant.
double kernelAlignment(const Kernel& x, const Kernel& y);

/// Why `rows` samples are too few for the estimator; empty where they are not.
std::string fewForHsic(int64_t rows, int64_t width);

/// x x^T with a zero diagonal, x [n, width].
Eigen::MatrixXd linearKernel(const Eigen::MatrixXd& x);

}  // namespace fw
