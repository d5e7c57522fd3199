// average_pool2d and max_pool2d: windows of images reduced to one number each.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

struct Pool2dOptions {
  std::vector<int64_t> kernel = {2, 2};         // height and width of the window
  std::vector<int64_t> strides = {};            // empty: those of the window
  std::vector<int64_t> padding = {0, 0, 0, 0};  // top, left, bottom, right; less than the window
};

/// The mean of each window: x [N,C,H,W] -> [N,C,P,Q]. `countsPadding`: of the whole window, padding as zeros; otherwise
/// of what lies inside.
Value averagePool2d(Value x, const Pool2dOptions& options, bool countsPadding = false);

/// The maximum of each window, NaN where one is inside.
Value maxPool2d(Value x, const Pool2dOptions& options);

}  // namespace fw::ir
