// random_bernoulli: y[i] = 1 where a word lies below probability 2^32, else 0; a pure function of (seed, stream, i).
#include "engine/ops/random_bernoulli.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/random.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "random_bernoulli", 1, 1);
  expectDType(call, 0, DType::I64, "random_bernoulli", "the seed is");
  expectScalar(call, 0, "random_bernoulli", "the seed is");
  const double probability = call.attrs.real("probability");
  if (!(probability >= 0 && probability <= 1))
    throw Error(Code::Parameter, text("[random_bernoulli] the probability is ", probability, "; expected 0 to 1."));
  return {{DType::F32, Shape(call.attrs.list("shape"))}};
}

void run(const KernelCall& call) {
  call.launch.kernels->randomBernoulli(
      call.launch, {call.input<int64_t>(0), call.attrs.integer("stream"), call.output(0), call.outputShape(0).count(),
                    call.attrs.real("probability"), 0});
}

}  // namespace

OpDef op_random_bernoulli() {
  return {
      .name = "random_bernoulli",
      .help = "1 with the given probability, else 0. A function of seed, stream and index.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples = {{.inputs = {{.dtype = DType::I64, .values = {7}}},
                    .attrs = {{"shape", std::vector<int64_t>{3, 33}}, {"stream", int64_t(2)}, {"probability", 0.3}}}},
  };
}

namespace ir {
Value randomBernoulli(Value seed, const Shape& shape, double probability, int64_t stream) {
  return seed.builder->op("random_bernoulli", {seed},
                          {{"shape", shape.dims()}, {"stream", stream}, {"probability", probability}});
}
}  // namespace ir

}  // namespace fw
