// One whole piece of work by mouse: a template, the attention of its layers (and an
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
    QStringList figures;
    for (const DiffWindow::Figure& figure : diff->figures()) figures << figure.title;
    EXPECT_TRUE(figures.contains("Parameters") && figures.contains("FLOPs")) << figures.join(", ").toStdString();
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

}  // namespace
}  // namespace fw
