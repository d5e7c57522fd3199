// Several products of one A: one after the other, which the caches of a GPU make cheap.
#include <algorithm>

#include "kernels/cuda/kernels.h"
#include "kernels/matmul.h"

namespace fw::kernels::FW_CUDA {

int64_t matmulGroupWorkspace(const Launch& launch, const MatmulGroup& group) {
  int64_t most = 0;
  for (int64_t i = 0; i < group.count; ++i)
    most = std::max(most, launch.kernels->matmulWorkspace(group.products[i], launch.threads));
  return most;
}

void matmulGroup(const Launch& launch, const MatmulGroup& group, void* workspace) {
  for (int64_t i = 0; i < group.count; ++i) launch.kernels->matmul(launch, group.products[i], workspace);
}

}  // namespace fw::kernels::FW_CUDA
