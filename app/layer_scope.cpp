// The layers that edits are meant for.
#include "app/layer_scope.h"

#include "engine/workbench/workbench.h"

namespace fw {

std::vector<std::pair<NodeId, int64_t>> LayerScope::of(const Architecture& architecture, NodeId node) const {
  std::vector<std::pair<NodeId, int64_t>> found;
  GraphPath path;
  if (layers.empty() || !findNode(architecture, node, &path)) return found;
  for (const auto& layer : layers)
    for (const BodyRef& step : path) {
      if (step.node != layer.first) continue;
      const Node* repeat = findNode(architecture, step.node);
      const BlockDef* block = repeat ? catalog().find(repeat->block) : nullptr;
      if (block && layerBody(*repeat, *block, layer.second) == step.body) found.push_back(layer);
    }
  return found;
}

std::string layersText(const std::vector<std::pair<NodeId, int64_t>>& layers) {
  constexpr size_t kMostNamed = 6;
  std::string words = layers.size() == 1 ? "layer " : "layers ";
  for (size_t i = 0; i < layers.size() && i < kMostNamed; ++i)
    words += (i > 0 ? ", " : "") + std::to_string(layers[i].second + 1);
  return layers.size() > kMostNamed ? words + " …" : words;
}

std::optional<ParamValue> ownValue(const Architecture& architecture, const std::pair<NodeId, int64_t>& layer,
                                   NodeId node, const std::string& param) {
  const Node* repeat = findNode(architecture, layer.first);
  if (!repeat) return {};
  const auto settings = repeat->overrides.find(layer.second);
  if (settings == repeat->overrides.end()) return {};
  const auto params = settings->second.params.find(node);
  if (params == settings->second.params.end()) return {};
  const auto value = params->second.find(param);
  return value == params->second.end() ? std::nullopt : std::optional(value->second);
}

}  // namespace fw
