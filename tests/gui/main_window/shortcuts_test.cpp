// Keys of the window: undo and redo reach the document wherever the focus is.
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QListView>
#include <QSettings>

#include "app/shortcuts.h"
#include "driver.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/run_bar.h"

namespace fw {
namespace {

TEST(Shortcuts, UndoReachesTheDocumentWhereverTheFocusIs) {
  WindowDriver user;
  user.create();
  const NodeId mlp = user.add(user.at({0, 0}), "SwiGLU");
  user.select(mlp);
  MainWindow& window = user.window();
  const DocumentController& document = window.document();
  const auto field = [&](const char* name) -> QWidget* { return window.inspector().form()->editor(name); };
  const std::vector<std::pair<const char*, std::function<QWidget*()>>> places = {
      {"the canvas", [&] { return &window.canvas(); }},
      {"a number", [&] { return field("hidden"); }},
      {"a choice", [&] { return field("activation"); }},
      {"the name", [&] { return window.inspector().findChild<QLineEdit*>("nodeName"); }},
      {"the history", [&] { return window.history().list(); }},
      {"the palette", [&] { return window.palette().search(); }},
      {"the steps", [&] { return window.runBar().stepsField(); }},
  };
  for (const auto& [place, widget] : places) {
    user.setParam("hidden", "48");
    user.setParam("hidden", "96");
    const auto hidden = [&] { return std::get<int64_t>(findNode(user.model(), mlp)->params.at("hidden")); };
    ASSERT_EQ(hidden(), 96);
    ASSERT_TRUE(widget()) << place;
    widget()->setFocus(Qt::TabFocusReason);
    ASSERT_EQ(QApplication::focusWidget(), widget()) << place;
    user.shortcut(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(hidden(), 48) << place;
    user.shortcut(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_EQ(hidden(), 96) << place;
    while (document.history().index() > 1) user.shortcut(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(findNode(user.model(), mlp)->params.count("hidden"), 0u) << place;
  }
}

TEST(Shortcuts, UndoOfATextThatIsTypedStaysInItsField) {
  WindowDriver user;
  user.create();
  const NodeId mlp = user.add(user.at({0, 0}), "SwiGLU");
  user.select(mlp);
  const size_t before = user.window().document().history().index();
  for (const char* which : {"hidden", "nodeName"}) {
    auto* field = user.window().inspector().findChild<QLineEdit*>(which);
    ASSERT_TRUE(field) << which;
    user.click(field);
    field->setFocus();
    const QString text = field->text();
    QTest::keyClicks(field, "7");
    ASSERT_NE(field->text(), text);
    user.shortcut(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(user.window().document().history().index(), before) << which;
    user.key(field, Qt::Key_Escape);
  }
}

TEST(Shortcuts, KeysAreChangedAndKeptAndClashesAreTold) {
  WindowDriver user;
  user.create();
  const auto action = [](MainWindow& window, const QString& title) -> QAction* {
    for (QAction* each : window.findChildren<QAction*>())
      if (Shortcuts::titleOf(each) == title) return each;
    return nullptr;
  };
  QAction *group = action(user.window(), "Group"), *change = action(user.window(), "Change keys…");
  ASSERT_TRUE(group && change);
  change->trigger();
  auto* dialog = user.window().findChild<ShortcutsDialog*>();
  ASSERT_TRUE(dialog && dialog->isVisible());
  const auto enter = [&](QAction* of, const QKeySequence& keys) {
    dialog->editorOf(of)->setKeySequence(keys);
    emit dialog->editorOf(of)->editingFinished();
  };
  enter(group, QKeySequence("Ctrl+S"));
  EXPECT_EQ(group->shortcut(), QKeySequence("Ctrl+G")) << "saving keeps its keys";
  EXPECT_EQ(dialog->editorOf(group)->keySequence(), QKeySequence("Ctrl+G"));
  enter(group, QKeySequence("Ctrl+J"));
  EXPECT_EQ(group->shortcut(), QKeySequence("Ctrl+J"));
  dialog->close();
  user.window().activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&user.window()));

  const NodeId norm = user.add(user.at({0, 0}), "RMS norm");
  user.select(norm);
  user.shortcut(Qt::Key_J, Qt::ControlModifier);
  EXPECT_NE(user.find("structure.group"), 0);

  MainWindow second({user.path("journals2"), user.path("runs2")});
  EXPECT_EQ(action(second, "Group")->shortcut(), QKeySequence("Ctrl+J")) << "kept in the settings";
  QSettings().clear();
}

}  // namespace
}  // namespace fw
