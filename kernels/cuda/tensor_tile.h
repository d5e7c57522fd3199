// Products of small tiles of bf16 with sums in f32, by a warp: one instruction of the tensor cores (mma.m16n8k16), and
// in the emulation the same from the same registers in C++. What lies around it is the same source in both.
#pragma once

#include "kernels/cuda/convert.h"

namespace fw::kernels::FW_CUDA {

/// Part of a lane of A, [16 rows, 16 deep]: two neighbours along the depth in each.
struct TileA {
  uint32_t x[4];
};
/// Part of a lane of B, [16 deep, 8 columns].
struct TileB {
  uint32_t x[2];
};
/// Part of a lane of C, [16 rows, 8 columns]: x[0], x[1] of row lane / 4 in columns lane % 4 * 2 and the next; x[2],
/// x[3] 8 rows below.
struct TileC {
  float x[4] = {};
};

__device__ inline uint32_t packed(Bf16 low, Bf16 high) { return uint32_t(high.bits) << 16 | low.bits; }

/// Two f32, rounded to the nearest bf16.
__device__ inline uint32_t packed(float low, float high) {
#ifdef FW_EMULATION
  return packed(narrowToBf16(low), narrowToBf16(high));
#else
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#endif
}

/// C += A B, by all lanes of a warp.
__device__ inline void multiply(TileC& c, const TileA& a, const TileB& b) {
#ifdef FW_EMULATION
  emulation::multiplyTiles(c.x, a.x, b.x);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c.x[0]), "+f"(c.x[1]), "+f"(c.x[2]), "+f"(c.x[3])
      : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b.x[0]), "r"(b.x[1]));
#endif
}

/// The sums of two neighbouring tiles, [16, 8] each, rounded: the A of a product over their 16 columns.
__device__ inline TileA asA(const TileC& left, const TileC& right) {
  return {{packed(left.x[0], left.x[1]), packed(left.x[2], left.x[3]), packed(right.x[0], right.x[1]),
           packed(right.x[2], right.x[3])}};
}

/// Bf16 between the begins of two rows of `width` in shared memory: rows begin at multiples of 16 bytes, and eight of
/// them meet no bank twice.
__host__ __device__ constexpr int tileStep(int width) { return width + 8; }

#ifndef FW_EMULATION
/// Four matrices [8, 8] of shared memory; lane l names row l % 8 of matrix l / 8.
template <bool isTransposed>
__device__ inline void loadMatrices(uint32_t (&x)[4], const Bf16* row) {
  const unsigned address = unsigned(__cvta_generic_to_shared(row));
  if (isTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(address)
                 : "memory");
}
#endif

/// A from shared memory: element (row, depth) at row * step + depth, or, isTransposed, at depth * step + row.
template <bool isTransposed = false>
__device__ inline TileA loadA(SharedArray<Bf16> from, int step) {
  TileA a;
  const int lane = int(threadIdx.x) % kWarp;
#ifdef FW_EMULATION
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i % 2 * 8, depth = lane % 4 * 2 + i / 2 * 8;
    const auto at = [&](int k) -> Bf16 { return from[isTransposed ? k * step + row : row * step + k]; };
    a.x[i] = packed(at(depth), at(depth + 1));
  }
#else
  if (isTransposed)
    loadMatrices<true>(a.x, from + (lane / 16 * 8 + lane % 8) * step + lane / 8 % 2 * 8);
  else
    loadMatrices<false>(a.x, from + lane % 16 * step + lane / 16 * 8);
#endif
  return a;
}

/// Two Bs side by side, [16 deep, 16 columns], from shared memory: element (depth, column) at column * step + depth,
/// or, isTransposed, at depth * step + column.
template <bool isTransposed = false>
__device__ inline void loadB(TileB (&b)[2], SharedArray<Bf16> from, int step) {
  const int lane = int(threadIdx.x) % kWarp;
  uint32_t x[4];
#ifdef FW_EMULATION
  for (int i = 0; i < 4; ++i) {
    const int column = lane / 4 + i / 2 * 8, depth = lane % 4 * 2 + i % 2 * 8;
    const auto at = [&](int k) -> Bf16 { return from[isTransposed ? k * step + column : column * step + k]; };
    x[i] = packed(at(depth), at(depth + 1));
  }
#else
  if (isTransposed)
    loadMatrices<true>(x, from + lane % 16 * step + lane / 16 * 8);
  else
    loadMatrices<false>(x, from + (lane / 16 * 8 + lane % 8) * step + lane / 8 % 2 * 8);
#endif
  b[0] = {{x[0], x[1]}};
  b[1] = {{x[2], x[3]}};
}

/// Eight bf16 (16 bytes, aligned) into shared memory while the thread goes on; zeros where !isThere.
__device__ inline void copyEight(SharedArray<Bf16> to, const Bf16* from, bool isThere) {
#ifdef FW_EMULATION
  for (int i = 0; i < 8; ++i) to[i] = isThere ? from[i] : Bf16{0};
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(unsigned(__cvta_generic_to_shared(to))), "l"(from),
               "r"(isThere ? 16 : 0)
               : "memory");
#endif
}

/// Closes the group of copies that were begun since the last one.
__device__ inline void closeCopies() {
#ifndef FW_EMULATION
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until no more than the last `open` groups of the thread's own copies are under way.
template <int open>
__device__ inline void waitForCopies() {
#ifndef FW_EMULATION
  asm volatile("cp.async.wait_group %0;" ::"n"(open) : "memory");
#endif
}

}  // namespace fw::kernels::FW_CUDA
