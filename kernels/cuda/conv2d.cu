// Convolution of images and its two gradients, directly: a thread a result; for the weight, whose results are sums over
// batch and image, a block.
#include "kernels/conv2d.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__global__ void conv2dKernel(Conv2dShape shape, const float* x, const float* weight, const float* bias, float* y) {
  int64_t rest = globalIndex();
  if (rest >= shape.batch * shape.outputs * shape.outHeight * shape.outWidth) return;
  const int64_t at = rest, q = rest % shape.outWidth;
  rest /= shape.outWidth;
  const int64_t p = rest % shape.outHeight;
  rest /= shape.outHeight;
  const int64_t o = rest % shape.outputs, n = rest / shape.outputs;
  const int64_t channels = shape.channels / shape.groups, group = o / (shape.outputs / shape.groups);
  const float* const planes = x + (n * shape.channels + group * channels) * shape.height * shape.width;
  const float* const taps = weight + o * channels * shape.kernelHeight * shape.kernelWidth;
  float sum = 0;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t r = 0; r < shape.kernelHeight; ++r) {
      const int64_t h = p * shape.strideY + r * shape.dilationY - shape.top;
      if (h < 0 || h >= shape.height) continue;
      for (int64_t s = 0; s < shape.kernelWidth; ++s) {
        const int64_t w = q * shape.strideX + s * shape.dilationX - shape.left;
        if (w < 0 || w >= shape.width) continue;
        sum = fmaf(taps[(c * shape.kernelHeight + r) * shape.kernelWidth + s],
                   planes[(c * shape.height + h) * shape.width + w], sum);
      }
    }
  y[at] = bias != nullptr ? sum + bias[o] : sum;
}

/// The output whose window's tap `tap` reads `at`, or -1.
__device__ int64_t outputAt(int64_t at, int64_t tap, int64_t stride, int64_t dilation, int64_t before,
                            int64_t outputs) {
  const int64_t shifted = at + before - tap * dilation;
  if (shifted < 0 || shifted % stride != 0 || shifted / stride >= outputs) return -1;
  return shifted / stride;
}

__global__ void conv2dInputGradientKernel(Conv2dShape shape, const float* dy, const float* weight, float* dx) {
  int64_t rest = globalIndex();
  if (rest >= shape.batch * shape.channels * shape.height * shape.width) return;
  const int64_t at = rest, w = rest % shape.width;
  rest /= shape.width;
  const int64_t h = rest % shape.height;
  rest /= shape.height;
  const int64_t channel = rest % shape.channels, n = rest / shape.channels;
  const int64_t channels = shape.channels / shape.groups, outputs = shape.outputs / shape.groups;
  const int64_t group = channel / channels, c = channel % channels;
  float sum = 0;
  for (int64_t r = 0; r < shape.kernelHeight; ++r) {
    const int64_t p = outputAt(h, r, shape.strideY, shape.dilationY, shape.top, shape.outHeight);
    if (p < 0) continue;
    for (int64_t s = 0; s < shape.kernelWidth; ++s) {
      const int64_t q = outputAt(w, s, shape.strideX, shape.dilationX, shape.left, shape.outWidth);
      if (q < 0) continue;
      for (int64_t o = group * outputs; o < (group + 1) * outputs; ++o)
        sum = fmaf(weight[((o * channels + c) * shape.kernelHeight + r) * shape.kernelWidth + s],
                   dy[((n * shape.outputs + o) * shape.outHeight + p) * shape.outWidth + q], sum);
    }
  }
  dx[at] = sum;
}

__global__ void conv2dWeightGradientKernel(Conv2dShape shape, const float* x, const float* dy, float* dweight) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const int64_t channels = shape.channels / shape.groups;
  int64_t rest = blockIdx.x;
  const int64_t s = rest % shape.kernelWidth;
  rest /= shape.kernelWidth;
  const int64_t r = rest % shape.kernelHeight;
  rest /= shape.kernelHeight;
  const int64_t c = rest % channels, o = rest / channels;
  const int64_t channel = o / (shape.outputs / shape.groups) * channels + c;
  const int64_t image = shape.outHeight * shape.outWidth;
  float own = 0;
  for (int64_t i = threadIdx.x; i < shape.batch * image; i += blockDim.x) {
    const int64_t n = i / image, p = i % image / shape.outWidth, q = i % shape.outWidth;
    const int64_t h = p * shape.strideY + r * shape.dilationY - shape.top;
    const int64_t w = q * shape.strideX + s * shape.dilationX - shape.left;
    if (h < 0 || h >= shape.height || w < 0 || w >= shape.width) continue;
    own = fmaf(dy[(n * shape.outputs + o) * image + i % image],
               x[((n * shape.channels + channel) * shape.height + h) * shape.width + w], own);
  }
  own = reduceBlock(own, 0.0f, scratch, Plus());
  if (threadIdx.x == 0) dweight[blockIdx.x] = own;
}

}  // namespace

int64_t conv2dWorkspace(const Conv2dShape&, int) { return 0; }
int64_t conv2dInputGradientWorkspace(const Conv2dShape&, int) { return 0; }
int64_t conv2dWeightGradientWorkspace(const Conv2dShape&, int) { return 0; }

void conv2d(const Launch& launch, const Conv2dShape& shape, const float* x, const float* weight, const float* bias,
            float* y, void*) {
  const int64_t count = shape.batch * shape.outputs * shape.outHeight * shape.outWidth;
  start(launch, "conv2d", conv2dKernel, ceilDivide(count, kThreads), kThreads, 0, shape, x, weight, bias, y);
}

void conv2dInputGradient(const Launch& launch, const Conv2dShape& shape, const float* dy, const float* weight,
                         float* dx, void*) {
  const int64_t count = shape.batch * shape.channels * shape.height * shape.width;
  start(launch, "conv2dInputGradient", conv2dInputGradientKernel, ceilDivide(count, kThreads), kThreads, 0, shape, dy,
        weight, dx);
}

void conv2dWeightGradient(const Launch& launch, const Conv2dShape& shape, const float* x, const float* dy,
                          float* dweight, void*) {
  const int64_t count = shape.outputs * (shape.channels / shape.groups) * shape.kernelHeight * shape.kernelWidth;
  const int threads = shape.batch * shape.outHeight * shape.outWidth <= 256 ? 32 : kThreads;
  start(launch, "conv2dWeightGradient", conv2dWeightGradientKernel, count, threads, sharedBytes<float>(kWarp), shape, x,
        dy, dweight);
}

}  // namespace fw::kernels::FW_CUDA
