// Where one has been in a document, to go back and forward as in a browser; and marks to jump to.
#pragma once

#include <optional>
#include <vector>

#include "engine/arch/architecture.h"
#include "widgets/canvas/camera.h"

namespace fw {

struct Spot {
  NodeId entered = 0;  // the container whose inside is shown; 0: the whole model
  ui::Camera camera;
  NodeId node = 0;  // that is selected alone; 0: none
  bool operator==(const Spot&) const = default;
};

class Trail {
 public:
  /// A jump leads away from here.
  void leave(const Spot& here) {
    if (behind_.empty() || !(behind_.back() == here)) behind_.push_back(here);
    if (behind_.size() > kMost) behind_.erase(behind_.begin());
    ahead_.clear();
  }
  std::optional<Spot> back(const Spot& here) { return step(behind_, ahead_, here); }
  std::optional<Spot> forward(const Spot& here) { return step(ahead_, behind_, here); }
  bool canGoBack() const { return !behind_.empty(); }
  bool canGoForward() const { return !ahead_.empty(); }

 private:
  static constexpr size_t kMost = 100;

  static std::optional<Spot> step(std::vector<Spot>& from, std::vector<Spot>& to, const Spot& here) {
    if (from.empty()) return std::nullopt;
    const Spot spot = from.back();
    from.pop_back();
    to.push_back(here);
    return spot;
  }

  std::vector<Spot> behind_, ahead_;
};

}  // namespace fw
