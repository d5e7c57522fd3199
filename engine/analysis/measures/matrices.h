// Features as Eigen matrices in double, and what comparisons make of them.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "engine/analysis/comparison.h"

namespace fw {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// [rows, width] in double.
Eigen::MatrixXd asMatrix(const Features& features);

/// The same with each column's mean taken off.
Eigen::MatrixXd centred(const Features& features);

/// A centred matrix split by a singular value decomposition, directions below 1e-6 of the largest dropped: columns of
/// `left` are orthonormal, `values` descend, centred = left diag(values) right^T.
struct Directions {
  Eigen::MatrixXd left, right;
  Eigen::VectorXd values;
  int64_t count() const { return values.size(); }
};
Directions directionsOf(const Features& features);

/// Cosines between the subspaces of two sets of features (canonical correlations), descending.
Eigen::VectorXd canonicalCorrelations(const Directions& x, const Directions& y);

/// Their mean; NaN where there is none.
double meanCorrelation(const Directions& x, const Directions& y);

/// The two functions of a comparison whose prepared value is a T.
template <class T>
std::function<std::shared_ptr<const void>(const Features&)> preparing(T (*prepare)(const Features&)) {
  return [prepare](const Features& features) -> std::shared_ptr<const void> {
    return std::make_shared<const T>(prepare(features));
  };
}
template <class T>
std::function<double(const void*, const void*)> comparing(double (*compare)(const T&, const T&)) {
  return
      [compare](const void* x, const void* y) { return compare(*static_cast<const T*>(x), *static_cast<const T*>(y)); };
}

/// For comparisons by canonical correlations: with few samples any two subspaces meet.
std::string fewForSubspaces(int64_t rows, int64_t width);

}  // namespace fw
