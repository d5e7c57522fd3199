// Where everything of a scene lies: boxes of items, ports, wires, strips of cells; and what lies under a point.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "widgets/canvas/intents.h"
#include "widgets/canvas/scene.h"
#include "widgets/canvas/spatial_index.h"
#include "widgets/canvas/text_metrics.h"
#include "widgets/canvas/wire_path.h"

namespace fw::ui {

inline constexpr float gridStep = 20;     // positions snap to it, and its dots are drawn
inline constexpr float nodePadding = 16;  // left of the title
inline constexpr float joinRadius = 11;
inline constexpr float portRadius = 5;
inline constexpr float dotRadius = 5;
inline constexpr float chipRadius = 7;
inline constexpr float costBarWidth = 36;
inline constexpr float noteTitle = 28;     // height of a note's title
inline constexpr float headerHeight = 44;  // of a frame, without rows of cells below its title

/// The rows of a node's card, from its upper edge.
struct NodeRows {
  float title = 0, subtitle = 0, stats = 0, height = 0;
};
NodeRows nodeRows(const TextMetrics& metrics, bool hasSubtitle, bool hasStats);

/// The parts of a frame, in scene units.
struct FrameLayout {
  float header = headerHeight;
  Box chevron;          // folds it
  float titleLeft = 0;  // and the pattern after the title
  float patternLeft = 0;
  Vec firstCell;  // its upper left corner
  float cellSide = 0, cellPitch = 0;
  int cellColumns = 1;
  std::vector<Box> lanes;         // insides; none where the frame is collapsed
  std::vector<Vec> origins;       // of the lanes' units
  float laneLabel = 0;            // height of a lane's label; 0 where there are none
  std::optional<WireShape> skip;  // of a residual
  Vec skipJoin;

  Box cell(int index) const;
  void moveBy(Vec by);
};

enum class HitKind : uint8_t { Void, Lane, Header, Chevron, Cell, Chip, Node, Port, Wire, Note, NoteCorner };

struct Hit {
  HitKind kind = HitKind::Void;
  int slot = -1;   // of the item
  int index = -1;  // of the port, cell, chip, lane or note
  int wire = -1;
  bool operator==(const Hit&) const = default;
  bool isItem() const { return kind == HitKind::Header || kind == HitKind::Chip || kind == HitKind::Node; }
};

/// What a far view needs to know of an item.
struct SlotLook {
  uint32_t heat = 0;     // 0xffRRGGBB; 0: none
  uint8_t category = 0;  // index into CanvasGeometry::categories
  ItemState state = ItemState::Normal;
  bool isMuted = false;
};

/// A laid-out scene. An item is known here by its slot: its place in drawing order, where the inside of a frame follows
/// the frame. The inside of a collapsed frame has no slots.
class CanvasGeometry {
 public:
  CanvasGeometry(CanvasScenePtr scene, const TextMetrics& metrics);

  const CanvasScene& scene() const { return *scene_; }
  int count() const { return int(items_.size()); }
  int slotOf(ItemId id) const;  // -1 where it is not shown
  const CanvasItem& item(int slot) const { return *items_[size_t(slot)]; }
  ItemShape shape(int slot) const { return shapes_[size_t(slot)]; }
  const Box& box(int slot) const { return index_.box(size_t(slot)); }
  const SlotLook& look(int slot) const { return looks_[size_t(slot)]; }
  const std::vector<QString>& categories() const { return categories_; }
  int parent(int slot) const { return parents_[size_t(slot)]; }  // -1: the root
  int lane(int slot) const { return lanes_[size_t(slot)]; }
  /// One past the last slot of a frame's inside.
  int end(int slot) const { return ends_[size_t(slot)]; }
  bool isInside(int slot, int frame) const { return slot > frame && slot < end(frame); }
  int depth(int slot) const;
  bool isLaneEmpty(int frame, int lane) const;                  // of all but entries and exits
  Flow flow(int slot) const { return laneFlow(parent(slot)); }  // of the lane that it lies in
  Flow laneFlow(int frame) const;
  bool hasTwin(int terminal) const;          // another entry (exit) of the same lane
  const FrameLayout* frame(int slot) const;  // nullptr where it is none
  Vec port(int slot, int port) const;
  /// Away from the item, along the flow.
  Vec portOut(int slot, int port) const;
  Vec chip(int slot, int chip) const;

  /// Notes, outer ones first.
  int noteCount() const { return int(notes_.size()); }
  const CanvasNote& note(int n) const { return *notes_[size_t(n)].note; }
  const Box& noteBox(int n) const { return notes_[size_t(n)].box; }
  int noteParent(int n) const { return notes_[size_t(n)].parent; }  // slot of the frame; -1: the root
  /// A preview.
  void setNoteBox(int n, const Box& box) { notes_[size_t(n)].box = box; }
  /// In units of its lane, as CanvasNote::area.
  QRectF noteArea(int n) const;

  int wireCount() const { return int(wires_.size()); }
  const CanvasWire& wire(int w) const { return *wires_[size_t(w)].wire; }
  int wireFrom(int w) const { return wires_[size_t(w)].from; }
  int wireTo(int w) const { return wires_[size_t(w)].to; }
  PortFlavor wireFlavor(int w) const { return wires_[size_t(w)].flavor; }
  ItemState wireState(int w) const { return wires_[size_t(w)].state; }
  const Box& wireBox(int w) const { return wireIndex_.box(size_t(w)); }
  const WireShape& wireShape(int w) const { return wires_[size_t(w)].shape; }
  /// The wires drawn right above the background of a frame (-1: of the root), as a range of indices.
  std::pair<int, int> wiresIn(int frame) const;
  std::span<const int> wiresAt(int slot) const;

  /// What touches `area`. The sets must have room for count() and wireCount() members.
  void collect(const Box& area, IndexSet& items, IndexSet& wires) const;
  /// Calls `visit(slot)` for each item whose box touches `area`.
  template <class Visit>
  void visitTouching(const Box& area, Visit visit) const {
    index_.query(area, [&](size_t slot) { visit(int(slot)); });
  }
  double wireLength() const { return wireLength_; }  // of all wires, roughly
  const Box& bounds() const { return bounds_; }      // of everything; empty for an empty scene

  /// What lies at `p`; ports within `portReach` and wires within `wireReach` of it count.
  Hit hit(Vec p, float portReach, float wireReach) const;
  /// Items fully inside `area`, or touching it where they are no frames; insides of found frames left out. `container`
  /// (-1: the root) limits the search to its inside.
  std::vector<int> within(const Box& area, int container) const;
  /// The place of `p` for the document. The inside of `without` and of collapsed frames is not searched.
  CanvasPlace placeAt(Vec p) const;
  Vec toScene(const CanvasPlace& place) const;
  Vec origin(int frame, int lane) const;  // of a lane's units; -1: of the root

  /// Moves items with their insides, as a preview of a drag: frames around them grow, their wires follow. Slots of
  /// which another one is the frame must not be given. With `growsFrames` false the frames around them keep their size.
  /// Returns what must be painted again.
  Box move(const std::vector<int>& picked, Vec by, bool growsFrames = true);
  QPointF position(int slot) const;  // as CanvasItem::position, moves included

 private:
  struct WireEntry {
    const CanvasWire* wire = nullptr;
    int from = -1, to = -1;
    int container = -1;
    PortFlavor flavor = PortFlavor::Tensor;
    ItemState state = ItemState::Normal;
    WireShape shape;
  };

  struct NoteEntry {
    const CanvasNote* note = nullptr;
    int parent = -1;
    Box box;
  };
  void gatherNotes();
  Hit noteAt(int frame, Vec p) const;
  void order();
  void gatherWires();
  void measure(const TextMetrics& metrics);
  void layFrame(int slot, const TextMetrics& metrics);
  void layHeader(int slot, const TextMetrics& metrics, float width);
  float headerWidth(int slot, const TextMetrics& metrics) const;  // for all of it in one row
  void place();
  template <class Visit>  // visit(lane, start, end): the middles of the edges where the flow enters and leaves
  void forEachLane(int frame, Visit visit) const;

  // Ports and wires, in the units that the boxes have at the time.
  void placeTerminals(int frame, int lane, Vec start, Vec end);
  void routeLane(int frame, int lane);
  void routeSkip(int frame, int lane);
  struct Detour;
  void routeJoin(int join, std::vector<Detour>& detours);
  Vec joinPort(int join, int port) const;  // from its centre, in flow units of length 1
  void spread(std::vector<Detour>& detours, Flow flow);
  std::optional<Box> obstacles(const WireEntry& wire) const;  // in flow units: x across, y along
  WireShape plainShape(const WireEntry& wire) const;
  bool isInLane(const WireEntry& wire) const {  // both ends lie in one
    return parent(wire.from) == parent(wire.to) && lane(wire.from) == lane(wire.to);
  }
  const Box& now(int slot) const { return work_.empty() ? index_.box(size_t(slot)) : work_[size_t(slot)]; }
  void setBox(int slot, const Box& box);
  Box wireBounds(int w) const;

  size_t inside(int frame) const { return frame < 0 ? 0 : size_t(frameOf_[size_t(frame)]) + 1; }
  bool isTerminal(int slot) const { return shape(slot) == ItemShape::Entry || shape(slot) == ItemShape::Exit; }

  CanvasScenePtr scene_;
  std::vector<const CanvasItem*> items_;  // by slot, as all of these
  std::vector<int> parents_, lanes_, ends_;
  std::vector<ItemShape> shapes_;
  std::vector<SlotLook> looks_;
  std::vector<QString> categories_;  // those that occur
  std::vector<Vec> anchors_;         // positions in scene units
  std::vector<int> frameOf_;         // index into frames_, -1: none
  std::vector<FrameLayout> frames_;
  std::unordered_map<int, std::vector<Vec>> joinPorts_;  // by slot: where its inputs lie, see joinPort()
  std::vector<std::vector<int>> children_;               // of the root, then of each of frames_
  std::unordered_map<ItemId, int> slots_;

  std::vector<NoteEntry> notes_;
  std::vector<WireEntry> wires_;                 // by container
  std::vector<std::pair<int, int>> wireRanges_;  // of the root, then of each of frames_
  std::vector<int> wireStarts_, wireLists_;      // of each slot, the wires at it

  std::vector<Box> work_;  // boxes, in lane units while they are laid out
  SpatialIndex index_, wireIndex_;
  Box bounds_;
  double wireLength_ = 0;
};

template <class Visit>
void CanvasGeometry::forEachLane(int frame, Visit visit) const {
  const FrameLayout* layout = this->frame(frame);
  if (!layout) return;
  const bool isDown = laneFlow(frame) == Flow::Down;
  for (size_t l = 0; l < layout->lanes.size(); ++l) {
    const Box lane = layout->lanes[l];
    const Vec middle = lane.center() + Vec(0, layout->laneLabel / 2);
    visit(int(l), isDown ? Vec(middle.x, lane.top) : Vec(lane.left, middle.y),
          isDown ? Vec(middle.x, lane.bottom) : Vec(lane.right, middle.y));
  }
}

}  // namespace fw::ui
