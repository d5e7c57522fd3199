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

std::vector<double> compareAll(const ComparisonDef& comparison, std::vector<Features> all, const CancelToken& cancel) {
  for (Features& features : all) {
    if (features.rows != all.front().rows || features.rows < 1 || features.width < 1)
      throw Error(Code::Usage,
                  text("[", comparison.id, "] compares ", all.front().rows, " x ", all.front().width, " features with ",
                       features.rows, " x ", features.width, "; expected as many rows, at least one, and a width."));
  }
  for (Features& features : all)
    if (comparison.mostRows > 0) features.rows = std::min(features.rows, comparison.mostRows);
  if (comparison.allPairs) return comparison.allPairs(all, cancel);
  std::vector<std::shared_ptr<const void>> prepared;
  for (const Features& features : all) {
    throwIfCancelled(cancel);
    prepared.push_back(comparison.prepare(features));
  }
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
