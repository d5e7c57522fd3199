// Starting values of parameters, as graphs.
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

ir::Value random(const ir::InitCall& call, const char* op) {
  return call.builder.op(op, {call.seed}, {{"shape", call.type.shape.dims()}, {"stream", call.stream}});
}

}  // namespace

ir::Init initZeros() { return {}; }

ir::Init initOnes() { return initConstant(1); }

ir::Init initConstant(double value) {
  return {.name = "constant", .a = value, .make = [](const ir::InitCall& call) {
            return call.builder.constant(call.a, call.type.shape);
          }};
}

ir::Init initNormal(double std) {
  return {.name = "normal", .a = std, .make = [](const ir::InitCall& call) {
            return random(call, "random_normal") * call.a;
          }};
}

ir::Init initUniform(double low, double high) {
  return {.name = "uniform", .a = low, .b = high, .make = [](const ir::InitCall& call) {
            return random(call, "random_uniform") * (call.b - call.a) + call.a;
          }};
}

}  // namespace fw
