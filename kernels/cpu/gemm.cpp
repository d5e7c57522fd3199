// The driver of gemm: chooses what is packed, cuts C into tasks and runs them on the threads.
//
// Large products follow Goto & van de Geijn 2008: B in panels as wide as a tile, A in blocks that stay in the second-level
// cache. Small ones read A and B where they lie. A product with few rows or columns and both sides contiguous along k is
// made of dot products.
#include "kernels/cpu/gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/activation.h"
#include "kernels/cpu/gemm_dot.h"
#include "kernels/cpu/gemm_kernel.h"

#ifndef FW_KERNELS_CPU_GEMM_PLAN
#define FW_KERNELS_CPU_GEMM_PLAN
namespace fw::kernels::cpu {

/// The tile of the instruction set in use.
struct TileShape {
  int64_t rows, columns, lanes;
};

struct GemmPlan {
  TileShape tile;
  bool usesDots = false;
  bool aIsPacked = true, bIsPacked = true;
  int64_t kBlock = 0, kBlocks = 1;
  int64_t rowTiles = 0;       // tiles over m, heights even to one row
  int64_t panels = 0;         // of B
  int64_t firstPacked = 0;    // panels before it are read where they lie
  int64_t stripPanels = 0;    // panels packed at a time
  int64_t rowBlocks = 1, columnBlocks = 1;  // tasks of a strip
  bool packsPerTask = false;  // each batch element is one task, which packs its own B
  int64_t batchPerTask = 1;
  int64_t aFloats = 0, bFloats = 0;  // scratch of a thread for A, of a strip (or a thread) for B
};

/// A part of C: all k, tiles [tile0,tile1) x panels [panel0,panel1).
struct GemmPart {
  const GemmArgs* args;
  const GemmPlan* plan;
  int64_t batch, tile0, tile1, panel0, panel1;
  float* aScratch;
  const float* packed;  // the panels from packedFrom on
  int64_t packedFrom;
};

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

void computePart(const GemmPart& part) {
  const GemmArgs& args = *part.args;
  const GemmPlan& plan = *part.plan;
  const int64_t lanes = laneCount();
  const auto rowOf = [&](int64_t tile) { return tile * args.m / plan.rowTiles; };
  const int64_t row0 = rowOf(part.tile0);
  const float* a = args.a.data + part.batch * args.a.batchStride;
  const float* b = args.b.data + part.batch * args.b.batchStride;
  float* c = args.c + part.batch * args.batchStrideC;
  const bool rowsAreDirect = !plan.aIsPacked && args.a.kStride == 1;

  for (int64_t block = 0; block < plan.kBlocks; ++block) {
    const int64_t k0 = std::min(block * plan.kBlock, args.k), k1 = std::min(k0 + plan.kBlock, args.k);
    const bool isFirst = block == 0, isLast = block + 1 == plan.kBlocks;
    if (plan.aIsPacked) {
      for (int64_t t = part.tile0; t < part.tile1; ++t) {
        const int64_t row = rowOf(t), height = rowOf(t + 1) - row;
        packPanel(args.a, {part.batch, row, height, height, k0, k1}, part.aScratch + (row - row0) * (k1 - k0));
      }
    }
    for (int64_t panel = part.panel0; panel < part.panel1; ++panel) {
      const int64_t column = panel * plan.tile.columns;
      Tile tile;
      tile.k = k1 - k0;
      tile.columns = std::min(plan.tile.columns, args.n - column);
      const int64_t vectors = (tile.columns + lanes - 1) / lanes;
      if (panel < plan.firstPacked) {
        tile.b = b + column + k0 * args.b.kStride;
        tile.bStride = args.b.kStride;
      } else {
        tile.bStride = vectors * lanes;
        tile.b = part.packed + (panel - part.packedFrom) * plan.tile.columns * args.k + k0 * tile.bStride;
      }
      tile.ldc = args.ldc;
      tile.addsC = !isFirst || args.accumulates;
      tile.bias = isFirst && args.bias != nullptr && !args.biasIsPerRow ? args.bias + column : nullptr;
      for (int64_t t = part.tile0; t < part.tile1; ++t) {
        const int64_t row = rowOf(t), height = rowOf(t + 1) - row;
        tile.c = c + row * args.ldc + column;
        tile.rowBias = isFirst && args.bias != nullptr && args.biasIsPerRow ? args.bias + row : nullptr;
        if (plan.aIsPacked) {
          tile.a = part.aScratch + (row - row0) * (k1 - k0);
          tile.aStride = height;
        } else {
          tile.a = a + row * args.a.stride + k0 * args.a.kStride;
          tile.aStride = rowsAreDirect ? args.a.stride : args.a.kStride;
        }
        tileFunction(height, vectors, rowsAreDirect)(tile);
        if (isLast && (args.activation != Activation::None || args.preActivation != nullptr)) {
          float* before = args.preActivation == nullptr ? nullptr : args.preActivation + (tile.c - args.c);
          activateTile(args.activation, tile.c, args.ldc, height, tile.columns, before);
        }
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
  float* c = args.c + batch * args.batchStrideC + first * dots.manyOut;
  dots.out = c;
  dots.adds = args.accumulates;
  const bool biasIsOfMany = args.biasIsPerRow != rowsAreFew;
  dots.manyBias = args.bias != nullptr && biasIsOfMany ? args.bias + first : nullptr;
  dots.fewBias = args.bias != nullptr && !biasIsOfMany ? args.bias : nullptr;
  dotBlock(dots, rowsAreFew ? args.m : args.n, last - first);
  if (args.activation == Activation::None && args.preActivation == nullptr) return;
  float* before = args.preActivation == nullptr ? nullptr : args.preActivation + (c - args.c);
  const int64_t count = last - first;
  activateTile(args.activation, c, args.ldc, rowsAreFew ? args.m : count, rowsAreFew ? count : args.n, before);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(tileShape);
HWY_EXPORT(packPanel);
HWY_EXPORT(computePart);
HWY_EXPORT(computeDots);

constexpr int64_t longestK = 320, usualK = 256;           // a panel of B then fills half of a first-level cache
constexpr int64_t rowsPerBlock = 168;                     // with usualK: 172 KB of A
constexpr int64_t stripFloats = int64_t(4) << 20;         // packed B: at most 16 MB
constexpr int64_t directFloats = int64_t(64) << 10;       // 256 KB: small enough to be read in place
constexpr int64_t taskFloats = int64_t(256) << 10;        // packed B of a task of its own: at most 1 MB
constexpr double threadFlops = 4e5;                       // less work a thread is not worth waking it

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

bool isEmpty(const GemmArgs& args) { return args.batch <= 0 || args.m <= 0 || args.n <= 0; }

bool wantsDots(const GemmArgs& args) {
  if (args.a.data == nullptr || args.b.data == nullptr) return false;
  if (args.a.write != nullptr || args.b.write != nullptr) return false;
  if (args.a.kStride != 1 || args.b.kStride != 1) return false;
  const int64_t few = std::min(args.m, args.n);
  return few == 1 || (few <= 16 && args.k >= 16 * few);
}

bool readsAInPlace(const GemmArgs& args, const TileShape& tile) {
  if (args.a.write != nullptr) return false;
  if (args.m <= tile.rows / 2 || args.n <= tile.columns) return true;
  if (args.a.kStride == 1) {
    // Rows a multiple of 4 KB apart fall into the same sets of the cache and evict each other.
    const bool collides = args.a.stride % 1024 == 0;
    return args.n <= 4 * tile.columns && !collides;
  }
  return args.k * args.a.kStride <= directFloats;
}

bool readsBInPlace(const GemmArgs& args, const TileShape& tile) {
  if (args.b.write != nullptr || args.b.stride != 1) return false;
  return args.m <= 2 * tile.rows || args.k * args.b.kStride <= directFloats;
}

GemmPlan makePlan(const GemmArgs& args, int threads) {
  GemmPlan plan;
  plan.tile = HWY_DYNAMIC_DISPATCH(tileShape)();
  plan.usesDots = wantsDots(args);
  if (plan.usesDots) return plan;
  plan.aIsPacked = !readsAInPlace(args, plan.tile);
  plan.bIsPacked = !readsBInPlace(args, plan.tile);
  plan.rowTiles = ceilDiv(args.m, plan.tile.rows);
  plan.panels = ceilDiv(args.n, plan.tile.columns);
  plan.firstPacked = plan.bIsPacked ? 0 : args.n / plan.tile.columns;  // the last panel, if narrow, is always packed
  plan.kBlocks = args.k <= longestK ? 1 : ceilDiv(args.k, usualK);
  plan.kBlock = ceilDiv(args.k, plan.kBlocks);

  const int64_t packedPanels = plan.panels - plan.firstPacked;
  const double flops = 2.0 * double(args.m) * double(args.n) * double(args.k);
  const bool sharesB = args.b.write == nullptr && args.b.batchStride == 0;
  const int64_t panelFloats = plan.tile.columns * args.k;
  plan.packsPerTask = args.batch > 1 && !sharesB && packedPanels * panelFloats <= taskFloats &&
                      (args.batch >= 4 * threads || flops < threadFlops);
  plan.stripPanels = plan.panels;
  if (plan.packsPerTask) {
    plan.batchPerTask = std::clamp<int64_t>(int64_t(threadFlops / 4 / (flops + 1)), 1, ceilDiv(args.batch, 2 * threads));
    plan.bFloats = packedPanels * panelFloats;
  } else {
    if (packedPanels > 0) {
      plan.stripPanels = std::clamp<int64_t>(stripFloats / std::max<int64_t>(panelFloats, 1), 1, plan.panels);
    }
    plan.bFloats = std::min(packedPanels, plan.stripPanels) * panelFloats;
    // About three tasks a thread, but none below threadFlops/4.
    const int64_t batch = sharesB || packedPanels == 0 ? args.batch : 1;
    const int64_t worth = int64_t(flops * double(batch) / (threadFlops / 4)) + 1;
    const int64_t wanted = threads <= 1 ? 1 : std::min<int64_t>(worth, 3 * int64_t(threads));
    const int64_t fewest = ceilDiv(args.m, rowsPerBlock);
    plan.rowBlocks = std::clamp<int64_t>(ceilDiv(wanted, batch), fewest, std::max<int64_t>(fewest, plan.rowTiles / 2));
    plan.columnBlocks = std::clamp<int64_t>(wanted / (batch * plan.rowBlocks), 1, plan.stripPanels);
  }
  if (plan.aIsPacked) {
    const int64_t rows = plan.packsPerTask ? args.m : (ceilDiv(plan.rowTiles, plan.rowBlocks)) * plan.tile.rows;
    plan.aFloats = rows * plan.kBlock + 2 * plan.tile.lanes;
  }
  plan.aFloats = ceilDiv(plan.aFloats, 16) * 16;
  plan.bFloats = ceilDiv(plan.bFloats, 16) * 16;
  return plan;
}

void runDots(const Launch& launch, const GemmArgs& args) {
  const auto compute = HWY_DYNAMIC_DISPATCH(computeDots);
  const int64_t many = std::max(args.m, args.n);
  const int64_t grain = std::max<int64_t>(4, ceilDiv(65536, std::max<int64_t>(args.k, 1)) / 4 * 4);
  const int64_t chunks = ceilDiv(many, grain);
  Launch used = launch;
  if (2.0 * double(args.m) * double(args.n) * double(args.k) * double(args.batch) < threadFlops) used.threads = 1;
  parallelFor(used, args.batch * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % chunks * grain;
      compute(args, i / chunks, first, std::min(first + grain, many));
    }
  });
}

/// Packs panels [from, to) of one batch element, some k at a time so that there is work for each thread.
void packPanels(const Launch& launch, const GemmArgs& args, const GemmPlan& plan, int64_t batch, int64_t from, int64_t to,
                float* out) {
  const auto pack = HWY_DYNAMIC_DISPATCH(packPanel);
  const int64_t kChunk = std::max<int64_t>(1, std::min<int64_t>(args.k, usualK)), chunks = ceilDiv(args.k, kChunk);
  Launch used = launch;
  if ((to - from) * plan.tile.columns * args.k < 32768) used.threads = 1;
  parallelFor(used, (to - from) * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = from + i / chunks, k0 = i % chunks * kChunk;
      const int64_t first = panel * plan.tile.columns, count = std::min(plan.tile.columns, args.n - first);
      const int64_t width = ceilDiv(count, plan.tile.lanes) * plan.tile.lanes;
      pack(args.b, {batch, first, count, width, k0, std::min(k0 + kChunk, args.k)},
           out + (panel - from) * plan.tile.columns * args.k + k0 * width);
    }
  });
}

void runBatchTasks(const Launch& launch, const GemmArgs& args, const GemmPlan& plan, float* scratch) {
  const auto compute = HWY_DYNAMIC_DISPATCH(computePart);
  Launch used = launch;
  if (2.0 * double(args.m) * double(args.n) * double(args.k) * double(args.batch) < threadFlops) used.threads = 1;
  parallelTasks(used, ceilDiv(args.batch, plan.batchPerTask), [&](int64_t task, int thread) {
    float* aScratch = scratch + thread * (plan.aFloats + plan.bFloats);
    float* packed = aScratch + plan.aFloats;
    const int64_t last = std::min((task + 1) * plan.batchPerTask, args.batch);
    for (int64_t batch = task * plan.batchPerTask; batch < last; ++batch) {
      packPanels({}, args, plan, batch, plan.firstPacked, plan.panels, packed);
      compute({&args, &plan, batch, 0, plan.rowTiles, 0, plan.panels, aScratch, packed, plan.firstPacked});
    }
  });
}

void runStrips(const Launch& launch, const GemmArgs& args, const GemmPlan& plan, float* scratch) {
  const auto compute = HWY_DYNAMIC_DISPATCH(computePart);
  float* packed = scratch + launch.threads * plan.aFloats;
  const bool sharesB = (args.b.write == nullptr && args.b.batchStride == 0) || plan.firstPacked == plan.panels;
  const int64_t together = sharesB ? args.batch : 1;
  for (int64_t batch0 = 0; batch0 < args.batch; batch0 += together) {
    for (int64_t panel0 = 0; panel0 < plan.panels; panel0 += plan.stripPanels) {
      const int64_t panel1 = std::min(panel0 + plan.stripPanels, plan.panels);
      const int64_t packedFrom = std::max(panel0, plan.firstPacked);
      if (packedFrom < panel1) packPanels(launch, args, plan, batch0, packedFrom, panel1, packed);
      const int64_t columnBlocks = std::min(plan.columnBlocks, panel1 - panel0);
      const int64_t parts = plan.rowBlocks * columnBlocks;
      parallelTasks(launch, together * parts, [&](int64_t task, int thread) {
        const int64_t batch = batch0 + task / parts, row = task % parts / columnBlocks, column = task % columnBlocks;
        const auto tileOf = [&](int64_t block) { return block * plan.rowTiles / plan.rowBlocks; };
        const auto panelOf = [&](int64_t block) { return panel0 + block * (panel1 - panel0) / columnBlocks; };
        compute({&args, &plan, batch, tileOf(row), tileOf(row + 1), panelOf(column), panelOf(column + 1),
                 scratch + thread * plan.aFloats, packed, packedFrom});
      });
    }
  }
}

}  // namespace

int64_t gemmWorkspace(const GemmArgs& args, int threads) {
  if (isEmpty(args)) return 0;
  const GemmPlan plan = makePlan(args, threads);
  const int64_t floats = threads * plan.aFloats + (plan.packsPerTask ? threads : 1) * plan.bFloats;
  return floats * int64_t(sizeof(float));
}

void gemm(const Launch& launch, const GemmArgs& args, void* workspace) {
  if (isEmpty(args)) return;
  const GemmPlan plan = makePlan(args, launch.threads);
  float* scratch = static_cast<float*>(workspace);
  if (plan.usesDots) {
    runDots(launch, args);
  } else if (plan.packsPerTask) {
    runBatchTasks(launch, args, plan, scratch);
  } else {
    runStrips(launch, args, plan, scratch);
  }
}

}  // namespace fw::kernels::cpu
#endif
