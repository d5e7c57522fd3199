// Turns gestures on the canvas into edits of the document.
#pragma once

#include <QObject>

#include "app/block_library.h"
#include "app/document_controller.h"
#include "app/layer_scope.h"
#include "widgets/canvas/canvas_view.h"

namespace fw {

class CanvasController : public QObject, public ui::CanvasIntents {
  Q_OBJECT
 public:
  CanvasController(DocumentController& document, ui::CanvasView& view, const BlockLibrary& library,
                   QObject* parent = nullptr);
  ~CanvasController() override;

  /// The graph that a lane of a container shows; the root for container 0.
  GraphPath pathOf(NodeId container, int lane) const;
  ui::ConnectAnswer mayConnect(ui::CanvasEnd from, ui::CanvasEnd to) const;
  /// Whether a block has a port that a wire at `end` may go to, by the kinds of the ports.
  bool hasPortFor(const QString& block, ui::CanvasEnd end) const;
  /// Moves items of one graph into a new container there; a refusal is told.
  void collapse(const std::vector<ui::ItemId>& items, const std::string& block);
  /// Puts the insides of containers in their places.
  void expand(const std::vector<ui::ItemId>& items);
  /// Copies of composites that stay equal to them, beside them.
  void linkCopies(const std::vector<ui::ItemId>& items);
  void makeUnique(const std::vector<ui::ItemId>& items);
  /// The nodes share their weights under one group; those that are the whole of one do so no longer.
  void shareWeights(const std::vector<ui::ItemId>& items);
  /// Whether they are the members of one group.
  bool doShareWeights(const std::vector<ui::ItemId>& items) const;
  void applyPolicy(const std::vector<ui::ItemId>& items, const std::string& policy);
  /// The user's blocks have changed.
  void refreshLibrary();
  /// Muting is for these layers alone where the node lies in them.
  void setScope(const LayerScope& scope) { scope_ = scope; }
  /// The container whose inside is shown alone; 0: the whole model.
  void setEntered(NodeId container) { entered_ = container; }
  /// Adds a block in the middle of the view.
  void addBlockAtCenter(const QString& block);

  void moveItems(const std::vector<ui::ItemMove>& moves, const QString& mergeKey) override;
  void moveNotes(const std::vector<ui::NoteMove>& notes, const std::vector<ui::ItemMove>& items) override;
  void openNote(ui::ItemId note) override { emit noteOpened(note); }
  /// A titled rectangle around items of one graph, or in the middle of the view.
  void addNote(const std::vector<ui::ItemId>& items, const QString& title);
  void changeNote(NodeId note, const QString& edit, const std::function<void(Frame&)>& change);
  void addBlock(const ui::BlockRequest& request) override;
  void connectPorts(ui::CanvasEnd from, ui::CanvasEnd to, const std::optional<ui::CanvasWire>& replaced) override;
  void moveWires(ui::CanvasEnd from, ui::CanvasEnd to) override;
  void insertOnWire(const ui::ItemMove& move, const ui::CanvasWire& wire) override;
  void addDot(const ui::CanvasWire& wire, const ui::CanvasPlace& place) override;
  void disconnectWires(const std::vector<ui::CanvasWire>& wires) override;
  void deleteItems(const std::vector<ui::ItemId>& items, const std::vector<ui::CanvasWire>& wires, bool heal) override;
  void pullOutItems(const std::vector<ui::ItemMove>& moves) override;
  void moveItemsInto(const std::vector<ui::ItemId>& items, const ui::CanvasPlace& place) override;
  /// Puts copied nodes into the middle of the view.
  void pasteText(const std::string& text, const ui::CanvasPlace& place, bool keepWires);
  void copyItems(const std::vector<ui::ItemId>& items) override;
  void cutItems(const std::vector<ui::ItemId>& items) override;
  void pasteItems(const ui::CanvasPlace& place, bool keepWires) override;
  void duplicateItems(const std::vector<ui::ItemId>& items, bool keepWires) override;
  void setMuted(const std::vector<ui::ItemId>& items, bool isMuted) override;
  void setPinned(const std::vector<ui::ItemId>& items, bool isPinned) override;
  void setCollapsed(ui::ItemId frame, bool isCollapsed) override;
  void openItem(ui::ItemId item) override;
  void leaveContainer() override;
  void clickCell(ui::ItemId frame, int cell, Qt::KeyboardModifiers modifiers) override;
  void paintCells(ui::ItemId frame, int source, const std::vector<int>& cells) override;
  void takeOutCell(ui::ItemId frame, int cell, const ui::CanvasPlace& place) override;
  void putInCell(ui::ItemId frame, int at, ui::ItemId item) override;
  bool dropOutside(const std::vector<ui::ItemId>& items, QPoint global) override;
  /// Asked where items were dropped outside of the canvas: whether something there takes them.
  std::function<bool(const std::vector<ui::ItemId>&, QPoint)> onDropOutside;
  void showContextMenu(const ui::ContextRequest& request) override;

 signals:
  void collapseRequested(qint64 frame, bool isCollapsed);
  void inspectRequested(qint64 item);
  void cellClicked(qint64 frame, int cell, Qt::KeyboardModifiers modifiers);
  void contextMenuRequested(const QPoint& global, qint64 item, int cell);
  void enterRequested(qint64 container);
  void noteOpened(qint64 note);

 private:
  GraphPath pathOfNode(NodeId node) const;
  ui::CanvasPlace placeOf(const ui::CanvasPlace& place) const;
  PortRef portOf(ui::CanvasEnd end) const;
  Wire wireOf(const ui::CanvasWire& wire) const;
  QString nameOf(NodeId node) const;
  void select(const std::vector<NodeId>& nodes);
  std::vector<NodeId> nodesOf(const std::vector<ui::ItemId>& items) const;
  void addFromLibrary(const ui::BlockRequest& request);
  void wireNew(Editor& editor, const ui::BlockRequest& request, const GraphPath& path, NodeId added) const;
  void putOnWire(Editor& editor, const GraphPath& path, const ui::CanvasWire& piece, NodeId node) const;
  void makeRoom(Editor& editor, const ui::CanvasWire& piece, NodeId node) const;
  std::vector<NodeId> dotsWith(NodeId dot) const;
  Position moved(NodeId node, QPointF to) const;
  void joinNotes(Editor& editor, const std::vector<NodeId>& nodes) const;

  DocumentController& document_;
  ui::CanvasView& view_;
  const BlockLibrary& library_;
  LayerScope scope_;
  NodeId entered_ = 0;
  std::map<std::string, Ports> newPorts_;  // of a block as it is added, by its id
};

}  // namespace fw
