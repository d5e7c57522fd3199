// A backend that runs plans by the emulated CUDA kernels, in host memory: whole models go the way of the GPU where
// there is none.
#pragma once

#include <memory>

#include "engine/exec/cuda_backend.h"

namespace fw::testing {

std::unique_ptr<Backend> makeEmulatedBackend(Precision precision = Precision::F32);

}  // namespace fw::testing
