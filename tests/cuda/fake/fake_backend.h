// The real source of the CUDA backend on GPUs that do not exist: see cuda_runtime.h beside this.
#pragma once

#include "engine/exec/cuda_backend.h"

namespace fw {

std::vector<DeviceInfo> listFakeCudaDevices();
std::unique_ptr<Backend> makeFakeCudaBackend(int number, Precision precision = Precision::F32);

}  // namespace fw
