// The elementwise functions of kernels/tiles.h on the device, one element at a time, and the activations.
#pragma once

#include "kernels/activation.h"
#include "kernels/cuda/kernel.h"
#include "kernels/tiles.h"

namespace fw::kernels::FW_CUDA {

enum class Function : uint8_t {
#define FW_NAME(name) name,
  FW_TILES(FW_NAME)
#undef FW_NAME
};

/// The function that a tile computes.
inline Function functionOf(Tile tile) {
#define FW_ADDRESS(name) cpu::tile::name,
  static const Tile tiles[] = {FW_TILES(FW_ADDRESS)};
#undef FW_ADDRESS
  int i = 0;
  while (tiles[i] != tile) ++i;
  return Function(i);
}

/// Constants that the function reads.
inline int constantsOf(Function function) {
  return function == Function::fill ? 1 : function == Function::clamp ? 2 : 0;
}

/// Values that the function takes.
__device__ inline int arityOf(Function function) {
  if (function == Function::fill) return 0;
  if (function == Function::where) return 3;
  return function >= Function::siluGradient && function != Function::logicalNot ? 2 : 1;
}

__device__ inline float sigmoidOf(float x) {
  const float e = expf(-fabsf(x)), larger = 1 / (1 + e);
  return x < 0 ? e * larger : larger;
}
/// sigmoid(x) and 1 - sigmoid(x), both to full relative accuracy.
__device__ inline float sigmoidOf(float x, float& rest) {
  const float e = expf(-fabsf(x)), larger = 1 / (1 + e), smaller = e * larger;
  rest = x < 0 ? larger : smaller;
  return x < 0 ? smaller : larger;
}
__device__ inline float reluOf(float x) { return x < 0 ? 0 : x; }
/// P(X < x) for a standard normal X.
__device__ inline float normalOf(float x) { return 0.5f * erfcf(-0.70710678f * x); }
__device__ inline float geluOf(float x) { return x < -20 ? 0 * normalOf(x) : x * normalOf(x); }
/// 2 sqrt(2/pi) (x + 0.044715 x^3), x bounded so that its cube stays finite.
__device__ inline float geluTanhArgument(float x) { return x * (0.0713548163f * x * x + 1.59576912f); }
__device__ inline float bounded(float x) { return x < -100 ? -100 : x > 100 ? 100 : x; }
__device__ inline float geluTanhOf(float x) { return (x < -100 ? 0 : x) * sigmoidOf(geluTanhArgument(bounded(x))); }
__device__ inline float siluSlope(float x) {
  float rest;
  const float s = sigmoidOf(x, rest);
  return x * s * rest + s;
}
__device__ inline float geluSlope(float x) {
  const float inner = fabsf(x) > 20 ? 0 : x;
  return normalOf(x) + inner * 0.398942280f * expf(-0.5f * inner * inner);
}
__device__ inline float geluTanhSlope(float x) {
  float rest;
  const float b = bounded(x), s = sigmoidOf(geluTanhArgument(b), rest);
  return b * (0.214064449f * b * b + 1.59576912f) * s * rest + s;
}

__device__ inline float apply(Function function, float x, float y, float z, const float* constants) {
  switch (function) {
    case Function::fill:
      return constants[0];
    case Function::copy:
      return x;
    case Function::neg:
      return -x;
    case Function::abs:
      return fabsf(x);
    case Function::sign:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case Function::floor:
      return floorf(x);
    case Function::round:
      return rintf(x);
    case Function::square:
      return x * x;
    case Function::reciprocal:
      return 1 / x;
    case Function::sqrt:
      return sqrtf(x);
    case Function::rsqrt:
      return 1 / sqrtf(x);
    case Function::relu:
      return reluOf(x);
    case Function::squaredRelu:
      return reluOf(x) * reluOf(x);
    case Function::clamp:
      return x < constants[0] ? constants[0] : x > constants[1] ? constants[1] : x;
    case Function::exp:
      return expf(x);
    case Function::log:
      return logf(x);
    case Function::log1p:
      return log1pf(x);
    case Function::sin:
      return sinf(x);
    case Function::cos:
      return cosf(x);
    case Function::tanh:
      return tanhf(x);
    case Function::sigmoid:
      return sigmoidOf(x);
    case Function::silu:
      return x * sigmoidOf(x);
    case Function::softplus:
      return (x < 0 ? 0 : x) + log1pf(expf(-fabsf(x)));
    case Function::erf:
      return erff(x);
    case Function::gelu:
      return geluOf(x);
    case Function::geluTanh:
      return geluTanhOf(x);
    case Function::siluGradient:
      return y * siluSlope(x);
    case Function::geluGradient:
      return y * geluSlope(x);
    case Function::geluTanhGradient:
      return y * geluTanhSlope(x);
    case Function::add:
      return x + y;
    case Function::sub:
      return x - y;
    case Function::mul:
      return x * y;
    case Function::div:
      return x / y;
    case Function::pow:
      return powf(x, y);
    case Function::maximum:
      return x > y || x != x ? x : y;
    case Function::minimum:
      return x < y || x != x ? x : y;
    case Function::equal:
      return x == y;
    case Function::notEqual:
      return x != y;
    case Function::less:
      return x < y;
    case Function::lessEqual:
      return x <= y;
    case Function::greater:
      return x > y;
    case Function::greaterEqual:
      return x >= y;
    case Function::logicalAnd:
      return x != 0 && y != 0;
    case Function::logicalOr:
      return x != 0 || y != 0;
    case Function::logicalNot:
      return x == 0;
    case Function::where:
      return x != 0 ? y : z;
  }
  return x;
}

__device__ inline float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::None:
      return x;
    case Activation::Relu:
      return reluOf(x);
    case Activation::Gelu:
      return geluOf(x);
    case Activation::GeluTanh:
      return geluTanhOf(x);
    case Activation::Silu:
      return x * sigmoidOf(x);
    case Activation::SquaredRelu:
      return reluOf(x) * reluOf(x);
  }
  return x;
}

}  // namespace fw::kernels::FW_CUDA
