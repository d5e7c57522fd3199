// Which layers of a stack a module path lies in: "layers.3.attention.q" in the layer "layers.3".
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/blocks/lowering.h"

namespace fw {

class LayerPaths {
 public:
  explicit LayerPaths(const std::vector<LayerInfo>& layers) {
    for (size_t i = 0; i < layers.size(); ++i) byPath_.emplace(layers[i].path, i);
  }

  /// Calls `visit(index)` with the index in the unrolled stack of each layer that holds `path`, the outermost first.
  template <class Visit>
  void forEach(const std::string& path, Visit visit) const {
    if (byPath_.empty()) return;
    for (size_t end = path.find('.'); end != std::string::npos; end = path.find('.', end + 1)) look(path, end, visit);
    look(path, path.size(), visit);
  }

 private:
  template <class Visit>
  void look(const std::string& path, size_t end, Visit& visit) const {
    if (const auto found = byPath_.find(path.substr(0, end)); found != byPath_.end()) visit(found->second);
  }

  std::unordered_map<std::string, size_t> byPath_;
};

}  // namespace fw
