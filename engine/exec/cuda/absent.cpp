// The GPUs of a build without the CUDA toolkit.
#include "engine/exec/cuda_backend.h"

namespace fw {

std::vector<DeviceInfo> listCudaDevices() {
  return {{.id = "cuda", .name = "CUDA", .absence = "this build has no CUDA backend"}};
}

std::unique_ptr<Backend> makeCudaBackend(int, Precision) {
  throw Error(Code::Device, "[cuda] this build has no CUDA backend; expected one configured where nvcc is installed.");
}

}  // namespace fw
