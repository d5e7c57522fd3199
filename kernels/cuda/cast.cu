// Conversion between element types: a thread an element.
#include "kernels/cast.h"

#include "kernels/cuda/convert.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class From, class To>
__global__ void castKernel(const From* x, To* y, int64_t count) {
  const int64_t i = globalIndex();
  if (i < count) y[i] = WriteValue<To>::of(readValue(x[i]));
}

}  // namespace

void cast(const Launch& launch, const CastArgs& args) {
  withElement(args.from, [&](auto from) {
    withElement(args.to, [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      start(launch, "cast", castKernel<From, To>, ceilDivide(args.count, kThreads), kThreads, 0,
            static_cast<const From*>(args.x), static_cast<To*>(args.y), args.count);
    });
  });
}

}  // namespace fw::kernels::FW_CUDA
