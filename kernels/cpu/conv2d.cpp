// Convolution as matrix products: the patches under the kernel are written panel by panel as gemm asks for them, so
// that the matrix of all patches never exists.
#include "kernels/conv2d.h"

#include <cstring>

#include "kernels/cpu/conv2d_parts.h"
#include "kernels/cpu/gemm.h"

namespace fw::kernels::cpu {
namespace {

/// The patches of one group: `data` is x at the group's first channel.
struct Patches {
  const Conv2dShape* shape;
  const float* data;
};

/// A walk over the elements (channel, row, column) of a kernel, in the order of the weight's memory.
struct KernelElement {
  KernelElement(const Conv2dShape& shape, int64_t index)
      : column(index % shape.kernelWidth),
        row(index / shape.kernelWidth % shape.kernelHeight),
        channel(index / (shape.kernelWidth * shape.kernelHeight)) {}
  void advance(const Conv2dShape& shape) {
    if (++column < shape.kernelWidth) return;
    column = 0;
    if (++row < shape.kernelHeight) return;
    row = 0;
    ++channel;
  }
  int64_t column, row, channel;
};

/// One kernel element under outputs [first, first+count) of an image, `step` floats apart in `out`.
void writePatchRow(const Conv2dShape& shape, const float* plane, const KernelElement& element, int64_t first,
                   int64_t count, float* out, int64_t step) {
  const int64_t offset = element.column * shape.dilationX - shape.left;
  const Overlap inside = overlap(shape.outWidth, shape.width, shape.strideX, offset);
  int64_t p = first / shape.outWidth, q = first % shape.outWidth;
  for (int64_t done = 0; done < count; ++p, q = 0) {
    const int64_t length = std::min(count - done, shape.outWidth - q),
                  h = p * shape.strideY + element.row * shape.dilationY - shape.top;
    const bool isOutside = h < 0 || h >= shape.height;
    const int64_t begin = isOutside ? length : std::clamp<int64_t>(inside.begin - q, 0, length);
    const int64_t end = isOutside ? length : std::clamp<int64_t>(inside.end - q, begin, length);
    const float* from = plane + h * shape.width + q * shape.strideX + offset;
    float* to = out + done * step;
    if (step == 1 && shape.strideX == 1) {
      for (int64_t i = 0; i < begin; ++i) to[i] = 0;
      for (int64_t i = begin; i < end; ++i) to[i] = from[i];
      for (int64_t i = end; i < length; ++i) to[i] = 0;
    } else {
      for (int64_t i = 0; i < begin; ++i) to[i * step] = 0;
      for (int64_t i = begin; i < end; ++i) to[i * step] = from[i * shape.strideX];
      for (int64_t i = end; i < length; ++i) to[i * step] = 0;
    }
    done += length;
  }
}

/// Columns of the product are outputs, k runs over kernel elements.
void writePatches(const void* context, const PanelRequest& request, float* out) {
  const Patches& patches = *static_cast<const Patches*>(context);
  const Conv2dShape& shape = *patches.shape;
  const float* image = patches.data + request.batch * shape.channels * shape.height * shape.width;
  KernelElement element(shape, request.k0);
  for (int64_t k = request.k0; k < request.k1; ++k, element.advance(shape)) {
    const float* plane = image + element.channel * shape.height * shape.width;
    writePatchRow(shape, plane, element, request.first, request.count, out + (k - request.k0) * request.width, 1);
  }
}

/// Columns are kernel elements, k runs over the outputs of all images.
void writeTransposedPatches(const void* context, const PanelRequest& request, float* out) {
  const Patches& patches = *static_cast<const Patches*>(context);
  const Conv2dShape& shape = *patches.shape;
  const int64_t outputs = shape.outHeight * shape.outWidth;
  KernelElement element(shape, request.first);
  for (int64_t i = 0; i < request.count; ++i, element.advance(shape)) {
    for (int64_t k = request.k0; k < request.k1;) {
      const int64_t image = k / outputs, first = k % outputs, count = std::min(outputs - first, request.k1 - k);
      const float* plane = patches.data + (image * shape.channels + element.channel) * shape.height * shape.width;
      writePatchRow(shape, plane, element, first, count, out + (k - request.k0) * request.width + i, request.width);
      k += count;
    }
  }
}

/// Rows are output channels of a group (`data`: dy at its first one), k runs over the outputs of all images.
void writeOutputs(const void* context, const PanelRequest& request, float* out) {
  const Patches& patches = *static_cast<const Patches*>(context);
  const Conv2dShape& shape = *patches.shape;
  const int64_t outputs = shape.outHeight * shape.outWidth;
  for (int64_t i = 0; i < request.count; ++i) {
    for (int64_t k = request.k0; k < request.k1;) {
      const int64_t image = k / outputs, first = k % outputs, count = std::min(outputs - first, request.k1 - k);
      const float* from = patches.data + (image * shape.outputs + request.first + i) * outputs + first;
      float* to = out + (k - request.k0) * request.width + i;
      for (int64_t j = 0; j < count; ++j) to[j * request.width] = from[j];
      k += count;
    }
  }
}

/// The sizes of one group's matrices.
struct Group {
  explicit Group(const Conv2dShape& shape)
      : channels(shape.channels / shape.groups),
        outputs(shape.outputs / shape.groups),
        elements(channels * shape.kernelHeight * shape.kernelWidth),
        pixels(shape.outHeight * shape.outWidth) {}
  int64_t channels, outputs, elements, pixels;
};

GemmArgs forwardArgs(const Conv2dShape& shape) {
  const Group group(shape);
  GemmArgs args;
  args.batch = shape.batch;
  args.m = group.outputs;
  args.n = group.pixels;
  args.k = group.elements;
  args.a = {.stride = group.elements, .kStride = 1};
  args.b.write = writePatches;
  args.ldc = group.pixels;
  args.batchStrideC = shape.outputs * group.pixels;
  args.biasIsPerRow = true;
  return args;
}

GemmArgs weightGradientArgs(const Conv2dShape& shape) {
  const Group group(shape);
  GemmArgs args;
  args.m = group.outputs;
  args.n = group.elements;
  args.k = shape.batch * group.pixels;
  args.a.write = writeOutputs;
  args.b.write = writeTransposedPatches;
  args.ldc = group.elements;
  return args;
}

/// How dx is cut: a task is a block of channels of a group of an image, done in strips of output rows, so that the
/// products of a strip stay in the cache. All this depends on sizes alone.
struct Scatter {
  explicit Scatter(const Conv2dShape& shape) {
    const Group group(shape);
    const int64_t elements = shape.kernelHeight * shape.kernelWidth;
    channels = std::clamp<int64_t>(128 / std::max<int64_t>(elements, 1), 1, std::max<int64_t>(group.channels, 1));
    blocks = (group.channels + channels - 1) / channels;
    rows = std::clamp<int64_t>(131072 / std::max<int64_t>(channels * elements * shape.outWidth, 1), 1, shape.outHeight);
    floats = channels * elements * rows * shape.outWidth;
  }
  int64_t channels, blocks, rows, floats;
};

GemmArgs scatterArgs(const Conv2dShape& shape, int64_t channels, int64_t rows) {
  const Group group(shape);
  GemmArgs args;
  args.m = channels * shape.kernelHeight * shape.kernelWidth;
  args.n = rows * shape.outWidth;
  args.k = group.outputs;
  args.a = {.stride = 1, .kStride = group.elements};
  args.b = {.stride = 1, .kStride = group.pixels};
  args.ldc = args.n;
  return args;
}

/// Adds products [channels x kernel elements, rows x outWidth] of output rows [row0, row0+rows) to their inputs.
void scatterProducts(const Conv2dShape& shape, const float* products, int64_t channels, int64_t row0, int64_t rows,
                     float* dx) {
  for (int64_t c = 0; c < channels; ++c, dx += shape.height * shape.width) {
    for (int64_t r = 0; r < shape.kernelHeight; ++r) {
      for (int64_t s = 0; s < shape.kernelWidth; ++s, products += rows * shape.outWidth) {
        const int64_t offset = s * shape.dilationX - shape.left;
        const Overlap inside = overlap(shape.outWidth, shape.width, shape.strideX, offset);
        for (int64_t p = 0; p < rows; ++p) {
          const int64_t h = (row0 + p) * shape.strideY + r * shape.dilationY - shape.top;
          if (h < 0 || h >= shape.height) continue;
          const float* from = products + p * shape.outWidth;
          float* to = dx + h * shape.width + offset;
          if (shape.strideX == 1) {
            for (int64_t q = inside.begin; q < inside.end; ++q) to[q] += from[q];
          } else {
            for (int64_t q = inside.begin; q < inside.end; ++q) to[q * shape.strideX] += from[q];
          }
        }
      }
    }
  }
}

}  // namespace

int64_t conv2dWorkspace(const Conv2dShape& shape, int threads) {
  return isDepthwise(shape) ? 0 : gemmWorkspace(forwardArgs(shape), threads);
}

void conv2d(const Launch& launch, const Conv2dShape& shape, const float* x, const float* weight, const float* bias,
            float* y, void* workspace) {
  if (isDepthwise(shape)) return depthwiseConv2d(launch, shape, x, weight, bias, y);
  const Group group(shape);
  GemmArgs args = forwardArgs(shape);
  for (int64_t g = 0; g < shape.groups; ++g) {
    const Patches patches = {&shape, x + g * group.channels * shape.height * shape.width};
    args.a.data = weight + g * group.outputs * group.elements;
    args.b.context = &patches;
    args.c = y + g * group.outputs * group.pixels;
    args.bias = bias == nullptr ? nullptr : bias + g * group.outputs;
    gemm(launch, args, workspace);
  }
}

int64_t conv2dWeightGradientWorkspace(const Conv2dShape& shape, int threads) {
  return isDepthwise(shape) ? 0 : gemmWorkspace(weightGradientArgs(shape), threads);
}

void conv2dWeightGradient(const Launch& launch, const Conv2dShape& shape, const float* x, const float* dy,
                          float* dweight, void* workspace) {
  if (isDepthwise(shape)) return depthwiseConv2dWeightGradient(launch, shape, x, dy, dweight);
  const Group group(shape);
  GemmArgs args = weightGradientArgs(shape);
  for (int64_t g = 0; g < shape.groups; ++g) {
    const Patches patches = {&shape, x + g * group.channels * shape.height * shape.width};
    const Patches outputs = {&shape, dy + g * group.outputs * group.pixels};
    args.a.context = &outputs;
    args.b.context = &patches;
    args.c = dweight + g * group.outputs * group.elements;
    gemm(launch, args, workspace);
  }
}

int64_t conv2dInputGradientWorkspace(const Conv2dShape& shape, int threads) {
  if (isDepthwise(shape)) return 0;
  const Scatter scatter(shape);
  const int64_t own =
      scatter.floats * int64_t(sizeof(float)) + gemmWorkspace(scatterArgs(shape, scatter.channels, scatter.rows), 1);
  return threads * ((own + 63) / 64 * 64);
}

void conv2dInputGradient(const Launch& launch, const Conv2dShape& shape, const float* dy, const float* weight,
                         float* dx, void* workspace) {
  if (isDepthwise(shape)) return depthwiseConv2dInputGradient(launch, shape, dy, weight, dx);
  const Group group(shape);
  const Scatter scatter(shape);
  const int64_t own = conv2dInputGradientWorkspace(shape, 1) / int64_t(sizeof(float));
  parallelTasks(launch, shape.batch * shape.groups * scatter.blocks, [&](int64_t task, int thread) {
    const int64_t image = task / scatter.blocks / shape.groups, g = task / scatter.blocks % shape.groups;
    const int64_t channel = task % scatter.blocks * scatter.channels;
    const int64_t channels = std::min(scatter.channels, group.channels - channel);
    float* products = static_cast<float*>(workspace) + thread * own;
    float* to = dx + (image * shape.channels + g * group.channels + channel) * shape.height * shape.width;
    std::memset(to, 0, size_t(channels * shape.height * shape.width) * sizeof(float));
    for (int64_t row = 0; row < shape.outHeight; row += scatter.rows) {
      const int64_t rows = std::min(scatter.rows, shape.outHeight - row);
      GemmArgs args = scatterArgs(shape, channels, rows);
      args.a.data = weight + g * group.outputs * group.elements + channel * shape.kernelHeight * shape.kernelWidth;
      args.b.data = dy + (image * shape.outputs + g * group.outputs) * group.pixels + row * shape.outWidth;
      args.c = products;
      gemm({}, args, products + scatter.floats);
      scatterProducts(shape, products, channels, row, rows, to);
    }
  });
}

}  // namespace fw::kernels::cpu
