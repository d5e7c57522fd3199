// Indices as rows with a single one: a thread an element.
#include "kernels/one_hot.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__global__ void oneHotKernel(const int64_t* indices, float* y, int64_t count, int64_t depth, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i >= count * depth) return;
  const int64_t index = indices[i / depth];
  if (uint64_t(index) >= uint64_t(depth)) refusal.at(i / depth);
  y[i] = index == i % depth;
}

}  // namespace

int64_t oneHot(const Launch& launch, const OneHotArgs& args) {
  start(launch, "oneHot", oneHotKernel, ceilDivide(args.count * args.depth, kThreads), kThreads, 0, args.indices,
        args.y, args.count, args.depth, refusal(launch));
  return -1;
}

}  // namespace fw::kernels::FW_CUDA
