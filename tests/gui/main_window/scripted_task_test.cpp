// One whole piece of work, once by mouse and once by keyboard alone: a template, the attention of its layers (and an
// MLP, three layers in all) replaced by a state space model, trained on recall, compared, exported.
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QContextMenuEvent>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFile>
#include <QJsonDocument>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QTableWidget>

#include "app/diff_window.h"
#include "driver.h"
#include "engine/arch/document_file.h"
#include "widgets/canvas/search_palette.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/run_bar.h"

namespace fw {
namespace {

struct ScriptedTask : testing::Test {
  const Node& repeat() { return *findNode(user.model(), user.find("structure.repeat")); }
  std::string letters() {
    const BlockDef& block = *catalog().find(repeat().block);
    std::string all;
    for (int64_t i = 0; i < layerCount(repeat(), block, user.model().variables).value_or(0); ++i)
      all += layerBody(repeat(), block, i);
    return all;
  }
  DiffWindow* shownDiff() {
    DiffWindow* found = nullptr;
    WindowDriver::waitFor([&] {
      found = user.window().findChild<DiffWindow*>();
      return found && found->isVisible();
    });
    return found;
  }
  void expectDiff(DiffWindow* diff) {
    ASSERT_TRUE(diff);
    QStringList changed;
    for (int i = 0; i < diff->table()->rowCount(); ++i) changed << diff->table()->item(i, 1)->text();
    EXPECT_TRUE(changed.contains("pattern")) << changed.join(", ").toStdString();
    EXPECT_TRUE(diff->summary().contains("parameters")) << diff->summary().toStdString();
    diff->close();
  }
  bool waitForTraining() {
    return WindowDriver::waitFor([&] { return user.window().training().runState().phase == ui::RunPhase::Idle; },
                                 120000) &&
           user.window().training().state().loss.size() == 6;
  }
  void giveName(QWidget* dialog, const QString& path) {
    auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
    ASSERT_TRUE(name);
    name->setText(path);
    QTest::keyClick(name, Qt::Key_Return);
  }
  void expectExport(const QString& path) {
    ASSERT_TRUE(WindowDriver::waitFor([&] { return QFile::exists(path) && QFile(path).size() > 0; }, 20000));
    ASSERT_TRUE(WindowDriver::waitFor([&] { return user.window().jobs().entries().empty(); }));
    EXPECT_EQ(structuralHash(loadDocument(path.toStdString())), structuralHash(user.model()));
  }
  WindowDriver user;
};

/// The action with these words of an open menu, clicked.
void choose(WindowDriver& user, QMenu* menu, const QString& words) {
  ASSERT_TRUE(menu);
  for (QAction* action : menu->actions())
    if (QString(action->text()).remove('&').startsWith(words)) {
      user.click(menu, menu->actionGeometry(action).center());
      return;
    }
  FAIL() << words.toStdString();
}

/// The menu of the menu bar with this title, opened by a click.
QMenu* openMenu(WindowDriver& user, const QString& title) {
  QMenuBar* bar = user.window().menuBar();
  for (QAction* action : bar->actions())
    if (QString(action->text()).remove('&') == title) {
      user.click(bar, bar->actionGeometry(action).center());
      return action->menu();
    }
  return nullptr;
}

TEST_F(ScriptedTask, ByMouse) {
  // A template of the start page: a stack of M M * - twice.
  for (QWidget* card : user.window().startPage().cards())
    if (card->accessibleName().contains("Hybrid")) {
      user.click(card);
      break;
    }
  ASSERT_TRUE(user.window().document().isOpen());
  ASSERT_TRUE(user.waitForCheck());
  user.rest();
  const std::string before = letters();
  ASSERT_EQ(before.find_first_not_of("M*-"), std::string::npos) << before;
  ASSERT_GE(std::count(before.begin(), before.end(), '*'), 2);

  // The first Mamba layer, painted over three layers: the strip's menu does one at a time.
  std::vector<int> targets;
  for (size_t i = 0; i < before.size() && targets.size() < 3; ++i)
    if (before[i] != 'M') targets.push_back(int(i));
  for (const int target : targets) {
    const ui::CanvasGeometry& geometry = user.canvas().geometry();
    const QPoint at = user.at(geometry.frame(geometry.slotOf(repeat().id))->cell(target).center());
    QContextMenuEvent asked(QContextMenuEvent::Mouse, at, user.canvas().mapToGlobal(at));
    QApplication::sendEvent(&user.canvas(), &asked);
    auto* menu = user.window().findChild<QMenu*>("canvasMenu");
    ASSERT_TRUE(menu);
    QMenu* kinds = nullptr;
    for (QAction* action : menu->actions())
      if (QString(action->text()).remove('&').startsWith("Kind of layer")) {
        user.click(menu, menu->actionGeometry(action).center());
        kinds = action->menu();
      }
    ASSERT_TRUE(kinds && WindowDriver::waitFor([&] { return kinds->isVisible(); }));
    choose(user, kinds, "M");
    if (menu) menu->close();
    ASSERT_TRUE(WindowDriver::waitFor([&] { return letters()[size_t(target)] == 'M'; })) << letters();
    ASSERT_TRUE(WindowDriver::waitFor([] { return !QApplication::activePopupWidget(); }));
    QTest::qWait(20);  // the menu is deleted
  }
  ASSERT_TRUE(user.waitForCheck());

  user.type(user.window().runBar().stepsField(), "6");
  ASSERT_TRUE(user.press(&user.window().runBar(), "Train"));
  ASSERT_TRUE(waitForTraining());

  choose(user, openMenu(user, "File"), "Compare with the saved version");
  expectDiff(shownDiff());
  user.window().activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&user.window()));

  const QString path = user.path("made.fw.json");
  QMenu* file = openMenu(user, "File");
  ASSERT_TRUE(file);
  QMenu* formats = nullptr;
  for (QAction* action : file->actions())
    if (QString(action->text()).remove('&') == "Export") {
      user.click(file, file->actionGeometry(action).center());
      formats = action->menu();
    }
  ASSERT_TRUE(formats && WindowDriver::waitFor([&] { return formats->isVisible(); }));
  ASSERT_TRUE(
      user.inDialog([&] { choose(user, formats, "Formwright"); }, [&](QWidget* dialog) { giveName(dialog, path); }));
  expectExport(path);
}

TEST_F(ScriptedTask, ByKeyboardAlone) {
  const auto press = [](int key, Qt::KeyboardModifiers modifiers = {}) {
    QWidget* to = QApplication::activePopupWidget();
    if (!to) to = QApplication::focusWidget();
    ASSERT_TRUE(to) << "nothing has the focus";
    QTest::keyClick(to, Qt::Key(key), modifiers);
  };
  // A command of the window by its words.
  const auto command = [&](const QString& words) {
    press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    auto* query = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    ASSERT_TRUE(query) << "the list of commands is not open";
    QTest::keyClicks(query, words);
    QTest::keyClick(query, Qt::Key_Return);
  };
  // To the template's card by Tab.
  user.window().setFocus();
  bool isThere = false;
  for (int i = 0; i < 40 && !isThere; ++i) {
    press(Qt::Key_Tab);
    const QWidget* focus = QApplication::focusWidget();
    isThere = focus && focus->accessibleName().contains("Hybrid");
  }
  ASSERT_TRUE(isThere);
  press(Qt::Key_Space);
  ASSERT_TRUE(user.window().document().isOpen());
  ASSERT_TRUE(user.waitForCheck());
  const std::string before = letters();

  // To the Repeat by the arrows, to the field of its pattern by Tab.
  const NodeId repeatId = repeat().id;
  ASSERT_EQ(QApplication::focusWidget(), &user.canvas());
  for (int i = 0; i < 40 && user.canvas().selection() != std::vector<ui::ItemId>{repeatId}; ++i) press(Qt::Key_Right);
  ASSERT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{repeatId});
  const auto field = [&] { return user.window().inspector().form()->editor("pattern"); };
  ASSERT_TRUE(field());
  press(Qt::Key_Backtab, Qt::ShiftModifier);  // out of the canvas, where Tab adds a block
  QStringList way;
  for (int i = 0; i < 120 && QApplication::focusWidget() != field(); ++i) {
    press(Qt::Key_Backtab, Qt::ShiftModifier);
    way << QApplication::focusWidget()->accessibleName();
  }
  ASSERT_EQ(QApplication::focusWidget(), field()) << way.mid(0, 40).join(", ").toStdString();
  std::string wanted = before;
  int changed = 0;
  for (char& letter : wanted)
    if (letter != 'M' && changed < 3) letter = 'M', ++changed;
  press(Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(field(), QString::fromStdString(wanted));
  press(Qt::Key_Return);
  EXPECT_EQ(letters(), wanted);
  ASSERT_TRUE(user.waitForCheck());

  QWidget* steps = user.window().runBar().stepsField();
  for (int i = 0; i < 200 && QApplication::focusWidget() != steps; ++i) press(Qt::Key_Backtab, Qt::ShiftModifier);
  ASSERT_EQ(QApplication::focusWidget(), steps);
  press(Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(steps, "6");
  press(Qt::Key_Return);
  press(Qt::Key_F5);
  ASSERT_TRUE(waitForTraining());

  command("Compare with the saved version");
  DiffWindow* diff = shownDiff();
  expectDiff(diff);
  user.window().activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&user.window()));

  const QString path = user.path("made.fw.json");
  ASSERT_TRUE(user.inDialog([&] { command("Formwright document"); }, [&](QWidget* dialog) { giveName(dialog, path); }));
  expectExport(path);
}

}  // namespace
}  // namespace fw
