// add_rms_norm: h = x + residual and rms_norm of h, in one pass.
#include "engine/ops/norm_def.h"

namespace fw {

OpDef op_add_rms_norm() { return normOp("add_rms_norm", "A sum, and its RMS norm.", false, true); }

}  // namespace fw
