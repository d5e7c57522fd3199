// reshape: the same bytes under another shape; a view where the planner can make it one, else a copy.
#include "engine/ops/reshape.h"

#include <algorithm>

#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "reshape", 1, 1);
  const Shape shape(call.attrs.list("shape"));
  if (shape.count() != call.shape(0).count())
    throw Error(Code::Shape, text("[reshape] ", call.shape(0), " has ", call.shape(0).count(), " elements, ", shape,
                                  " has ", shape.count(), "; expected equal counts."));
  return {{call.type(0).dtype, shape}};
}

Cost cost(const OpCall&) { return {}; }

Grads vjp(const VjpCall& call) { return {ir::reshape(call.grad(0), call.input(0).shape())}; }

void run(const KernelCall& call) {
  if (call.inputs[0] != call.outputs[0])
    call.launch.kernels->copyBytes(call.launch, call.inputs[0], call.outputs[0], call.outputTypes[0].bytes());
}

}  // namespace

OpDef op_reshape() {
  return {
      .name = "reshape",
      .help = "The same elements under another shape.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .isView = true,
      .examples =
          {
              {.inputs = {{.shape = {3, 7}}}, .attrs = {{"shape", std::vector<int64_t>{7, 3}}}},
              {.inputs = {{.shape = {2, 9, 1, 5}}}, .attrs = {{"shape", std::vector<int64_t>{90}}}},
              {.inputs = {{.shape = {1}}}, .attrs = {{"shape", std::vector<int64_t>{}}}},
          },
  };
}

namespace ir {
Value reshape(Value x, const std::vector<int64_t>& sizes) {
  std::vector<int64_t> shape = sizes;
  const auto rest = std::find(shape.begin(), shape.end(), -1);
  if (rest != shape.end()) {
    int64_t known = 1;
    for (const int64_t size : shape)
      if (size != -1) known = checkedProduct(known, size, "reshape");
    if (std::count(shape.begin(), shape.end(), -1) > 1 || known == 0 || x.shape().count() % known != 0)
      throw Error(Code::Shape, text("[reshape] ", x.shape(), " has ", x.shape().count(),
                                    " elements, which do not fill the open size beside ", known, "."));
    *rest = x.shape().count() / known;
  }
  return x.builder->op("reshape", {x}, {{"shape", shape}});
}
}  // namespace ir

}  // namespace fw
