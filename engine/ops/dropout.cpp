// dropout: y[i] = x[i] / (1 - rate) where a word of (seed, stream, i) keeps it, else 0; linear in x, so its own
// gradient.
#include "engine/ops/dropout.h"

#include "engine/ops/random_bernoulli.h"
#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/random.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "dropout", 2, 2);
  expectDType(call, 0, DType::F32, "dropout", "x is");
  expectDType(call, 1, DType::I64, "dropout", "the seed is");
  expectScalar(call, 1, "dropout", "the seed is");
  const double rate = call.attrs.real("rate");
  if (!(rate >= 0 && rate < 1))
    throw Error(Code::Parameter, text("[dropout] the rate is ", rate, "; expected at least 0 and below 1."));
  return {call.type(0)};
}

Cost cost(const OpCall& call) {
  const double bytes = double(call.type(0).bytes());
  return {.flops = double(call.shape(0).count()), .bytesRead = bytes + 8, .bytesWritten = bytes};
}

Grads vjp(const VjpCall& call) {
  return {ir::dropout(call.grad(0), call.input(1), call.attrs.real("rate"), call.attrs.integer("stream"))};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const double keep = 1 - call.attrs.real("rate");
  const ir::Value x = call.input(0);
  return {x * ir::randomBernoulli(call.input(1), x.shape(), keep, call.attrs.integer("stream")) * (1 / keep)};
}

void run(const KernelCall& call) {
  call.launch.kernels->dropout(call.launch, {call.input(0), call.input<int64_t>(1), call.attrs.integer("stream"),
                                             call.output(0), call.inputShape(0).count(), call.attrs.real("rate")});
}

}  // namespace

OpDef op_dropout() {
  return {
      .name = "dropout",
      .help = "Sets elements to zero at random and scales the others up.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {3, 33}}, {.dtype = DType::I64, .values = {5}}},
               .attrs = {{"rate", 0.1}, {"stream", int64_t(3)}}},
              {.inputs = {{.shape = {7}}, {.dtype = DType::I64, .values = {6}}},
               .attrs = {{"rate", 0.0}, {"stream", int64_t(0)}}},
          },
  };
}

namespace ir {
Value dropout(Value x, Value seed, double rate, int64_t stream) {
  return x.builder->op("dropout", {x, seed}, {{"rate", rate}, {"stream", stream}});
}
}  // namespace ir

}  // namespace fw
