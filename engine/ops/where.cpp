// where: y = a where the condition holds, b elsewhere.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"
#include "engine/ops/rules.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "where", 3, 3);
  expectDType(call, 0, DType::Bool, "where", "the condition is");
  if (call.type(1).dtype != call.type(2).dtype)
    throw Error(Code::Type, text("[where] the choices are ", call.type(1).toString(), " and ", call.type(2).toString(),
                                 "; expected one dtype."));
  return {{call.type(1).dtype, broadcast(call.shape(0), broadcast(call.shape(1), call.shape(2), "where"), "where")}};
}

Cost cost(const OpCall& call) {
  const Types types = infer(call);
  Cost cost = movedOnce(call, types);
  cost.flops = double(types[0].shape.count());
  return cost;
}

Grads vjp(const VjpCall& call) {
  const ir::Value condition = call.input(0), dy = call.grad(0);
  return {ir::Value(), call.need(1) ? ir::where(condition, dy, 0.0) : ir::Value(),
          call.need(2) ? ir::where(condition, 0.0, dy) : ir::Value()};
}

void run(const KernelCall& call) {
  if (isFloat(call.inputTypes[1].dtype)) return runTile(call, kernels::cpu::tile::where);
  runIntegers(call, kernels::IntegerFunction::Where);
}

ExampleInput condition(const Shape& shape) { return {.shape = shape, .dtype = DType::Bool, .low = 0, .high = 2}; }

}  // namespace

OpDef op_where() {
  return {
      .name = "where",
      .help = "One of two values, chosen by a condition.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .inPlace = {{0, 1}, {0, 2}},
      .tile = kernels::cpu::tile::where,
      .examples =
          {
              {.inputs = {condition({3, 33}), {.shape = {3, 33}}, {.shape = {3, 33}}}},
              {.inputs = {condition({7, 7}), {.shape = {7, 1}}, {.shape = {}}}},
              {.inputs = {condition({63}),
                          {.shape = {1}, .dtype = DType::I64, .high = 9},
                          {.shape = {3, 1}, .dtype = DType::I64}}},
          },
  };
}

namespace ir {
Value where(Value condition, Value a, Value b) { return a.builder->op("where", {condition, a, b}); }
Value where(Value condition, Value a, double b) { return where(condition, a, a.builder->constant(b, {}, a.dtype())); }
Value where(Value condition, double a, Value b) { return where(condition, b.builder->constant(a, {}, b.dtype()), b); }
}  // namespace ir

}  // namespace fw
