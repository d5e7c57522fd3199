// The node canvas: shows a scene, turns gestures into intents. It knows nothing of documents and changes none.
#pragma once

#include <QImage>
#include <QKeySequence>
#include <QPointer>
#include <QRegion>
#include <QTimer>
#include <QVariantAnimation>
#include <QWidget>
#include <functional>
#include <memory>

#include "widgets/canvas/geometry.h"
#include "widgets/canvas/scene_painter.h"
#include "widgets/canvas/search_palette.h"

namespace fw::ui {

class CanvasTool;
class Minimap;

class CanvasView : public QWidget {
  Q_OBJECT

 public:
  explicit CanvasView(QWidget* parent = nullptr);
  ~CanvasView() override;

  /// Selection and camera stay; selected items that are gone leave the selection. During a drag the scene waits.
  void setScene(CanvasScenePtr scene);
  const CanvasScenePtr& scene() const { return scene_; }
  /// Whom gestures are reported to; must outlive the view or be replaced by nullptr.
  void setIntents(CanvasIntents* intents) { intents_ = intents; }
  /// Asked with an output and an input while a wire is dragged. Without it every wire from an output to an input may
  /// be.
  void setConnectQuestion(std::function<ConnectAnswer(CanvasEnd from, CanvasEnd to)> question);
  /// What the search palette offers.
  void setBlocks(std::vector<PaletteBlock> blocks);
  /// Asked when a wire was released in the void: whether a block has a port that fits its end.
  void setBlockFilter(std::function<bool(const QString& block, CanvasEnd end)> filter);

  std::vector<ItemId> selection() const;
  void setSelection(const std::vector<ItemId>& items);
  std::vector<CanvasWire> selectedWires() const { return selectedWires_; }

  double zoom() const { return double(camera_.zoom); }
  const Camera& camera() const { return camera_; }
  void setCamera(const Camera& camera);
  /// There smoothly, unless animations are off.
  void glideTo(const Camera& camera);
  void zoomBy(double factor, QPointF at);
  bool isSnapping() const { return isSnapping_; }
  void setSnapping(bool isOn) { isSnapping_ = isOn; }
  void setMinimapVisible(bool isVisible);
  /// Keys that act as others do: what they acted as at first, and what they are now; the empty one: no key any more.
  void setKeyChanges(std::vector<std::pair<QKeySequence, QKeySequence>> changes) { keyChanges_ = std::move(changes); }
  /// The search palette at a point of the widget.
  void openPalette(QPoint at);

 public slots:
  void frameAll();
  void frameSelection();
  void zoomToActualSize();
  void zoomIn();
  void zoomOut();
  /// Selects an item and brings it into view.
  void reveal(fw::ui::ItemId item);
  void selectAll();
  void clearSelection();
  void deleteSelection(bool heal = false);
  void copySelection();
  void cutSelection();
  void paste(bool keepWires = false);
  void duplicateSelection(bool keepWires = false);
  void toggleMuted();
  void togglePinned();
  /// Edges or middles of the selected items on one line, that of the outermost one.
  void alignSelection(Qt::Alignment edge);
  /// Equal gaps between the selected items.
  void distributeSelection(Qt::Orientation along);
  /// Takes the selected items out of their wires, beside where they stood.
  void pullOutSelection();

 signals:
  void selectionChanged();
  void cameraChanged();

 public:
  // What tools work with.
  const CanvasGeometry& geometry() const { return *geometry_; }
  CanvasGeometry& geometry() { return *geometry_; }
  CanvasIntents* intents() const { return intents_; }
  CanvasMarks& marks() { return marks_; }
  const Theme& theme() const;
  Hit hitAt(Vec view, float portReach = 9) const;
  ConnectAnswer mayConnect(CanvasEnd from, CanvasEnd to) const;
  bool fits(const QString& block, CanvasEnd end) const { return !blockFilter_ || blockFilter_(block, end); }
  std::vector<int> selectedSlots() const;
  bool isSelected(int slot) const { return marks_.isSelected[size_t(slot)]; }
  enum class Pick { Replace, Add, Toggle };
  void pick(const std::vector<int>& picked, Pick how);
  void pickWires(const std::vector<int>& wires, Pick how);
  void pickNote(ItemId note);
  /// Selected items without those inside of other selected ones.
  std::vector<int> selectedTops() const;
  void invalidate(const Box& sceneArea);
  void invalidateAll();
  /// Lays the scene out again, which ends every preview.
  void layOut();
  void openPaletteFor(QPoint at, std::optional<CanvasEnd> wireTo);
  /// Leaves a wire's draft on the canvas while the palette is open.
  void keepDraft(const WireShape& shape) { pendingWire_ = shape; }
  /// Outlines the frame that would take what is dragged; 0: none.
  void markDrop(ItemId container, int lane);
  void paintDraft(QPainter& painter, const WireShape& shape, const QColor& color) const;
  CanvasPlace placeAtCursor() const;
  /// Rounds a position to the grid where snapping is on (`invert`: off).
  QPointF snapped(QPointF position, bool invert = false) const;

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool focusNextPrevChild(bool next) override;

 private:
  void renew();  // painter and texts, after a change of theme or font
  void refreshBuffer();
  void scrollBuffer(int dx, int dy);
  void drawEmptyHint(QPainter& painter);
  void drawDrop(QPainter& painter);
  void placeMinimap();
  float leastZoom() const;
  void setHover(const Hit& hit);
  void invalidateItem(int slot);
  void invalidateWire(int wire);
  void updateCursor();
  QString tipFor(const Hit& hit) const;
  bool showTip(const QPoint& at, const QPoint& global);
  void begin(std::unique_ptr<CanvasTool> tool);
  void finishTool(bool isCancelled);
  void autoPan();
  void navigate(int key, Qt::KeyboardModifiers modifiers);
  void nudge(int key);
  void pressKey(QKeyEvent* event);
  QKeyCombination meantBy(const QKeyEvent* event) const;
  bool isShortcut(QKeyEvent* event);
  void dragTo(QDropEvent* event);
  void endDrag();
  void addBlock(const QString& block);
  void cutPort(const Hit& port);
  std::vector<int> piecesOf(int wire) const;
  void selectAlongWires(int slot, bool isUpstream);
  void selectionMoved();

  CanvasScenePtr scene_;
  CanvasScenePtr waiting_;  // came during a drag
  CanvasIntents* intents_ = nullptr;
  std::function<ConnectAnswer(CanvasEnd, CanvasEnd)> question_;
  std::function<bool(const QString&, CanvasEnd)> blockFilter_;
  std::vector<PaletteBlock> blocks_;

  std::unique_ptr<FontMetrics> metrics_;
  std::unique_ptr<ScenePainter> painter_;
  std::unique_ptr<CanvasGeometry> geometry_;
  CanvasMarks marks_;
  std::vector<CanvasWire> selectedWires_;

  Camera camera_;
  bool hasFramed_ = false;  // the first scene is shown as a whole
  bool isFitted_ = false;   // shows everything, and goes on to when it is resized, until the person looks elsewhere
  QImage buffer_;           // what is on the screen, without overlays
  Camera bufferCamera_;
  QRegion dirty_;  // of the buffer, in pixels
  QVariantAnimation animation_;
  Camera from_, to_;  // of the animation
  bool isAnimating_ = false;

  std::unique_ptr<CanvasTool> tool_;
  Vec cursor_;  // last known, in view units
  QTimer autoPan_;
  bool isSpaceHeld_ = false, isCutHeld_ = false, isSnapping_ = true;
  std::vector<std::pair<QKeySequence, QKeySequence>> keyChanges_;
  int nudges_ = 0;  // series of arrow keys, for merging

  QPointer<SearchPalette> palette_;
  BlockRequest pending_;  // what the palette's choice is for
  std::optional<WireShape> pendingWire_;
  QString dragged_;  // block that is dragged over the canvas
  BlockRequest drop_;
  std::optional<int> dropWire_;
  QStringList recent_;         // blocks, newest first
  QRectF emptyButton_;         // where the hint of an empty canvas is
  bool hasFocusRing_ = false;  // the focus came by the keyboard
  bool isMinimapVisible_ = true;
  Minimap* minimap_ = nullptr;
};

}  // namespace fw::ui
