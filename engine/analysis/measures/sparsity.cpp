// How few of its dimensions carry an activation, which units ever fire, and how long dimensions stay active.
#include "engine/analysis/measures/sparsity.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace fw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kActiveMass = 0.5;  // of the sum of magnitudes

/// How many of the magnitudes, in descending order, it takes to hold `share` of their sum.
int64_t fewestFor(const std::vector<double>& descending, double total, double share) {
  double held = 0;
  size_t count = 0;
  // A sum in another order may miss the total by rounding.
  while (count < descending.size() && held < share * total * (1 - 1e-12)) held += descending[count++];
  return int64_t(count);
}

/// All but what needs the magnitudes in order, which are ascending.
VectorSparsity describe(const float* a, int64_t width, const std::vector<double>& magnitudes) {
  double sum = 0, squares = 0, fourth = 0, mean = 0;
  for (int64_t i = 0; i < width; ++i) {
    const double x = a[i], square = x * x;
    mean += x;
    sum += std::abs(x);
    squares += square;
    fourth += square * square;
  }
  mean /= double(width);
  VectorSparsity found{1, 1, kNone, kNone, kNone, kNone, kNone};
  const auto below = [&](double limit, bool isIncluded) {
    const auto end = isIncluded ? std::upper_bound(magnitudes.begin(), magnitudes.end(), limit)
                                : std::lower_bound(magnitudes.begin(), magnitudes.end(), limit);
    return double(end - magnitudes.begin()) / double(width);
  };
  found.zeroShare = below(1e-6, true);
  if (sum == 0) return found;
  found.smallShare = below(0.01 * magnitudes.back(), false);
  const double d = double(width);
  found.gini = 0;
  for (int64_t i = 0; i < width; ++i) found.gini += (2 * double(i + 1) - d - 1) * magnitudes[size_t(i)] / (d * sum);
  found.hoyer = width > 1 ? (std::sqrt(d) - sum / std::sqrt(squares)) / (std::sqrt(d) - 1) : kNone;
  found.effectiveNumber = squares * squares / fourth;
  double m2 = 0, m4 = 0;
  for (int64_t i = 0; i < width; ++i) {
    const double square = (a[i] - mean) * (a[i] - mean);
    m2 += square / d;
    m4 += square * square / d;
  }
  found.kurtosis = m2 > 0 ? m4 / (m2 * m2) - 3 : kNone;
  return found;
}

/// Dimensions by magnitude, descending; of equal ones the first. The magnitude's bits order as it does, so that pairs
/// of bits and index are sorted as whole numbers.
std::vector<int64_t> byMagnitude(const float* a, int64_t width) {
  std::vector<uint64_t> keys;
  keys.reserve(size_t(width));
  for (int64_t i = 0; i < width; ++i)
    keys.push_back((uint64_t(~std::bit_cast<uint32_t>(std::abs(a[i]))) << 32) | uint64_t(uint32_t(i)));
  std::sort(keys.begin(), keys.end());
  std::vector<int64_t> order;
  order.reserve(size_t(width));
  for (const uint64_t key : keys) order.push_back(int64_t(key & 0xffffffffU));
  return order;
}

std::vector<double> magnitudesIn(const std::vector<int64_t>& order, const float* a) {
  std::vector<double> descending;
  descending.reserve(order.size());
  for (const int64_t i : order) descending.push_back(std::abs(double(a[i])));
  return descending;
}

}  // namespace

VectorActivity activityOf(const float* a, int64_t width) {
  VectorActivity found;
  found.active = byMagnitude(a, width);
  std::vector<double> magnitudes = magnitudesIn(found.active, a);
  const double sum = std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0);
  found.active.resize(size_t(fewestFor(magnitudes, sum, kActiveMass)));
  std::sort(found.active.begin(), found.active.end());
  std::reverse(magnitudes.begin(), magnitudes.end());
  found.sparsity = describe(a, width, magnitudes);
  if (sum > 0) found.sparsity.activeShare = double(found.active.size()) / double(width);
  return found;
}

VectorSparsity sparsityOf(const float* a, int64_t width) { return activityOf(a, width).sparsity; }

std::vector<int64_t> activeSet(const float* a, int64_t width, double share) {
  std::vector<int64_t> order = byMagnitude(a, width);
  const std::vector<double> descending = magnitudesIn(order, a);
  const double sum = std::accumulate(descending.begin(), descending.end(), 0.0);
  order.resize(size_t(fewestFor(descending, sum, share)));
  std::sort(order.begin(), order.end());
  return order;
}

double jaccard(const std::vector<int64_t>& x, const std::vector<int64_t>& y) {
  if (x.empty() && y.empty()) return kNone;
  std::vector<int64_t> common;
  std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(common));
  return double(common.size()) / double(x.size() + y.size() - common.size());
}

UnitActivity::UnitActivity(int64_t width) : fired_(size_t(width), 0), largest_(size_t(width), 0) {}

void UnitActivity::add(const float* rows, int64_t count) {
  const size_t width = fired_.size();
  for (int64_t r = 0; r < count; ++r)
    for (size_t i = 0; i < width; ++i) {
      const float value = rows[size_t(r) * width + i];
      fired_[i] += value > 0;
      largest_[i] = std::max(largest_[i], std::abs(value));
    }
  rows_ += count;
}

std::vector<double> UnitActivity::firingRates() const {
  std::vector<double> rates;
  for (const int64_t fired : fired_) rates.push_back(rows_ > 0 ? double(fired) / double(rows_) : kNone);
  return rates;
}

std::vector<int64_t> UnitActivity::deadUnits() const {
  std::vector<float> sorted = largest_;
  const auto middle = sorted.begin() + std::ptrdiff_t(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const float threshold = 1e-3f * (sorted.empty() ? 0 : *middle);
  std::vector<int64_t> dead;
  for (size_t i = 0; i < largest_.size(); ++i)
    if (largest_[i] == 0 || largest_[i] < threshold) dead.push_back(int64_t(i));
  return dead;
}

int64_t UnitActivity::alwaysOn() const {
  return std::count_if(fired_.begin(), fired_.end(),
                       [&](int64_t fired) { return double(fired) > 0.999 * double(rows_); });
}

ActivationFlow::ActivationFlow(int64_t width)
    : width_(width), overlap_(size_t(longestLag), 0), pairs_(size_t(longestLag), 0) {}

void ActivationFlow::add(const float* rows, int64_t time) {
  std::vector<VectorActivity> activities;
  for (int64_t t = 0; t < time; ++t) activities.push_back(activityOf(rows + t * width_, width_));
  add(rows, time, activities.data());
}

void ActivationFlow::add(const float* rows, int64_t time, const VectorActivity* activities) {
  for (int64_t t = 0; t < time; ++t) {
    for (int64_t i = 0; i < width_; ++i) magnitude_ += std::abs(rows[t * width_ + i]);
  }
  tokens_ += time;
  for (int64_t lag = 1; lag <= longestLag; ++lag)
    for (int64_t t = 0; t + lag < time; ++t) {
      const double common = jaccard(activities[t].active, activities[t + lag].active);
      if (std::isnan(common)) continue;
      overlap_[size_t(lag - 1)] += common;
      ++pairs_[size_t(lag - 1)];
    }
  for (int64_t start = 0; start + window <= time; start += window) {
    std::vector<int64_t> times(size_t(width_), 0);
    std::vector<double> mass(size_t(width_), 0);
    double total = 0;
    for (int64_t t = start; t < start + window; ++t) {
      for (const int64_t i : activities[t].active) ++times[size_t(i)];
      for (int64_t i = 0; i < width_; ++i) mass[size_t(i)] += std::abs(rows[t * width_ + i]);
    }
    double shared = 0, specialised = 0, held = 0;
    for (int64_t i = 0; i < width_; ++i) {
      const double share = double(times[size_t(i)]) / double(window);
      total += mass[size_t(i)];
      if (share >= 0.8) {
        shared += 1;
        held += mass[size_t(i)];
      } else if (share > 0 && share <= 0.2) {
        specialised += 1;
      }
    }
    shared_ += shared / double(width_);
    specialised_ += specialised / double(width_);
    mass_ += total > 0 ? held / total : 0;
    ++windows_;
  }
}

std::vector<double> ActivationFlow::persistence() const {
  std::vector<double> mean;
  for (size_t i = 0; i < overlap_.size(); ++i) mean.push_back(pairs_[i] > 0 ? overlap_[i] / double(pairs_[i]) : kNone);
  return mean;
}

double ActivationFlow::sharedShare() const { return windows_ > 0 ? shared_ / double(windows_) : kNone; }
double ActivationFlow::specialisedShare() const { return windows_ > 0 ? specialised_ / double(windows_) : kNone; }
double ActivationFlow::sharedMass() const { return windows_ > 0 ? mass_ / double(windows_) : kNone; }
double ActivationFlow::meanMagnitude() const { return tokens_ > 0 ? magnitude_ / double(tokens_ * width_) : kNone; }

}  // namespace fw
