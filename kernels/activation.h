// The activations that a matrix product can apply to its result before it leaves the registers.
#pragma once

namespace fw::kernels {

enum class Activation {
  None,
  Relu,         // max(x, 0)
  Gelu,         // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), Hendrycks & Gimpel 2016
  GeluErf,      // x/2 (1 + erf(x / sqrt 2))
  Silu,         // x / (1 + e^-x)
  SquaredRelu,  // max(x, 0)^2, So et al. 2021
};

}  // namespace fw::kernels
