// Where the arrow keys lead: along wires first, to the nearest item in that direction otherwise.
#include "widgets/canvas/navigation.h"

#include <set>

namespace fw::ui {
namespace {

Vec unit(Heading heading) {
  switch (heading) {
    case Heading::Left:
      return {-1, 0};
    case Heading::Right:
      return {1, 0};
    case Heading::Up:
      return {0, -1};
    case Heading::Down:
      return {0, 1};
  }
  return {};
}

bool isTerminal(const CanvasGeometry& geometry, int slot) {
  return geometry.shape(slot) == ItemShape::Entry || geometry.shape(slot) == ItemShape::Exit;
}

int first(const CanvasGeometry& geometry) {
  int best = -1;
  for (int slot = 0; slot < geometry.count(); ++slot) {
    if (geometry.parent(slot) >= 0 || isTerminal(geometry, slot)) continue;
    const Vec a = geometry.box(slot).center();
    if (best < 0 || a.x + a.y < geometry.box(best).center().x + geometry.box(best).center().y) best = slot;
  }
  return best;
}

// Where a wire leads when a terminal is only a passage: into the frame's inside, or out of it.
int beyond(const CanvasGeometry& geometry, int slot) {
  return isTerminal(geometry, slot) ? geometry.parent(slot) : slot;
}

}  // namespace

int neighbour(const CanvasGeometry& geometry, int slot, Heading heading) {
  if (slot < 0 || slot >= geometry.count()) return first(geometry);
  const Vec direction = unit(heading);
  const Vec from = geometry.box(slot).center();
  const Flow flow = geometry.flow(slot);
  const Vec along = flow == Flow::Down ? Vec(0, 1) : Vec(1, 0);
  const float sense = direction.x * along.x + direction.y * along.y;

  // Along the flow: over the wire whose other end lies straightest ahead.
  if (sense != 0) {
    int best = -1;
    float nearest = std::numeric_limits<float>::max();
    for (const int w : geometry.wiresAt(slot)) {
      if ((sense > 0) != (geometry.wireFrom(w) == slot)) continue;
      const int other = sense > 0 ? geometry.wireTo(w) : geometry.wireFrom(w);
      const float away = (geometry.box(other).center() - from).length();
      if (away < nearest) nearest = away, best = other;
    }
    if (best >= 0) {
      const int target = beyond(geometry, best);
      if (target >= 0) return target;
    }
  }

  // Into a frame, the way its inside flows.
  if (geometry.frame(slot) && direction == (geometry.laneFlow(slot) == Flow::Down ? Vec(0, 1) : Vec(1, 0)))
    for (int inner = slot + 1; inner < geometry.end(slot); ++inner)
      if (!isTerminal(geometry, inner) && geometry.parent(inner) == slot) return inner;

  int best = -1;
  float nearest = std::numeric_limits<float>::max();
  for (int other = 0; other < geometry.count(); ++other) {
    if (other == slot || isTerminal(geometry, other) || geometry.parent(other) != geometry.parent(slot)) continue;
    const Vec away = geometry.box(other).center() - from;
    const float ahead = away.x * direction.x + away.y * direction.y;
    const float aside = std::abs(away.x * direction.y) + std::abs(away.y * direction.x);
    if (ahead <= 1 || aside > 3 * ahead) continue;
    if (const float cost = ahead + 2 * aside; cost < nearest) nearest = cost, best = other;
  }
  return best;
}

std::vector<int> alongWires(const CanvasGeometry& geometry, int slot, bool isUpstream) {
  std::set<int> found = {slot};
  std::vector<int> open = {slot};
  while (!open.empty()) {
    const int at = open.back();
    open.pop_back();
    for (const int w : geometry.wiresAt(at)) {
      const int from = geometry.wireFrom(w), to = geometry.wireTo(w);
      const int next = isUpstream ? from : to;
      if (next == at || isTerminal(geometry, next)) continue;
      if (found.insert(next).second) open.push_back(next);
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace fw::ui
