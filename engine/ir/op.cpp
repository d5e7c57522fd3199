// What holds for every op.
#include "engine/ir/op.h"

#include <unordered_map>

namespace fw {

Cost& Cost::operator+=(const Cost& other) {
  flops += other.flops;
  macs += other.macs;
  bytesRead += other.bytesRead;
  bytesWritten += other.bytesWritten;
  return *this;
}

ir::Value VjpCall::grad(size_t i) const { return grads[i].isValid() ? grads[i] : builder.zerosLike(outputs[i]); }

const OpDef& findOp(std::string_view name) {
  static const std::unordered_map<std::string_view, const OpDef*> byName = [] {
    std::unordered_map<std::string_view, const OpDef*> map;
    for (const OpDef& op : allOps())
      if (!map.emplace(op.name, &op).second)
        throw Error(Code::Internal, text("[ops] two ops are named '", op.name, "'."));
    return map;
  }();
  const auto at = byName.find(name);
  if (at == byName.end()) throw Error(Code::Internal, text("[ops] there is no op '", name, "'."));
  return *at->second;
}

Cost movedOnce(const OpCall& call, const std::vector<ir::TensorType>& outputs) {
  Cost cost;
  for (const ir::TensorType& type : call.inputs) cost.bytesRead += double(type.bytes());
  for (const ir::TensorType& type : outputs) cost.bytesWritten += double(type.bytes());
  return cost;
}

Cost costOf(const OpDef& op, const OpCall& call, const std::vector<ir::TensorType>& outputs) {
  return op.cost ? op.cost(call) : movedOnce(call, outputs);
}

}  // namespace fw
