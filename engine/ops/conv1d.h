// conv1d: convolution along time of signals with channels.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

struct Conv1dOptions {
  int64_t stride = 1;
  std::vector<int64_t> padding = {0, 0};  // before and after
  int64_t dilation = 1, groups = 1;
};

/// x [N,C,T], weight [O,C/groups,K], bias [O] or invalid -> [N,O,P]. For x [B,T,D] see causalConv1d.
Value conv1d(Value x, Value weight, Value bias = {}, const Conv1dOptions& options = {});

}  // namespace fw::ir
