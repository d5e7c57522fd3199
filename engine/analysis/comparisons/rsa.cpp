// Representational similarity: Spearman's correlation between the dissimilarities 1 - Pearson(x_i, x_j) of all pairs of
// samples. (Kriegeskorte, Mur and Bandettini, Representational Similarity Analysis, 2008.)
#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

/// Ranks of the dissimilarities, ties by their mean, centred and of unit norm; empty where all are equal.
Eigen::VectorXd prepare(const Features& features) {
  Eigen::MatrixXd x = asMatrix(features);
  x.colwise() -= x.rowwise().mean().eval();
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    if (const double norm = x.row(i).norm(); norm > 0) x.row(i) /= norm;
  const Eigen::MatrixXd correlation = x * x.transpose();
  std::vector<double> pairs;
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    for (Eigen::Index j = i + 1; j < x.rows(); ++j) pairs.push_back(1 - correlation(i, j));
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return pairs[a] < pairs[b]; });
  Eigen::VectorXd ranks(Eigen::Index(pairs.size()));
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() && pairs[order[last]] == pairs[order[first]]) ++last;
    for (size_t i = first; i < last; ++i) ranks[Eigen::Index(order[i])] = double(first + last - 1) / 2;
    first = last;
  }
  if (ranks.size() == 0) return {};
  ranks.array() -= ranks.mean();
  const double norm = ranks.norm();
  return norm > 0 ? Eigen::VectorXd(ranks / norm) : Eigen::VectorXd();
}

double compare(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  return x.size() > 0 && x.size() == y.size() ? x.dot(y) : kNoValue;
}

}  // namespace

ComparisonDef comparison_rsa() {
  return {.id = "rsa",
          .title = "Representational similarity (RSA)",
          .help =
              "Blind to the order of the features, one scale for all, and the same shift of all features of a "
              "sample; not to rotation.",
          .paper = "Kriegeskorte et al., 2008",
          .mostRows = 512,
          .prepare = preparing(prepare),
          .compare = comparing(compare)};
}

}  // namespace fw
