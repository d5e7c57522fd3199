// embedding: y[...,:] = table[tokens[...], :].
#include "engine/ops/embedding.h"

#include "engine/ops/embedding_gradient.h"
#include "engine/ops/rules.h"
#include "engine/ops/take.h"
#include "kernels/kernels.h"
#include "kernels/take.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "embedding", 2, 2);
  expectDType(call, 1, DType::I64, "embedding", "tokens are");
  if (call.shape(0).rank() != 2)
    throw Error(Code::Shape, text("[embedding] the table is ", call.shape(0), "; expected [V,D]."));
  if (call.shape(1).rank() >= Shape::maxRank)
    throw Error(Code::Shape, text("[embedding] tokens are ", call.shape(1), "; expected fewer than ", Shape::maxRank,
                                  " dimensions."));
  Shape y = call.shape(1);
  y.append(call.shape(0)[1]);
  return {{call.type(0).dtype, y}};
}

Cost cost(const OpCall& call) {
  const double tokens = double(call.shape(1).count());
  const double moved = tokens * double(call.shape(0)[1] * byteSize(call.type(0).dtype));
  return {.bytesRead = moved + tokens * 8, .bytesWritten = moved};
}

Grads vjp(const VjpCall& call) { return {ir::embeddingGradient(call.input(1), call.grad(0), call.input(0).size(0))}; }

std::vector<ir::Value> decompose(const DecomposeCall& call) { return {ir::take(call.input(0), call.input(1), 0)}; }

void run(const KernelCall& call) {
  const int64_t size = call.inputShape(0)[0], width = call.inputShape(0)[1];
  const int64_t* tokens = call.input<int64_t>(1);
  const int64_t stray = call.launch.kernels->take(
      call.launch, {call.inputs[0], tokens, call.outputs[0], byteSize(call.inputTypes[0].dtype), 1, size,
                    call.inputShape(1).count(), width});
  if (stray >= 0)
    throw Error(Code::Data, text("[embedding] token ", tokens[stray], placeText(stray, call.inputShape(1)),
                                 " is outside the vocabulary of ", size, "."));
}

}  // namespace

OpDef op_embedding() {
  return {
      .name = "embedding",
      .help = "Rows of a table picked by tokens.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {7, 5}}, {.shape = {3, 33}, .dtype = DType::I64, .low = 0, .high = 7}}},
              {.inputs = {{.shape = {63, 33}}, {.shape = {9}, .dtype = DType::I64, .low = 0, .high = 63}}},
              {.inputs = {{.shape = {3, 1}}, {.shape = {}, .dtype = DType::I64, .values = {2}}}},
          },
  };
}

namespace ir {
Value embedding(Value table, Value tokens) { return table.builder->op("embedding", {table, tokens}); }
}  // namespace ir

}  // namespace fw
