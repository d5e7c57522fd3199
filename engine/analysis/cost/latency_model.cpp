// Predicting the time of a step: the roof, and a plane through the nearest measured steps of its kind, in logarithms.
#include "engine/analysis/cost/latency_model.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace fw {
namespace {

constexpr size_t kFeatures = 5;
constexpr size_t kNeighbours = 16;
constexpr double kFloor = 1e-12;
using Features = std::array<double, kFeatures>;

/// Sizes of the step, and of all that the run touches: where that stays in a cache, steps find their inputs there.
Features featuresOf(double flops, double bytes, double columns, double rows, double footprint) {
  return {std::log(flops + 1), std::log(bytes + 1), std::log(std::max(columns, 1.0)), std::log(std::max(rows, 1.0)),
          0.5 * std::log(footprint + 1)};
}

double distance(const Features& a, const Features& b) {
  double sum = 0;
  for (size_t i = 0; i < kFeatures; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

struct Near {
  double distance;
  Features features;
  double value;  // logarithm of time over roof
};

/// A weighted plane through the neighbours, at `at`; its slopes are held back where the neighbours do not tell them.
/// What lies far off the plane (a run that was interrupted) loses its weight.
double planeAt(const Features& at, const std::vector<Near>& all) {
  constexpr int kSize = int(kFeatures) + 1;
  constexpr double kFarOff = 0.4;
  using Square = Eigen::Matrix<double, kSize, kSize>;
  using Column = Eigen::Matrix<double, kSize, 1>;
  std::vector<double> values;
  for (const Near& one : all) values.push_back(one.value);
  const double middle = median(values), reach = std::max(0.7, all.back().distance) * 1.05;
  Column plane = Column::Zero();
  plane(0) = middle;
  double low = INFINITY, high = -INFINITY;
  for (int round = 0; round < 4; ++round) {
    Square normal = Square::Zero();
    Column right = Column::Zero();
    low = INFINITY, high = -INFINITY;
    for (const Near& one : all) {
      Column x;
      x(0) = 1;
      for (size_t i = 0; i < kFeatures; ++i) x(int(i) + 1) = one.features[i] - at[i];
      const double off = (one.value - plane.dot(x)) / kFarOff, share = one.distance / reach;
      const double weight = 1 / (0.02 + share * share) / (1 + off * off * off * off);
      normal += weight * x * x.transpose();
      right += weight * one.value * x;
      if (std::fabs(off) > 2) continue;
      low = std::min(low, one.value);
      high = std::max(high, one.value);
    }
    const double ridge = 0.02 * normal(0, 0);
    for (int i = 1; i < kSize; ++i) normal(i, i) += ridge;
    plane = normal.ldlt().solve(right);
  }
  return low <= high ? std::clamp(plane(0), low - 0.2, high + 0.2) : middle;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void LatencyModel::learn(const std::vector<StepSample>& samples) {
  for (const StepSample& sample : samples) {
    if (!(sample.seconds > 0)) continue;
    byKind_[sample.kind].push_back(samples_.size());
    byOp_[sample.op].push_back(samples_.size());
    samples_.push_back(sample);
  }
}

double LatencyModel::roofSeconds(double flops, double bytes) const {
  const double compute = roofs_.peak > 0 ? flops / roofs_.peak : 0;
  const double memory = roofs_.bandwidth > 0 ? bytes * valueBytes_ / 4 / roofs_.bandwidth : 0;
  return std::max(compute, memory) + roofs_.launch;
}

Bound LatencyModel::bound(const StepCost& step) const {
  const double compute = roofs_.peak > 0 ? step.cost.flops / roofs_.peak : 0;
  const double memory = roofs_.bandwidth > 0 ? bytes(step) / roofs_.bandwidth : 0;
  if (roofs_.launch > std::max(compute, memory)) return Bound::Launch;
  return compute > memory ? Bound::Compute : Bound::Memory;
}

double LatencyModel::slowdown(const StepCost& step) const {
  const auto ofKind = byKind_.find(step.kind), ofOp = byOp_.find(step.op);
  const std::vector<size_t>* near = ofKind != byKind_.end() && ofKind->second.size() >= kNeighbours / 2
                                        ? &ofKind->second
                                    : ofOp != byOp_.end() ? &ofOp->second
                                                          : nullptr;
  if (!near) return 1;
  const Features at =
      featuresOf(step.cost.flops, step.bytes(), double(step.columns), double(step.rows), step.footprint);
  std::vector<Near> all;
  for (const size_t index : *near) {
    const StepSample& sample = samples_[index];
    const Features features = featuresOf(sample.flops, sample.bytes, sample.columns, sample.rows, sample.footprint);
    all.push_back(
        {distance(at, features), features,
         std::log(std::max(sample.seconds, kFloor) / std::max(roofSeconds(sample.flops, sample.bytes), kFloor))});
  }
  const size_t count = std::min(kNeighbours, all.size());
  std::partial_sort(all.begin(), all.begin() + std::ptrdiff_t(count), all.end(),
                    [](const Near& a, const Near& b) { return a.distance < b.distance; });
  all.resize(count);
  return std::exp(planeAt(at, all));
}

double LatencyModel::seconds(const StepCost& step) const {
  if (!step.body.empty()) return double(step.repeats) * seconds(step.body) + roofs_.launch;
  return roofSeconds(step) * slowdown(step);
}

double LatencyModel::seconds(const std::vector<StepCost>& steps) const {
  double total = 0;
  for (const StepCost& step : steps) total += seconds(step);
  return total;
}

double LatencyModel::runSeconds(const std::vector<StepCost>& steps, double tokens) const {
  return seconds(steps) + (tokens > 0 ? train_ + token_ * tokens : run_);
}

LatencyModel sheetModel(const DeviceSheet& sheet, bool isHalf) {
  return LatencyModel(text(sheet.title, isHalf ? ", 16 bits" : ", 32 bits"), sheet.source,
                      {.peak = isHalf ? sheet.peak16 : sheet.peak32, .bandwidth = sheet.bandwidth}, isHalf ? 2 : 4);
}

}  // namespace fw
