// The layers that edits are meant for: those a person selected in the strip of a Repeat.
#pragma once

#include <set>

#include "engine/arch/editor.h"

namespace fw {

struct LayerScope {
  std::set<std::pair<NodeId, int64_t>> layers;  // Repeat, index

  /// Those that hold `node`, in order; empty where an edit of it is meant for all layers.
  std::vector<std::pair<NodeId, int64_t>> of(const Architecture& architecture, NodeId node) const;
};

/// "layers 3, 5" as people count them.
std::string layersText(const std::vector<std::pair<NodeId, int64_t>>& layers);

/// The value that a layer has of its own, or nothing.
std::optional<ParamValue> ownValue(const Architecture& architecture, const std::pair<NodeId, int64_t>& layer,
                                   NodeId node, const std::string& param);

}  // namespace fw
