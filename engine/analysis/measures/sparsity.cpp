// How few of its dimensions carry an activation, which units ever fire, and how long dimensions stay active.
#include "engine/analysis/measures/sparsity.h"

#include <algorithm>
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

}  // namespace

VectorSparsity sparsityOf(const float* a, int64_t width) {
  std::vector<double> magnitudes;
  double sum = 0, squares = 0, fourth = 0, mean = 0;
  for (int64_t i = 0; i < width; ++i) {
    const double x = a[i], square = x * x;
    magnitudes.push_back(std::abs(x));
    mean += x;
    sum += std::abs(x);
    squares += square;
    fourth += square * square;
  }
  mean /= double(width);
  std::sort(magnitudes.begin(), magnitudes.end());
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
  std::reverse(magnitudes.begin(), magnitudes.end());
  found.activeShare = double(fewestFor(magnitudes, sum, kActiveMass)) / d;
  return found;
}

std::vector<int64_t> activeSet(const float* a, int64_t width, double share) {
  std::vector<int64_t> order(static_cast<size_t>(width));
  std::iota(order.begin(), order.end(), int64_t(0));
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) { return std::abs(a[i]) > std::abs(a[j]); });
  std::vector<double> descending;
  double sum = 0;
  for (const int64_t i : order) {
    descending.push_back(std::abs(double(a[i])));
    sum += descending.back();
  }
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

int64_t UnitActivity::dead() const {
  std::vector<float> sorted = largest_;
  const auto middle = sorted.begin() + std::ptrdiff_t(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const float threshold = 1e-3f * (sorted.empty() ? 0 : *middle);
  return std::count_if(largest_.begin(), largest_.end(),
                       [&](float largest) { return largest == 0 || largest < threshold; });
}

int64_t UnitActivity::alwaysOn() const {
  return std::count_if(fired_.begin(), fired_.end(),
                       [&](int64_t fired) { return double(fired) > 0.999 * double(rows_); });
}

ActivationFlow::ActivationFlow(int64_t width)
    : width_(width), overlap_(size_t(longestLag), 0), pairs_(size_t(longestLag), 0) {}

void ActivationFlow::add(const float* rows, int64_t time) {
  std::vector<std::vector<int64_t>> active;
  for (int64_t t = 0; t < time; ++t) {
    active.push_back(activeSet(rows + t * width_, width_, kActiveMass));
    for (int64_t i = 0; i < width_; ++i) magnitude_ += std::abs(rows[t * width_ + i]);
  }
  tokens_ += time;
  for (int64_t lag = 1; lag <= longestLag; ++lag)
    for (int64_t t = 0; t + lag < time; ++t) {
      const double common = jaccard(active[size_t(t)], active[size_t(t + lag)]);
      if (std::isnan(common)) continue;
      overlap_[size_t(lag - 1)] += common;
      ++pairs_[size_t(lag - 1)];
    }
  for (int64_t start = 0; start + window <= time; start += window) {
    std::vector<int64_t> times(size_t(width_), 0);
    std::vector<double> mass(size_t(width_), 0);
    double total = 0;
    for (int64_t t = start; t < start + window; ++t) {
      for (const int64_t i : active[size_t(t)]) ++times[size_t(i)];
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
