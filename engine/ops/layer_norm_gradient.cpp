// layer_norm_gradient: dx = (g - mean(g) - n mean(g n)) / deviation, g = dy * weight, n the normalised row.
#include "engine/ops/norm_def.h"

namespace fw {

OpDef op_layer_norm_gradient() { return normGradientOp("layer_norm_gradient", "The gradients of layer_norm.", true); }

}  // namespace fw
