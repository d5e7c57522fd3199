// Scenes for the tests and the bench of the canvas, and a listener that writes down what it is asked.
#pragma once

#include <QStringList>
#include <random>

#include "widgets/canvas/intents.h"
#include "widgets/canvas/text_metrics.h"

namespace fw::ui {

inline CanvasPort inputPort(QString name = "x", PortFlavor flavor = PortFlavor::Tensor) {
  return {std::move(name), "B T 512", PortSide::In, flavor, false};
}

inline CanvasPort outputPort(QString name = "y", PortFlavor flavor = PortFlavor::Tensor) {
  return {std::move(name), "B T 512", PortSide::Out, flavor, false};
}

/// A card with one input (port 0) and one output (port 1).
inline CanvasItem node(ItemId id, QPointF position, QString title, QString category, QString subtitle = {},
                       QString stats = {}, double share = -1) {
  CanvasItem item;
  item.id = id;
  item.position = position;
  item.title = std::move(title);
  item.category = std::move(category);
  item.subtitle = std::move(subtitle);
  item.stats = std::move(stats);
  item.costShare = share;
  item.ports = {inputPort(), outputPort()};
  return item;
}

inline CanvasItem inside(CanvasItem item, ItemId parent, int lane = 0) {
  item.parent = parent;
  item.lane = lane;
  return item;
}

/// Inputs 0 and 1, output 2.
inline CanvasItem join(ItemId id, QPointF position) {
  CanvasItem item;
  item.id = id;
  item.shape = ItemShape::Join;
  item.position = position;
  item.title = "+";
  item.category = "structure";
  item.ports = {inputPort("a"), inputPort("b"), outputPort()};
  return item;
}

inline CanvasItem terminal(ItemId id, ItemShape shape, ItemId parent, int lane = 0) {
  CanvasItem item;
  item.id = id;
  item.parent = parent;
  item.lane = lane;
  item.shape = shape;
  item.ports = {shape == ItemShape::Entry ? outputPort() : inputPort()};
  return item;
}

inline CanvasItem frame(ItemId id, QPointF position, QString title, CanvasFrame content) {
  CanvasItem item;
  item.id = id;
  item.shape = ItemShape::Frame;
  item.position = position;
  item.title = std::move(title);
  item.category = "structure";
  item.ports = {inputPort(), outputPort()};
  item.frame = std::make_shared<CanvasFrame>(std::move(content));
  return item;
}

inline CanvasWire wire(ItemId from, int fromPort, ItemId to, int toPort) {
  return {{from, fromPort}, {to, toPort}, {}, "B T 512", {}};
}

/// The model of the look pictures: embedding, a Repeat of twelve layers, norm and head.
std::shared_ptr<CanvasScene> hybridRecall();
/// Frames in frames, lanes, errors, muted nodes, residuals, overridden and muted layers.
std::shared_ptr<CanvasScene> showcase();
/// `count` nodes on a square lattice, each wired to a later one at most a row away.
std::shared_ptr<CanvasScene> lattice(int count);
/// `nodes` nodes on a square lattice and `edges` wires between random ones.
std::shared_ptr<CanvasScene> hairball(int nodes, int edges);

/// Fixed-width letters: 7 units a letter in any role, lines of 16.
class PlainMetrics : public TextMetrics {
 public:
  float width(const QString& text, CanvasText) const override { return 7.0f * float(text.size()); }
  float height(CanvasText) const override { return 16; }
};

/// Writes each request down as one line.
class Recorder : public CanvasIntents {
 public:
  QStringList log;
  std::vector<ItemMove> moves;
  BlockRequest added;
  std::function<void()> onMove;

  void moveItems(const std::vector<ItemMove>& items, const QString& key) override {
    moves = items;
    for (const ItemMove& move : items)
      log << QString("move %1 to %2,%3").arg(move.item).arg(move.position.x()).arg(move.position.y());
    lastKey = key;
    if (onMove) onMove();
  }
  void addBlock(const BlockRequest& request) override {
    added = request;
    log << QString("add %1 in %2 lane %3").arg(request.block).arg(request.place.container).arg(request.place.lane);
  }
  void connectPorts(CanvasEnd from, CanvasEnd to, const std::optional<CanvasWire>& replaced) override {
    log << QString("connect %1.%2 to %3.%4%5")
               .arg(from.item)
               .arg(from.port)
               .arg(to.item)
               .arg(to.port)
               .arg(replaced ? " instead" : "");
  }
  void disconnectWires(const std::vector<CanvasWire>& wires) override {
    for (const CanvasWire& wire : wires) log << QString("disconnect %1 from %2").arg(wire.to.item).arg(wire.from.item);
  }
  void deleteItems(const std::vector<ItemId>& items, const std::vector<CanvasWire>&, bool heal) override {
    log << "delete " + names(items) + (heal ? " and heal" : "");
  }
  void moveWires(CanvasEnd from, CanvasEnd to) override {
    log << QString("move the wires of %1.%2 to %3.%4").arg(from.item).arg(from.port).arg(to.item).arg(to.port);
  }
  void moveNotes(const std::vector<NoteMove>& notes, const std::vector<ItemMove>& items) override {
    for (const NoteMove& note : notes)
      log << QString("note %1 to %2,%3 %4x%5")
                 .arg(note.note)
                 .arg(note.area.x())
                 .arg(note.area.y())
                 .arg(note.area.width())
                 .arg(note.area.height());
    for (const ItemMove& move : items)
      log << QString("along %1 to %2,%3").arg(move.item).arg(move.position.x()).arg(move.position.y());
  }
  void openNote(ItemId note) override { log << QString("open note %1").arg(note); }
  void insertOnWire(const ItemMove& move, const CanvasWire& wire) override {
    log << QString("put %1 on the wire from %2 to %3").arg(move.item).arg(wire.from.item).arg(wire.to.item);
  }
  void setPinned(const std::vector<ItemId>& items, bool isPinned) override {
    log << (isPinned ? "pin " : "unpin ") + names(items);
  }
  void addDot(const CanvasWire& wire, const CanvasPlace& place) override {
    log << QString("dot from %1 to %2 in %3 at %4,%5")
               .arg(wire.from.item)
               .arg(wire.to.item)
               .arg(place.container)
               .arg(place.position.x())
               .arg(place.position.y());
  }
  void takeOutCell(ItemId frame, int cell, const CanvasPlace& place) override {
    log << QString("take %1 out of %2 into %3").arg(cell).arg(frame).arg(place.container);
  }
  void putInCell(ItemId frame, int at, ItemId item) override {
    log << QString("put %1 into %2 at %3").arg(item).arg(frame).arg(at);
  }
  bool dropOutside(const std::vector<ItemId>& items, QPoint) override {
    log << "drop outside " + names(items);
    return takesOutside;
  }
  bool takesOutside = false;
  void pullOutItems(const std::vector<ItemMove>& items) override {
    for (const ItemMove& move : items)
      log << QString("pull out %1 to %2,%3").arg(move.item).arg(move.position.x()).arg(move.position.y());
  }
  void moveItemsInto(const std::vector<ItemId>& items, const CanvasPlace& place) override {
    log << QString("move %1 into %2 at %3,%4")
               .arg(names(items))
               .arg(place.container)
               .arg(place.position.x())
               .arg(place.position.y());
  }
  void copyItems(const std::vector<ItemId>& items) override { log << "copy " + names(items); }
  void cutItems(const std::vector<ItemId>& items) override { log << "cut " + names(items); }
  void pasteItems(const CanvasPlace& place, bool keep) override {
    log << QString("paste in %1%2").arg(place.container).arg(keep ? " with wires" : "");
  }
  void duplicateItems(const std::vector<ItemId>& items, bool keep) override {
    log << "duplicate " + names(items) + (keep ? " with wires" : "");
  }
  void setMuted(const std::vector<ItemId>& items, bool isMuted) override {
    log << (isMuted ? "mute " : "unmute ") + names(items);
  }
  void setCollapsed(ItemId item, bool isCollapsed) override {
    log << QString(isCollapsed ? "fold %1" : "unfold %1").arg(item);
  }
  void paintCells(ItemId frame, int source, const std::vector<int>& cells) override {
    log << QString("paint %1 of %2 over %3 to %4").arg(source).arg(frame).arg(cells.front()).arg(cells.back());
  }
  void openItem(ItemId item) override { log << QString("open %1").arg(item); }
  void leaveContainer() override { log << "leave"; }
  void clickCell(ItemId item, int cell, Qt::KeyboardModifiers modifiers) override {
    log << QString("cell %1 of %2%3").arg(cell).arg(item).arg(modifiers & Qt::ShiftModifier ? " shift" : "");
  }
  void showContextMenu(const ContextRequest& request) override { log << QString("menu of %1").arg(request.item); }

  QString lastKey;

 private:
  static QString names(const std::vector<ItemId>& items) {
    QStringList list;
    for (const ItemId id : items) list << QString::number(id);
    return list.join(' ');
  }
};

}  // namespace fw::ui
