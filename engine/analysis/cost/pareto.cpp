// Dominance, hypervolume and knee.
#include "engine/analysis/cost/pareto.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace fw {
namespace {

bool isComplete(const Objectives& point) {
  return std::none_of(point.begin(), point.end(), [](double value) { return std::isnan(value); });
}

/// sum over the front in order of the first objective of (r1 - c_i) (e_before - e_i).
double area(std::vector<Objectives> points, const Objectives& reference) {
  std::sort(points.begin(), points.end());
  double total = 0, before = reference[1];
  for (const Objectives& point : points) {
    if (point[1] >= before) continue;
    total += (reference[0] - point[0]) * (before - point[1]);
    before = point[1];
  }
  return total;
}

}  // namespace

bool dominates(const Objectives& a, const Objectives& b) {
  if (!isComplete(a) || !isComplete(b)) return false;
  bool isBetter = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    isBetter = isBetter || a[i] < b[i];
  }
  return isBetter;
}

std::vector<size_t> paretoFront(const std::vector<Objectives>& points) {
  std::vector<size_t> front;
  for (size_t i = 0; i < points.size(); ++i) {
    if (!isComplete(points[i])) continue;
    const bool isBeaten =
        std::any_of(points.begin(), points.end(), [&](const Objectives& other) { return dominates(other, points[i]); });
    if (!isBeaten) front.push_back(i);
  }
  return front;
}

std::vector<int> nonDominatedRanks(const std::vector<Objectives>& points) {
  std::vector<int> ranks(points.size(), -1);
  std::vector<size_t> left;
  for (size_t i = 0; i < points.size(); ++i)
    if (isComplete(points[i])) left.push_back(i);
  for (int rank = 0; !left.empty(); ++rank) {
    std::vector<Objectives> rest;
    for (const size_t i : left) rest.push_back(points[i]);
    for (const size_t i : paretoFront(rest)) ranks[left[i]] = rank;
    std::erase_if(left, [&](size_t i) { return ranks[i] >= 0; });
  }
  return ranks;
}

double hypervolume(const std::vector<Objectives>& points, const Objectives& reference) {
  const size_t count = reference.size();
  if (count < 1 || count > 3)
    throw Error(Code::Data, text("[hypervolume] got ", count, " objectives; expected 1, 2 or 3."));
  std::vector<Objectives> inside;
  for (const Objectives& point : points) {
    bool isInside = isComplete(point);
    for (size_t i = 0; i < count && isInside; ++i) isInside = point[i] < reference[i];
    if (isInside) inside.push_back(point);
  }
  if (inside.empty()) return 0;
  if (count == 1) return reference[0] - std::min_element(inside.begin(), inside.end())->front();
  if (count == 2) return area(std::move(inside), reference);
  // Slices between neighbouring values of the third objective: what lies below has the area of all points so far.
  std::sort(inside.begin(), inside.end(), [](const Objectives& a, const Objectives& b) { return a[2] < b[2]; });
  double total = 0;
  std::vector<Objectives> below;
  for (size_t i = 0; i < inside.size(); ++i) {
    below.push_back({inside[i][0], inside[i][1]});
    const double top = i + 1 < inside.size() ? inside[i + 1][2] : reference[2];
    if (top > inside[i][2]) total += (top - inside[i][2]) * area(below, {reference[0], reference[1]});
  }
  return total;
}

Objectives defaultReference(const std::vector<Objectives>& points) {
  Objectives reference;
  for (const Objectives& point : points) {
    if (!isComplete(point)) continue;
    reference.resize(point.size(), -INFINITY);
    for (size_t i = 0; i < point.size(); ++i) reference[i] = std::max(reference[i], 1.1 * point[i]);
  }
  return reference;
}

int kneeOf(const std::vector<Objectives>& points, const std::vector<size_t>& front) {
  if (front.size() < 3) return -1;
  double low[2], high[2];
  for (size_t d = 0; d < 2; ++d) {
    low[d] = INFINITY, high[d] = -INFINITY;
    for (const size_t i : front) low[d] = std::min(low[d], points[i][d]), high[d] = std::max(high[d], points[i][d]);
    if (!(high[d] > low[d])) return -1;
  }
  // The ends are (0, 1) and (1, 0) after scaling; 1 - x - y is sqrt 2 times the distance below their line.
  int knee = -1;
  double most = 1e-12;
  for (const size_t i : front) {
    const double below =
        1 - (points[i][0] - low[0]) / (high[0] - low[0]) - (points[i][1] - low[1]) / (high[1] - low[1]);
    if (below > most) most = below, knee = int(i);
  }
  return knee;
}

}  // namespace fw
