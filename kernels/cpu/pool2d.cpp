// Pooling on the CPU, plane by plane.
#include "kernels/pool2d.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fw::kernels::cpu {
namespace {

/// The part of the window of output (p,q) that lies inside.
struct Window {
  Window(const Pool2dShape& shape, int64_t p, int64_t q)
      : row0(std::max<int64_t>(p * shape.strideY - shape.top, 0)),
        row1(std::min(p * shape.strideY - shape.top + shape.kernelHeight, shape.height)),
        column0(std::max<int64_t>(q * shape.strideX - shape.left, 0)),
        column1(std::min(q * shape.strideX - shape.left + shape.kernelWidth, shape.width)) {}
  int64_t count() const { return std::max<int64_t>(row1 - row0, 0) * std::max<int64_t>(column1 - column0, 0); }
  int64_t row0, row1, column0, column1;
};

/// Calls body(plane, window, index of the output) for every output, planes in parallel.
template <class Body>
void forEachWindow(const Launch& launch, const Pool2dShape& shape, const Body& body) {
  const int64_t outputs = shape.outHeight * shape.outWidth;
  const int64_t grain =
      std::max<int64_t>(1, 16384 / std::max<int64_t>(outputs * shape.kernelHeight * shape.kernelWidth, 1));
  parallelFor(launch, shape.planes, grain, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      for (int64_t p = 0; p < shape.outHeight; ++p) {
        for (int64_t q = 0; q < shape.outWidth; ++q)
          body(plane, Window(shape, p, q), plane * outputs + p * shape.outWidth + q);
      }
    }
  });
}

float share(const Pool2dShape& shape, const Window& window) {
  const int64_t count = shape.countsPadding ? shape.kernelHeight * shape.kernelWidth : window.count();
  return 1.0f / float(std::max<int64_t>(count, 1));
}

/// Where the maximum is: the first of equal ones, or the first NaN.
int64_t argmax(const Pool2dShape& shape, const Window& window, const float* plane) {
  int64_t best = window.row0 * shape.width + window.column0;
  for (int64_t h = window.row0; h < window.row1; ++h) {
    for (int64_t w = window.column0; w < window.column1; ++w) {
      const int64_t at = h * shape.width + w;
      if (std::isnan(plane[at])) return at;
      if (plane[at] > plane[best]) best = at;
    }
  }
  return best;
}

void clear(float* dx, const Pool2dShape& shape) {
  std::memset(dx, 0, size_t(shape.planes * shape.height * shape.width) * sizeof(float));
}

}  // namespace

void averagePool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y) {
  forEachWindow(launch, shape, [&](int64_t plane, const Window& window, int64_t output) {
    const float* from = x + plane * shape.height * shape.width;
    float sum = 0;
    for (int64_t h = window.row0; h < window.row1; ++h) {
      for (int64_t w = window.column0; w < window.column1; ++w) sum += from[h * shape.width + w];
    }
    y[output] = sum * share(shape, window);
  });
}

void averagePool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* dy, float* dx) {
  clear(dx, shape);
  forEachWindow(launch, shape, [&](int64_t plane, const Window& window, int64_t output) {
    float* to = dx + plane * shape.height * shape.width;
    const float value = dy[output] * share(shape, window);
    for (int64_t h = window.row0; h < window.row1; ++h) {
      for (int64_t w = window.column0; w < window.column1; ++w) to[h * shape.width + w] += value;
    }
  });
}

void maxPool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y) {
  forEachWindow(launch, shape, [&](int64_t plane, const Window& window, int64_t output) {
    const float* from = x + plane * shape.height * shape.width;
    y[output] = from[argmax(shape, window, from)];
  });
}

void maxPool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* x, const float* dy, float* dx) {
  clear(dx, shape);
  forEachWindow(launch, shape, [&](int64_t plane, const Window& window, int64_t output) {
    const int64_t start = plane * shape.height * shape.width;
    dx[start + argmax(shape, window, x + start)] += dy[output];
  });
}

}  // namespace fw::kernels::cpu
