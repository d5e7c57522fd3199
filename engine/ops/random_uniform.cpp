// random_uniform: y[i] = low + (high - low) u; a pure function of (seed, stream, i).
#include "engine/ops/random_uniform.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/random.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "random_uniform", 1, 1);
  expectDType(call, 0, DType::I64, "random_uniform", "the seed is");
  expectScalar(call, 0, "random_uniform", "the seed is");
  if (!(call.attrs.real("low") <= call.attrs.real("high")))
    throw Error(Code::Parameter, text("[random_uniform] low is ", call.attrs.real("low"), ", high is ",
                                      call.attrs.real("high"), "; expected low <= high."));
  return {{DType::F32, Shape(call.attrs.list("shape"))}};
}

void run(const KernelCall& call) {
  call.launch.kernels->randomUniform(
      call.launch, {call.input<int64_t>(0), call.attrs.integer("stream"), call.output(0), call.outputShape(0).count(),
                    call.attrs.real("low"), call.attrs.real("high")});
}

}  // namespace

OpDef op_random_uniform() {
  return {
      .name = "random_uniform",
      .help = "Uniform in [low, high). A function of seed, stream and index.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples =
          {{.inputs = {{.dtype = DType::I64, .values = {7}}},
            .attrs = {{"shape", std::vector<int64_t>{3, 33}}, {"stream", int64_t(2)}, {"low", -3.0}, {"high", 5.0}}}},
  };
}

namespace ir {
Value randomUniform(Value seed, const Shape& shape, double low, double high, int64_t stream) {
  return seed.builder->op("random_uniform", {seed},
                          {{"shape", shape.dims()}, {"stream", stream}, {"low", low}, {"high", high}});
}
}  // namespace ir

}  // namespace fw
