// What a comparison is: how alike two representations of the same samples are. One file each in
// engine/analysis/comparisons.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/job.h"

namespace fw {

/// Features of samples, row-major [rows, width]; the memory is somebody else's.
struct Features {
  const float* data = nullptr;
  int64_t rows = 0, width = 0;
};

struct ComparisonDef {
  std::string id;     // "procrustes"
  std::string title;  // "Procrustes similarity"
  std::string help;   // what it is blind to
  std::string paper;
  /// No more rows than these are compared, as time or memory grows with their square; 0: any number.
  int64_t mostRows = 0;
  /// What of one representation all its comparisons share. Throws nothing for any finite features.
  std::function<std::shared_ptr<const void>(const Features& features)> prepare;
  /// 1 for a representation with itself, the same both ways round; NaN where one of them is constant. Both were
  /// prepared from equally many rows.
  std::function<double(const void* x, const void* y)> compare;
  /// All pairs at once, row-major [count, count], where that is faster or takes less memory than one by one.
  std::function<std::vector<double>(const std::vector<Features>& all, const CancelToken& cancel)> allPairs = nullptr;
  /// Why `rows` samples are too few for features that are `width` wide; empty where they are not, absent: never.
  std::function<std::string(int64_t rows, int64_t width)> caution = nullptr;
};

/// Every comparison (generated).
const std::vector<ComparisonDef>& allComparisons();

/// Throws Code::Usage that lists the comparisons.
const ComparisonDef& findComparison(const std::string& id);

/// Every pair of representations, row-major [count, count]; at most `mostRows` rows of each are used. Throws
/// Code::Usage where their rows differ or there are none, Code::Cancelled.
std::vector<double> compareAll(const ComparisonDef& comparison, std::vector<Features> all,
                               const CancelToken& cancel = {});

/// Every one of `rows` with every one of `columns`, row-major. Throws as compareAll().
std::vector<double> compareAcross(const ComparisonDef& comparison, std::vector<Features> rows,
                                  std::vector<Features> columns, const CancelToken& cancel = {});

/// One number for two representations. Throws Code::Usage where their rows differ or there are none.
double compare(const ComparisonDef& comparison, const Features& x, const Features& y);

}  // namespace fw
