// The driver of gemm: chooses what is packed, cuts C into tasks and runs them on the threads.
//
// Large products follow Goto & van de Geijn 2008: B in panels as wide as a tile, A in blocks that stay in the
// second-level cache; meanwhile the tiles fetch what is packed next. Small ones read A and B where they lie. A product
// with few rows or columns and both sides contiguous along k is made of dot products. Plain products that are large go
// to oneDNN where it is faster, all large ones to the tiles of AMX where the processor has them.
#include "kernels/cpu/gemm.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>

#include "kernels/cpu/activation.h"
#include "kernels/cpu/amx_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm.cpp"
#include "kernels/cpu/simd.h"

#include "kernels/cpu/gemm_dot.h"
#include "kernels/cpu/gemm_kernel.h"
#include "kernels/cpu/gemm_small.h"

#ifndef FW_KERNELS_CPU_GEMM_BLOCK
#define FW_KERNELS_CPU_GEMM_BLOCK
namespace fw::kernels::cpu {

/// What the tiles of an instruction set look like.
struct TileShape {
  int64_t rows, columns, lanes;
};

/// How a block of C is computed.
struct BlockPlan {
  bool isInPlace = false;  // nothing is packed, but B is transposed where it lies along k
  bool aIsPacked = true;
  int64_t kBlock = 1, kBlocks = 1;  // steps of k that stay in the caches
  int64_t rows = 0, columns = 0;    // of A and B that are packed at a time
  int64_t aFloats = 0, bFloats = 0;
};

/// Applies the activation to a finished part of C.
inline void activate(const GemmArgs& args, const Block& part) {
  const int64_t at = part.batch * args.batchStrideC + part.row0 * args.ldc + part.column0;
  float* before = args.preActivation == nullptr ? nullptr : args.preActivation + at;
  activateRows(args.activation, args.c + at, args.ldc, part.row1 - part.row0, part.column1 - part.column0, before);
}

}  // namespace fw::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

TileShape tileShape() { return {maxTileRows, tileVectors * laneCount(), laneCount()}; }

void packPanel(const GemmOperand& operand, const PanelRequest& request, float* out) {
  if (operand.write != nullptr) {
    operand.write(operand.context, request, out);
  } else {
    packStrided(operand, request, out);
  }
}

/// Rows cut into tiles whose heights differ by one at most.
struct RowTiles {
  explicit RowTiles(int64_t rows) : count((rows + maxTileRows - 1) / maxTileRows), height(rows), tall(0) {
    if (count == 1) return;
    height = rows / count;
    tall = rows % count;
  }
  int64_t rowsOf(int64_t tile) const { return height + (tile < tall); }
  int64_t count, height, tall;
};

void packRows(const GemmArgs& args, int64_t batch, int64_t row, int64_t rows, int64_t k0, int64_t k1, float* out) {
  const RowTiles tiles(rows);
  if (args.a.write == nullptr && args.a.stride == 1) {
    packAlongPanels(args.a, {batch, row, rows, rows, k0, k1}, tiles.tall, tiles.height + 1, tiles.height, out);
    return;
  }
  for (int64_t t = 0; t < tiles.count; ++t) {
    const int64_t height = tiles.rowsOf(t);
    packPanel(args.a, {batch, row, height, height, k0, k1}, out);
    row += height;
    out += height * (k1 - k0);
  }
}

void packColumns(const GemmArgs& args, int64_t batch, int64_t column0, int64_t column1, int64_t k0, int64_t k1,
                 float* out) {
  const int64_t lanes = laneCount(), panel = tileVectors * lanes;
  if (args.b.write == nullptr && args.b.stride == 1) {
    const int64_t count = column1 - column0, width = (count + lanes - 1) / lanes * lanes;
    packAlongPanels(args.b, {batch, column0, count, width, k0, k1}, 0, panel, panel, out);
    return;
  }
  for (int64_t column = column0; column < column1; column += panel) {
    const int64_t count = std::min(panel, column1 - column), width = (count + lanes - 1) / lanes * lanes;
    packPanel(args.b, {batch, column, count, width, k0, k1}, out);
    out += width * (k1 - k0);
  }
}

/// The lines of vectors [first,last) of an operand in k [k0,k1).
Ahead linesOf(const GemmOperand& operand, int64_t batch, int64_t first, int64_t last, int64_t k0, int64_t k1) {
  const bool isAlongK = operand.stride != 1;
  const int64_t rows = isAlongK ? last - first : k1 - k0, width = isAlongK ? k1 - k0 : last - first;
  if (operand.write != nullptr || rows <= 0 || width <= 0) return {};
  Ahead ahead;
  const int64_t bytes = int64_t(sizeof(float)), lineBytes = 64;
  ahead.line = reinterpret_cast<const char*>(operand.data + batch * operand.batchStride + first * operand.stride +
                                             k0 * operand.kStride);
  ahead.perRow = ahead.leftInRow = (width * bytes + lineBytes - 1) / lineBytes;
  ahead.toNextRow = (isAlongK ? operand.stride : operand.kStride) * bytes - (ahead.perRow - 1) * lineBytes;
  ahead.left = rows * ahead.perRow;
  return ahead;
}

/// What will be packed next.
struct Upcoming {
  Ahead a, b, nothing;
  Ahead* choose() { return a.left > 0 ? &a : b.left > 0 ? &b : &nothing; }
};

/// Computes the part of a block that lies in k [k0,k1): rows [row0,row1) x columns [column0,column1).
void computeTiles(const GemmArgs& args, const BlockPlan& plan, const Block& part, int64_t k0, int64_t k1,
                  const float* aPacked, const float* bPacked, Upcoming& upcoming) {
  const int64_t lanes = laneCount();
  const RowTiles tiles(part.row1 - part.row0);
  const float* a =
      plan.aIsPacked ? aPacked
                     : args.a.data + part.batch * args.a.batchStride + part.row0 * args.a.stride + k0 * args.a.kStride;
  const float* b = bPacked;
  float* c = args.c + part.batch * args.batchStrideC + part.row0 * args.ldc + part.column0;
  const bool isFirst = k0 == 0;
  const TileKind kind = plan.aIsPacked       ? TileKind::Packed
                        : args.a.stride == 1 ? TileKind::Contiguous
                                             : TileKind::Strided;

  TileArgs tile;
  tile.k = k1 - k0;
  tile.ldc = args.ldc;
  tile.addsC = !isFirst || args.accumulates;
  tile.aRowStride = plan.aIsPacked ? 1 : args.a.stride;
  tile.aStride = args.a.kStride;
  tile.bias = nullptr;
  tile.rowBias = nullptr;
  for (int64_t column = part.column0; column < part.column1; column += tile.columns) {
    const int64_t left = part.column1 - column, vectors = left > lanes ? 2 : 1;
    tile.columns = std::min(vectors * lanes, left);
    tile.b = b;
    b += vectors * lanes * tile.k;
    if (isFirst && args.bias != nullptr && !args.biasIsPerRow) tile.bias = args.bias + column;
    tile.a = a;
    tile.c = c;
    c += tile.columns;
    for (int64_t t = 0, row = part.row0; t < tiles.count; ++t) {
      const int64_t rows = tiles.rowsOf(t);
      if (plan.aIsPacked) tile.aStride = rows;
      if (isFirst && args.bias != nullptr && args.biasIsPerRow) tile.rowBias = args.bias + row;
      tile.ahead = upcoming.choose();
      tileFunction(rows, vectors, kind)(tile);
      tile.a += plan.aIsPacked ? rows * tile.k : rows * args.a.stride;
      tile.c += rows * args.ldc;
      row += rows;
    }
  }
}

void computeBlock(const GemmArgs& args, const BlockPlan& plan, const Block& block, float* aScratch, float* bScratch) {
  if (plan.isInPlace) {
    for (int64_t step = 0; step < plan.kBlocks; ++step) {
      const int64_t k0 = step * plan.kBlock, k1 = std::min(k0 + plan.kBlock, args.k);
      computeInPlace<false>(args, block, k0, k1, bScratch);
    }
    return activate(args, block);
  }
  Block part = block;
  Upcoming upcoming;
  upcoming.nothing.line = reinterpret_cast<const char*>(args.c);
  for (part.column0 = block.column0; part.column0 < block.column1; part.column0 = part.column1) {
    part.column1 = std::min(part.column0 + plan.columns, block.column1);
    for (int64_t step = 0; step < plan.kBlocks; ++step) {
      const int64_t k0 = step * plan.kBlock, k1 = std::min(k0 + plan.kBlock, args.k);
      const int64_t nextK1 = std::min(k1 + plan.kBlock, args.k);
      packColumns(args, block.batch, part.column0, part.column1, k0, k1, bScratch);
      upcoming.b = linesOf(args.b, block.batch, part.column0, part.column1, k1, nextK1);
      for (part.row0 = block.row0; part.row0 < block.row1; part.row0 = part.row1) {
        part.row1 = std::min(part.row0 + plan.rows, block.row1);
        if (plan.aIsPacked) {
          packRows(args, block.batch, part.row0, part.row1 - part.row0, k0, k1, aScratch);
          const bool isLast = part.row1 == block.row1;
          const int64_t next = isLast ? block.row0 : part.row1;
          upcoming.a = linesOf(args.a, block.batch, next, std::min(next + plan.rows, block.row1), isLast ? k1 : k0,
                               isLast ? nextK1 : k1);
        }
        computeTiles(args, plan, part, k0, k1, aScratch, bScratch, upcoming);
        if (k1 == args.k) activate(args, part);
      }
    }
  }
}

/// Rows [first, last) of the side with more vectors against all of the other.
void computeDots(const GemmArgs& args, int64_t batch, int64_t first, int64_t last) {
  const bool rowsAreFew = args.m <= args.n;
  const GemmOperand& few = rowsAreFew ? args.a : args.b;
  const GemmOperand& many = rowsAreFew ? args.b : args.a;
  Dots dots;
  dots.k = args.k;
  dots.few = few.data + batch * few.batchStride;
  dots.fewStride = few.stride;
  dots.many = many.data + batch * many.batchStride + first * many.stride;
  dots.manyStride = many.stride;
  dots.fewOut = rowsAreFew ? args.ldc : 1;
  dots.manyOut = rowsAreFew ? 1 : args.ldc;
  dots.out = args.c + batch * args.batchStrideC + first * dots.manyOut;
  dots.adds = args.accumulates;
  const bool biasIsOfMany = args.biasIsPerRow != rowsAreFew;
  dots.manyBias = args.bias != nullptr && biasIsOfMany ? args.bias + first : nullptr;
  dots.fewBias = args.bias != nullptr && !biasIsOfMany ? args.bias : nullptr;
  dotBlock(dots, rowsAreFew ? args.m : args.n, last - first);
  if (rowsAreFew) {
    activate(args, {batch, 0, args.m, first, last});
  } else {
    activate(args, {batch, first, last, 0, args.n});
  }
}

/// Elements [first, last) of the batch of a product that isSmall, or halves of the only one. The first half is larger:
/// who calls begins sooner than who is called.
void computeSmall(const GemmArgs& args, bool isHalved, int64_t first, int64_t last) {
  for (int64_t i = first; i < last; ++i) {
    Block part = {isHalved ? 0 : i, 0, args.m, 0, args.n};
    if (isHalved && args.b.stride == 1) {
      (i == 0 ? part.row1 : part.row0) = args.m * 9 / 16;
    } else if (isHalved) {  // each half transposes its own columns of B
      (i == 0 ? part.column1 : part.column0) = args.n / 2;
    }
    computeSmallPart(args, part);
    if (args.activation != Activation::None || args.preActivation != nullptr) activate(args, part);
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(tileShape);
HWY_EXPORT(computeBlock);
HWY_EXPORT(computeDots);
HWY_EXPORT(computeSmall);

constexpr int64_t longestK = 320, usualK = 256;  // a panel of B then fills half of a first-level cache
// A matrix that is read once is read row by row, which the memory likes, some rows together, which spares passes over
// C.
constexpr int64_t fewRows = 16, streamedK = 16;
constexpr int64_t rowsAtATime = 84;                // with usualK: 86 KB of A
constexpr int64_t columnsAtATime = 1024;           // with usualK: 1 MB of B
constexpr int64_t nearFloats = int64_t(64) << 10;  // 256 KB: so much of a second-level cache may be read in place
constexpr int64_t smallSide = 64, narrow = 64;
constexpr int64_t smallWork = 200000;  // multiply-adds of a small product that two threads share
constexpr double threadWork = 2e5;     // less work for a thread is not worth waking it

/// How the whole product is cut: `rowBlocks` x `columnBlocks` blocks an element of the batch.
struct GemmPlan {
  bool usesDots = false;
  int threads = 1;
  int64_t rowBlocks = 1, columnBlocks = 1, batchPerTask = 1;
  BlockPlan block;
};

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t roundUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

bool isEmpty(const GemmArgs& args) { return args.batch <= 0 || args.m <= 0 || args.n <= 0; }

/// About the time it takes, in floating-point operations: to fetch a number takes as long as ten of them.
double workOf(const GemmArgs& args) {
  const double m = double(args.m), n = double(args.n), k = double(args.k);
  return double(args.batch) * (2 * m * n * k + 10 * (m * k + n * k + m * n));
}

bool wantsDots(const GemmArgs& args) {
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.a.kStride != 1 || args.b.kStride != 1) return false;
  const int64_t few = std::min(args.m, args.n);
  return few == 1 || (few <= 16 && args.k >= 5 * few);  // else the sums of lanes cost more than packing
}

/// So small that planning and packing would take longer than the product.
bool isSmall(const GemmArgs& args) {
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.m > smallSide || args.n > smallSide || args.k > smallSide) return false;
  return !wantsDots(args);
}

/// A need not be packed where too few columns would profit, or where a block of it is near anyway.
bool readsAInPlace(const GemmOperand& a, const TileShape& tile, int64_t rows, int64_t columns, int64_t kBlock) {
  if (a.write != nullptr) return false;
  if (rows <= tile.rows / 2 || columns <= tile.columns) return true;
  return columns <= 3 * tile.columns && kBlock * (a.stride == 1 ? a.kStride : a.stride) <= nearFloats;
}

/// Nothing need be packed where A and B are near, or are read once or twice.
bool isInPlace(const GemmArgs& args, const TileShape& tile, int64_t rows, int64_t columns, int64_t kBlock) {
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.b.stride == 1 && rows <= 2 * tile.rows) return true;
  if (kBlock < args.k) return false;
  if (args.a.stride == 1 && kBlock * args.a.kStride > nearFloats) return false;
  if (kBlock * (args.b.stride == 1 ? args.b.kStride : columns) > nearFloats) return false;
  return rows * kBlock <= nearFloats || columns <= narrow;
}

BlockPlan planBlock(const GemmArgs& args, int64_t rows, int64_t columns) {
  const TileShape tile = HWY_DYNAMIC_DISPATCH(tileShape)();
  BlockPlan plan;
  // Must not depend on how the threads share the work: the blocks of k decide how sums are rounded.
  const bool streamsB = args.m <= fewRows && args.b.stride == 1 && args.n * args.k > nearFloats;
  const int64_t longest = streamsB ? streamedK : longestK, usual = streamsB ? streamedK : usualK;
  if (args.k > longest) {
    plan.kBlocks = ceilDiv(args.k, usual);
    plan.kBlock = ceilDiv(args.k, plan.kBlocks);
  } else {
    plan.kBlock = args.k;
  }
  plan.isInPlace = isInPlace(args, tile, rows, columns, plan.kBlock);
  if (plan.isInPlace) {
    const int64_t panel = std::min(columns, 4 * tile.lanes);
    if (args.b.stride != 1) plan.bFloats = roundUp(roundUp(panel, tile.lanes) * plan.kBlock + tile.lanes, 16);
    return plan;
  }
  plan.aIsPacked = !readsAInPlace(args.a, tile, rows, columns, plan.kBlock);
  plan.rows = rows <= rowsAtATime ? rows : roundUp(ceilDiv(rows, ceilDiv(rows, rowsAtATime)), tile.rows);
  plan.columns = roundUp(columns, tile.columns);
  if (columns > columnsAtATime) {
    plan.columns = roundUp(ceilDiv(columns, ceilDiv(columns, columnsAtATime)), tile.columns);
  }
  // Packing may write a vector past the end.
  if (plan.aIsPacked) plan.aFloats = roundUp(plan.rows * plan.kBlock + tile.lanes, 16);
  plan.bFloats = roundUp(roundUp(plan.columns, tile.lanes) * plan.kBlock + tile.lanes, 16);
  return plan;
}

GemmPlan makePlan(const GemmArgs& args, int threads) {
  GemmPlan plan;
  const double work = workOf(args);
  if (threads > 1 && work >= 2 * threadWork) plan.threads = int(std::min<double>(threads, work / threadWork));
  plan.usesDots = wantsDots(args);
  if (plan.usesDots) return plan;
  if (plan.threads > 1 && args.batch >= 4 * plan.threads) {
    plan.batchPerTask = std::clamp<int64_t>(int64_t(threadWork / 2 * double(args.batch) / work), 1,
                                            ceilDiv(args.batch, 4 * plan.threads));
  } else if (plan.threads > 1) {
    // The longer side is cut: what is packed of the other one is packed by each thread.
    const TileShape tile = HWY_DYNAMIC_DISPATCH(tileShape)();
    int64_t pieces = ceilDiv(plan.threads, args.batch);
    if (work > 4e8 * plan.threads) pieces *= 2;
    while (pieces > 1) {
      const int64_t rows = args.m / plan.rowBlocks, columns = args.n / plan.columnBlocks;
      const int64_t factor = pieces % 2 == 0 ? 2 : pieces;
      // Each thread transposes its own columns of B.
      const bool sparesTransposing = args.b.stride != 1 && 2 * columns >= rows && columns >= factor * narrow;
      if (rows >= columns && rows >= 2 * factor && !sparesTransposing) {
        plan.rowBlocks *= factor;
      } else if (columns >= factor * tile.columns) {
        plan.columnBlocks *= factor;
      } else if (rows >= 2 * factor) {
        plan.rowBlocks *= factor;
      }
      pieces /= factor;
    }
  }
  plan.block = planBlock(args, ceilDiv(args.m, plan.rowBlocks),
                         plan.columnBlocks == 1 ? args.n : ceilDiv(args.n, plan.columnBlocks));
  return plan;
}

/// Whether oneDNN computes it: its sums do not depend on the threads where B is not transposed, and it is faster where
/// both are large and neither is.
bool wantsLibrary(const GemmArgs& args) {
  if (args.batch != 1 || args.a.write != nullptr || args.b.write != nullptr || args.b.stride != 1) return false;
  if (args.bias != nullptr || args.activation != Activation::None || args.preActivation != nullptr) return false;
  if (args.accumulates) return false;  // a call that fails would be repeated
  return args.a.kStride == 1 && std::min({args.m, args.n, args.k}) >= 512;
}

/// False where oneDNN had no memory for its buffers. Each task is a call of one thread: the library's own threads would
/// wait for work where ours have some. Tasks depend on sizes alone.
bool runLibrary(const GemmArgs& args, int threads) {
  constexpr int64_t taskRows = 256, taskColumns = 512;
  const int64_t rowTasks = ceilDiv(args.m, taskRows), columnTasks = ceilDiv(args.n, taskColumns);
  std::atomic<bool> hasFailed = false;
  parallelTasks({threads}, rowTasks * columnTasks, [&](int64_t task, int) {
    const int64_t row = task / columnTasks * taskRows, column = task % columnTasks * taskColumns;
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const dnnl_status_t status =
        dnnl_sgemm('N', 'N', std::min(taskRows, args.m - row), std::min(taskColumns, args.n - column), args.k, 1,
                   args.a.data + row * args.a.stride, args.a.stride, args.b.data + column, args.b.kStride, 0,
                   args.c + row * args.ldc + column, args.ldc);
    omp_set_num_threads(before);
    if (status != dnnl_success) hasFailed = true;
  });
  return !hasFailed;
}

void runSmall(const GemmArgs& args, int threads) {
  const auto compute = HWY_DYNAMIC_DISPATCH(computeSmall);
  if (args.batch * args.m * args.n * args.k < smallWork) return compute(args, false, 0, args.batch);
  if (args.batch == 1) {  // cut the same way for any number of threads, on which no bit may depend
    return parallelTasks({threads}, 2, [&](int64_t half, int) { compute(args, true, half, half + 1); });
  }
  const double work = workOf(args);
  const int64_t grain = std::max<int64_t>(1, int64_t(threadWork * double(args.batch) / work));
  parallelFor({threads}, args.batch, std::max(grain, args.batch / (4 * threads)),
              [&](int64_t begin, int64_t end) { compute(args, false, begin, end); });
}

void runDots(const GemmArgs& args, int threads) {
  const auto compute = HWY_DYNAMIC_DISPATCH(computeDots);
  const int64_t many = std::max(args.m, args.n);
  const int64_t tasks = threads == 1 ? 1 : std::min<int64_t>(ceilDiv(many, 4), args.batch >= threads ? 1 : 2 * threads);
  const int64_t grain = roundUp(ceilDiv(many, tasks), 4), chunks = ceilDiv(many, grain);
  parallelFor({threads}, args.batch * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % chunks * grain;
      compute(args, i / chunks, first, std::min(first + grain, many));
    }
  });
}

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args, int threads) {
  if (isEmpty(args)) return 0;
  if (isSmall(args)) return 0;
  const GemmPlan plan = makePlan(args, threads);
  return std::max(plan.threads * (plan.block.aFloats + plan.block.bFloats) * int64_t(sizeof(float)),
                  wantsAmx({{&args, 1}}) ? amxWorkspace({{&args, 1}}, threads) : 0);
}

void gemm(const Launch& launch, const GemmArgs& args, void* workspace) {
  if (isEmpty(args)) return;
  if (isSmall(args)) return runSmall(args, launch.threads);
  if (wantsAmx({{&args, 1}})) return amxProduct(launch, {{&args, 1}}, workspace);
  if (wantsLibrary(args) && runLibrary(args, launch.threads)) return;
  const GemmPlan plan = makePlan(args, launch.threads);
  if (plan.usesDots) return runDots(args, plan.threads);
  const auto compute = HWY_DYNAMIC_DISPATCH(computeBlock);
  float* scratch = static_cast<float*>(workspace);
  if (plan.threads == 1) {
    for (int64_t batch = 0; batch < args.batch; ++batch) {
      compute(args, plan.block, {batch, 0, args.m, 0, args.n}, scratch, scratch + plan.block.aFloats);
    }
    return;
  }
  const TileShape tile = HWY_DYNAMIC_DISPATCH(tileShape)();
  const int64_t parts = plan.rowBlocks * plan.columnBlocks;
  const int64_t columnTiles = ceilDiv(args.n, tile.lanes);
  parallelTasks({plan.threads}, ceilDiv(args.batch, plan.batchPerTask) * parts, [&](int64_t task, int thread) {
    float* mine = scratch + thread * (plan.block.aFloats + plan.block.bFloats);
    const int64_t first = task / parts * plan.batchPerTask, last = std::min(first + plan.batchPerTask, args.batch);
    const int64_t row = task % parts / plan.columnBlocks, column = task % parts % plan.columnBlocks;
    const auto rowOf = [&](int64_t i) { return i * args.m / plan.rowBlocks; };
    const auto columnOf = [&](int64_t i) { return std::min(i * columnTiles / plan.columnBlocks * tile.lanes, args.n); };
    for (int64_t batch = first; batch < last; ++batch) {
      compute(args, plan.block, {batch, rowOf(row), rowOf(row + 1), columnOf(column), columnOf(column + 1)}, mine,
              mine + plan.block.aFloats);
    }
  });
}

int64_t gemmGroupWorkspace(const GemmGroup& group, int threads) {
  if (wantsAmx(group)) return amxWorkspace(group, threads);
  int64_t most = 0;
  for (const GemmArgs& args : group.products) most = std::max(most, gemmWorkspace(args, threads));
  return most;
}

void gemmGroup(const Launch& launch, const GemmGroup& group, void* workspace) {
  if (wantsAmx(group)) return amxProduct(launch, group, workspace);
  for (const GemmArgs& args : group.products) gemm(launch, args, workspace);
}

}  // namespace fw::kernels::cpu
#endif
