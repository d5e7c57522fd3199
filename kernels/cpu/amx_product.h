// Matrix products on the tile registers of AMX, as exact as in f32.
#pragma once

#include <cstdint>

#include "kernels/cpu/gemm.h"

namespace fw::kernels::cpu {

/// Whether this machine has the tiles and the products are alike and together large enough to gain by them. Never where
/// a test holds the kernels to a lesser instruction set.
bool wantsAmx(const GemmGroup& group);

/// Bytes of scratch memory.
int64_t amxWorkspace(const GemmGroup& group, int threads);

/// gemm of each product where wantsAmx(group).
void amxProduct(const Launch& launch, const GemmGroup& group, void* workspace);

}  // namespace fw::kernels::cpu
