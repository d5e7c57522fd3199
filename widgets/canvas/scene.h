// What the canvas shows: a plain immutable value of items and wires, with nothing of the document behind it.
#pragma once

#include <QColor>
#include <QMetaType>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <cstdint>
#include <memory>
#include <vector>

namespace fw::ui {

using ItemId = int64_t;  // 0: the root, which holds the outermost items

/// Where data flows in a lane: inputs sit on the upper (left) edge of its items, outputs on the lower (right) one.
enum class Flow : uint8_t { Down, Right };

/// Node: a card. Join: a small circle ("+"). Dot: a point that a wire runs through. Frame: a container with its inside
/// visible. Entry and Exit: where the flow enters and leaves a frame's lane; they lie on its edge and have no position
/// of their own.
enum class ItemShape : uint8_t { Node, Join, Frame, Entry, Exit, Dot };

enum class PortSide : uint8_t { In, Out };

/// What flows through a port; gives its colour and its mark (circle, square, diamond, triangle).
enum class PortFlavor : uint8_t { Tensor, Tokens, Mask, Pixels };

enum class ItemState : uint8_t { Normal, Warning, Error };

struct CanvasPort {
  QString name;   // "x"
  QString label;  // shown in the tooltip: "B T 512"
  PortSide side = PortSide::In;
  PortFlavor flavor = PortFlavor::Tensor;
  bool isOptional = false;
  bool operator==(const CanvasPort&) const = default;
};

/// How wires run between what they join.
enum class WireStyle : uint8_t { Curved, Square, Straight };

enum class ChipKind : uint8_t { Weights, Link };

/// A mark on an item's upper right corner: round in the colour of a weight group on every member, a chain on every
/// linked copy. Under the mouse all items with an equal one light up.
struct CanvasChip {
  int series = 0;   // index of Theme::series; of a chain: which one
  QString tooltip;  // "Tied ×4 + LoRA rank 8"
  ChipKind kind = ChipKind::Weights;
  bool operator==(const CanvasChip&) const = default;
};

/// One layer of a Repeat in its header.
struct LayerCell {
  QString letter;  // kind: "M", "*", "–"
  QColor heat;     // invalid: none
  bool isOverridden = false, isMuted = false, isSelected = false;
  QString tooltip;
  bool operator==(const LayerCell&) const = default;
};

/// One of the insides of a frame: the layer kinds of a Repeat, the branches of a Fork. Lanes lie side by side.
struct CanvasLane {
  QString badge;  // "M"; empty: none
  QString title;  // "image"
  bool operator==(const CanvasLane&) const = default;
};

struct CanvasFrame {
  QString pattern;  // "M M * –"
  std::vector<LayerCell> cells;
  std::vector<CanvasLane> lanes = {CanvasLane()};
  Flow flow = Flow::Down;    // inside
  bool isCollapsed = false;  // only the header is shown
  bool hasSkip = false;      // a residual: a line around the inside, added at its end
  bool operator==(const CanvasFrame&) const = default;
};

struct CanvasItem {
  ItemId id = 0;
  ItemId parent = 0;  // the frame that holds it
  int lane = 0;       // of the parent
  ItemShape shape = ItemShape::Node;
  QPointF position;       // the centre, in units of the parent's lane; a lane's origin is its frame's position
  QString title;          // of a join: its sign, "+"
  QString subtitle;       // "8 heads · 2 kv · rotary · causal"
  QString stats;          // "786 K   1.0 G"
  QString details;        // what the tooltip says of it instead of `stats`; lines
  double costShare = -1;  // 0 to 1; negative: no bar
  QString category;       // of Theme::category
  QColor heat;            // of an overlay; invalid: none
  std::vector<CanvasPort> ports;
  std::vector<CanvasChip> chips;
  ItemState state = ItemState::Normal;
  QString message;  // the sentence of a warning or an error
  bool isMuted = false;
  bool isPinned = false;                     // laying out leaves it where it is
  std::shared_ptr<const CanvasFrame> frame;  // of a frame
};

/// A port of an item, by its index in CanvasItem::ports; -1 where there is none.
struct CanvasEnd {
  ItemId item = 0;
  int port = -1;
  auto operator<=>(const CanvasEnd&) const = default;
};

struct CanvasWire {
  CanvasEnd from, to;
  PortFlavor flavor = PortFlavor::Tensor;
  QString label;  // tooltip: "B T 512"
  ItemState state = ItemState::Normal;
  bool operator==(const CanvasWire&) const = default;
};

/// A titled rectangle behind the items of one graph; its members move with it.
struct CanvasNote {
  ItemId id = 0;
  ItemId parent = 0;  // as CanvasItem
  int lane = 0;
  QRectF area;  // in units of the parent's lane
  QString title, text;
  int series = -1;  // index of Theme::series; -1: without a colour
  std::vector<ItemId> members;
  bool operator==(const CanvasNote&) const = default;
};

/// Items in drawing order (later ones above); wires in any order. Wires with an end that does not exist are not shown.
struct CanvasScene {
  std::vector<CanvasItem> items;
  std::vector<CanvasWire> wires;
  std::vector<CanvasNote> notes = {};
  Flow flow = Flow::Right;  // of the root
  WireStyle wireStyle = WireStyle::Curved;
};
using CanvasScenePtr = std::shared_ptr<const CanvasScene>;

/// The drag-and-drop format of a block; its data is the block's id in UTF-8.
inline constexpr char blockMimeType[] = "application/x-formwright-block";

/// What stands before the id of a weight policy where one is offered among the blocks; it is dropped on an item.
inline constexpr char policyPrefix[] = "policy:";

}  // namespace fw::ui

Q_DECLARE_METATYPE(fw::ui::CanvasEnd)
