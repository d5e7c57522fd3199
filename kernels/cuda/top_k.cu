// The largest elements of each row: a block a row, the largest key below the last one found, k times over. A key orders
// as the elements do, with NaN on top and the lower index first among equals.
#include "kernels/top_k.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

using Key = unsigned long long;

__device__ Key keyOf(float value, int64_t index) {
  unsigned bits = 0xffffffffu;
  if (value == value) {
    bits = __float_as_uint(value + 0.0f);  // -0 becomes +0
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  }
  return Key(bits) << 32 | (0xffffffffu - unsigned(index));
}

__device__ int64_t indexOf(Key key) { return int64_t(0xffffffffu - unsigned(key)); }

struct LargerKey {
  __device__ Key operator()(Key a, Key b) const { return a > b ? a : b; }
};

__global__ void topKKernel(TopKArgs args) {
  SharedMemory memory;
  const SharedArray<Key> scratch = memory.array<Key>(kWarp);
  const float* const x = args.x + blockIdx.x * args.width;
  Key last = ~Key(0);
  for (int64_t n = 0; n < args.k; ++n) {
    Key best = 0;
    for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) {
      const Key key = keyOf(x[i], i);
      if ((n == 0 || key < last) && key > best) best = key;
    }
    last = reduceBlock(best, Key(0), scratch, LargerKey());
    if (threadIdx.x != 0) continue;
    args.indices[blockIdx.x * args.k + n] = indexOf(last);
    args.values[blockIdx.x * args.k + n] = x[indexOf(last)];
  }
}

/// A block a row of neighbours.
__global__ void argmaxRowKernel(ArgmaxArgs args) {
  SharedMemory memory;
  const SharedArray<Key> scratch = memory.array<Key>(kWarp);
  const float* const x = args.x + blockIdx.x * args.size;
  Key best = 0;
  for (int64_t i = threadIdx.x; i < args.size; i += blockDim.x) {
    const Key key = keyOf(x[i], i);
    if (key > best) best = key;
  }
  best = reduceBlock(best, Key(0), scratch, LargerKey());
  if (threadIdx.x == 0) args.y[blockIdx.x] = indexOf(best);
}

__global__ void argmaxKernel(ArgmaxArgs args) {
  const int64_t i = globalIndex();
  if (i >= args.outer * args.inner) return;
  const float* const x = args.x + i / args.inner * args.size * args.inner + i % args.inner;
  int64_t best = 0;
  for (int64_t j = 1; j < args.size; ++j) {
    const float value = x[j * args.inner], most = x[best * args.inner];
    if (value > most || (value != value && most == most)) best = j;
  }
  args.y[i] = best;
}

}  // namespace

void topK(const Launch& launch, const TopKArgs& args) {
  if (args.k == 0) return;
  start(launch, "topK", topKKernel, args.rows, args.width <= 256 ? 32 : kThreads, sharedBytes<Key>(kWarp), args);
}

void argmax(const Launch& launch, const ArgmaxArgs& args) {
  if (args.inner == 1)
    return start(launch, "argmaxRow", argmaxRowKernel, args.outer, args.size <= 256 ? 32 : kThreads,
                 sharedBytes<Key>(kWarp), args);
  start(launch, "argmax", argmaxKernel, ceilDivide(args.outer * args.inner, kThreads), kThreads, 0, args);
}

}  // namespace fw::kernels::FW_CUDA
