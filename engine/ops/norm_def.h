// How the norms and their gradients are defined: layer norm and RMS norm, each with and without an addition in front.
#pragma once

#include <string>

#include "engine/ir/op.h"

namespace fw {

/// The whole op. Inputs: x, then residual (`hasSum`), then weight and bias as the attributes "weight" and "bias" say.
/// Outputs: y, then the sum (`hasSum`). Attribute "epsilon".
OpDef normOp(const std::string& name, const std::string& help, bool isCentred, bool hasSum);

/// Inputs: h, dy, then weight ("weight"), then the carry that is added to dh ("carry"). Outputs: dh, then dWeight
/// ("weight"), then dBias ("bias").
OpDef normGradientOp(const std::string& name, const std::string& help, bool isCentred);

}  // namespace fw
