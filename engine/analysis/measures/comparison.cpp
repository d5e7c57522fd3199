// Finding and running comparisons.
#include "engine/analysis/comparison.h"

#include <algorithm>

#include "engine/base/error.h"

namespace fw {

const ComparisonDef& findComparison(const std::string& id) {
  std::string known;
  for (const ComparisonDef& comparison : allComparisons()) {
    if (comparison.id == id) return comparison;
    known += (known.empty() ? "" : ", ") + comparison.id;
  }
  throw Error(Code::Usage, text("there is no comparison '", id, "'; there are: ", known, "."));
}

namespace {

/// Refuses features that cannot be compared with `first`, and cuts them to the rows that are.
void check(const ComparisonDef& comparison, const Features& first, std::vector<Features>& all) {
  for (Features& features : all)
    if (features.rows != first.rows || features.rows < 1 || features.width < 1)
      throw Error(Code::Usage,
                  text("[", comparison.id, "] compares ", first.rows, " x ", first.width, " features with ",
                       features.rows, " x ", features.width, "; expected as many rows, at least one, and a width."));
  for (Features& features : all)
    if (comparison.mostRows > 0) features.rows = std::min(features.rows, comparison.mostRows);
}

std::vector<std::shared_ptr<const void>> prepareAll(const ComparisonDef& comparison, const std::vector<Features>& all,
                                                    const CancelToken& cancel) {
  std::vector<std::shared_ptr<const void>> prepared;
  for (const Features& features : all) {
    throwIfCancelled(cancel);
    prepared.push_back(comparison.prepare(features));
  }
  return prepared;
}

}  // namespace

std::vector<double> compareAcross(const ComparisonDef& comparison, std::vector<Features> rows,
                                  std::vector<Features> columns, const CancelToken& cancel) {
  if (rows.empty() || columns.empty()) return {};
  const Features first = rows.front();
  check(comparison, first, rows);
  check(comparison, first, columns);
  const auto left = prepareAll(comparison, rows, cancel), right = prepareAll(comparison, columns, cancel);
  std::vector<double> values;
  for (const auto& x : left)
    for (const auto& y : right) {
      throwIfCancelled(cancel);
      values.push_back(comparison.compare(x.get(), y.get()));
    }
  return values;
}

std::vector<double> compareAll(const ComparisonDef& comparison, std::vector<Features> all, const CancelToken& cancel) {
  if (all.empty()) return {};
  check(comparison, Features(all.front()), all);
  if (comparison.allPairs) return comparison.allPairs(all, cancel);
  const std::vector<std::shared_ptr<const void>> prepared = prepareAll(comparison, all, cancel);
  const size_t count = all.size();
  std::vector<double> values(count * count);
  for (size_t i = 0; i < count; ++i)
    for (size_t j = i; j < count; ++j) {
      throwIfCancelled(cancel);
      values[i * count + j] = values[j * count + i] = comparison.compare(prepared[i].get(), prepared[j].get());
    }
  return values;
}

double compare(const ComparisonDef& comparison, const Features& x, const Features& y) {
  return compareAll(comparison, {x, y})[1];
}

}  // namespace fw
