// rms_norm_gradient: dx = (g - n mean(g n)) / rms, g = dy * weight, n the normalised row.
#include "engine/ops/norm_def.h"

namespace fw {

OpDef op_rms_norm_gradient() { return normGradientOp("rms_norm_gradient", "The gradients of rms_norm.", false); }

}  // namespace fw
