// How few of its dimensions carry an activation, which units ever fire, and how long dimensions stay active.
#pragma once

#include <cstdint>
#include <vector>

namespace fw {

/// Of one vector a of `width` numbers; a vector of zeros is wholly sparse and has no other value (NaN).
struct VectorSparsity {
  double zeroShare = 0;        // of |a| <= 1e-6
  double smallShare = 0;       // of |a| < 0.01 max |a|
  double activeShare = 0;      // of the fewest dimensions that hold half of sum |a|
  double hoyer = 0;            // (sqrt d - |a|_1 / |a|_2) / (sqrt d - 1): 0 constant, 1 one-hot (Hoyer, 2004)
  double gini = 0;             // sum (2 i - d - 1) |a|_(i) / (d sum |a|), ascending
  double kurtosis = 0;         // m4 / m2^2 - 3 across the dimensions
  double effectiveNumber = 0;  // (sum a^2)^2 / sum a^4
};
VectorSparsity sparsityOf(const float* a, int64_t width);

/// The same and the active set that holds half of sum |a|, for one sort.
struct VectorActivity {
  VectorSparsity sparsity;
  std::vector<int64_t> active;  // sorted
};
VectorActivity activityOf(const float* a, int64_t width);

/// The fewest dimensions that hold `share` of sum |a|, largest first; of equal ones the first. None for a vector of
/// zeros.
std::vector<int64_t> activeSet(const float* a, int64_t width, double share);

/// Share of the union that two sorted sets have in common (Jaccard); NaN for two empty ones.
double jaccard(const std::vector<int64_t>& x, const std::vector<int64_t>& y);

/// How often each unit fires over any amount of data.
class UnitActivity {
 public:
  explicit UnitActivity(int64_t width);
  void add(const float* rows, int64_t count);  // [count, width]

  int64_t rows() const { return rows_; }
  std::vector<double> firingRates() const;                        // share of rows where a > 0
  const std::vector<float>& largest() const { return largest_; }  // max |a|
  /// Units whose largest magnitude is below 1e-3 of the units' median largest one (0 where that is 0).
  std::vector<int64_t> deadUnits() const;
  int64_t dead() const { return int64_t(deadUnits().size()); }
  /// Units that fire in more than 99.9 % of the rows.
  int64_t alwaysOn() const;

 private:
  int64_t rows_ = 0;
  std::vector<int64_t> fired_;
  std::vector<float> largest_;
};

/// Which dimensions stay active from token to token. A token's active set holds half of its sum |a|; over windows of
/// `window` tokens a dimension is shared when active in at least 80 % of them, specialised when in some but at most 20
/// %.
class ActivationFlow {
 public:
  static constexpr int64_t window = 32, longestLag = 16;
  explicit ActivationFlow(int64_t width);
  /// One sequence of tokens, [time, width].
  void add(const float* rows, int64_t time);
  /// The same where the active sets are known: one for each token.
  void add(const float* rows, int64_t time, const VectorActivity* activities);

  /// Mean Jaccard index of the active sets of tokens `lag` apart, lag 1 to longestLag; NaN where no sequence was so
  /// long.
  std::vector<double> persistence() const;
  double sharedShare() const;       // of the dimensions, mean over windows; NaN without a full window
  double specialisedShare() const;  // the same
  double sharedMass() const;        // of sum |a| in the windows that shared dimensions hold
  double meanMagnitude() const;     // mean |a|

 private:
  int64_t width_;
  std::vector<double> overlap_;
  std::vector<int64_t> pairs_;
  double shared_ = 0, specialised_ = 0, mass_ = 0;
  double magnitude_ = 0;
  int64_t windows_ = 0, tokens_ = 0;
};

}  // namespace fw
