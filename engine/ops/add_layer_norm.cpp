// add_layer_norm: h = x + residual and layer_norm of h, in one pass.
#include "engine/ops/norm_def.h"

namespace fw {

OpDef op_add_layer_norm() { return normOp("add_layer_norm", "A sum, and its layer norm.", true, true); }

}  // namespace fw
