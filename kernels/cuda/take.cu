// Whole rows picked by indices, a thread an element; and added to: a block owns one row of the result, looks through
// the indices for those that name it, a vote of each warp at a time, and adds their rows in order. No atomic addition.
#include "kernels/take.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"
#include "kernels/element.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

struct Sizes {
  int64_t outer, size, count, inner;
};

template <class T>
__global__ void takeKernel(const T* x, const int64_t* indices, T* y, Sizes sizes, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i >= sizes.outer * sizes.count * sizes.inner) return;
  const int64_t row = i / sizes.inner, j = row % sizes.count, index = indices[j];
  if (uint64_t(index) >= uint64_t(sizes.size)) return refusal.at(j);
  y[i] = x[(row / sizes.count * sizes.size + index) * sizes.inner + i % sizes.inner];
}

template <class T>
void takeOf(const Launch& launch, const TakeArgs& args) {
  start(launch, "take", takeKernel<T>, ceilDivide(args.outer * args.count * args.inner, kThreads), kThreads, 0,
        static_cast<const T*>(args.x), args.indices, static_cast<T*>(args.y),
        Sizes{args.outer, args.size, args.count, args.inner}, refusal(launch));
}

__global__ void checkIndicesKernel(const int64_t* indices, int64_t count, int64_t size, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i < count && uint64_t(indices[i]) >= uint64_t(size)) refusal.at(i);
}

constexpr int kOwners = 128;  // threads of a block that owns a row

/// y[o, row, :] = x[o, row, :] + the sum of updates[o, j, :] over the j with indices[j] == row, ascending.
__global__ void indexAddKernel(const float* x, const int64_t* indices, const float* updates, float* y, Sizes sizes) {
  SharedMemory memory;
  const SharedArray<unsigned> votes = memory.array<unsigned>(kOwners / kWarp);
  const int64_t o = blockIdx.x / sizes.size, row = blockIdx.x % sizes.size;
  const int me = int(threadIdx.x);
  float* const to = y + (o * sizes.size + row) * sizes.inner;
  const float* const from = x == nullptr ? nullptr : x + (o * sizes.size + row) * sizes.inner;
  if (from != to)
    for (int64_t i = me; i < sizes.inner; i += kOwners) to[i] = from == nullptr ? 0 : from[i];
  for (int64_t begin = 0; begin < sizes.count; begin += kOwners) {
    const int64_t j = begin + me;
    const unsigned vote = __ballot_sync(kAllLanes, j < sizes.count && indices[j] == row);
    if (me % kWarp == 0) votes[me / kWarp] = vote;
    __syncthreads();
    for (int w = 0; w < kOwners / kWarp; ++w)
      for (unsigned rest = votes[w]; rest != 0; rest &= rest - 1) {
        const int lane = __popc((rest & (0u - rest)) - 1);  // the lowest bit
        const float* const update = updates + (o * sizes.count + begin + w * kWarp + lane) * sizes.inner;
        for (int64_t i = me; i < sizes.inner; i += kOwners) to[i] += update[i];
      }
    __syncthreads();
  }
}

}  // namespace

int64_t take(const Launch& launch, const TakeArgs& args) {
  withBits(args.elementSize, [&](auto bits) { takeOf<decltype(bits)>(launch, args); });
  return -1;
}

int64_t indexAdd(const Launch& launch, const IndexAddArgs& args) {
  start(launch, "checkIndices", checkIndicesKernel, ceilDivide(args.count, kThreads), kThreads, 0, args.indices,
        args.count, args.size, refusal(launch));
  if (args.inner > 0)
    start(launch, "indexAdd", indexAddKernel, args.outer * args.size, kOwners, sharedBytes<unsigned>(kOwners / kWarp),
          args.x, args.indices, args.updates, args.y, Sizes{args.outer, args.size, args.count, args.inner});
  return -1;
}

}  // namespace fw::kernels::FW_CUDA
