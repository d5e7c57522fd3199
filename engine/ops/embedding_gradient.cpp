// embedding_gradient: dtable[v,:] = sum of dy[i,:] over the positions i with tokens[i] = v, in ascending order.
#include "engine/ops/embedding_gradient.h"

#include "engine/ops/embedding.h"
#include "engine/ops/index_add.h"
#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/take.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "embedding_gradient", 2, 2);
  expectDType(call, 0, DType::I64, "embedding_gradient", "tokens are");
  expectDType(call, 1, DType::F32, "embedding_gradient", "dy is");
  const Shape &tokens = call.shape(0), &dy = call.shape(1);
  if (dy.rank() != tokens.rank() + 1 || dy.without(-1) != tokens)
    throw Error(Code::Shape, text("[embedding_gradient] dy is ", dy, ", tokens are ", tokens,
                                  "; expected the tokens' shape and a last dimension."));
  return {{DType::F32, {call.attrs.integer("vocabulary"), dy[-1]}}};
}

Cost cost(const OpCall& call) {
  const double added = double(call.shape(1).count());
  return {.flops = added,
          .bytesRead = added * 4 + double(call.type(0).bytes()),
          .bytesWritten = 4.0 * double(call.attrs.integer("vocabulary")) * double(call.shape(1)[-1])};
}

Grads vjp(const VjpCall& call) { return {{}, ir::embedding(call.grad(0), call.input(0))}; }

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value zeros = call.builder.constant(0, {call.attrs.integer("vocabulary"), call.input(1).size(-1)});
  return {ir::indexAdd(zeros, call.input(0), call.input(1), 0)};
}

void run(const KernelCall& call) {
  const int64_t size = call.outputShape(0)[0], width = call.outputShape(0)[1];
  const int64_t* tokens = call.input<int64_t>(0);
  const int64_t stray = call.launch.kernels->indexAdd(
      call.launch, {nullptr, tokens, call.input(1), call.output(0), 1, size, call.inputShape(0).count(), width});
  if (stray >= 0)
    throw Error(Code::Data, text("[embedding_gradient] token ", tokens[stray], placeText(stray, call.inputShape(0)),
                                 " is outside the vocabulary of ", size, "."));
}

}  // namespace

OpDef op_embedding_gradient() {
  return {
      .name = "embedding_gradient",
      .help = "Sums gradients of embedded tokens into their rows of the table, in a fixed order.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 33}, .dtype = DType::I64, .low = 0, .high = 7}, {.shape = {3, 33, 5}}},
               .attrs = {{"vocabulary", int64_t(7)}}},
              {.inputs = {{.shape = {9}, .dtype = DType::I64, .low = 0, .high = 63}, {.shape = {9, 65}}},
               .attrs = {{"vocabulary", int64_t(63)}}},
          },
  };
}

namespace ir {
Value embeddingGradient(Value tokens, Value dy, int64_t vocabulary) {
  return tokens.builder->op("embedding_gradient", {tokens, dy}, {{"vocabulary", vocabulary}});
}
}  // namespace ir

}  // namespace fw
