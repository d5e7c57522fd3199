// A model's graph with sizes that follow batch and time, as exporters write it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/ir/graph.h"

namespace fw {

struct RotationLimits;

/// (constant + batch B + time T + both B T) / divisor
struct SymbolicSize {
  int64_t constant = 0, batch = 0, time = 0, both = 0, divisor = 1;
  bool isConstant() const { return batch == 0 && time == 0 && both == 0; }
  bool operator==(const SymbolicSize&) const = default;
  int64_t at(int64_t b, int64_t t) const { return (constant + batch * b + time * t + both * b * t) / divisor; }
  /// "2*T", "B//4"; `batchName` and `timeName` stand for B and T.
  std::string toString(const std::string& batchName = "B", const std::string& timeName = "T") const;
};
using SymbolicSizes = std::vector<SymbolicSize>;

class PortableGraph {
 public:
  const ir::Graph& graph() const { return *graphs_.front(); }
  /// False where the model could be had at one length only.
  bool hasTime() const { return hasTime_; }
  /// Shorter texts, and longer ones (0: none are), are computed in another way, with rotations that follow the length:
  /// exports refuse them.
  int64_t alikeFrom() const { return alikeFrom_; }
  int64_t alikeUpTo() const { return alikeUpTo_; }
  bool isLimited() const { return alikeFrom_ > 1 || alikeUpTo_ > 0; }
  /// "at most 9", "at least 10", "10 to 130".
  std::string range() const;
  SymbolicSizes dims(ir::ValueRef value) const;
  /// The integers of an attribute of a node; one for a single integer.
  SymbolicSizes sizes(int node, const std::string& attribute) const;
  /// The body of a scan.
  PortableGraph body(int node) const;

  /// A batch and a time at which the model was lowered.
  struct Point {
    int64_t batch, time;
  };
  const std::vector<Point>& points() const { return points_; }
  /// The size that has these values at the points.
  SymbolicSize fit(const std::vector<int64_t>& values) const;

  /// Lowered for a whole sequence at several sizes, or at the length `time` alone. Ops for which `isKnown` does not
  /// hold are replaced by what they are made of. Throws what lowering throws, and Code::Graph "[export] there is no
  /// form for the op 'x'."
  static PortableGraph of(const Architecture& architecture,
                          const std::function<bool(const ir::Graph&, const ir::Node&)>& isKnown, int64_t time = 0);

 private:
  void setRange(const RotationLimits& limits, bool differsBeyond);

  std::vector<std::shared_ptr<const ir::Graph>> graphs_;  // the same steps at each point
  std::vector<Point> points_;                             // one, or (b,t) (b',t) and, with time, (b,t') (b',t')
  bool hasTime_ = false;
  int64_t alikeFrom_ = 1, alikeUpTo_ = 0;
};

}  // namespace fw
