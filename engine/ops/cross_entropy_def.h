// What cross_entropy and its gradient share.
#pragma once

#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rows_def.h"

namespace fw {

/// Logits [..., V] and labels i64 [...].
inline void expectLogitsAndLabels(const OpCall& call, const char* op) {
  expectRows(call, 0, op);
  expectDType(call, 1, DType::I64, op, "labels are");
  const Shape rows = call.shape(0).without(-1);
  if (call.shape(1) != rows)
    throw Error(Code::Shape, text("[", op, "] logits are ", call.shape(0), " and labels ", call.shape(1),
                                  "; expected labels of ", rows, "."));
  const double smoothing = call.attrs.real("smoothing");
  if (!(smoothing >= 0 && smoothing < 1))
    throw Error(Code::Parameter, text("[", op, "] smoothing is ", smoothing, "; expected [0, 1)."));
}

/// [..., 1] of a value [...].
inline ir::Value asColumn(ir::Value value) {
  Shape shape = value.shape();
  shape.append(1);
  return ir::reshape(value, shape.dims());
}

/// 1 where a class is the label of its row: f32, of the logits' shape.
inline ir::Value oneHotLike(ir::Value logits, ir::Value labels) {
  const ir::Value index = ir::iota(*logits.builder, {logits.size(-1)});
  return ir::cast(ir::equal(asColumn(labels), index), DType::F32);
}

}  // namespace fw
