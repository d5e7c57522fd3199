// Layer norm and RMS norm. Forward: a block a row, the addition of the residual included. Backward: mean and deviation
// of each row, then sums over parts of the rows for weight and bias (a thread a column), then dh; in this order dh may
// take the place of what it is computed from.
#include "kernels/norm.h"

#include "kernels/cuda/columns.h"
#include "kernels/cuda/kernels.h"
#include "kernels/cuda/rows.h"

namespace fw::kernels::FW_CUDA {
namespace {

struct Moments {
  float mean, inverse;  // 1 / deviation
};

/// In every thread of the block; each thread reads only elements that it may have written itself.
__device__ Moments moments(const float* h, int64_t width, float epsilon, bool isCentred, SharedArray<float> scratch) {
  float mean = 0;
  if (isCentred) {
    float own = 0;
    for (int64_t i = threadIdx.x; i < width; i += blockDim.x) own += h[i];
    mean = reduceBlock(own, 0.0f, scratch, Plus()) / float(width);
  }
  float own = 0;
  for (int64_t i = threadIdx.x; i < width; i += blockDim.x) own += (h[i] - mean) * (h[i] - mean);
  return {mean, 1 / sqrtf(reduceBlock(own, 0.0f, scratch, Plus()) / float(width) + epsilon)};
}

__global__ void normKernel(NormArgs args) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const int64_t begin = blockIdx.x * args.width;
  const float* h = args.x + begin;
  if (args.residual != nullptr) {
    float* const sum = args.sum + begin;
    for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) sum[i] = h[i] + args.residual[begin + i];
    h = sum;
  }
  const Moments m = moments(h, args.width, args.epsilon, args.isCentred, scratch);
  for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) {
    float y = (h[i] - m.mean) * m.inverse;
    if (args.weight != nullptr) y *= args.weight[i];
    if (args.bias != nullptr) y += args.bias[i];
    args.y[begin + i] = y;
  }
}

constexpr int64_t kRows = 64;  // of a part

/// What each row's gradient needs: mean, 1 / deviation, mean of g, mean of g n; with g = dy weight and n the normalised
/// h.
__global__ void rowFactsKernel(NormGradientArgs args, float* facts) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const float* const h = args.h + blockIdx.x * args.width;
  const float* const dy = args.dy + blockIdx.x * args.width;
  const Moments m = moments(h, args.width, args.epsilon, args.isCentred, scratch);
  float ofG = 0, ofGN = 0;
  for (int64_t i = threadIdx.x; i < args.width; i += blockDim.x) {
    const float g = args.weight != nullptr ? dy[i] * args.weight[i] : dy[i];
    ofG += g;
    ofGN += g * ((h[i] - m.mean) * m.inverse);
  }
  ofG = args.isCentred ? reduceBlock(ofG, 0.0f, scratch, Plus()) : 0;
  ofGN = reduceBlock(ofGN, 0.0f, scratch, Plus());
  if (threadIdx.x != 0) return;
  float* const of = facts + blockIdx.x * int64_t(4);
  of[0] = m.mean;
  of[1] = m.inverse;
  of[2] = ofG / float(args.width);
  of[3] = ofGN / float(args.width);
}

/// dWeight and dBias of part `blockIdx.x / blocks of columns`: [parts, width] each.
__global__ void columnsKernel(NormGradientArgs args, const float* facts, float* ofWeight, float* ofBias,
                              int64_t blocksOfColumns) {
  const int64_t part = blockIdx.x / blocksOfColumns;
  const int64_t column = blockIdx.x % blocksOfColumns * blockDim.x + threadIdx.x;
  if (column >= args.width) return;
  const int64_t end = (part + 1) * kRows < args.rows ? (part + 1) * kRows : args.rows;
  float weight = 0, bias = 0;
  for (int64_t row = part * kRows; row < end; ++row) {
    const float dy = args.dy[row * args.width + column];
    weight += dy * ((args.h[row * args.width + column] - facts[4 * row]) * facts[4 * row + 1]);
    bias += dy;
  }
  if (ofWeight != nullptr) ofWeight[part * args.width + column] = weight;
  if (ofBias != nullptr) ofBias[part * args.width + column] = bias;
}

__global__ void normGradientKernel(NormGradientArgs args, const float* facts) {
  const int64_t i = globalIndex();
  if (i >= args.rows * args.width) return;
  const float* const of = facts + i / args.width * 4;
  float g = args.dy[i];
  if (args.weight != nullptr) g *= args.weight[i % args.width];
  const float n = (args.h[i] - of[0]) * of[1];
  const float dh = of[1] * (g - of[2] - n * of[3]);
  args.dh[i] = args.carry != nullptr ? dh + args.carry[i] : dh;
}

int64_t partsOf(int64_t rows) { return ceilDivide(rows, kRows); }

}  // namespace

void norm(const Launch& launch, const NormArgs& args) {
  start(launch, "norm", normKernel, args.rows, threadsForRow(args.width), sharedBytes<float>(kWarp), args);
}

int64_t normGradientWorkspace(const NormGradientArgs& args) {
  const int64_t sums = int64_t(args.dWeight != nullptr) + int64_t(args.dBias != nullptr);
  return 4 * args.rows + partsOf(args.rows) * args.width * sums;
}

void normGradient(const Launch& launch, const NormGradientArgs& args) {
  const int64_t parts = partsOf(args.rows), columns = ceilDivide(args.width, 128);
  float* const facts = args.workspace;
  float* const ofWeight = args.dWeight != nullptr ? facts + 4 * args.rows : nullptr;
  float* const ofBias =
      args.dBias != nullptr ? facts + 4 * args.rows + (ofWeight != nullptr ? parts * args.width : 0) : nullptr;
  start(launch, "normRowFacts", rowFactsKernel, args.rows, threadsForRow(args.width), sharedBytes<float>(kWarp), args,
        facts);
  if (ofWeight != nullptr || ofBias != nullptr)
    start(launch, "normColumns", columnsKernel, parts * columns, 128, 0, args, facts, ofWeight, ofBias, columns);
  if (ofWeight != nullptr) sumParts(launch, ofWeight, args.dWeight, parts, args.width);
  if (ofBias != nullptr) sumParts(launch, ofBias, args.dBias, parts, args.width);
  start(launch, "normGradient", normGradientKernel, ceilDivide(args.rows * args.width, 256), 256, 0, args, facts);
}

}  // namespace fw::kernels::FW_CUDA
