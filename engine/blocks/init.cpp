// Starting values of parameters, as graphs.
#include "engine/blocks/lowering.h"
#include "engine/ops/random_normal.h"
#include "engine/ops/random_uniform.h"

namespace fw {
ir::Init initZeros() { return {}; }

ir::Init initOnes() { return initConstant(1); }

ir::Init initConstant(double value) {
  return {.name = "constant", .a = value, .make = [](const ir::InitCall& call) {
            return call.builder.constant(call.a, call.type.shape);
          }};
}

ir::Init initNormal(double std) {
  return {.name = "normal", .a = std, .make = [](const ir::InitCall& call) {
            return ir::randomNormal(call.seed, call.type.shape, 0, call.a, call.stream);
          }};
}

ir::Init initUniform(double low, double high) {
  return {.name = "uniform", .a = low, .b = high, .make = [](const ir::InitCall& call) {
            return ir::randomUniform(call.seed, call.type.shape, call.a, call.b, call.stream);
          }};
}

}  // namespace fw
