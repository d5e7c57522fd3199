// Matrix product: the library's where the device has one (cuBLASLt), else tiles of 64 x 64 in shared memory, 4 x 4 of
// them a thread. The same tiles run under emulation.
#include "kernels/matmul.h"

#include "kernels/cuda/kernels.h"
#include "kernels/cuda/matmul_parts.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kTile = 64, kDepth = 16, kThreads = 256, kEach = 4;
constexpr int kPadded = kTile + 1;

/// Element (i, l) of op(A) is a[i * step + l * depthStep], of op(B) transposed likewise.
struct Side {
  const float* data;
  int64_t step, depthStep, batchStride, count;
};

/// Rows [first, first + kTile) and depths [depth, depth + kDepth) into `tile`, [kDepth, kTile]; zeros outside.
__device__ void loadTile(const Side& side, const float* data, int64_t first, int64_t depth, int64_t depths,
                         SharedArray<float> tile) {
  const bool isAlongDepth = side.depthStep == 1;
  for (int n = int(threadIdx.x); n < kTile * kDepth; n += kThreads) {
    const int i = isAlongDepth ? n / kDepth : n % kTile, l = isAlongDepth ? n % kDepth : n / kTile;
    const bool isInside = first + i < side.count && depth + l < depths;
    tile[l * kPadded + i] = isInside ? data[(first + i) * side.step + (depth + l) * side.depthStep] : 0;
  }
}

__global__ void matmulKernel(MatmulArgs args, Side a, Side b, int64_t tilesM, int64_t tilesN) {
  SharedMemory memory;
  const SharedArray<float> tileA = memory.array<float>(kDepth * kPadded), tileB = memory.array<float>(kDepth * kPadded);
  const int64_t tile = blockIdx.x % (tilesM * tilesN), batch = blockIdx.x / (tilesM * tilesN);
  const int64_t firstM = tile / tilesN * kTile, firstN = tile % tilesN * kTile;
  const int column = int(threadIdx.x) % (kTile / kEach), row = int(threadIdx.x) / (kTile / kEach);
  const float* const dataA = a.data + batch * a.batchStride;
  const float* const dataB = b.data + batch * b.batchStride;
  float sums[kEach][kEach] = {};
  for (int64_t depth = 0; depth < args.k; depth += kDepth) {
    loadTile(a, dataA, firstM, depth, args.k, tileA);
    loadTile(b, dataB, firstN, depth, args.k, tileB);
    __syncthreads();
    const int depths = args.k - depth < kDepth ? int(args.k - depth) : kDepth;
    for (int l = 0; l < depths; ++l) {
      float x[kEach], y[kEach];
      for (int i = 0; i < kEach; ++i) x[i] = tileA[l * kPadded + row + i * (kTile / kEach)];
      for (int j = 0; j < kEach; ++j) y[j] = tileB[l * kPadded + column + j * (kTile / kEach)];
      for (int i = 0; i < kEach; ++i)
        for (int j = 0; j < kEach; ++j) sums[i][j] = fmaf(x[i], y[j], sums[i][j]);
    }
    __syncthreads();
  }
  for (int i = 0; i < kEach; ++i)
    for (int j = 0; j < kEach; ++j)
      finishProduct(args, batch, firstM + row + i * (kTile / kEach), firstN + column + j * (kTile / kEach), sums[i][j]);
}

__global__ void activateKernel(MatmulArgs args) {
  const int64_t i = globalIndex();
  if (i >= args.batch * args.m * args.n) return;
  const int64_t at = i / (args.m * args.n) * args.batchStrideC + i / args.n % args.m * args.ldc + i % args.n;
  const float value = args.c[at];
  if (args.preActivation != nullptr) args.preActivation[at] = value;
  args.c[at] = activate(args.activation, value);
}

}  // namespace

bool productOfLibrary(const Launch& launch, const MatmulArgs& args, Element element) {
  Device& device = *launch.device;
  if (device.product == nullptr) return false;
  if (device.product(device, args, element)) return true;
  // It does products, sums and biases; what follows them is a pass of ours.
  MatmulArgs plain = args;
  plain.activation = Activation::None;
  plain.preActivation = nullptr;
  if (!device.product(device, plain, element)) return false;
  if (args.activation == Activation::None && args.preActivation == nullptr) return true;
  start(launch, "activate", activateKernel, ceilDivide(args.batch * args.m * args.n, kThreads), kThreads, 0, args);
  return true;
}

int64_t matmulWorkspace(const MatmulArgs&, int) { return 0; }

void matmul(const Launch& launch, const MatmulArgs& args, void*) {
  if (productOfLibrary(launch, args, Element::F32)) return;
  const Side a = {args.a, args.transposeA ? 1 : args.lda, args.transposeA ? args.lda : 1, args.batchStrideA, args.m};
  const Side b = {args.b, args.transposeB ? args.ldb : 1, args.transposeB ? 1 : args.ldb, args.batchStrideB, args.n};
  const int64_t tilesM = ceilDivide(args.m, kTile), tilesN = ceilDivide(args.n, kTile);
  start(launch, "matmul", matmulKernel, args.batch * tilesM * tilesN, kThreads,
        2 * sharedBytes<float>(kDepth * kPadded), args, a, b, tilesM, tilesN);
}

}  // namespace fw::kernels::FW_CUDA
