// Softmax, its logarithm and their gradients: a block a row. The row is read once for maximum and sum together, and
// once more to be written.
#include "kernels/softmax.h"

#include "kernels/cuda/kernels.h"
#include "kernels/cuda/rows.h"

namespace fw::kernels::FW_CUDA {
namespace {

template <bool isLog>
__global__ void softmaxKernel(SoftmaxArgs args) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const float* const x = args.x + blockIdx.x * args.width;
  float* const y = args.y + blockIdx.x * args.width;
  const LargestAndSum seen = seeRow(x, args.width, scratch);
  const float log = logf(seen.sum), scale = 1 / seen.sum;
  for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) {
    const float centred = x[i] - seen.largest;
    y[i] = isLog ? centred - log : expf(centred) * scale;
  }
}

/// softmax: dx = y (dy - sum(dy y)); its logarithm: dx = dy - e^y sum(dy).
template <bool isLog>
__global__ void softmaxGradientKernel(SoftmaxGradientArgs args) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const float* const y = args.y + blockIdx.x * args.width;
  const float* const dy = args.dy + blockIdx.x * args.width;
  float* const dx = args.dx + blockIdx.x * args.width;
  float own = 0;
  for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) own += isLog ? dy[i] : dy[i] * y[i];
  const float sum = reduceBlock(own, 0.0f, scratch, Plus());
  for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x)
    dx[i] = isLog ? dy[i] - expf(y[i]) * sum : y[i] * (dy[i] - sum);
}

template <class Args>
void forRows(const Launch& launch, const char* name, void (*kernel)(Args), const Args& args) {
  if (args.width == 0) return;
  start(launch, name, kernel, args.rows, threadsForRow(args.width), sharedBytes<float>(kWarp), args);
}

}  // namespace

void softmax(const Launch& launch, const SoftmaxArgs& args) { forRows(launch, "softmax", softmaxKernel<false>, args); }
void softmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args) {
  forRows(launch, "softmaxGradient", softmaxGradientKernel<false>, args);
}
void logSoftmax(const Launch& launch, const SoftmaxArgs& args) {
  forRows(launch, "logSoftmax", softmaxKernel<true>, args);
}
void logSoftmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args) {
  forRows(launch, "logSoftmaxGradient", softmaxGradientKernel<true>, args);
}

}  // namespace fw::kernels::FW_CUDA
