// A step of AdamW on several tensors: one after the other, each over all threads.
#include "kernels/optimizer.h"

namespace fw::kernels::cpu {

void fusedAdamw(const Launch& launch, const FusedAdamwArgs& args) {
  for (int64_t i = 0; i < args.tensorCount; ++i) {
    const AdamwTensor& of = args.tensors[i];
    adamw(launch, {.parameter = of.parameter,
                   .gradient = of.gradient,
                   .m = of.m,
                   .v = of.v,
                   .learningRate = args.learningRate,
                   .step = args.step,
                   .scale = args.scale,
                   .newParameter = of.newParameter,
                   .newM = of.newM,
                   .newV = of.newV,
                   .count = of.count,
                   .beta1 = args.beta1,
                   .beta2 = args.beta2,
                   .epsilon = args.epsilon,
                   .decay = of.decay});
  }
}

}  // namespace fw::kernels::cpu
