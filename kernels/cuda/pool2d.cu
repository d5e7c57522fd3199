// Pooling: a thread a result. For the gradients that is an element of x, which looks through the windows it lies in.
#include "kernels/pool2d.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

/// The part of the window of output (p,q) that lies inside.
struct Window {
  int64_t row0, row1, column0, column1;
  __device__ Window(const Pool2dShape& shape, int64_t p, int64_t q) {
    row0 = p * shape.strideY - shape.top;
    row1 = row0 + shape.kernelHeight;
    column0 = q * shape.strideX - shape.left;
    column1 = column0 + shape.kernelWidth;
    row0 = row0 < 0 ? 0 : row0;
    column0 = column0 < 0 ? 0 : column0;
    row1 = row1 > shape.height ? shape.height : row1;
    column1 = column1 > shape.width ? shape.width : column1;
  }
  __device__ float share(const Pool2dShape& shape) const {
    int64_t count = shape.kernelHeight * shape.kernelWidth;
    if (!shape.countsPadding) count = row1 > row0 && column1 > column0 ? (row1 - row0) * (column1 - column0) : 1;
    return 1.0f / float(count);
  }
  /// The first of the largest elements, or the first NaN.
  __device__ int64_t argmax(const Pool2dShape& shape, const float* plane) const {
    int64_t best = row0 * shape.width + column0;
    for (int64_t h = row0; h < row1; ++h)
      for (int64_t w = column0; w < column1; ++w) {
        const int64_t at = h * shape.width + w;
        if (plane[at] != plane[at]) return at;
        if (plane[at] > plane[best]) best = at;
      }
    return best;
  }
};

template <bool isMax>
__global__ void pool2dKernel(Pool2dShape shape, const float* x, float* y) {
  const int64_t i = globalIndex(), outputs = shape.outHeight * shape.outWidth;
  if (i >= shape.planes * outputs) return;
  const float* const plane = x + i / outputs * shape.height * shape.width;
  const Window window(shape, i % outputs / shape.outWidth, i % shape.outWidth);
  if (isMax) {
    y[i] = plane[window.argmax(shape, plane)];
    return;
  }
  float sum = 0;
  for (int64_t h = window.row0; h < window.row1; ++h)
    for (int64_t w = window.column0; w < window.column1; ++w) sum += plane[h * shape.width + w];
  y[i] = sum * window.share(shape);
}

/// The first output whose window of `kernel` elements from output * stride - before on reaches `at`.
__device__ int64_t firstOutput(int64_t at, int64_t kernel, int64_t stride, int64_t before) {
  const int64_t reach = at + before - kernel + 1;
  return reach <= 0 ? 0 : (reach + stride - 1) / stride;
}

template <bool isMax>
__global__ void pool2dGradientKernel(Pool2dShape shape, const float* x, const float* dy, float* dx) {
  const int64_t i = globalIndex(), image = shape.height * shape.width;
  if (i >= shape.planes * image) return;
  const int64_t plane = i / image, at = i % image, h = at / shape.width, w = at % shape.width;
  const float* const outputs = dy + plane * shape.outHeight * shape.outWidth;
  float sum = 0;
  for (int64_t p = firstOutput(h, shape.kernelHeight, shape.strideY, shape.top);
       p < shape.outHeight && p * shape.strideY - shape.top <= h; ++p)
    for (int64_t q = firstOutput(w, shape.kernelWidth, shape.strideX, shape.left);
         q < shape.outWidth && q * shape.strideX - shape.left <= w; ++q) {
      const Window window(shape, p, q);
      const float value = outputs[p * shape.outWidth + q];
      if (!isMax)
        sum += value * window.share(shape);
      else if (window.argmax(shape, x + plane * image) == at)
        sum += value;
    }
  dx[i] = sum;
}

int64_t outputsOf(const Pool2dShape& shape) { return shape.planes * shape.outHeight * shape.outWidth; }
int64_t inputsOf(const Pool2dShape& shape) { return shape.planes * shape.height * shape.width; }

}  // namespace

void averagePool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y) {
  start(launch, "averagePool2d", pool2dKernel<false>, ceilDivide(outputsOf(shape), kThreads), kThreads, 0, shape, x, y);
}
void averagePool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* dy, float* dx) {
  start(launch, "averagePool2dGradient", pool2dGradientKernel<false>, ceilDivide(inputsOf(shape), kThreads), kThreads,
        0, shape, static_cast<const float*>(nullptr), dy, dx);
}
void maxPool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y) {
  start(launch, "maxPool2d", pool2dKernel<true>, ceilDivide(outputsOf(shape), kThreads), kThreads, 0, shape, x, y);
}
void maxPool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* x, const float* dy, float* dx) {
  start(launch, "maxPool2dGradient", pool2dGradientKernel<true>, ceilDivide(inputsOf(shape), kThreads), kThreads, 0,
        shape, x, dy, dx);
}

}  // namespace fw::kernels::FW_CUDA
