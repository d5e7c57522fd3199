// one_hot: y[...,d] = 1 where d = indices[...], else 0.
#include "engine/ops/one_hot.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/one_hot.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "one_hot", 1, 1);
  expectDType(call, 0, DType::I64, "one_hot", "indices are");
  const int64_t depth = call.attrs.integer("depth");
  if (depth < 1) throw Error(Code::Parameter, text("[one_hot] depth is ", depth, "; expected at least 1."));
  if (call.shape(0).rank() >= Shape::maxRank)
    throw Error(Code::Shape, text("[one_hot] indices are ", call.shape(0), "; expected fewer than ", Shape::maxRank,
                                  " dimensions."));
  Shape y = call.shape(0);
  y.append(depth);
  return {{DType::F32, y}};
}

void run(const KernelCall& call) {
  const int64_t depth = call.outputShape(0)[-1];
  const int64_t* indices = call.input<int64_t>(0);
  const int64_t stray =
      call.launch.kernels->oneHot(call.launch, {indices, call.output(0), call.inputShape(0).count(), depth});
  if (stray >= 0)
    throw Error(Code::Data, text("[one_hot] index ", indices[stray], placeText(stray, call.inputShape(0)),
                                 " is outside the depth of ", depth, "."));
}

}  // namespace

OpDef op_one_hot() {
  return {
      .name = "one_hot",
      .help = "Indices as rows with a single one.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples = {{.inputs = {{.shape = {3, 7}, .dtype = DType::I64, .low = 0, .high = 5}},
                    .attrs = {{"depth", int64_t(5)}}}},
  };
}

namespace ir {
Value oneHot(Value indices, int64_t depth) { return indices.builder->op("one_hot", {indices}, {{"depth", depth}}); }
}  // namespace ir

}  // namespace fw
