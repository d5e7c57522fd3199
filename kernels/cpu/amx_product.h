// Matrix products on the tile registers of AMX, as exact as in f32.
#pragma once

#include <cstdint>

#include "kernels/cpu/gemm.h"

namespace fw::kernels::cpu {

/// Whether this machine has the tiles and the product is large enough to gain by them. Never where a test holds the
/// kernels to a lesser instruction set.
bool wantsAmx(const GemmArgs& args);

/// Bytes of scratch memory.
int64_t amxWorkspace(const GemmArgs& args, int threads);

/// gemm where wantsAmx(args).
void amxProduct(const Launch& launch, const GemmArgs& args, void* workspace);

}  // namespace fw::kernels::cpu
