// Nearest neighbours of samples, and how many of them two representations share.
#include "engine/analysis/measures/neighbours.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "engine/analysis/measures/matrices.h"

namespace fw {

Neighbours nearestNeighbours(const Features& features, int64_t k, bool isCentred) {
  Eigen::MatrixXd x = isCentred ? centred(features) : asMatrix(features);
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    if (const double norm = x.row(i).norm(); norm > 0) x.row(i) /= norm;
  const int64_t rows = features.rows;
  Neighbours found{.k = std::min(k, rows - 1)};
  const Eigen::MatrixXd nearness = x * x.transpose();
  std::vector<int64_t> order;
  for (int64_t i = 0; i < rows; ++i) {
    order.resize(size_t(rows));
    std::iota(order.begin(), order.end(), int64_t(0));
    order.erase(order.begin() + i);
    const auto isNearer = [&](int64_t a, int64_t b) {
      return nearness(a, i) != nearness(b, i) ? nearness(a, i) > nearness(b, i) : a < b;
    };
    const auto end = order.begin() + found.k;
    const auto sorted = std::min(end + 1, order.end());
    std::partial_sort(order.begin(), sorted, order.end(), isNearer);
    if (found.k > 0 && sorted != end && nearness(*end, i) == nearness(*(end - 1), i))
      found.tiedShare += 1 / double(rows);
    found.of.emplace_back(order.begin(), end);
    std::sort(found.of.back().begin(), found.of.back().end());
  }
  return found;
}

double sharedNeighbours(const Neighbours& x, const Neighbours& y) {
  if (x.k < 1 || x.k != y.k || x.of.size() != y.of.size()) return kNoValue;
  int64_t shared = 0;
  std::vector<int64_t> common;
  for (size_t i = 0; i < x.of.size(); ++i) {
    common.clear();
    std::set_intersection(x.of[i].begin(), x.of[i].end(), y.of[i].begin(), y.of[i].end(), std::back_inserter(common));
    shared += int64_t(common.size());
  }
  return double(shared) / (double(x.k) * double(x.of.size()));
}

}  // namespace fw
