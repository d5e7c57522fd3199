// One step of an optimiser on one tensor, and the sum of squares from which gradients are clipped.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// With g = scale * gradient, t = step (1 for the first), rate = *learningRate:
///   m' = beta1 m + (1 - beta1) g,   v' = beta2 v + (1 - beta2) g^2
///   p' = p - rate * decay * p - rate * (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + epsilon)
/// (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.) Outputs may be the inputs of the same
/// meaning.
struct AdamwArgs {
  const float *parameter, *gradient, *m, *v;  // [count]
  const float* learningRate;                  // scalar
  const int64_t* step;                        // scalar
  const float* scale;                         // scalar
  float *newParameter, *newM, *newV;          // [count]
  int64_t count;
  double beta1, beta2, epsilon, decay;
};

/// One tensor of a fused step; as in AdamwArgs.
struct AdamwTensor {
  const float *parameter, *gradient, *m, *v;
  float *newParameter, *newM, *newV;
  int64_t count;
  double decay;
};

/// A step of AdamW on several tensors.
struct FusedAdamwArgs {
  const AdamwTensor* tensors;  // in the CPU's memory
  int64_t tensorCount;
  const float* learningRate;
  const int64_t* step;
  const float* scale;
  double beta1, beta2, epsilon;
};

/// With g = scale * gradient + decay * p:  b' = momentum b + g;  p' = p - rate * (isNesterov ? g + momentum b' : b').
/// Without a buffer p' = p - rate * g. A scale that is not finite leaves all as it is. Outputs may be the inputs of the
/// same meaning.
struct SgdArgs {
  const float *parameter, *gradient;  // [count]
  const float* buffer;                // [count]; null: no momentum
  const float* learningRate;          // scalar
  const float* scale;                 // scalar
  float *newParameter, *newBuffer;    // [count]
  int64_t count;
  double momentum, decay;
  bool isNesterov;
};

/// y = sum of x[i]^2, accumulated in double.
struct SumSquaresArgs {
  const float* x;    // [count]
  float* y;          // scalar
  double* partials;  // sumSquaresPartials(count) of them
  int64_t count;
};

namespace cpu {
void adamw(const Launch& launch, const AdamwArgs& args);
void fusedAdamw(const Launch& launch, const FusedAdamwArgs& args);
void sgd(const Launch& launch, const SgdArgs& args);
int64_t sumSquaresPartials(int64_t count);
void sumSquares(const Launch& launch, const SumSquaresArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
