// rotary: position embedding by rotation of pairs.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// base^(-2i/dims), i = 0..dims/2-1: radians a position.
std::vector<double> rotaryFrequencies(double base, int64_t dims);

struct RotaryOptions {
  bool isInterleaved = false;  // pairs (2i, 2i+1); else (i, i + count of frequencies)
  bool isInverse = false;      // turns by the negative angle
  Value position = {};         // i64: scalar or [B], added to t; or [B,T], the positions themselves
};

/// x: [B,T,H,K]; the first 2 * frequencies.size() elements of each head are turned by position * frequency, the rest
/// stays.
Value rotary(Value x, const std::vector<double>& frequencies, const RotaryOptions& options = {});

}  // namespace fw::ir
