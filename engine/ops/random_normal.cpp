// random_normal: y[i] = mean + deviation n, n by Box and Muller; a pure function of (seed, stream, i).
#include "engine/ops/random_normal.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/random.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "random_normal", 1, 1);
  expectDType(call, 0, DType::I64, "random_normal", "the seed is");
  expectScalar(call, 0, "random_normal", "the seed is");
  if (!(call.attrs.real("deviation") >= 0))
    throw Error(Code::Parameter,
                text("[random_normal] the deviation is ", call.attrs.real("deviation"), "; expected at least 0."));
  return {{DType::F32, Shape(call.attrs.list("shape"))}};
}

void run(const KernelCall& call) {
  call.launch.kernels->randomNormal(
      call.launch, {call.input<int64_t>(0), call.attrs.integer("stream"), call.output(0), call.outputShape(0).count(),
                    call.attrs.real("mean"), call.attrs.real("deviation")});
}

}  // namespace

OpDef op_random_normal() {
  return {
      .name = "random_normal",
      .help = "Normal with the given mean and standard deviation. A function of seed, stream and index.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples = {{.inputs = {{.dtype = DType::I64, .values = {7}}},
                    .attrs = {{"shape", std::vector<int64_t>{3, 33}},
                              {"stream", int64_t(2)},
                              {"mean", 0.5},
                              {"deviation", 2.0}}}},
  };
}

namespace ir {
Value randomNormal(Value seed, const Shape& shape, double mean, double deviation, int64_t stream) {
  return seed.builder->op("random_normal", {seed},
                          {{"shape", shape.dims()}, {"stream", stream}, {"mean", mean}, {"deviation", deviation}});
}
}  // namespace ir

}  // namespace fw
