// What a person asks for on the canvas. The canvas changes nothing: it reports, and shows the scene that it is given
// next.
#pragma once

#include <QPoint>
#include <optional>

#include "widgets/canvas/scene.h"

namespace fw::ui {

/// A place in the scene's own units: the lane of a frame, and a position there.
struct CanvasPlace {
  ItemId container = 0;
  int lane = 0;
  QPointF position;
};

struct ItemMove {
  ItemId item = 0;
  QPointF position;  // as CanvasItem::position
};

struct NoteMove {
  ItemId note = 0;
  QRectF area;  // as CanvasNote::area
};

/// A block to add, and what to wire it to.
struct BlockRequest {
  QString block;
  CanvasPlace place;
  std::optional<CanvasEnd> wireTo;     // the port whose wire was released in the void
  std::optional<CanvasWire> intoWire;  // the wire that it was dropped on
  ItemId onto = 0;                     // the item that a weight policy was dropped on; 0: the selected ones
};

/// Whether a wire may be drawn, and why not.
struct ConnectAnswer {
  bool isAllowed = true;
  QString reason;
};

struct ContextRequest {
  QPoint globalPosition;
  CanvasPlace place;
  ItemId item = 0;  // 0: the void
  std::optional<CanvasWire> wire;
  int cell = -1;  // of a Repeat's header
};

class CanvasIntents {
 public:
  virtual ~CanvasIntents() = default;

  /// Items were moved; one call a gesture. Calls with the same `mergeKey` (a series of arrow keys) are one step of
  /// undo.
  virtual void moveItems(const std::vector<ItemMove>& moves, const QString& mergeKey) = 0;
  /// Notes were moved or resized, with the items that move along.
  virtual void moveNotes(const std::vector<NoteMove>& notes, const std::vector<ItemMove>& items) = 0;
  /// A note was clicked twice.
  virtual void openNote(ItemId note) = 0;
  virtual void addBlock(const BlockRequest& request) = 0;
  /// `from` is an output, `to` an input. `replaced` is the wire whose end was dragged here.
  virtual void connectPorts(CanvasEnd from, CanvasEnd to, const std::optional<CanvasWire>& replaced) = 0;
  /// Every wire at a port goes to another port of the same side.
  virtual void moveWires(CanvasEnd from, CanvasEnd to) = 0;
  virtual void disconnectWires(const std::vector<CanvasWire>& wires) = 0;
  /// `heal`: wires around a removed item are joined where they fit.
  virtual void deleteItems(const std::vector<ItemId>& items, const std::vector<CanvasWire>& wires, bool heal) = 0;

  /// Items leave their wires, which are joined behind them, and stand at these places.
  virtual void pullOutItems(const std::vector<ItemMove>& moves) = 0;
  /// An item without wires was dropped on a wire.
  virtual void insertOnWire(const ItemMove& move, const CanvasWire& wire) = 0;
  /// A wire was clicked twice: a dot at this place.
  virtual void addDot(const CanvasWire& wire, const CanvasPlace& place) = 0;
  /// Items of one graph were dropped into another frame; the first upper left one comes to `place`.
  virtual void moveItemsInto(const std::vector<ItemId>& items, const CanvasPlace& place) = 0;

  virtual void copyItems(const std::vector<ItemId>& items) = 0;
  virtual void cutItems(const std::vector<ItemId>& items) = 0;
  virtual void pasteItems(const CanvasPlace& place, bool keepWires) = 0;
  virtual void duplicateItems(const std::vector<ItemId>& items, bool keepWires) = 0;

  virtual void setMuted(const std::vector<ItemId>& items, bool isMuted) = 0;
  /// Keeps items where they are while others are laid out.
  virtual void setPinned(const std::vector<ItemId>& items, bool isPinned) = 0;
  virtual void setCollapsed(ItemId frame, bool isCollapsed) = 0;
  /// Enter or double click: enter a container, look at a node's parameters.
  virtual void openItem(ItemId item) = 0;
  virtual void leaveContainer() = 0;
  virtual void clickCell(ItemId frame, int cell, Qt::KeyboardModifiers modifiers) = 0;
  /// The kind of the cell `source` was drawn over `cells` of its strip.
  virtual void paintCells(ItemId frame, int source, const std::vector<int>& cells) = 0;
  /// A layer was dragged out of its strip.
  virtual void takeOutCell(ItemId frame, int cell, const CanvasPlace& place) = 0;
  /// An item was dropped on the strip of a Repeat beside it, to become its layer `at`.
  virtual void putInCell(ItemId frame, int at, ItemId item) = 0;
  /// Items were dropped outside of the canvas; false where nothing there takes them.
  virtual bool dropOutside(const std::vector<ItemId>& items, QPoint global) = 0;
  virtual void showContextMenu(const ContextRequest& request) = 0;
};

}  // namespace fw::ui
