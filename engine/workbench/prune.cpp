// Cutting units of MLPs that never fire.
#include "engine/workbench/prune.h"

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"

namespace fw {
namespace {

/// The tensor without some of the indices along an axis (0 or 1) of one or two.
Tensor without(const Tensor& from, int axis, const std::vector<int64_t>& gone) {
  const bool isMatrix = from.shape.rank() == 2;
  const int64_t rows = from.shape[0], columns = isMatrix ? from.shape[1] : 1,
                left = from.shape[axis] - int64_t(gone.size());
  Tensor to = Tensor::make(from.dtype, axis == 1 ? Shape{rows, left} : isMatrix ? Shape{left, columns} : Shape{left});
  const int64_t size = byteSize(from.dtype);
  std::byte* out = to.memory.get();
  const auto isGone = [&](int64_t index) { return std::binary_search(gone.begin(), gone.end(), index); };
  for (int64_t r = 0; r < rows; ++r) {
    if (axis == 0 && isGone(r)) continue;
    for (int64_t c = 0; c < columns; ++c) {
      if (axis == 1 && isGone(c)) continue;
      std::memcpy(out, from.memory.get() + (r * columns + c) * size, size_t(size));
      out += size;
    }
  }
  return to;
}

/// The MLP of that name in a layer's body; null: another block.
const Node* mlpOf(const Architecture& architecture, const LayerInfo& layer, const std::string& name) {
  const Node* repeat = findNode(architecture, layer.repeat);
  if (!repeat || !repeat->bodies.contains(layer.body)) return nullptr;
  const Node* node = repeat->bodies.at(layer.body)->findByName(name);
  return node && (node->block == "mlp.mlp" || node->block == "mlp.gated") ? node : nullptr;
}

int64_t hiddenOf(const Architecture& architecture, const LayerInfo& layer, const Node& mlp) {
  Node own = mlp;
  const Node* repeat = findNode(architecture, layer.repeat);
  if (const auto settings = repeat->overrides.find(layer.index); settings != repeat->overrides.end())
    if (const auto params = settings->second.params.find(mlp.id); params != settings->second.params.end())
      for (const auto& [name, value] : params->second) own.params[name] = value;
  return std::get<int64_t>(paramValue(own, *catalog().find(mlp.block), "hidden", architecture.variables));
}

}  // namespace

std::vector<DeadUnits> deadUnits(const Architecture& architecture, const std::vector<LayerInfo>& layers,
                                 const AnalysisResult& sparsity) {
  std::vector<DeadUnits> found;
  for (const auto& [place, units] : sparsity.deadUnits)
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      const std::string prefix = layers[layer].path + ".";
      if (units.empty() || !place.starts_with(prefix)) continue;
      const std::string node = place.substr(prefix.size());
      if (mlpOf(architecture, layers[layer], node)) found.push_back({int64_t(layer), node, units});
    }
  return found;
}

void prune(Editor& editor, const std::vector<LayerInfo>& layers, const std::vector<DeadUnits>& dead) {
  for (const DeadUnits& each : dead) {
    const LayerInfo& layer = layers.at(size_t(each.layer));
    const Node* mlp = mlpOf(editor.result(), layer, each.node);
    if (!mlp) throw Error(Code::Usage, text("[prune] '", layer.path, ".", each.node, "' is no MLP."));
    const int64_t left = hiddenOf(editor.result(), layer, *mlp) - int64_t(each.units.size());
    if (left < 1) throw Error(Code::Usage, text("[prune] all units of '", layer.path, ".", each.node, "' are dead."));
    editor.setLayerParam(layer.repeat, layer.index, mlp->id, "hidden", left);
  }
}

std::map<std::string, Tensor> prunedWeights(const std::map<std::string, Tensor>& weights,
                                            const std::vector<LayerInfo>& layers, const std::vector<DeadUnits>& dead) {
  std::map<std::string, Tensor> result = weights;
  for (const DeadUnits& each : dead) {
    const std::string path = layers.at(size_t(each.layer)).path + "." + each.node + ".";
    const auto up = weights.find(path + "up.weight"), down = weights.find(path + "down.weight");
    if (up == weights.end() || down == weights.end() || up->second.shape[0] != down->second.shape[1] ||
        each.units.back() >= up->second.shape[0])
      throw Error(Code::Data, text("[prune] '", path,
                                   "' has no weights of its own with these units; shared and composed "
                                   "ones are not cut."));
    for (const char* name : {"gate.weight", "gate.bias", "up.weight", "up.bias"})
      if (const auto at = weights.find(path + name); at != weights.end())
        result[path + name] = without(at->second, 0, each.units);
    result[path + "down.weight"] = without(down->second, 1, each.units);
  }
  return result;
}

}  // namespace fw
