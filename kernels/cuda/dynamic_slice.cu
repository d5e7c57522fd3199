// A window of an axis at a position that only the device knows: a thread an element.
#include "kernels/dynamic_slice.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"
#include "kernels/element.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

struct Sizes {
  int64_t outer, size, length, inner;
};

/// The window [outer, length, inner] of the whole [outer, size, inner], to or from an array of its own.
template <class T, bool isUpdate>
__global__ void windowKernel(const T* from, T* to, const int64_t* position, Sizes sizes, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i >= sizes.outer * sizes.length * sizes.inner) return;
  const int64_t first = *position;
  if (first < 0 || first > sizes.size - sizes.length) return refusal.at(0);
  const int64_t row = i / sizes.inner, o = row / sizes.length, j = row % sizes.length;
  const int64_t at = (o * sizes.size + first + j) * sizes.inner + i % sizes.inner;
  if (isUpdate)
    to[at] = from[i];
  else
    to[i] = from[at];
}

template <bool isUpdate>
void window(const Launch& launch, int64_t elementSize, const void* from, void* to, const int64_t* position,
            const Sizes& sizes) {
  const auto run = [&](auto element) {
    using T = decltype(element);
    start(launch, isUpdate ? "dynamicUpdateSlice" : "dynamicSlice", windowKernel<T, isUpdate>,
          ceilDivide(sizes.outer * sizes.length * sizes.inner, kThreads), kThreads, 0, static_cast<const T*>(from),
          static_cast<T*>(to), position, sizes, refusal(launch));
  };
  withBits(elementSize, run);
}

}  // namespace

bool dynamicSlice(const Launch& launch, const DynamicSliceArgs& args) {
  window<false>(launch, args.elementSize, args.x, args.y, args.position,
                {args.outer, args.size, args.length, args.inner});
  return true;
}

bool dynamicUpdateSlice(const Launch& launch, const DynamicUpdateSliceArgs& args) {
  if (args.x != args.y) copyBytes(launch, args.x, args.y, args.outer * args.size * args.inner * args.elementSize);
  window<true>(launch, args.elementSize, args.update, args.y, args.position,
               {args.outer, args.size, args.length, args.inner});
  return true;
}

}  // namespace fw::kernels::FW_CUDA
