// Checking indices before anything is read or written through them.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels::cpu {

/// The first i for which indices[i] lies outside [0, size), or -1.
int64_t firstOutside(const Launch& launch, const int64_t* indices, int64_t count, int64_t size);

}  // namespace fw::kernels::cpu
