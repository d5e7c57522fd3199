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

/// Rows and columns of one product, and a span of k.
struct Part {
  const GemmArgs* product;
  int64_t batch, row0, row1, column0, column1, k0, k1;

  float* c() const { return product->c + batch * product->batchStrideC + row0 * product->ldc + column0; }
  int64_t rows() const { return row1 - row0; }
  int64_t columns() const { return column1 - column0; }
};

void multiplyPlainly(const Part& part, bool adds) {
  const Side a = sideOf(part.product->a, part.batch), b = sideOf(part.product->b, part.batch);
  for (int64_t i = 0; i < part.rows(); ++i) {
    float* row = part.c() + i * part.product->ldc;
    if (!adds) std::fill_n(row, part.columns(), 0.0f);
    for (int64_t k = part.k0; k < part.k1; ++k) {
      const float left = a.data[(part.row0 + i) * a.stride + k * a.kStride];
      for (int64_t j = 0; j < part.columns(); ++j)
        row[j] += left * b.data[(part.column0 + j) * b.stride + k * b.kStride];
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

/// One side: the rows of A or the columns of B; of the side that is not shared those of all products, one after
/// another.
struct Vectors {
  const GemmGroup& group;
  int64_t batch;
  bool isLeft;

  /// At most 32 of [first, end), as vectors of the operand they belong to.
  struct Block {
    const GemmArgs* product;
    int64_t first, end;
  };
  Block block(int64_t first, int64_t end) const {
    const int64_t each = isShared() ? end : isLeft ? group.products[0].m : group.products[0].n;
    return {&group.products[size_t(first / each)], first % each, first % each + std::min(kBlock, end - first)};
  }
  bool isShared() const { return isLeft != group.sharesRight; }
  Side side(const Block& of) const { return sideOf(isLeft ? of.product->a : of.product->b, batch); }

  /// The pieces of a block.
  bool pack(const Block& of, int64_t k0, int64_t k1, Bf16* pieces) const {
    return isLeft ? packSide(packRows, side(of), of.first, of.end, k0, k1, pieces)
                  : packSide(packColumns, side(of), of.first, of.end, k0, k1, pieces);
  }

  /// Those of many, read as they lie in memory.
  bool packAll(int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) const {
    const int64_t chunks = chunksOf(k1 - k0);
    bool isUsable = true;
    if (side(block(first, end)).kStride == 1) {
      for (; first < end; first += kBlock, pieces += chunks * kChunkSize)
        isUsable &= pack(block(first, end), k0, k1, pieces);
      return isUsable;
    }
    for (int64_t k = k0; k < k1; k += kChunk, pieces += kChunkSize) {
      const int64_t next = std::min(k + kChunk, k1);
      for (int64_t vector = first, i = 0; vector < end; vector += kBlock, ++i) {
        const Block of = block(vector, end);
        prefetch(side(of), of.first, of.end, next, std::min(next + kChunk, k1), 0, 1);
        isUsable &= pack(of, k, next, pieces + i * chunks * kChunkSize);
      }
    }
    return isUsable;
  }
};

/// At most 32 rows and 32 columns, from their pieces.
void multiplyBlock(const Part& part, const Bf16* a, const Bf16* b, bool adds) {
  const int64_t chunks = chunksOf(part.k1 - part.k0), ldc = part.product->ldc;
  float* to = part.c();
  if (part.rows() == kBlock && part.columns() == kBlock) return multiply(a, b, chunks, to, ldc, adds);
  alignas(64) float border[kBlock * kBlock];
  for (int64_t i = 0; i < part.rows() && adds; ++i) std::copy_n(to + i * ldc, part.columns(), border + i * kBlock);
  multiply(a, b, chunks, border, kBlock, adds);
  for (int64_t i = 0; i < part.rows(); ++i) std::copy_n(border + i * kBlock, part.columns(), to + i * ldc);
}

void prefetchResult(const Part& part) {
  for (int64_t i = 0; i < part.rows(); ++i) {
    __builtin_prefetch(part.c() + i * part.product->ldc, 1);
    __builtin_prefetch(part.c() + i * part.product->ldc + part.columns() - 1, 1);
  }
}

/// Bias and activation of a finished part.
void finish(const Part& part) {
  const GemmArgs& args = *part.product;
  float* c = part.c();
  if (args.bias != nullptr && !args.biasIsPerRow)
    addToRows(c, args.ldc, part.rows(), part.columns(), args.bias + part.column0);
  for (int64_t i = 0; i < part.rows() && args.biasIsPerRow && args.bias != nullptr; ++i)
    for (int64_t j = 0; j < part.columns(); ++j) c[i * args.ldc + j] += args.bias[part.row0 + i];
  float* before = args.preActivation == nullptr ? nullptr : args.preActivation + (c - args.c);
  activateRows(args.activation, c, args.ldc, part.rows(), part.columns(), before);
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

/// Vectors [kept0, kept1) of the side that is kept, [other0, other1) of the other, of one element of the batch.
struct Task {
  int64_t batch, kept0, kept1, other0, other1;
};

void computeTask(const GemmGroup& group, const Task& task, const Cuts& cuts, Bf16* pieces) {
  const int64_t depth = group.products[0].k, blocks = blocksOf(task.kept1 - task.kept0);
  const Vectors kept = {group, task.batch, cuts.keepsLeft}, other = {group, task.batch, !cuts.keepsLeft};
  Bf16* otherPieces = pieces + cuts.keptPieces();
  for (int64_t k0 = 0; k0 < depth; k0 += cuts.span) {
    const int64_t k1 = std::min(k0 + cuts.span, depth), keptSize = chunksOf(k1 - k0) * kChunkSize;
    const bool keptIsUsable = kept.packAll(task.kept0, task.kept1, k0, k1, pieces);
    for (int64_t vector = task.other0; vector < task.other1; vector += kBlock) {
      const Vectors::Block others = other.block(vector, task.other1);
      const auto partOf = [&](int64_t block) {
        const Vectors::Block vectors = kept.block(task.kept0 + block * kBlock, task.kept1);
        const Vectors::Block &rows = cuts.keepsLeft ? vectors : others, &columns = cuts.keepsLeft ? others : vectors;
        return Part{(group.sharesRight ? rows : columns).product,
                    task.batch,
                    rows.first,
                    rows.end,
                    columns.first,
                    columns.end,
                    k0,
                    k1};
      };
      const bool isUsable = keptIsUsable && other.pack(others, k0, k1, otherPieces);
      const int64_t following = std::min(vector + kBlock, task.other1 - 1);
      const Vectors::Block next = other.block(following, task.other1);
      for (int64_t block = 0; block < blocks; ++block) {
        const Part part = partOf(block);
        const bool adds = part.product->accumulates || k0 > 0;
        prefetch(other.side(next), next.first, next.end, k0, k1, block, blocks);
        if (block + 1 < blocks) prefetchResult(partOf(block + 1));
        const Bf16* piece = pieces + block * keptSize;
        if (isUsable)
          multiplyBlock(part, cuts.keepsLeft ? piece : otherPieces, cuts.keepsLeft ? otherPieces : piece, adds);
        else
          multiplyPlainly(part, adds);
        if (k1 == depth) finish(part);
      }
    }
  }
}

/// The products as one: with the rows, or the columns, of all.
GemmArgs together(const GemmGroup& group) {
  GemmArgs all = group.products[0];
  (group.sharesRight ? all.m : all.n) *= int64_t(group.products.size());
  return all;
}

/// Whether blocks of the side that is not shared belong to one product each.
bool areAlike(const GemmGroup& group) {
  const GemmArgs& first = group.products[0];
  const auto isAlike = [](const GemmOperand& x, const GemmOperand& y) {
    return x.stride == y.stride && x.kStride == y.kStride;
  };
  return group.products.size() == 1 ||
         (first.batch == 1 && (group.sharesRight ? first.m : first.n) % kBlock == 0 &&
          std::all_of(group.products.begin(), group.products.end(), [&](const GemmArgs& x) {
            return x.batch == 1 && x.m == first.m && x.n == first.n && x.k == first.k && isAlike(x.a, first.a) &&
                   isAlike(x.b, first.b);
          }));
}

}  // namespace

bool wantsAmx(const GemmGroup& group) {
  if (!areAlike(group)) return false;
  const GemmArgs args = together(group);
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.a.stride != 1 && args.a.kStride != 1) return false;
  if (args.b.stride != 1 && args.b.kStride != 1) return false;
  const double m = double(args.m), n = double(args.n), k = double(args.k);
  // Taking numbers apart must be little beside multiplying them.
  if (k < 32 || m * n * k < 4e6 || m * n < 50 * (m + n)) return false;
  return isAvailable();
}

int64_t amxWorkspace(const GemmGroup& group, int threads) {
  return threads * Cuts(together(group), threads).pieces() * int64_t(sizeof(Bf16)) + 64;
}

void amxProduct(const Launch& launch, const GemmGroup& group, void* workspace) {
  Bf16* pieces = reinterpret_cast<Bf16*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
  const GemmArgs all = together(group);
  const Cuts cuts(all, launch.threads);
  const int64_t keptCount = cuts.keepsLeft ? all.m : all.n, otherCount = cuts.keepsLeft ? all.n : all.m;
  const int64_t parts = cuts.keptCuts * cuts.otherCuts;
  parallelTasks(launch, all.batch * parts, [&](int64_t i, int thread) {
    const int64_t kept = i % cuts.keptCuts * cuts.kept, other = i % parts / cuts.keptCuts * cuts.other;
    const Task task = {i / parts, kept, std::min(kept + cuts.kept, keptCount), other,
                       std::min(other + cuts.other, otherCount)};
    const Tiles tiles;
    computeTask(group, task, cuts, pieces + thread * cuts.pieces());
  });
}

}  // namespace fw::kernels::cpu
