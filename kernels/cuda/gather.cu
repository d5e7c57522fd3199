// Elements picked by indices, a thread an element; and added to, a thread an element of the result, in the order of the
// indices: no atomic addition, so the same bits each time.
#include "kernels/gather.h"

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
__global__ void gatherKernel(const T* x, const int64_t* indices, T* y, Sizes sizes, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i >= sizes.outer * sizes.count * sizes.inner) return;
  const int64_t index = indices[i];
  if (uint64_t(index) >= uint64_t(sizes.size)) return refusal.at(i);
  const int64_t o = i / (sizes.count * sizes.inner);
  y[i] = x[(o * sizes.size + index) * sizes.inner + i % sizes.inner];
}

template <class T>
void gatherOf(const Launch& launch, const GatherArgs& args) {
  start(launch, "gather", gatherKernel<T>, ceilDivide(args.outer * args.count * args.inner, kThreads), kThreads, 0,
        static_cast<const T*>(args.x), args.indices, static_cast<T*>(args.y),
        Sizes{args.outer, args.size, args.count, args.inner}, refusal(launch));
}

/// A thread owns the column (o, i) of y: it alone adds to it.
__global__ void scatterAddKernel(const int64_t* indices, const float* updates, float* y, Sizes sizes, Refusal refusal) {
  const int64_t column = globalIndex();
  if (column >= sizes.outer * sizes.inner) return;
  const int64_t o = column / sizes.inner, i = column % sizes.inner;
  for (int64_t j = 0; j < sizes.count; ++j) {
    const int64_t at = (o * sizes.count + j) * sizes.inner + i, index = indices[at];
    if (uint64_t(index) >= uint64_t(sizes.size))
      refusal.at(at);
    else
      y[(o * sizes.size + index) * sizes.inner + i] += updates[at];
  }
}

}  // namespace

int64_t gather(const Launch& launch, const GatherArgs& args) {
  withBits(args.elementSize, [&](auto bits) { gatherOf<decltype(bits)>(launch, args); });
  return -1;
}

int64_t scatterAdd(const Launch& launch, const ScatterAddArgs& args) {
  const int64_t count = args.outer * args.size * args.inner;
  if (args.x != args.y) copyBytes(launch, args.x, args.y, count * int64_t(sizeof(float)));
  start(launch, "scatterAdd", scatterAddKernel, ceilDivide(args.outer * args.inner, kThreads), kThreads, 0,
        args.indices, args.updates, args.y, Sizes{args.outer, args.size, args.count, args.inner}, refusal(launch));
  return -1;
}

}  // namespace fw::kernels::FW_CUDA
