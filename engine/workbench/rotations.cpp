// Rotations that follow the length of a text: where they change.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

/// Reads `rope_scaling` and `rope_length` of a node whose parameters are partly replaced by those of one layer.
void addRotations(const Node& node, const Params& own, const Architecture& architecture, RotationLimits& limits) {
  const BlockDef* block = catalog().find(node.block);
  if (!block) return;
  const bool isRotating = std::any_of(block->params.begin(), block->params.end(),
                                      [](const ParamDef& param) { return param.name == "rope_scaling"; });
  if (!isRotating) return;
  Node layer = node;
  for (const auto& [name, value] : own) layer.params[name] = value;
  try {
    const Params params = completeParams(layer, *block, architecture.variables);
    const std::string &kind = std::get<std::string>(params.at("rope_scaling")),
                      &positions = std::get<std::string>(params.at("positions"));
    const int64_t length = std::get<int64_t>(params.at("rope_length"));
    if (positions != "rotary") return;
    if (kind == "longrope") limits.switches.insert(length);
    if (kind == "dynamic") limits.gradual = limits.gradual > 0 ? std::min(limits.gradual, length) : length;
  } catch (const Error&) {
    return;  // lowering says what is wrong with it
  }
}

void addRotations(const Graph& graph, const Architecture& architecture, RotationLimits& limits) {
  for (const auto& [id, node] : graph.nodes) {
    addRotations(*node, {}, architecture, limits);
    for (const auto& [name, body] : node->bodies) {
      addRotations(*body, architecture, limits);
      for (const auto& [layer, own] : node->overrides)
        for (const auto& [inner, params] : own.params)
          if (const Node* changed = body->find(inner)) addRotations(*changed, params, architecture, limits);
    }
  }
}

}  // namespace

int64_t RotationLimits::first() const {
  if (switches.empty()) return gradual;
  return gradual > 0 ? std::min(gradual, *switches.begin()) : *switches.begin();
}

RotationLimits rotationLimits(const Architecture& architecture) {
  RotationLimits limits;
  addRotations(*architecture.root, architecture, limits);
  return limits;
}

std::string rotationNote(const Architecture& architecture, int64_t length) {
  const int64_t limit = rotationLimits(architecture).gradual;
  if (limit == 0 || length <= limit) return {};
  return text("The rotations of this model follow the length of the text above ", limit, " tokens: they are those of ",
              length, " from the first token on, the length that it may reach.");
}

}  // namespace fw
