// What selective_scan and its gradient share. Defined in selective_scan.cpp.
#pragma once

#include "engine/ops/rules.h"
#include "kernels/selective_scan.h"

namespace fw {

/// Index of each optional input; -1 where the attributes say that it is not given.
struct SelectiveScanOperands {
  explicit SelectiveScanOperands(const ir::Attrs& attrs) {
    if (attrs.flag("skip", false)) skip = end++;
    if (attrs.flag("state", false)) state = end++;
  }
  int skip = -1, state = -1;
  int end = 5;
};

/// Checks x, delta, a, b, c and the optional inputs; sentences start with "[op] ".
void checkSelectiveScan(const OpCall& call, const char* op);

kernels::SelectiveScanInputs selectiveScanSizes(const std::vector<ir::TensorType>& inputs);
kernels::SelectiveScanInputs selectiveScanInputs(const KernelCall& call);

/// Every step of the recurrence, [B,T,D,N].
struct SelectiveScanStates {
  ir::Value decay;     // exp(delta a)
  ir::Value states;    // h[t]
  ir::Value previous;  // h[t-1]
};
SelectiveScanStates selectiveScanStates(const DecomposeCall& call);

}  // namespace fw
