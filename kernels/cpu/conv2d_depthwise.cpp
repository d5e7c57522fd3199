// Depthwise convolution: each channel by itself, row by row along the width.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/conv2d_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/conv2d_depthwise.cpp"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// y[i] += a x[i stride]
void addScaled(float a, const float* x, int64_t stride, float* y, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  int64_t i = 0;
  if (stride == 1) {
    for (; i + lanes <= count; i += lanes) {
      hn::StoreU(hn::MulAdd(hn::Set(d, a), hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
    }
  }
  for (; i < count; ++i) y[i] += a * x[i * stride];
}

/// y[i stride] += a x[i]
void scatterScaled(float a, const float* x, float* y, int64_t stride, int64_t count) {
  if (stride == 1) return addScaled(a, x, 1, y, count);
  for (int64_t i = 0; i < count; ++i) y[i * stride] += a * x[i];
}

/// Sum of x[i stride] y[i].
float dot(const float* x, int64_t stride, const float* y, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  float total = 0;
  int64_t i = 0;
  if (stride == 1 && count >= lanes) {
    auto sum = hn::Zero(d);
    for (; i + lanes <= count; i += lanes) sum = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), sum);
    total = hn::GetLane(hn::SumOfLanes(d, sum));
  }
  for (; i < count; ++i) total += x[i * stride] * y[i];
  return total;
}

/// Calls visit(weight index, input row, output row, outputs along the row) for each meeting of a kernel element and a
/// row.
template <class Visit>
HWY_INLINE void visitRows(const Conv2dShape& shape, const Visit& visit) {
  for (int64_t r = 0; r < shape.kernelHeight; ++r) {
    for (int64_t s = 0; s < shape.kernelWidth; ++s) {
      const int64_t offsetY = r * shape.dilationY - shape.top, offsetX = s * shape.dilationX - shape.left;
      const Overlap rows = overlap(shape.outHeight, shape.height, shape.strideY, offsetY);
      const Overlap columns = overlap(shape.outWidth, shape.width, shape.strideX, offsetX);
      if (columns.begin == columns.end) continue;
      for (int64_t p = rows.begin; p < rows.end; ++p) {
        const int64_t from = (p * shape.strideY + offsetY) * shape.width + columns.begin * shape.strideX + offsetX;
        visit(r * shape.kernelWidth + s, from, p * shape.outWidth + columns.begin, columns.end - columns.begin);
      }
    }
  }
}

void forwardPlane(const Conv2dShape& shape, const float* x, const float* weight, float bias, float* y) {
  std::fill(y, y + shape.outHeight * shape.outWidth, bias);
  visitRows(shape, [&](int64_t element, int64_t from, int64_t to, int64_t count)
                       HWY_ATTR { addScaled(weight[element], x + from, shape.strideX, y + to, count); });
}

void inputPlane(const Conv2dShape& shape, const float* dy, const float* weight, float* dx) {
  visitRows(shape, [&](int64_t element, int64_t from, int64_t to, int64_t count)
                       HWY_ATTR { scatterScaled(weight[element], dy + to, dx + from, shape.strideX, count); });
}

void weightPlane(const Conv2dShape& shape, const float* x, const float* dy, float* dweight) {
  visitRows(shape, [&](int64_t element, int64_t from, int64_t to, int64_t count)
                       HWY_ATTR { dweight[element] += dot(x + from, shape.strideX, dy + to, count); });
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(forwardPlane);
HWY_EXPORT(inputPlane);
HWY_EXPORT(weightPlane);

struct Planes {
  explicit Planes(const Conv2dShape& shape)
      : multiple(shape.outputs / shape.groups),
        in(shape.height * shape.width),
        out(shape.outHeight * shape.outWidth),
        elements(shape.kernelHeight * shape.kernelWidth) {}
  int64_t multiple;  // output channels a channel
  int64_t in, out, elements;
};

}  // namespace

void depthwiseConv2d(const Launch& launch, const Conv2dShape& shape, const float* x, const float* weight,
                     const float* bias, float* y) {
  const Planes planes(shape);
  const auto forward = HWY_DYNAMIC_DISPATCH(forwardPlane);
  parallelFor(launch, shape.batch * shape.outputs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t output = i % shape.outputs;
      forward(shape, x + i / planes.multiple * planes.in, weight + output * planes.elements,
              bias == nullptr ? 0 : bias[output], y + i * planes.out);
    }
  });
}

void depthwiseConv2dInputGradient(const Launch& launch, const Conv2dShape& shape, const float* dy, const float* weight,
                                  float* dx) {
  const Planes planes(shape);
  const auto backward = HWY_DYNAMIC_DISPATCH(inputPlane);
  parallelFor(launch, shape.batch * shape.channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memset(dx + i * planes.in, 0, size_t(planes.in) * sizeof(float));
      for (int64_t j = 0; j < planes.multiple; ++j) {
        backward(shape, dy + (i * planes.multiple + j) * planes.out,
                 weight + (i % shape.channels * planes.multiple + j) * planes.elements, dx + i * planes.in);
      }
    }
  });
}

void depthwiseConv2dWeightGradient(const Launch& launch, const Conv2dShape& shape, const float* x, const float* dy,
                                   float* dweight) {
  const Planes planes(shape);
  const auto backward = HWY_DYNAMIC_DISPATCH(weightPlane);
  parallelFor(launch, shape.outputs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      float* to = dweight + output * planes.elements;
      std::memset(to, 0, size_t(planes.elements) * sizeof(float));
      for (int64_t image = 0; image < shape.batch; ++image) {
        backward(shape, x + (image * shape.channels + output / planes.multiple) * planes.in,
                 dy + (image * shape.outputs + output) * planes.out, to);
      }
    }
  });
}

}  // namespace fw::kernels::cpu
#endif
