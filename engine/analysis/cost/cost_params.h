// The parameters that all analyses of cost share: device, phase, sizes, and bits of values.
#pragma once

#include <vector>

#include "engine/arch/block.h"

namespace fw {

/// "on": "this machine" or the id of a data sheet; "mode", "batch" (0: the smallest), "time", "bits".
std::vector<ParamDef> costParams();

constexpr const char* kThisMachine = "this machine";

}  // namespace fw
