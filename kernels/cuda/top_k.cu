// The largest elements of each row, a block a row. A few: the largest key below the last one found, k times over. Many:
// the k-th largest key is found digit by digit (eight bits each, counted over the row), then those from it on are
// collected and sorted. A key orders as the elements do, with NaN on top and the lower index first among equals; no two
// are equal, so that the order of collection does not show.
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

constexpr int kDigits = 256;
constexpr int64_t kSharedKeys = 4096;  // that are sorted in shared memory, else in that of the indices

/// What the threads of a block tell each other.
struct Selection {
  SharedArray<int> counts;  // [kDigits]
  SharedArray<int> found;   // the digit, how many keys with it are wanted, and how many there are
};

/// The digit at which the keys counted from the top first reach `wanted`. By all threads; begins after a barrier.
__device__ void findDigit(const Selection& s, int wanted) {
  const int lane = int(threadIdx.x);
  if (lane < kWarp) {
    constexpr int each = kDigits / kWarp;
    int own = 0;
    for (int n = 0; n < each; ++n) own += s.counts[kDigits - 1 - (lane * each + n)];
    int above = own;  // of this lane and those before it
    for (unsigned by = 1; by < kWarp; by *= 2) {
      const int before = __shfl_up_sync(kAllLanes, above, by);
      if (lane >= int(by)) above += before;
    }
    above -= own;
    for (int n = 0; n < each; ++n) {
      const int digit = kDigits - 1 - (lane * each + n), count = s.counts[digit];
      if (above < wanted && wanted <= above + count) {
        s.found[0] = digit;
        s.found[1] = wanted - above;
        s.found[2] = count;
      }
      above += count;
    }
  }
  __syncthreads();
}

/// The least of the k largest keys, low digits perhaps left zero.
__device__ Key thresholdOf(const TopKArgs& args, const float* x, const Selection& s) {
  Key prefix = 0;
  int wanted = int(args.k);
  for (int shift = 56;; shift -= 8) {
    for (int d = int(threadIdx.x); d < kDigits; d += kThreads) s.counts[d] = 0;
    __syncthreads();
    for (int64_t i = threadIdx.x; i < args.width; i += kThreads) {
      const Key key = keyOf(x[i], i);
      if (shift == 56 || key >> (shift + 8) == prefix) atomicAdd(s.counts + int(key >> shift & (kDigits - 1)), 1);
    }
    __syncthreads();
    findDigit(s, wanted);
    prefix = prefix << 8 | Key(int(s.found[0]));
    wanted = s.found[1];
    if (shift == 0 || s.found[2] == wanted) return prefix << shift;
  }
}

/// Descending, by all threads: bitonic, with nothing past the end. Then the results.
template <class Keys>
__device__ void sortAndWrite(const TopKArgs& args, const float* x, Keys keys) {
  const auto step = [&](int64_t mask) {
    for (int64_t i = threadIdx.x; i < args.k; i += kThreads) {
      const int64_t other = i ^ mask;
      if (other <= i || other >= args.k) continue;
      const Key a = keys[i], b = keys[other];
      if (a >= b) continue;
      keys[i] = b;
      keys[other] = a;
    }
    __syncthreads();
  };
  for (int64_t size = 2; size < 2 * args.k; size *= 2) {
    step(size - 1);
    for (int64_t apart = size / 4; apart > 0; apart /= 2) step(apart);
  }
  for (int64_t i = threadIdx.x; i < args.k; i += kThreads) {
    const int64_t index = indexOf(keys[i]);
    args.indices[blockIdx.x * args.k + i] = index;
    args.values[blockIdx.x * args.k + i] = x[index];
  }
}

__global__ void selectKernel(TopKArgs args) {
  SharedMemory memory;
  Selection s;
  s.counts = memory.array<int>(kDigits);
  s.found = memory.array<int>(3);
  const SharedArray<int> next = memory.array<int>(1);
  const float* const x = args.x + blockIdx.x * args.width;
  const Key least = thresholdOf(args, x, s);
  if (threadIdx.x == 0) next[0] = 0;
  __syncthreads();
  const auto collect = [&](auto keys) {
    for (int64_t i = threadIdx.x; i < args.width; i += kThreads) {
      const Key key = keyOf(x[i], i);
      if (key >= least) keys[atomicAdd(next, 1)] = key;
    }
    __syncthreads();
    sortAndWrite(args, x, keys);
  };
  if (args.k <= kSharedKeys)
    collect(memory.array<Key>(args.k));
  else
    collect(reinterpret_cast<Key*>(args.indices) + blockIdx.x * args.k);
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
  constexpr int64_t few = 6;  // passes over the row that the selection takes at most, as a rule
  if (args.k > few && args.width > kThreads) {
    const int64_t keys = args.k <= kSharedKeys ? sharedBytes<Key>(args.k) : 0;
    return start(launch, "select", selectKernel, args.rows, kThreads,
                 sharedBytes<int>(kDigits) + sharedBytes<int>(3) + sharedBytes<int>(1) + keys, args);
  }
  start(launch, "topK", topKKernel, args.rows, args.width <= 256 ? 32 : kThreads, sharedBytes<Key>(kWarp), args);
}

void argmax(const Launch& launch, const ArgmaxArgs& args) {
  if (args.inner == 1)
    return start(launch, "argmaxRow", argmaxRowKernel, args.outer, args.size <= 256 ? 32 : kThreads,
                 sharedBytes<Key>(kWarp), args);
  start(launch, "argmax", argmaxKernel, ceilDivide(args.outer * args.inner, kThreads), kThreads, 0, args);
}

}  // namespace fw::kernels::FW_CUDA
