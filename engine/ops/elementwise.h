// The elementwise functions of graphs. Those of two and three values broadcast (NumPy rules); the arithmetic operators
// are in engine/ir/builder.h.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

Value abs(Value x);
/// -1, 0 or 1; without a gradient, as floor and round.
Value sign(Value x);
Value floor(Value x);
/// To the nearest whole number, ties to even.
Value round(Value x);
Value square(Value x);
Value reciprocal(Value x);
Value sqrt(Value x);
/// 1 / sqrt(x)
Value rsqrt(Value x);
Value exp(Value x);
Value log(Value x);
/// ln(1 + x) without loss for small x.
Value log1p(Value x);
Value sin(Value x);
Value cos(Value x);
Value erf(Value x);
Value tanh(Value x);
/// 1 / (1 + e^-x)
Value sigmoid(Value x);
/// x sigmoid(x)
Value silu(Value x);
/// x P(X < x) for a standard normal X: the exact form.
Value gelu(Value x);
/// The approximation 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) of gelu.
Value geluTanh(Value x);
/// max(x, 0)
Value relu(Value x);
/// max(x, 0)^2
Value squaredRelu(Value x);
/// ln(1 + e^x)
Value softplus(Value x);
/// x held in [low, high]; the gradient is 0 outside. Throws Code::Parameter when low > high.
Value clamp(Value x, double low, double high);

/// x^y with the special values of C's pow.
Value pow(Value x, Value y);
Value pow(Value x, double y);
/// The larger of two values, NaN where one is; equal values share the gradient.
Value maximum(Value a, Value b);
Value maximum(Value a, double b);
Value minimum(Value a, Value b);
Value minimum(Value a, double b);

// To bool, of two values of one dtype.
Value equal(Value a, Value b);
Value equal(Value a, double b);
Value notEqual(Value a, Value b);
Value notEqual(Value a, double b);
Value less(Value a, Value b);
Value less(Value a, double b);
Value lessEqual(Value a, Value b);
Value lessEqual(Value a, double b);
Value greater(Value a, Value b);
Value greater(Value a, double b);
Value greaterEqual(Value a, Value b);
Value greaterEqual(Value a, double b);

// Of bool values.
Value logicalAnd(Value a, Value b);
Value logicalOr(Value a, Value b);
Value logicalNot(Value x);

/// a where the bool `condition` holds, b elsewhere; a and b have one dtype.
Value where(Value condition, Value a, Value b);
Value where(Value condition, Value a, double b);
Value where(Value condition, double a, Value b);

/// The same numbers as another dtype: to integers the fraction is dropped, to bool anything but 0 is true.
Value cast(Value x, DType dtype);
/// x itself, through which no gradient passes.
Value stopGradient(Value x);
/// `forward` itself; the gradient goes to `backward` as if it were that. Both of one type. (Bengio, Leonard and
/// Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013.)
Value straightThrough(Value forward, Value backward);

/// dy f'(x) for the f of the name: the gradients of activations in one pass.
Value geluGradient(Value x, Value dy);
Value geluTanhGradient(Value x, Value dy);
Value siluGradient(Value x, Value dy);

}  // namespace fw::ir
