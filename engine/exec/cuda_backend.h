// GPUs by CUDA. A build without the toolkit, a machine without a driver or a GPU: each is a reason, never a failure to
// start.
#pragma once

#include <memory>
#include <vector>

#include "engine/exec/backend.h"

namespace fw {

/// "cuda:0", "cuda:1", ...; or one entry "cuda" that says why there is none.
std::vector<DeviceInfo> listCudaDevices();

/// What large products and attention are computed in; sums and everything in memory are f32 in both.
enum class Precision { F32, Bf16 };

/// One stream on the GPU of that number. Throws Code::Device that says why there is none.
std::unique_ptr<Backend> makeCudaBackend(int number, Precision precision = Precision::F32);

}  // namespace fw
