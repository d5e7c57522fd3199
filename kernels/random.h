// Tensors of random numbers, each element a pure function of (seed, stream, its index). See kernels/philox.h.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct RandomArgs {
  const int64_t* seed;  // scalar
  int64_t stream;
  float* y;  // [count]
  int64_t count;
  double a, b;
};

/// y = x / (1 - rate) where a word lies below (1 - rate) 2^32, else 0.
struct DropoutArgs {
  const float* x;       // [count]; may be y
  const int64_t* seed;  // scalar
  int64_t stream;
  float* y;  // [count]
  int64_t count;
  double rate;  // in [0, 1]
};

namespace cpu {
/// Uniform in [a, b).
void randomUniform(const Launch& launch, const RandomArgs& args);
/// Normal with mean a and standard deviation b, by Box and Muller from two words: the pair (2i, 2i+1) shares a radius.
void randomNormal(const Launch& launch, const RandomArgs& args);
/// 1 with probability a, else 0.
void randomBernoulli(const Launch& launch, const RandomArgs& args);
void dropout(const Launch& launch, const DropoutArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
