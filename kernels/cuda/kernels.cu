// The table of the GPU's kernels.
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {

const Kernels& kernels() {
#define FW_ENTRY(name) .name = name,
  static const Kernels table = {FW_KERNELS(FW_ENTRY)};
#undef FW_ENTRY
  return table;
}

}  // namespace fw::kernels::FW_CUDA
