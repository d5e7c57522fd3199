// Matrix products on the tiles of AMX. A task owns some rows and some columns of C. For a span of k it takes all of its
// B apart, then 32 rows of A at a time, which it multiplies with all columns; or the other way round where A lies
// across k and is the dearer one to take apart. An element of C is the same sum whatever task computes it. Where
// numbers are not finite the step is made of plain multiply-adds.
#include "kernels/cpu/amx_product.h"

#include <algorithm>

#include "kernels/cpu/activation.h"
#include "kernels/cpu/amx_tiles.h"

namespace fw::kernels::cpu {
namespace {

using namespace amx;

constexpr int64_t kLongestSpan = 768;    // of k: a tile of C is fetched and put back once a span
constexpr int64_t kNearBytes = 1200000;  // the pieces of B of a task: they stay in the second-level cache

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

/// Asks for the lines `part` of `parts` of vectors [first, last), k [k0, k1): rows of an operand that lie far apart are
/// nothing that the processor would foresee.
void prefetch(const Side& x, int64_t first, int64_t last, int64_t k0, int64_t k1, int64_t part, int64_t parts) {
  constexpr int64_t line = 64 / sizeof(float);
  const bool isAlongK = x.kStride == 1;
  const int64_t stride = isAlongK ? x.stride : x.kStride;
  const int64_t row0 = isAlongK ? first : k0, rows = isAlongK ? last - first : k1 - k0;
  const int64_t column0 = isAlongK ? k0 : first, column1 = isAlongK ? k1 : last;
  for (int64_t i = row0 + rows * part / parts; i < row0 + rows * (part + 1) / parts; ++i)
    for (int64_t j = column0; j < column1; j += line) __builtin_prefetch(x.data + i * stride + j);
}

/// One side of a product with what it takes to take it apart.
struct PackedSide {
  Side side;
  bool isLeft;  // A, whose vectors are the rows of C

  bool pack(int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) const {
    return isLeft ? packSide(packRows, side, first, end, k0, k1, pieces)
                  : packSide(packColumns, side, first, end, k0, k1, pieces);
  }

  /// The same of many vectors, read as they lie in memory.
  bool packAll(int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) const {
    if (side.kStride == 1) return pack(first, end, k0, k1, pieces);
    const int64_t chunks = chunksOf(k1 - k0);
    bool isUsable = true;
    for (int64_t k = k0, i = 0; k < k1; k += kChunk, ++i) {
      const int64_t next = std::min(k + kChunk, k1);
      prefetch(side, first, end, next, std::min(next + kChunk, k1), 0, 1);
      for (int64_t vector = first, block = 0; vector < end; vector += kBlock, ++block)
        isUsable &= pack(vector, std::min(vector + kBlock, end), k, next, pieces + (block * chunks + i) * kChunkSize);
    }
    return isUsable;
  }
};

/// At most 32 rows and 32 columns, from their pieces.
void multiplyBlock(const Operands& x, const Part& part, const Bf16* a, const Bf16* b, bool adds) {
  const int64_t rows = part.row1 - part.row0, columns = part.column1 - part.column0;
  const int64_t chunks = chunksOf(part.k1 - part.k0);
  float* to = x.c + part.row0 * x.ldc + part.column0;
  if (rows == kBlock && columns == kBlock) return multiply(a, b, chunks, to, x.ldc, adds);
  alignas(64) float border[kBlock * kBlock];
  for (int64_t i = 0; i < rows && adds; ++i) std::copy_n(to + i * x.ldc, columns, border + i * kBlock);
  multiply(a, b, chunks, border, kBlock, adds);
  for (int64_t i = 0; i < rows; ++i) std::copy_n(border + i * kBlock, columns, to + i * x.ldc);
}

void prefetchResult(const Operands& x, const Part& part) {
  for (int64_t i = part.row0; i < part.row1; ++i) {
    __builtin_prefetch(x.c + i * x.ldc + part.column0, 1);
    __builtin_prefetch(x.c + i * x.ldc + part.column1 - 1, 1);
  }
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

/// How the work is cut: into tasks along the side that is kept in pieces and along the other, and into spans of k,
/// which depend on k alone.
struct Cuts {
  bool keepsLeft;
  int64_t span, kept, other, keptCuts, otherCuts;  // vectors of a task, tasks

  Cuts(const GemmArgs& args, int threads)
      : keepsLeft(args.a.kStride != 1 && args.b.kStride != 1),
        span(chunksOf(ceilDiv(args.k, ceilDiv(args.k, kLongestSpan))) * kChunk) {
    const int64_t keptCount = keepsLeft ? args.m : args.n, otherCount = keepsLeft ? args.n : args.m;
    const int64_t keptBlocks = blocksOf(keptCount), otherBlocks = blocksOf(otherCount);
    const int64_t most = std::max<int64_t>(1, kNearBytes / (kChunkSize * int64_t(sizeof(Bf16)) * chunksOf(span)));
    keptCuts = ceilDiv(keptBlocks, most);
    otherCuts = 1;
    if (args.batch * keptCuts < threads) {
      // What is not cut is taken apart by each thread.
      const int64_t parts = ceilDiv(threads, args.batch);
      if (keptCount > otherCount)
        keptCuts = std::min(keptBlocks, keptCuts * parts);
      else
        otherCuts = std::min(otherBlocks, ceilDiv(parts, keptCuts));
    } else if (args.batch == 1) {
      keptCuts = std::min(keptBlocks, ceilDiv(keptCuts, threads) * threads);
    }
    kept = ceilDiv(keptBlocks, keptCuts) * kBlock;
    other = ceilDiv(otherBlocks, otherCuts) * kBlock;
    keptCuts = ceilDiv(keptCount, kept);
    otherCuts = ceilDiv(otherCount, other);
  }

  int64_t keptPieces() const { return sideSize(kept, span); }
  int64_t pieces() const { return keptPieces() + sideSize(kBlock, span); }
};

/// Vectors [kept0, kept1) of the side that is kept, [other0, other1) of the other.
struct Task {
  int64_t kept0, kept1, other0, other1;
};

void computeTask(const GemmArgs& args, const Operands& x, float* before, const Task& task, const Cuts& cuts,
                 Bf16* pieces) {
  const PackedSide kept = {cuts.keepsLeft ? x.a : x.b, cuts.keepsLeft},
                   other = {cuts.keepsLeft ? x.b : x.a, !cuts.keepsLeft};
  Bf16* otherPieces = pieces + cuts.keptPieces();
  const int64_t blocks = blocksOf(task.kept1 - task.kept0);
  for (int64_t k0 = 0; k0 < args.k; k0 += cuts.span) {
    const int64_t k1 = std::min(k0 + cuts.span, args.k), keptSize = chunksOf(k1 - k0) * kChunkSize;
    const bool keptIsUsable = kept.packAll(task.kept0, task.kept1, k0, k1, pieces), adds = x.accumulates || k0 > 0;
    for (int64_t vector = task.other0; vector < task.other1; vector += kBlock) {
      const int64_t end = std::min(vector + kBlock, task.other1);
      const auto partOf = [&](int64_t kept0, int64_t kept1) {
        return cuts.keepsLeft ? Part{kept0, kept1, vector, end, k0, k1} : Part{vector, end, kept0, kept1, k0, k1};
      };
      const auto blockOf = [&](int64_t block) {
        const int64_t first = task.kept0 + block * kBlock;
        return partOf(first, std::min(first + kBlock, task.kept1));
      };
      const Part strip = partOf(task.kept0, task.kept1);
      if (keptIsUsable && other.pack(vector, end, k0, k1, otherPieces)) {
        for (int64_t block = 0; block < blocks; ++block) {
          prefetch(other.side, end, std::min(end + kBlock, task.other1), k0, k1, block, blocks);
          if (block + 1 < blocks) prefetchResult(x, blockOf(block + 1));
          const Bf16* piece = pieces + block * keptSize;
          multiplyBlock(x, blockOf(block), cuts.keepsLeft ? piece : otherPieces, cuts.keepsLeft ? otherPieces : piece,
                        adds);
        }
      } else {
        multiplyPlainly(x, strip, adds);
      }
      if (k1 == args.k) finish(args, x.c, before, strip);
    }
  }
}

}  // namespace

bool wantsAmx(const GemmArgs& args) {
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.a.stride != 1 && args.a.kStride != 1) return false;
  if (args.b.stride != 1 && args.b.kStride != 1) return false;
  const double m = double(args.m), n = double(args.n), k = double(args.k);
  // Taking numbers apart must be little beside multiplying them.
  if (k < 48 || m * n * k < 1.6e7 || m * n < 90 * (m + n)) return false;
  return isAvailable();
}

int64_t amxWorkspace(const GemmArgs& args, int threads) {
  return threads * Cuts(args, threads).pieces() * int64_t(sizeof(Bf16)) + 64;
}

void amxProduct(const Launch& launch, const GemmArgs& args, void* workspace) {
  Bf16* pieces = reinterpret_cast<Bf16*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
  const Cuts cuts(args, launch.threads);
  const int64_t keptCount = cuts.keepsLeft ? args.m : args.n, otherCount = cuts.keepsLeft ? args.n : args.m;
  const int64_t parts = cuts.keptCuts * cuts.otherCuts;
  parallelTasks(launch, args.batch * parts, [&](int64_t i, int thread) {
    const int64_t batch = i / parts;
    const Operands x = {sideOf(args.a, batch), sideOf(args.b, batch), args.c + batch * args.batchStrideC, args.ldc,
                        args.accumulates};
    const int64_t kept = i % cuts.keptCuts * cuts.kept, other = i % parts / cuts.keptCuts * cuts.other;
    const Task task = {kept, std::min(kept + cuts.kept, keptCount), other, std::min(other + cuts.other, otherCount)};
    const Tiles tiles;
    computeTask(args, x, args.preActivation == nullptr ? nullptr : args.preActivation + batch * args.batchStrideC, task,
                cuts, pieces + thread * cuts.pieces());
  });
}

}  // namespace fw::kernels::cpu
