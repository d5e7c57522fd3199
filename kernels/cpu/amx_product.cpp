// Matrix products on the tiles of AMX. All pieces of B for a span of k are written first. A task then owns some rows of
// C: it takes 32 rows of A apart for a step of k and multiplies them with all columns. An element of C is the same sum
// whatever task computes it. Where numbers are not finite the step is made of plain multiply-adds.
#include "kernels/cpu/amx_product.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/activation.h"
#include "kernels/cpu/amx_tiles.h"

namespace fw::kernels::cpu {
namespace {

using namespace amx;

constexpr int64_t kStep = 128;     // of k: the pieces of a block of A (24 KB) stay in the first-level cache
constexpr int64_t kSpan = 256;     // of k: the pieces of B are written for so much at a time
constexpr int64_t kColumns = 512;  // of B at a time: its pieces (768 KB) stay in the second-level cache

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

Side sideOf(const GemmOperand& x, int64_t batch) { return {x.data + batch * x.batchStride, x.stride, x.kStride}; }

/// The part of C that a task computes, and the part of k.
struct Part {
  int64_t row0, row1, column0, column1, k0, k1;
};

/// The operands of one element of the batch.
struct Operands {
  Side a, b;
  float* c;
  int64_t ldc;
  bool accumulates;
};

void multiplyPlainly(const Operands& x, const Part& part, bool adds) {
  for (int64_t i = part.row0; i < part.row1; ++i) {
    float* row = x.c + i * x.ldc;
    if (!adds) std::fill(row + part.column0, row + part.column1, 0.0f);
    for (int64_t k = part.k0; k < part.k1; ++k) {
      const float left = x.a.data[i * x.a.stride + k * x.a.kStride];
      for (int64_t j = part.column0; j < part.column1; ++j) row[j] += left * x.b.data[j * x.b.stride + k * x.b.kStride];
    }
  }
}

/// The pieces of a span of B: [tile of columns][chunk of k][piece]
struct PackedSpan {
  const Bf16* pieces;
  int64_t firstColumn, k0, chunks;
  bool isSmall;
};

/// Asks for the lines `part` of `parts` of a block of A: rows of an operand that lie far apart are nothing that the
/// processor would foresee.
void prefetchRows(const Side& x, const Part& block, int64_t part, int64_t parts) {
  constexpr int64_t line = 64 / sizeof(float);
  const bool isAlongK = x.kStride == 1;
  const int64_t stride = isAlongK ? x.stride : x.kStride;
  const int64_t first = isAlongK ? block.row0 : block.k0, last = isAlongK ? block.row1 : block.k1;
  const int64_t column0 = isAlongK ? block.k0 : block.row0, column1 = isAlongK ? block.k1 : block.row1;
  const int64_t begin = first + (last - first) * part / parts, end = first + (last - first) * (part + 1) / parts;
  for (int64_t i = begin; i < end; ++i)
    for (int64_t j = column0; j < column1; j += line) __builtin_prefetch(x.data + i * stride + j);
}

/// Rows [row0,row1), at most 32, and a step of k; `next` is the one that will follow.
void computeBlock(const Operands& x, const Part& block, const Part& next, const PackedSpan& span, Bf16* left) {
  alignas(64) float border[kBlock * kBlock];
  constexpr int64_t aTile = kStep / kChunk * kChunkSize;
  const int64_t bTile = span.chunks * kChunkSize, rows = block.row1 - block.row0;
  const bool adds = x.accumulates || block.k0 > 0;
  bool isSmall = span.isSmall;
  for (int64_t t = 0; t < 2 && isSmall; ++t)
    for (int64_t k = block.k0, i = 0; k < block.k1 && isSmall; k += kChunk, ++i)
      isSmall = packRows(x.a, block.row0 + t * kTile, block.row1, k, std::min(k + kChunk, block.k1),
                         left + t * aTile + i * kChunkSize);
  if (!isSmall) return multiplyPlainly(x, block, adds);
  const int64_t chunks = ceilDiv(block.k1 - block.k0, kChunk), firstChunk = (block.k0 - span.k0) / kChunk;
  const int64_t parts = ceilDiv(block.column1 - block.column0, kBlock);
  for (int64_t column = block.column0, part = 0; column < block.column1; column += kBlock, ++part) {
    const Bf16* right = span.pieces + (column - span.firstColumn) / kTile * bTile + firstChunk * kChunkSize;
    const int64_t columns = std::min(kBlock, block.column1 - column);
    float* to = x.c + block.row0 * x.ldc + column;
    prefetchRows(x.a, next, part, parts);
    if (part + 1 < parts)
      for (int64_t i = 0; i < rows; ++i) {
        __builtin_prefetch(to + i * x.ldc + kBlock, 1);
        __builtin_prefetch(to + i * x.ldc + kBlock + kTile, 1);
      }
    if (rows == kBlock && columns == kBlock) {
      multiply(left, aTile, right, bTile, chunks, to, x.ldc, adds);
      continue;
    }
    for (int64_t i = 0; i < rows && adds; ++i) std::copy_n(to + i * x.ldc, columns, border + i * kBlock);
    multiply(left, aTile, right, bTile, chunks, border, kBlock, adds);
    for (int64_t i = 0; i < rows; ++i) std::copy_n(border + i * kBlock, columns, to + i * x.ldc);
  }
}

/// A part over the span, block by block.
void computePart(const Operands& x, const Part& part, const PackedSpan& span) {
  alignas(64) Bf16 left[2 * kStep / kChunk * kChunkSize];
  const int64_t steps = ceilDiv(part.k1 - part.k0, kStep), count = ceilDiv(part.row1 - part.row0, kBlock) * steps;
  const auto blockOf = [&](int64_t i) {
    const int64_t row = part.row0 + i / steps * kBlock, k = part.k0 + i % steps * kStep;
    return Part{row, std::min(row + kBlock, part.row1), part.column0, part.column1, k, std::min(k + kStep, part.k1)};
  };
  const Tiles tiles;
  for (int64_t i = 0; i < count; ++i) computeBlock(x, blockOf(i), blockOf(std::min(i + 1, count - 1)), span, left);
}

/// Bias and activation of a finished part.
void finish(const GemmArgs& args, float* c, float* before, const Part& part) {
  if (args.bias != nullptr)
    for (int64_t i = part.row0; i < part.row1; ++i) {
      float* row = c + i * args.ldc;
      for (int64_t j = part.column0; j < part.column1; ++j) row[j] += args.bias[args.biasIsPerRow ? i : j];
    }
  const int64_t at = part.row0 * args.ldc + part.column0;
  activateRows(args.activation, c + at, args.ldc, part.row1 - part.row0, part.column1 - part.column0,
               before == nullptr ? nullptr : before + at);
}

}  // namespace

bool wantsAmx(const GemmArgs& args) {
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.a.stride != 1 && args.a.kStride != 1) return false;
  if (args.b.stride != 1 && args.b.kStride != 1) return false;
  const double m = double(args.m), n = double(args.n), k = double(args.k);
  // Taking numbers apart must be little beside multiplying them; all of B is taken apart for the rows of A.
  if (k < 48 || m < 192 || m * n * k < 4e6 || m * n < 56 * (m + n)) return false;
  return isAvailable();
}

int64_t amxWorkspace(const GemmArgs& args) {
  const int64_t tiles = 2 * ceilDiv(std::min(args.n, kColumns), kBlock),
                chunks = ceilDiv(std::min(args.k, kSpan), kChunk);
  return tiles * chunks * kChunkSize * int64_t(sizeof(Bf16)) + 64;
}

void amxProduct(const Launch& launch, const GemmArgs& args, void* workspace) {
  Bf16* pieces = reinterpret_cast<Bf16*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
  // Rows of a task: several blocks where there are enough of them for all threads.
  const int64_t most = std::clamp<int64_t>(ceilDiv(args.m, kBlock) / (4 * launch.threads), 1, 4);
  const int64_t rows = most * kBlock, panels = ceilDiv(args.m, rows);
  for (int64_t batch = 0; batch < args.batch; ++batch) {
    const Operands x = {sideOf(args.a, batch), sideOf(args.b, batch), args.c + batch * args.batchStrideC, args.ldc,
                        args.accumulates};
    float* before = args.preActivation == nullptr ? nullptr : args.preActivation + batch * args.batchStrideC;
    for (int64_t column0 = 0; column0 < args.n; column0 += kColumns) {
      const int64_t column1 = std::min(column0 + kColumns, args.n), blocks = ceilDiv(column1 - column0, kBlock);
      for (int64_t k0 = 0; k0 < args.k; k0 += kSpan) {
        const int64_t k1 = std::min(k0 + kSpan, args.k), chunks = ceilDiv(k1 - k0, kChunk);
        std::atomic<bool> isSmall = true;
        const auto pack = [&](int64_t tile, int64_t chunk) {
          const int64_t column = column0 + tile * kTile, k = k0 + chunk * kChunk;
          Bf16* to = pieces + (tile * chunks + chunk) * kChunkSize;
          if (!packColumns(x.b, column, column1, k, std::min(k + kChunk, k1), to)) isSmall = false;
        };
        // Along the rows as they lie in memory.
        if (args.b.kStride == 1) {
          parallelFor(launch, 2 * blocks, std::max<int64_t>(1, 32 / chunks), [&](int64_t begin, int64_t end) {
            for (int64_t tile = begin; tile < end; ++tile)
              for (int64_t chunk = 0; chunk < chunks; ++chunk) pack(tile, chunk);
          });
        } else {
          parallelFor(launch, chunks, std::max<int64_t>(1, 16 / blocks), [&](int64_t begin, int64_t end) {
            for (int64_t chunk = begin; chunk < end; ++chunk)
              for (int64_t tile = 0; tile < 2 * blocks; ++tile) pack(tile, chunk);
          });
        }
        const PackedSpan span = {pieces, column0, k0, chunks, isSmall};
        // Few panels of rows are cut along the columns too.
        const int64_t cuts =
            std::clamp<int64_t>(ceilDiv(4 * launch.threads, panels), 1, launch.threads == 1 ? 1 : blocks);
        parallelFor(launch, panels * cuts, 1, [&](int64_t task, int64_t) {
          const int64_t row = task / cuts * rows, cut = task % cuts;
          const Part part = {row,
                             std::min(row + rows, args.m),
                             column0 + cut * blocks / cuts * kBlock,
                             std::min(column0 + (cut + 1) * blocks / cuts * kBlock, column1),
                             k0,
                             k1};
          computePart(x, part, span);
          if (k1 == args.k) finish(args, x.c, before, part);
        });
      }
    }
  }
}

}  // namespace fw::kernels::cpu
