// Counting along an axis: a thread an element.
#include "kernels/iota.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void iotaKernel(T* y, int64_t count, int64_t size, int64_t inner, T first, T step) {
  const int64_t i = globalIndex();
  if (i < count) y[i] = T(first + step * T(i / inner % size));
}

template <class T>
void count(const Launch& launch, const IotaArgs& args) {
  const int64_t count = args.outer * args.size * args.inner;
  start(launch, "iota", iotaKernel<T>, ceilDivide(count, kThreads), kThreads, 0, static_cast<T*>(args.y), count,
        args.size, args.inner, T(args.start), T(args.step));
}

}  // namespace

void iota(const Launch& launch, const IotaArgs& args) {
  if (args.element == Element::F32) return count<float>(launch, args);
  if (args.element == Element::I32) return count<int32_t>(launch, args);
  count<int64_t>(launch, args);
}

}  // namespace fw::kernels::FW_CUDA
