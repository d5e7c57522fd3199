// A mixture of experts on the CPU: the rows of each expert are gathered, go through three products and are added back.
#include "kernels/routed_experts.h"

#include <algorithm>
#include <cstring>

#include "kernels/compact_linear.h"
#include "kernels/matmul.h"

namespace fw::kernels::cpu {
namespace {

constexpr int64_t chunkElements = 16384;

int64_t padded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

MatmulArgs wideArgs(int64_t rows, int64_t outputs, int64_t inputs) {
  MatmulArgs args;
  args.m = rows;
  args.n = outputs;
  args.k = inputs;
  args.lda = args.ldb = inputs;
  args.ldc = outputs;
  args.batchStrideA = rows * inputs;
  args.batchStrideC = rows * outputs;
  args.transposeB = true;
  return args;
}

CompactLinearArgs compactArgs(int64_t rows, int64_t outputs, int64_t inputs, Element element) {
  CompactLinearArgs args;
  args.rows = rows;
  args.outputs = outputs;
  args.inputs = inputs;
  args.element = element;
  return args;
}

int64_t productWorkspace(int64_t rows, int64_t outputs, int64_t inputs, Element element, int threads) {
  return element == Element::F32 ? matmulWorkspace(wideArgs(rows, outputs, inputs), threads)
                                 : compactLinearWorkspace(compactArgs(rows, outputs, inputs, element), threads);
}

/// y = act(x weight^T)
void product(const Launch& launch, const float* x, const ExpertWeight& weight, float* y, int64_t rows, int64_t outputs,
             int64_t inputs, Activation activation, void* workspace) {
  if (weight.element == Element::F32) {
    MatmulArgs args = wideArgs(rows, outputs, inputs);
    args.a = x;
    args.b = static_cast<const float*>(weight.values);
    args.c = y;
    args.activation = activation;
    return matmul(launch, args, workspace);
  }
  CompactLinearArgs args = compactArgs(rows, outputs, inputs, weight.element);
  args.x = x;
  args.weight = weight.values;
  args.scale = weight.scale;
  args.y = y;
  args.activation = activation;
  compactLinear(launch, args, workspace);
}

/// Scratch memory: the numbers of an expert's rows, these rows and their results, gates, values, and what products
/// need.
struct Scratch {
  Scratch(const RoutedExpertsArgs& args, std::byte* memory)
      : indices(reinterpret_cast<int64_t*>(memory)),
        rows(reinterpret_cast<float*>(memory + padded(args.rows * 8))),
        gate(rows + padded(args.rows * args.width * 4) / 4),
        up(gate + padded(args.rows * args.hidden * 4) / 4),
        rest(up + padded(args.rows * args.hidden * 4) / 4) {}
  int64_t* indices;
  float *rows, *gate, *up;
  void* rest;
};

}  // namespace

int64_t routedExpertsWorkspace(const RoutedExpertsArgs& args, int threads) {
  int64_t most = 0;
  for (int64_t e = 0; e < args.count; ++e) {
    const Expert& expert = args.experts[e];
    const bool isLikeTheLast = e > 0 && expert.gate.element == args.experts[e - 1].gate.element &&
                               expert.up.element == args.experts[e - 1].up.element &&
                               expert.down.element == args.experts[e - 1].down.element;
    if (isLikeTheLast) continue;
    for (int64_t rows = 1; rows <= args.rows; ++rows)
      most = std::max({most, productWorkspace(rows, args.hidden, args.width, expert.gate.element, threads),
                       productWorkspace(rows, args.hidden, args.width, expert.up.element, threads),
                       productWorkspace(rows, args.width, args.hidden, expert.down.element, threads)});
  }
  return padded(args.rows * 8) + padded(args.rows * args.width * 4) + 2 * padded(args.rows * args.hidden * 4) + most;
}

void routedExperts(const Launch& launch, const RoutedExpertsArgs& args, void* workspace) {
  const Scratch scratch(args, static_cast<std::byte*>(workspace));
  const int64_t width = args.width, hidden = args.hidden;
  std::memset(args.y, 0, size_t(args.rows * width) * sizeof(float));
  for (int64_t e = 0; e < args.count; ++e) {
    int64_t count = 0;
    for (int64_t r = 0; r < args.rows; ++r)
      if (args.share[r * args.count + e] != 0) scratch.indices[count++] = r;
    if (count == 0) continue;
    const Expert& expert = args.experts[e];
    const float* x = args.x;
    if (count < args.rows) {
      for (int64_t i = 0; i < count; ++i)
        std::memcpy(scratch.rows + i * width, args.x + scratch.indices[i] * width, size_t(width) * sizeof(float));
      x = scratch.rows;
    }
    product(launch, x, expert.gate, scratch.gate, count, hidden, width, args.activation, scratch.rest);
    product(launch, x, expert.up, scratch.up, count, hidden, width, Activation::None, scratch.rest);
    parallelFor(launch, count * hidden, chunkElements, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) scratch.gate[i] *= scratch.up[i];
    });
    product(launch, scratch.gate, expert.down, scratch.rows, count, width, hidden, Activation::None, scratch.rest);
    parallelFor(launch, count, std::max<int64_t>(1, chunkElements / std::max<int64_t>(1, width)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const int64_t r = scratch.indices[i];
                    const float share = args.share[r * args.count + e];
                    float* y = args.y + r * width;
                    const float* part = scratch.rows + i * width;
                    for (int64_t d = 0; d < width; ++d) y[d] += share * part[d];
                  }
                });
  }
}

}  // namespace fw::kernels::cpu
