// Linear maps with weights of one or two bytes. For few rows (a token through a model) the weight is read once, in dot
// products; for more it is widened panel by panel inside gemm.
#include "kernels/compact_linear.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/compact_linear.cpp"
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/activation.h"
#include "kernels/cpu/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

HWY_INLINE hn::Vec<Floats> widened(Floats d, const hwy::bfloat16_t* at) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::bfloat16_t, Floats>(), at));
}
HWY_INLINE hn::Vec<Floats> widened(Floats d, const hwy::float16_t* at) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, Floats>(), at));
}
HWY_INLINE hn::Vec<Floats> widened(Floats d, const int8_t* at) {
  const hn::RebindToSigned<Floats> integers;
  return hn::ConvertTo(d, hn::PromoteTo(integers, hn::LoadU(hn::Rebind<int8_t, Floats>(), at)));
}

/// The first `count` elements, fewer than a vector has, and zeros.
template <class T>
HWY_INLINE hn::Vec<Floats> widenedPart(Floats d, const T* at, int64_t count) {
  T padded[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(padded, at, size_t(count) * sizeof(T));
  return widened(d, padded);
}
HWY_INLINE hn::Vec<Floats> part(Floats d, const float* at, int64_t count) {
  float padded[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(padded, at, size_t(count) * sizeof(float));
  return hn::LoadU(d, padded);
}

constexpr int64_t rowsTogether = 3, outputsTogether = 4;  // 12 sums, 4 weights

/// `rows` rows of x times `outputs` rows of the weight, which start at output `first`.
template <int rows, int outputs, class T>
HWY_INLINE void dotTile(const CompactLinearArgs& args, int64_t row, int64_t first) {
  const Floats d;
  const int64_t lanes = int64_t(hn::Lanes(d)), inputs = args.inputs;
  const float* x = args.x + row * inputs;
  const T* weight = static_cast<const T*>(args.weight) + first * inputs;
  hn::Vec<Floats> sums[rows][outputs];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < outputs; ++j) sums[i][j] = hn::Zero(d);
  int64_t k = 0;
  for (; k + lanes <= inputs; k += lanes) {
    hn::Vec<Floats> right[outputs];
#pragma GCC unroll 4
    for (int j = 0; j < outputs; ++j) right[j] = widened(d, weight + j * inputs + k);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      const auto left = hn::LoadU(d, x + i * inputs + k);
#pragma GCC unroll 4
      for (int j = 0; j < outputs; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
  if (k < inputs)
    for (int j = 0; j < outputs; ++j) {
      const auto right = widenedPart(d, weight + j * inputs + k, inputs - k);
      for (int i = 0; i < rows; ++i)
        sums[i][j] = hn::MulAdd(part(d, x + i * inputs + k, inputs - k), right, sums[i][j]);
    }
  for (int i = 0; i < rows; ++i) {
    float* y = args.y + (row + i) * args.outputs + first;
    for (int j = 0; j < outputs; ++j) {
      float value = hn::GetLane(hn::SumOfLanes(d, sums[i][j]));
      if (args.scale != nullptr) value *= args.scale[first + j];
      if (args.bias != nullptr) value += args.bias[first + j];
      y[j] = args.accumulates ? y[j] + value : value;
    }
    activateRows(args.activation, y, args.outputs, 1, outputs, nullptr);
  }
}

template <int rows, class T>
void dotRows(const CompactLinearArgs& args, int64_t row, int64_t begin, int64_t end) {
  int64_t output = begin;
  for (; output + outputsTogether <= end; output += outputsTogether)
    dotTile<rows, outputsTogether, T>(args, row, output);
  for (; output < end; ++output) dotTile<rows, 1, T>(args, row, output);
}

template <class T>
void dotOutputs(const CompactLinearArgs& args, int64_t begin, int64_t end) {
  // Some rows of the weight at a time: they are in the cache for the next rows of x.
  const int64_t step =
      std::max<int64_t>(1, 16384 / std::max<int64_t>(1, args.inputs * outputsTogether)) * outputsTogether;
  for (int64_t output = begin; output < end; output += step) {
    const int64_t last = std::min(end, output + step);
    int64_t row = 0;
    for (; row + rowsTogether <= args.rows; row += rowsTogether) dotRows<rowsTogether, T>(args, row, output, last);
    for (; row < args.rows; ++row) dotRows<1, T>(args, row, output, last);
  }
}

/// A panel of the widened and scaled weight, see PanelRequest.
template <class T>
void writePanel(const CompactLinearArgs& args, const PanelRequest& request, float* out) {
  const Floats d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  constexpr int64_t depth = 64, widest = 64;
  float lines[widest * depth];  // of the outputs of the panel
  for (int64_t k0 = request.k0; k0 < request.k1; k0 += depth) {
    const int64_t count = std::min(depth, request.k1 - k0);
    for (int64_t i0 = 0; i0 < request.count; i0 += widest) {
      const int64_t outputs = std::min(widest, request.count - i0);
      for (int64_t i = 0; i < outputs; ++i) {
        const T* from = static_cast<const T*>(args.weight) + (request.first + i0 + i) * args.inputs + k0;
        const auto scale = hn::Set(d, args.scale != nullptr ? args.scale[request.first + i0 + i] : 1.0f);
        float* line = lines + i * depth;
        int64_t k = 0;
        for (; k + lanes <= count; k += lanes) hn::StoreU(hn::Mul(scale, widened(d, from + k)), d, line + k);
        if (k == count) continue;
        HWY_ALIGN float last[HWY_MAX_BYTES / sizeof(float)];
        hn::Store(hn::Mul(scale, widenedPart(d, from + k, count - k)), d, last);
        std::memcpy(line + k, last, size_t(count - k) * sizeof(float));
      }
      for (int64_t k = 0; k < count; ++k) {
        float* to = out + (k0 - request.k0 + k) * request.width + i0;
        for (int64_t i = 0; i < outputs; ++i) to[i] = lines[i * depth + k];
      }
    }
  }
}

void dots(const CompactLinearArgs& args, int64_t begin, int64_t end) {
  if (args.element == Element::I8) return dotOutputs<int8_t>(args, begin, end);
  if (args.element == Element::F16) return dotOutputs<hwy::float16_t>(args, begin, end);
  dotOutputs<hwy::bfloat16_t>(args, begin, end);
}

void panel(const CompactLinearArgs& args, const PanelRequest& request, float* out) {
  if (args.element == Element::I8) return writePanel<int8_t>(args, request, out);
  if (args.element == Element::F16) return writePanel<hwy::float16_t>(args, request, out);
  writePanel<hwy::bfloat16_t>(args, request, out);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(dots);
HWY_EXPORT(panel);

constexpr int64_t mostDotRows = 12;  // from here on widening once for all rows is quicker

GemmArgs toGemm(const CompactLinearArgs& args) {
  GemmArgs gemm;
  gemm.m = args.rows;
  gemm.n = args.outputs;
  gemm.k = args.inputs;
  gemm.a = {.data = args.x, .stride = args.inputs, .kStride = 1};
  gemm.b = {.stride = args.inputs,
            .kStride = 1,
            .write =
                [](const void* context, const PanelRequest& request, float* out) {
                  HWY_DYNAMIC_DISPATCH(panel)(*static_cast<const CompactLinearArgs*>(context), request, out);
                },
            .context = &args};
  gemm.c = args.y;
  gemm.ldc = args.outputs;
  gemm.bias = args.bias;
  gemm.accumulates = args.accumulates;
  gemm.activation = args.activation;
  return gemm;
}

}  // namespace

int64_t compactLinearWorkspace(const CompactLinearArgs& args, int threads) {
  return args.rows <= mostDotRows ? 0 : gemmWorkspace(toGemm(args), threads);
}

void compactLinear(const Launch& launch, const CompactLinearArgs& args, void* workspace) {
  if (args.rows > mostDotRows) return gemm(launch, toGemm(args), workspace);
  if (args.rows == 0) return;
  const auto run = HWY_DYNAMIC_DISPATCH(dots);
  constexpr int64_t chunkElements = 1 << 16;  // of the weight: what is worth waking a thread for
  const int64_t grain = std::max<int64_t>(4, chunkElements / std::max<int64_t>(1, args.inputs) / 4 * 4);
  parallelFor(launch, args.outputs, grain, [&](int64_t begin, int64_t end) { run(args, begin, end); });
}

}  // namespace fw::kernels::cpu
#endif
