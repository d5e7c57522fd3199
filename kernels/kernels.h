// The kernels of a device as one table: what an op calls, whether its tensors lie in the CPU's memory or in a GPU's.
#pragma once

#include "kernels/attention.h"
#include "kernels/cache_update.h"
#include "kernels/cast.h"
#include "kernels/causal_conv1d.h"
#include "kernels/compact_linear.h"
#include "kernels/conv2d.h"
#include "kernels/copy.h"
#include "kernels/cross_entropy.h"
#include "kernels/cumulative.h"
#include "kernels/dynamic_slice.h"
#include "kernels/elementwise.h"
#include "kernels/gather.h"
#include "kernels/integers.h"
#include "kernels/iota.h"
#include "kernels/launch.h"
#include "kernels/linear_recurrence.h"
#include "kernels/matmul.h"
#include "kernels/norm.h"
#include "kernels/one_hot.h"
#include "kernels/optimizer.h"
#include "kernels/pool2d.h"
#include "kernels/random.h"
#include "kernels/reduce.h"
#include "kernels/rotary.h"
#include "kernels/routed_experts.h"
#include "kernels/selective_scan.h"
#include "kernels/softmax.h"
#include "kernels/take.h"
#include "kernels/top_k.h"

namespace fw::kernels {

/// Every kernel, with the functions that say how much scratch memory one needs.
#define FW_KERNELS(X)                    \
  X(adamw)                               \
  X(argmax)                              \
  X(attention)                           \
  X(attentionGradient)                   \
  X(attentionGradientWorkspace)          \
  X(attentionWorkspace)                  \
  X(averagePool2d)                       \
  X(averagePool2dGradient)               \
  X(cacheUpdate)                         \
  X(cast)                                \
  X(causalConv1d)                        \
  X(causalConv1dWeightGradient)          \
  X(causalConv1dWeightGradientWorkspace) \
  X(causalConv1dWorkspace)               \
  X(compactLinear)                       \
  X(compactLinearWorkspace)              \
  X(conv2d)                              \
  X(conv2dInputGradient)                 \
  X(conv2dInputGradientWorkspace)        \
  X(conv2dWeightGradient)                \
  X(conv2dWeightGradientWorkspace)       \
  X(conv2dWorkspace)                     \
  X(copyBytes)                           \
  X(copyStrided)                         \
  X(crossEntropy)                        \
  X(crossEntropyGradient)                \
  X(cumulative)                          \
  X(dropout)                             \
  X(dynamicSlice)                        \
  X(dynamicUpdateSlice)                  \
  X(elementwise)                         \
  X(fill)                                \
  X(fusedAdamw)                          \
  X(gather)                              \
  X(indexAdd)                            \
  X(integers)                            \
  X(iota)                                \
  X(linearRecurrence)                    \
  X(logSoftmax)                          \
  X(logSoftmaxGradient)                  \
  X(matmul)                              \
  X(matmulGroup)                         \
  X(matmulGroupWorkspace)                \
  X(matmulWorkspace)                     \
  X(maxPool2d)                           \
  X(maxPool2dGradient)                   \
  X(norm)                                \
  X(normGradient)                        \
  X(normGradientWorkspace)               \
  X(oneHot)                              \
  X(randomBernoulli)                     \
  X(randomNormal)                        \
  X(randomUniform)                       \
  X(reduce)                              \
  X(reduceWorkspace)                     \
  X(rotary)                              \
  X(routedExperts)                       \
  X(routedExpertsWorkspace)              \
  X(scatterAdd)                          \
  X(selectiveScan)                       \
  X(selectiveScanGradient)               \
  X(selectiveScanGradientWorkspace)      \
  X(sgd)                                 \
  X(softmax)                             \
  X(softmaxGradient)                     \
  X(sumSquares)                          \
  X(sumSquaresPartials)                  \
  X(take)                                \
  X(topK)                                \
  X(writeBytes)

struct Kernels {
#define FW_MEMBER(name) decltype(&cpu::name) name = nullptr;  // NOLINT(bugprone-macro-parentheses): a declared name
  FW_KERNELS(FW_MEMBER)
#undef FW_MEMBER
};

namespace cpu {
/// The CPU's.
const Kernels& kernels();
}  // namespace cpu

}  // namespace fw::kernels
