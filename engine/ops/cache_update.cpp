// cache_update: y = cache, then y[b, position[b] + t] = rows[b,t].
#include "engine/ops/cache_update.h"

#include "engine/ops/broadcast_to.h"
#include "engine/ops/gather.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "kernels/cache_update.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "cache_update", 3, 3);
  expectDType(call, 2, DType::I64, "cache_update", "the position is");
  const Shape &cache = call.shape(0), &rows = call.shape(1), &position = call.shape(2);
  if (call.type(1).dtype != call.type(0).dtype)
    throw Error(Code::Type, text("[cache_update] the rows are ", call.type(1).toString(), ", the cache is ",
                                 call.type(0).toString(), "; expected one dtype."));
  if (cache.rank() < 2 || rows.rank() != cache.rank() || rows.with(1, 0) != cache.with(1, 0) || rows[1] > cache[1])
    throw Error(Code::Shape, text("[cache_update] the rows are ", rows, ", the cache is ", cache,
                                  "; expected equal sizes except dimension 1, where at most as many rows."));
  if (position.rank() != 0 && position != Shape{cache[0]})
    throw Error(Code::Shape,
                text("[cache_update] the position is ", position, "; expected a scalar or ", Shape{cache[0]}, "."));
  return {call.type(0)};
}

Grads vjp(const VjpCall& call) {
  const Shape& rows = call.input(1).shape();
  Grads grads(3);
  if (call.need(0)) grads[0] = ir::cacheUpdate(call.grad(0), call.builder.zerosLike(call.input(1)), call.input(2));
  if (!call.need(1)) return grads;
  Shape along = rows, each = rows;
  for (int i = 0; i < rows.rank(); ++i) {
    if (i != 1) along.set(i, 1);
    if (i != 0 || call.input(2).rank() == 0) each.set(i, 1);
  }
  const ir::Value index = ir::iota(call.builder, along, 1) + ir::reshape(call.input(2), each);
  grads[1] = ir::gather(call.grad(0), ir::broadcastTo(index, rows), 1);
  return grads;
}

void run(const KernelCall& call) {
  const Shape &cache = call.inputShape(0), &rows = call.inputShape(1);
  const int64_t* position = call.input<int64_t>(2);
  const int64_t stride = call.inputShape(2).rank();
  const int64_t stray = call.launch.kernels->cacheUpdate(
      call.launch, {call.inputs[0], call.inputs[1], position, stride, call.outputs[0], cache[0], cache[1], rows[1],
                    cache.product(2, cache.rank()) * byteSize(call.inputTypes[0].dtype)});
  if (stray >= 0)
    throw Error(Code::Data, text("[cache_update] ", rows[1], " rows from position ", position[stray * stride],
                                 " on do not fit into a cache of ", cache[1], "."));
}

}  // namespace

OpDef op_cache_update() {
  return {
      .name = "cache_update",
      .help = "Writes new rows into a cache, each sequence at its own position.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {3, 9, 2, 5}},
                          {.shape = {3, 2, 2, 5}},
                          {.shape = {3}, .dtype = DType::I64, .values = {7, 0, 3}}}},
              {.inputs = {{.shape = {2, 33}}, {.shape = {2, 1}}, {.shape = {}, .dtype = DType::I64, .values = {32}}}},
          },
  };
}

namespace ir {
Value cacheUpdate(Value cache, Value rows, Value position) {
  return cache.builder->op("cache_update", {cache, rows, position});
}
}  // namespace ir

}  // namespace fw
