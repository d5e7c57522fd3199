// rms_norm: y = x / sqrt(mean(x^2) + epsilon) * weight over the last axis. (Zhang and Sennrich, "Root Mean Square Layer
// Normalization", 2019.)
#include "engine/ops/rms_norm.h"

#include "engine/ops/norm_def.h"

namespace fw {

OpDef op_rms_norm() {
  return normOp("rms_norm", "Divides each row by its root mean square and scales each feature.", false, false);
}

namespace ir {
namespace {

std::vector<Value> call(const char* op, std::vector<Value> inputs, Value weight, double epsilon) {
  if (weight.isValid()) inputs.push_back(weight);
  return inputs[0].builder->ops(op, inputs, {{"epsilon", epsilon}, {"weight", weight.isValid()}, {"bias", false}});
}

}  // namespace

Value rmsNorm(Value x, Value weight, double epsilon) { return call("rms_norm", {x}, weight, epsilon).front(); }
std::vector<Value> addRmsNorm(Value x, Value residual, Value weight, double epsilon) {
  return call("add_rms_norm", {x, residual}, weight, epsilon);
}

}  // namespace ir
}  // namespace fw
