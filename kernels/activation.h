// The activations that a matrix product can apply to its result. The names are those of the ops.
#pragma once

namespace fw::kernels {

enum class Activation { None, Relu, Gelu, GeluTanh, Silu, SquaredRelu };

}  // namespace fw::kernels
