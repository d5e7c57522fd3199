// The tables of the GPU's kernels.
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {

const Kernels& kernels() {
#define FW_ENTRY(name) .name = name,
  static const Kernels table = {FW_KERNELS(FW_ENTRY)};
#undef FW_ENTRY
  return table;
}

const Kernels& bf16Kernels() {
  static const Kernels table = [] {
    Kernels all = kernels();
    all.matmul = matmulBf16;
    all.matmulWorkspace = matmulBf16Workspace;
    all.compactLinear = compactLinearBf16;
    all.compactLinearWorkspace = compactLinearBf16Workspace;
    all.attention = attentionBf16;
    all.attentionWorkspace = attentionBf16Workspace;
    all.attentionGradient = attentionGradientBf16;
    all.attentionGradientWorkspace = attentionGradientBf16Workspace;
    return all;
  }();
  return table;
}

}  // namespace fw::kernels::FW_CUDA
