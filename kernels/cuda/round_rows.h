// Matrices rounded to bf16, each row padded with zeros to a multiple of 16 bytes: what tensor cores multiply.
#pragma once

#include "kernels/cuda/tensor_tile.h"

namespace fw::kernels::FW_CUDA {

/// Elements of a padded row.
__host__ __device__ inline int64_t paddedRow(int64_t columns) { return (columns + 7) / 8 * 8; }

/// Bytes that `rows` padded rows take, a multiple of 64.
inline int64_t roundedBytes(int64_t rows, int64_t columns) { return (rows * paddedRow(columns) * 2 + 63) / 64 * 64; }

/// x: `batch` matrices of [rows, columns], rows `step` apart and matrices `batchStride`.
struct RoundRows {
  const float* x;
  int64_t batch, rows, columns, step, batchStride;
};

namespace {

/// A thread a pair of neighbours.
__global__ void roundRowsKernel(RoundRows args, uint32_t* y) {
  const int64_t i = globalIndex(), pairs = paddedRow(args.columns) / 2;
  if (i >= args.batch * args.rows * pairs) return;
  const int64_t row = i <= 0x7fffffff ? int64_t(uint32_t(i) / uint32_t(pairs)) : i / pairs,
                column = (i - row * pairs) * 2;
  const float* const x = args.x + row / args.rows * args.batchStride + row % args.rows * args.step;
  y[i] = packed(column < args.columns ? x[column] : 0.0f, column + 1 < args.columns ? x[column + 1] : 0.0f);
}

}  // namespace

/// y: [batch, rows, paddedRow(columns)].
inline void roundRows(const Launch& launch, const RoundRows& args, Bf16* y) {
  const int64_t pairs = args.batch * args.rows * (paddedRow(args.columns) / 2);
  start(launch, "roundRows", roundRowsKernel, ceilDivide(pairs, 256), 256, 0, args, reinterpret_cast<uint32_t*>(y));
}

}  // namespace fw::kernels::FW_CUDA
