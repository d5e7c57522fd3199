// Rotary position embedding: pairs of a head's first `rotated` elements are turned by position * frequency.
// (Su et al., "RoFormer", 2021.)
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct RotaryArgs {
  const float* x = nullptr;            // [B,T,H,K]
  float* y = nullptr;                  // [B,T,H,K]; may be x
  const float* frequencies = nullptr;  // [rotated / 2], radians a position
  const int64_t* position = nullptr;   // optional; of token (b,t): position[b * positionBatch + t * positionTime]
  int64_t positionBatch = 0, positionTime = 0;
  bool isCounted = true;  // t is added to the position
  int64_t batch = 0, time = 0, heads = 0, width = 0, rotated = 0;
  bool isInterleaved = false;  // pairs (2i, 2i+1); else (i, i + rotated/2)
  bool isInverse = false;      // turns by the negative angle
};

namespace cpu {

void rotary(const Launch& launch, const RotaryArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
