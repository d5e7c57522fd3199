// Cross-entropy of logits against labels, softmax included: a block a row, the logits read once forward and once
// backward.
#include "kernels/cross_entropy.h"

#include "kernels/cuda/kernels.h"
#include "kernels/cuda/rows.h"

namespace fw::kernels::FW_CUDA {
namespace {

__global__ void crossEntropyKernel(CrossEntropyArgs args, Refusal refusal) {
  SharedMemory memory;
  const SharedArray<float> scratch = memory.array<float>(kWarp);
  const int64_t row = blockIdx.x, label = args.labels[row];
  const float* const x = args.logits + row * args.classes;
  const LargestAndSum seen = seeRow(x, args.classes, scratch);
  float all = 0;
  if (args.smoothing > 0) {
    for (int64_t i = threadIdx.x; i < args.classes; i += blockDim.x) all += x[i];
    all = reduceBlock(all, 0.0f, scratch, Plus());
  }
  if (threadIdx.x != 0) return;
  const float log = logf(seen.sum);
  args.logSumExp[row] = seen.largest + log;
  const bool isOutside = label < 0 || label >= args.classes;
  if (label != args.ignoredLabel && isOutside) refusal.at(row);
  if (label == args.ignoredLabel || isOutside) {
    args.loss[row] = 0;
    return;
  }
  // By the distance to the largest: the difference of two large numbers would lose digits.
  const float ofLabel = seen.largest - x[label], ofMean = seen.largest - all / float(args.classes);
  args.loss[row] = log + (args.smoothing > 0 ? (1 - args.smoothing) * ofLabel + args.smoothing * ofMean : ofLabel);
}

__global__ void crossEntropyGradientKernel(CrossEntropyGradientArgs args) {
  const int64_t row = blockIdx.x, label = args.labels[row];
  const float* const x = args.logits + row * args.classes;
  float* const dx = args.dLogits + row * args.classes;
  const bool isAsked = label != args.ignoredLabel && label >= 0 && label < args.classes;
  const float dLoss = isAsked ? args.dLoss[row] : 0;
  const float ofProbability = dLoss + (args.dLogSumExp != nullptr ? args.dLogSumExp[row] : 0);
  const float logSumExp = args.logSumExp[row], shared = dLoss * args.smoothing / float(args.classes);
  for (int64_t i = threadIdx.x; i < args.classes; i += blockDim.x) {
    float value = ofProbability == 0 ? 0 : expf(x[i] - logSumExp) * ofProbability;
    value -= shared;
    if (isAsked && i == label) value -= dLoss * (1 - args.smoothing);
    dx[i] = value;
  }
}

}  // namespace

void crossEntropy(const Launch& launch, const CrossEntropyArgs& args) {
  start(launch, "crossEntropy", crossEntropyKernel, args.rows, threadsForRow(args.classes), sharedBytes<float>(kWarp),
        args, refusal(launch));
}

void crossEntropyGradient(const Launch& launch, const CrossEntropyGradientArgs& args) {
  start(launch, "crossEntropyGradient", crossEntropyGradientKernel, args.rows, threadsForRow(args.classes), 0, args);
}

}  // namespace fw::kernels::FW_CUDA
