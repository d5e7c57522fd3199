// The GPU's kernels, declared with the types that the CPU's have.
#pragma once

#include "kernels/cuda/device.h"
#include "kernels/kernels.h"

namespace fw::kernels::FW_CUDA {

#define FW_DECLARE(name) decltype(cpu::name) name;  // NOLINT(bugprone-macro-parentheses): a declared name
FW_KERNELS(FW_DECLARE)
#undef FW_DECLARE

// Those that multiply on tensor cores.
decltype(cpu::matmul) matmulBf16;
decltype(cpu::matmulWorkspace) matmulBf16Workspace;
decltype(cpu::compactLinear) compactLinearBf16;
decltype(cpu::compactLinearWorkspace) compactLinearBf16Workspace;
decltype(cpu::attention) attentionBf16;
decltype(cpu::attentionWorkspace) attentionBf16Workspace;
decltype(cpu::attentionGradient) attentionGradientBf16;
decltype(cpu::attentionGradientWorkspace) attentionGradientBf16Workspace;

}  // namespace fw::kernels::FW_CUDA
