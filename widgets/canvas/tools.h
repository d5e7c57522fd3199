// Gestures under way: each tool lives from the press of a button to its release.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "widgets/canvas/geometry.h"

class QPainter;

namespace fw::ui {

class CanvasView;

class CanvasTool {
 public:
  explicit CanvasTool(CanvasView& view) : view_(view) {}
  virtual ~CanvasTool() = default;
  /// Points in view units.
  virtual void move(Vec at, Qt::KeyboardModifiers modifiers) = 0;
  /// The last call, unless cancelled.
  virtual void release(Vec at, Qt::KeyboardModifiers modifiers) = 0;
  virtual void cancel() {}
  virtual void paint(QPainter&) {}
  virtual Qt::CursorShape cursor() const { return Qt::ArrowCursor; }
  virtual bool pansAtBorder() const { return false; }
  /// The tool that takes over, as when a press becomes a drag.
  std::unique_ptr<CanvasTool> takeNext() { return std::move(next_); }

 protected:
  CanvasView& view_;
  std::unique_ptr<CanvasTool> next_;
};

class PanTool : public CanvasTool {
 public:
  PanTool(CanvasView& view, Vec at) : CanvasTool(view), last_(at) {}
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec, Qt::KeyboardModifiers) override {}
  Qt::CursorShape cursor() const override { return Qt::ClosedHandCursor; }

 private:
  Vec last_;
};

/// A press that is a click until the mouse moves: then items are moved, a wire is drawn or a frame is drawn around
/// items.
class PressTool : public CanvasTool {
 public:
  PressTool(CanvasView& view, Vec at, const Hit& hit, Qt::KeyboardModifiers modifiers);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;

 private:
  Vec start_;
  Hit hit_;
  bool picksOnRelease_ = false;
};

class MarqueeTool : public CanvasTool {
 public:
  MarqueeTool(CanvasView& view, Vec start, int container, Qt::KeyboardModifiers modifiers);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void cancel() override;
  void paint(QPainter& painter) override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  Vec start_, end_;  // scene units
  int container_;
  std::vector<int> before_;
};

/// Moves the selected items. With Alt they leave their wires; over the inside of another frame, or well outside of
/// their own, they are dropped there. Until then their own frame grows with them.
class MoveTool : public CanvasTool {
 public:
  MoveTool(CanvasView& view, Vec start, int pressed, Qt::KeyboardModifiers modifiers);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void cancel() override;
  void paint(QPainter& painter) override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return Qt::ClosedHandCursor; }

 private:
  void align(Vec free, Vec& to);
  bool isOutside(Vec at) const;
  void findDrop(Vec at);
  CanvasPlace dropPlace() const;
  void findGuides();
  template <class Visit>
  void forNeighbours(Visit visit) const;

  Vec start_;  // scene units
  int pressed_;
  std::vector<int> slots_;
  std::vector<bool> isMoving_;
  std::vector<QPointF> from_;
  QPointF pressedFrom_;
  Vec moved_;
  bool isPulling_;
  bool isLeaving_ = false;  // the mouse is outside of the frame that holds the items
  int home_ = -1;           // that frame
  Box homeBox_;             // as it was
  std::vector<Box> lanes_;  // its other insides
  void findStrip(Vec at);
  void findWire(Vec at, Qt::KeyboardModifiers modifiers);
  bool isFree_ = false;  // one item without wires, which a wire may take
  int wire_ = -1;        // that wire, under the mouse
  struct OldWire {
    int wire;
    Box box;
    WireCurve curve;
  };
  std::vector<OldWire> wires_;  // as they ran before, for they bend aside of what comes near
  bool hasDrop_ = false;
  int strip_ = -1, stripAt_ = 0;  // a Repeat whose strip is under the mouse, and the place between its layers
  CanvasPlace drop_;              // under the mouse, where it may take the items
  std::vector<std::pair<Vec, Vec>> guides_;  // scene units
};

/// Moves a note with its members and the notes inside it, or its lower right corner.
class NoteTool : public CanvasTool {
 public:
  NoteTool(CanvasView& view, Vec start, int note, bool isCorner);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void cancel() override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return isCorner_ ? Qt::SizeFDiagCursor : Qt::ClosedHandCursor; }

 private:
  Vec start_;  // scene units
  bool isCorner_;
  std::vector<int> notes_, slots_;  // the note itself first
  std::vector<Box> boxes_;          // of the notes, as they were
  std::vector<QPointF> from_;       // of the slots
  Vec moved_;
};

/// A line that cuts the wires it crosses.
class CutTool : public CanvasTool {
 public:
  CutTool(CanvasView& view, Vec at);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void paint(QPainter& painter) override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  Vec start_, end_;  // scene units
};

/// Draws the kind of a layer along the strip of its Repeat; away from the strip it takes the layer out.
class PaintTool : public CanvasTool {
 public:
  PaintTool(CanvasView& view, int slot, int cell) : CanvasTool(view), slot_(slot), source_(cell), last_(cell) {}
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void paint(QPainter& painter) override;
  Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  std::vector<int> cells() const;
  bool isOut(Vec at) const;
  int slot_, source_, last_;
  Vec at_;  // view units
};

/// Takes all wires of a port to another one of the same side.
class MoveWiresTool : public CanvasTool {
 public:
  MoveWiresTool(CanvasView& view, int slot, int port, Vec at);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void cancel() override;
  void paint(QPainter& painter) override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  bool takes(int slot, int port) const;

  int slot_, port_;
  std::vector<int> wires_;
  Vec at_;  // view units
  Hit target_;
};

class WireTool : public CanvasTool {
 public:
  /// From a port, or from the other end of the wire into it.
  WireTool(CanvasView& view, int slot, int port, Vec at);
  void move(Vec at, Qt::KeyboardModifiers modifiers) override;
  void release(Vec at, Qt::KeyboardModifiers modifiers) override;
  void cancel() override;
  void paint(QPainter& painter) override;
  bool pansAtBorder() const override { return true; }
  Qt::CursorShape cursor() const override { return Qt::CrossCursor; }
  WireShape draft() const;

 private:
  struct Target {
    int slot = -1, port = -1;
    ConnectAnswer answer;
  };
  void cleanUp();
  Target targetAt(Vec at);
  ConnectAnswer ask(int slot, int port);
  CanvasEnd endOf(int slot, int port) const { return {idOf(slot), port}; }
  ItemId idOf(int slot) const;

  int slot_, port_;
  bool isFromOutput_;
  std::optional<CanvasWire> replaced_;
  Vec at_;  // view units
  Target target_;
  std::map<std::pair<int, int>, ConnectAnswer> answers_;
};

}  // namespace fw::ui
