// What ops over rows share: x is [..., D] seen as [rows, D].
#pragma once

#include "engine/ops/rules.h"

namespace fw {

struct Rows {
  int64_t rows, width;
};

inline Rows rowsOf(const Shape& shape) { return {shape.product(0, shape.rank() - 1), shape[-1]}; }

/// Throws Code::Type or Code::Shape unless input `i` is f32 with a last axis that is not empty.
inline void expectRows(const OpCall& call, size_t i, const char* op) {
  expectDType(call, i, DType::F32, op, "the input is");
  if (call.shape(i).rank() == 0 || call.shape(i)[-1] == 0)
    throw Error(Code::Shape,
                text("[", op, "] the input is ", call.type(i).toString(), "; expected a last axis with elements."));
}

/// Throws Code::Shape or Code::Type unless input `i` has the type of input 0.
inline void expectLikeFirst(const OpCall& call, size_t i, const char* op) {
  if (call.type(i) == call.type(0)) return;
  throw Error(Code::Shape, text("[", op, "] inputs are ", call.type(0).toString(), " and ", call.type(i).toString(),
                                "; expected one type."));
}

inline Cost costPerElement(const OpCall& call, const Types& outputs, double flops) {
  Cost cost = movedOnce(call, outputs);
  cost.flops = flops * double(call.shape(0).count());
  return cost;
}

}  // namespace fw
