// Matrix product on tensor cores: A and B are rounded to bf16 once, then the library multiplies (cuBLASLt), or, where
// there is none, tiles of 64 or 128 squared whose rows and columns come into shared memory 32 deep, one step ahead.
#include "kernels/cuda/kernels.h"
#include "kernels/cuda/matmul_parts.h"
#include "kernels/cuda/round_rows.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kDepth = 32, kStages = 2, kWarpColumns = 32;

/// op(A) or op(B): element (index, depth) at index * step + depth where isAlongDepth, else at depth * step + index.
struct Side {
  const Bf16* data;
  int64_t count, step, batchStride;
};

/// Bf16 that a step of `width` rows or columns takes in shared memory, however it lies.
constexpr int stageSize(int width) { return width * tileStep(kDepth); }

/// Starts to copy [first, first + width) x [depth, depth + kDepth).
template <int width, bool isAlongDepth>
__device__ void copyStage(const Side& side, const Bf16* data, int64_t first, int64_t depth, int64_t depths,
                          SharedArray<Bf16> to) {
  constexpr int chunks = isAlongDepth ? kDepth / 8 : width / 8, lines = isAlongDepth ? width : kDepth;
  constexpr int step = tileStep(chunks * 8);
  const int64_t firstLine = isAlongDepth ? first : depth, firstElement = isAlongDepth ? depth : first;
  const int64_t allLines = isAlongDepth ? side.count : depths;
  for (int n = int(threadIdx.x); n < lines * chunks; n += int(blockDim.x)) {
    const int line = n / chunks, element = n % chunks * 8;
    const bool isThere = firstLine + line < allLines && firstElement + element < side.step;
    const int64_t from = isThere ? (firstLine + line) * side.step + firstElement + element : 0;
    copyEight(to + (line * step + element), data + from, isThere);
  }
}

/// A block has two rows of warps; a warp 16 * fragments rows and 32 columns of the result.
template <int fragments, bool aIsAlongDepth, bool bIsAlongDepth>
__global__ void __launch_bounds__(64 * fragments)
    matmulBf16Kernel(MatmulArgs args, Side a, Side b, int64_t tilesM, int64_t tilesN) {
  constexpr int width = 32 * fragments;
  constexpr int stepA = tileStep(aIsAlongDepth ? kDepth : width), stepB = tileStep(bIsAlongDepth ? kDepth : width);
  SharedMemory memory;
  const SharedArray<Bf16> tilesA = memory.array<Bf16>(kStages * stageSize(width));
  const SharedArray<Bf16> tilesB = memory.array<Bf16>(kStages * stageSize(width));
  const int64_t tile = blockIdx.x % (tilesM * tilesN), batch = blockIdx.x / (tilesM * tilesN);
  const int64_t firstM = tile / tilesN * width, firstN = tile % tilesN * width;
  const Bf16* const dataA = a.data + batch * a.batchStride;
  const Bf16* const dataB = b.data + batch * b.batchStride;
  const int warp = int(threadIdx.x) / kWarp, lane = int(threadIdx.x) % kWarp;
  const int row = warp / fragments * 16 * fragments, column = warp % fragments * kWarpColumns;

  const auto copy = [&](int64_t depth, int stage) {
    copyStage<width, aIsAlongDepth>(a, dataA, firstM, depth, args.k, tilesA + stage * stageSize(width));
    copyStage<width, bIsAlongDepth>(b, dataB, firstN, depth, args.k, tilesB + stage * stageSize(width));
  };
  TileC sums[fragments][kWarpColumns / 8];
  copy(0, 0);
  closeCopies();
  int stage = 0;
  for (int64_t depth = 0; depth < args.k; depth += kDepth, stage ^= 1) {
    if (depth + kDepth < args.k) copy(depth + kDepth, stage ^ 1);
    closeCopies();
    waitForCopies<1>();
    __syncthreads();
    const SharedArray<Bf16> tileA = tilesA + stage * stageSize(width), tileB = tilesB + stage * stageSize(width);
#pragma unroll
    for (int k = 0; k < kDepth; k += 16) {
      TileB y[kWarpColumns / 16][2];
#pragma unroll
      for (int j = 0; j < kWarpColumns / 16; ++j) {
        const int at = column + 16 * j;
        loadB<!bIsAlongDepth>(y[j], tileB + (bIsAlongDepth ? at * stepB + k : k * stepB + at), stepB);
      }
#pragma unroll
      for (int i = 0; i < fragments; ++i) {
        const int at = row + 16 * i;
        const TileA x = loadA<!aIsAlongDepth>(tileA + (aIsAlongDepth ? at * stepA + k : k * stepA + at), stepA);
#pragma unroll
        for (int j = 0; j < kWarpColumns / 8; ++j) multiply(sums[i][j], x, y[j / 2][j % 2]);
      }
    }
    __syncthreads();  // before the step after the next one comes in
  }
  for (int i = 0; i < fragments; ++i)
    for (int j = 0; j < kWarpColumns / 8; ++j)
      for (int n = 0; n < 4; ++n)
        finishProduct(args, batch, firstM + row + 16 * i + lane / 4 + n / 2 * 8,
                      firstN + column + 8 * j + lane % 4 * 2 + n % 2, sums[i][j].x[n]);
}

/// Whether tensor cores gain: thin products read more than they multiply, and rounding is one more pass.
bool isThick(const MatmulArgs& args) { return args.m >= 16 && args.n >= 16 && args.k >= 16; }

/// A or B as it lies in memory.
RoundRows sourceOf(const MatmulArgs& args, bool isA) {
  if (isA)
    return {args.a,
            args.batchStrideA == 0 ? 1 : args.batch,
            args.transposeA ? args.k : args.m,
            args.transposeA ? args.m : args.k,
            args.lda,
            args.batchStrideA};
  return {args.b,
          args.batchStrideB == 0 ? 1 : args.batch,
          args.transposeB ? args.n : args.k,
          args.transposeB ? args.k : args.n,
          args.ldb,
          args.batchStrideB};
}

int64_t bytesOf(const RoundRows& source) { return roundedBytes(source.batch * source.rows, source.columns); }

template <int fragments>
void multiplyOurselves(const Launch& launch, const MatmulArgs& args, const Side& a, const Side& b) {
  constexpr int width = 32 * fragments;
  const int64_t tilesM = ceilDivide(args.m, width), tilesN = ceilDivide(args.n, width);
  const auto run = [&](auto kernel) {
    start(launch, "matmulBf16", kernel, args.batch * tilesM * tilesN, 64 * fragments,
          2 * sharedBytes<Bf16>(kStages * stageSize(width)), args, a, b, tilesM, tilesN);
  };
  if (!args.transposeA && !args.transposeB) return run(matmulBf16Kernel<fragments, true, false>);
  if (!args.transposeA) return run(matmulBf16Kernel<fragments, true, true>);
  if (!args.transposeB) return run(matmulBf16Kernel<fragments, false, false>);
  run(matmulBf16Kernel<fragments, false, true>);
}

}  // namespace

int64_t matmulBf16Workspace(const MatmulArgs& args, int threads) {
  if (!isThick(args)) return matmulWorkspace(args, threads);
  return bytesOf(sourceOf(args, true)) + bytesOf(sourceOf(args, false));
}

void matmulBf16(const Launch& launch, const MatmulArgs& args, void* workspace) {
  if (!isThick(args)) return matmul(launch, args, workspace);
  const RoundRows sourceA = sourceOf(args, true), sourceB = sourceOf(args, false);
  Bf16* const a = static_cast<Bf16*>(workspace);
  Bf16* const b = a + bytesOf(sourceA) / int64_t(sizeof(Bf16));
  roundRows(launch, sourceA, a);
  roundRows(launch, sourceB, b);
  MatmulArgs rounded = args;
  rounded.a = reinterpret_cast<const float*>(a);
  rounded.b = reinterpret_cast<const float*>(b);
  rounded.lda = paddedRow(sourceA.columns);
  rounded.ldb = paddedRow(sourceB.columns);
  rounded.batchStrideA = args.batchStrideA == 0 ? 0 : sourceA.rows * rounded.lda;
  rounded.batchStrideB = args.batchStrideB == 0 ? 0 : sourceB.rows * rounded.ldb;
  if (productOfLibrary(launch, rounded, Element::BF16)) return;
  const Side sideA = {a, args.m, rounded.lda, rounded.batchStrideA};
  const Side sideB = {b, args.n, rounded.ldb, rounded.batchStrideB};
  constexpr int64_t enoughBlocks = 96;  // to give most processors of the GPU one
  if (args.batch * ceilDivide(args.m, 128) * ceilDivide(args.n, 128) >= enoughBlocks)
    multiplyOurselves<4>(launch, args, sideA, sideB);
  else
    multiplyOurselves<2>(launch, args, sideA, sideB);
}

}  // namespace fw::kernels::FW_CUDA
