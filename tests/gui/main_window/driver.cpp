// Drives a real main window as a person does.
#include "driver.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QDialog>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTimer>
#include <QWheelEvent>

#include "engine/workbench/workbench.h"
#include "widgets/canvas/search_palette.h"
#include "widgets/forms/choice_field.h"
#include "widgets/panels/inspector_panel.h"

namespace fw {

WindowDriver::WindowDriver()
    : folders_{folder_.filePath("journals"), folder_.filePath("runs"), folder_.filePath("blocks")} {
  open();
}

WindowDriver::WindowDriver(const StateFolders& folders) : folders_(folders) { open(); }

WindowDriver::~WindowDriver() = default;

void WindowDriver::open() {
  QSettings().clear();
  window_ = std::make_unique<MainWindow>(folders_);
  window_->resize(1700, 1050);
  window_->show();
  window_->activateWindow();
  EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
}

bool WindowDriver::waitFor(const std::function<bool()>& isSo, int milliseconds) {
  QElapsedTimer clock;
  clock.start();
  while (!isSo()) {
    if (clock.elapsed() > milliseconds) return false;
    QTest::qWait(5);
  }
  return true;
}

void WindowDriver::create() {
  window_->newDocument();
  rest();
}

void WindowDriver::rest() {
  ui::Camera seen;
  do {
    seen = canvas().camera();
    QTest::qWait(60);
  } while (!(seen == canvas().camera()));
}

bool WindowDriver::waitForCheck() {
  return waitFor([this] { return window_->document().facts().snapshot == window_->document().current(); });
}

void WindowDriver::key(QWidget* widget, int key, Qt::KeyboardModifiers modifiers) {
  QTest::keyClick(widget, Qt::Key(key), modifiers);
}

void WindowDriver::shortcut(int key, Qt::KeyboardModifiers modifiers) {
  // Keys of a window reach nobody while a popup is open or another window is active.
  if (const QWidget* popup = QApplication::activePopupWidget())
    ADD_FAILURE() << popup->metaObject()->className() << " is open";
  if (const QWidget* active = QApplication::activeWindow(); active != window_.get())
    ADD_FAILURE() << (active ? active->metaObject()->className() : "no window") << " is active";
  QWidget* focus = QApplication::focusWidget();
  QTest::keyClick(focus ? focus : window_.get(), Qt::Key(key), modifiers);
}

void WindowDriver::click(QWidget* widget, QPoint at, Qt::KeyboardModifiers modifiers) {
  QTest::mouseClick(widget, Qt::LeftButton, modifiers, at);
}

bool WindowDriver::press(QWidget* parent, const QString& text) {
  for (QPushButton* button : parent->findChildren<QPushButton*>())
    if (button->text() == text && button->isVisible() && button->isEnabled()) {
      click(button);
      return true;
    }
  return false;
}

void WindowDriver::type(QLineEdit* field, const QString& text) {
  click(field);
  key(field, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(field, text);
  key(field, Qt::Key_Return);
}

bool WindowDriver::inDialog(const std::function<void()>& cause, const std::function<void(QWidget*)>& answer) {
  bool isAnswered = false;
  QElapsedTimer open;
  QTimer look;
  QObject::connect(&look, &QTimer::timeout, [&] {
    auto* dialog = qobject_cast<QDialog*>(QApplication::activeModalWidget());
    if (!dialog) return;
    if (!isAnswered) {
      isAnswered = true;
      open.start();
      answer(dialog);
    } else if (open.elapsed() > 4000) {
      ADD_FAILURE() << "the dialog stayed open";
      dialog->reject();
    }
  });
  look.start(10);
  cause();
  waitFor([&] { return isAnswered; }, 3000);
  return isAnswered;
}

QPoint WindowDriver::middle(NodeId node) {
  const ui::CanvasGeometry& geometry = canvas().geometry();
  const int slot = geometry.slotOf(node);
  const ui::Box& box = geometry.box(slot);
  if (const ui::FrameLayout* frame = geometry.frame(slot))
    return at({frame->titleLeft + 4, box.top + frame->header / 2});
  return at(box.center());
}

QPoint WindowDriver::port(NodeId node, const std::string& name) {
  const ui::CanvasGeometry& geometry = canvas().geometry();
  const int slot = geometry.slotOf(node);
  const auto& ports = geometry.item(slot).ports;
  for (size_t p = 0; p < ports.size(); ++p)
    if (ports[p].name.toStdString() == name) return at(geometry.port(slot, int(p)));
  ADD_FAILURE() << "no port " << name;
  return {};
}

void WindowDriver::drag(QPoint from, QPoint to, Qt::KeyboardModifiers modifiers) {
  QTest::mousePress(&canvas(), Qt::LeftButton, modifiers, from);
  for (int i = 1; i <= 4; ++i) {
    const QPoint p = from + (to - from) * i / 4;
    QMouseEvent move(QEvent::MouseMove, p, canvas().mapToGlobal(p), Qt::NoButton, Qt::LeftButton, modifiers);
    QApplication::sendEvent(&canvas(), &move);
  }
  QTest::mouseRelease(&canvas(), Qt::LeftButton, modifiers, to);
}

void WindowDriver::zoomOut(int steps) {
  const QPointF middle = canvas().rect().center();
  for (int i = 0; i < steps; ++i) {
    QWheelEvent wheel(middle, canvas().mapToGlobal(middle), {}, {0, -120}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&canvas(), &wheel);
  }
}

ui::SearchPalette* WindowDriver::openPalette() {
  for (auto* palette : canvas().findChildren<ui::SearchPalette*>())
    if (palette->isVisible()) return palette;
  return nullptr;
}

NodeId WindowDriver::add(QPoint at, const QString& words) {
  const NodeId next = model().nextId;
  QTest::mouseDClick(&canvas(), Qt::LeftButton, {}, at);
  QTest::mouseRelease(&canvas(), Qt::LeftButton, {}, at);
  ui::SearchPalette* palette = openPalette();
  if (!palette) {
    ADD_FAILURE() << "no palette for " << words.toStdString();
    return 0;
  }
  auto* query = palette->findChild<QLineEdit*>();
  QTest::keyClicks(query, words);
  key(query, Qt::Key_Return);
  EXPECT_GT(model().nextId, next) << words.toStdString();
  return next;
}

NodeId WindowDriver::addInside(NodeId container, QPoint position, const QString& words) {
  const ui::CanvasGeometry* geometry = &canvas().geometry();
  const ui::Box lane = geometry->frame(geometry->slotOf(container))->lanes.front();
  const NodeId node = add(at({lane.left + 10, lane.bottom - 10}), words);
  geometry = &canvas().geometry();
  if (geometry->slotOf(node) < 0) return node;
  drag(middle(node), at(geometry->toScene({container, 0, position})), Qt::ShiftModifier);
  return node;
}

void WindowDriver::connect(NodeId from, const std::string& output, NodeId to, const std::string& input) {
  drag(port(from, output), port(to, input));
  GraphPath path;
  ASSERT_TRUE(findNode(model(), to, &path));
  const Wire wire{{from, output}, {to, input}};
  const auto& wires = graphAt(model(), path)->wires;
  EXPECT_TRUE(std::find(wires.begin(), wires.end(), wire) != wires.end())
      << from << "." << output << " to " << to << "." << input;
}

void WindowDriver::select(NodeId node) {
  click(&canvas(), middle(node));
  EXPECT_EQ(canvas().selection(), std::vector<ui::ItemId>{node});
}

void WindowDriver::setParam(const std::string& name, const QString& text) {
  auto* field = qobject_cast<QLineEdit*>(window_->inspector().form()->editor(QString::fromStdString(name)));
  ASSERT_TRUE(field) << name;
  type(field, text);
}

void WindowDriver::choose(const std::string& name, const QString& choice) {
  auto* field = qobject_cast<ui::ChoiceField*>(window_->inspector().form()->editor(QString::fromStdString(name)));
  ASSERT_TRUE(field) << name;
  field->setFocus();
  for (int i = 0; i < field->count(); ++i) key(field, Qt::Key_Up);
  for (int i = 0; i < field->count() && field->currentData().toString() != choice; ++i) key(field, Qt::Key_Down);
  EXPECT_EQ(field->currentData().toString(), choice);
}

void WindowDriver::rename(const QString& name) {
  for (QLineEdit* field : window_->inspector().findChildren<QLineEdit*>())
    if (field->objectName() == "nodeName") return type(field, name);
  ADD_FAILURE() << "no name field";
}

NodeId WindowDriver::find(const std::string& block) {
  NodeId found = 0;
  const std::function<void(const Graph&)> walk = [&](const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (node->block == block && (found == 0 || id < found)) found = id;
      for (const auto& [name, body] : node->bodies) walk(*body);
    }
  };
  walk(*model().root);
  return found;
}

NodeId WindowDriver::inner(NodeId container, const std::string& block) {
  const Node* node = findNode(model(), container);
  for (const auto& [name, body] : node->bodies)
    for (const auto& [id, each] : body->nodes)
      if (each->block == block) return id;
  return 0;
}

}  // namespace fw
