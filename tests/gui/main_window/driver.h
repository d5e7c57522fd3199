// Drives a real main window as a person does: by mouse and keyboard.
#pragma once

#include <QTemporaryDir>
#include <QTest>
#include <functional>

#include "app/main_window.h"
#include "widgets/canvas/canvas_view.h"

class QLineEdit;
class QPushButton;

namespace fw {

class WindowDriver {
 public:
  /// A window on the start page, with folders of its own; `folders`: those of another driver.
  WindowDriver();
  explicit WindowDriver(const StateFolders& folders);
  ~WindowDriver();

  MainWindow& window() { return *window_; }
  ui::CanvasView& canvas() { return window_->canvas(); }
  const Architecture& model() { return *window_->document().current(); }
  const StateFolders& folders() const { return folders_; }
  QString path(const QString& name) const { return folder_.filePath(name); }

  /// An empty model, its origin in the middle of the canvas.
  void create();
  /// Waits until the view has glided to where it goes.
  void rest();
  /// Waits up to `milliseconds` for something; false where it did not come.
  static bool waitFor(const std::function<bool()>& isSo, int milliseconds = 5000);
  bool waitForCheck();

  void key(QWidget* widget, int key, Qt::KeyboardModifiers modifiers = {});
  /// A shortcut of the window.
  void shortcut(int key, Qt::KeyboardModifiers modifiers);
  void click(QWidget* widget, QPoint at = {}, Qt::KeyboardModifiers modifiers = {});
  /// The visible button with this text in `parent`, pressed; false where there is none.
  bool press(QWidget* parent, const QString& text);
  void type(QLineEdit* field, const QString& text);
  /// Runs `answer` in the modal dialog that `cause` opens; false where none came.
  bool inDialog(const std::function<void()>& cause, const std::function<void(QWidget*)>& answer);

  // The canvas; places are in scene units.
  QPoint at(ui::Vec scene) { return canvas().camera().toView(scene).toPoint().toPoint(); }
  QPoint middle(NodeId node);
  QPoint port(NodeId node, const std::string& name);
  void drag(QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {});
  void zoomOut(int steps);
  /// The search palette at the cursor; nullptr: it is not open.
  ui::SearchPalette* openPalette();
  /// Double click on the void, words into the palette, Enter; the id of the node that came.
  NodeId add(QPoint at, const QString& words);
  /// As add(), in the lower left corner of a container's inside, and then moved there.
  NodeId addInside(NodeId container, QPoint position, const QString& words);
  void connect(NodeId from, const std::string& output, NodeId to, const std::string& input);
  void select(NodeId node);
  /// Types into the inspector's field of a parameter and presses Enter.
  void setParam(const std::string& name, const QString& text);
  void choose(const std::string& name, const QString& choice);
  void rename(const QString& name);

  /// The node of a block, the first by id, anywhere; 0: none.
  NodeId find(const std::string& block);
  NodeId inner(NodeId container, const std::string& block);

 private:
  void open();
  QTemporaryDir folder_;
  StateFolders folders_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace fw
