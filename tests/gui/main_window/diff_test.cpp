// Two models side by side: what differs is coloured, listed and found on both canvases.
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QRegularExpression>
#include <QTableWidget>

#include "app/diff_window.h"
#include "driver.h"
#include "widgets/theme.h"

namespace fw {
namespace {

struct Diff : testing::Test {
  DiffWindow* compare() {
    for (QAction* action : user.window().findChildren<QAction*>())
      if (QString(action->text()).remove('&') == "Compare with the saved version") action->trigger();
    DiffWindow* found = nullptr;
    constexpr int kPatience = 40000;  // both models are evaluated
    WindowDriver::waitFor(
        [&] {
          found = user.window().findChild<DiffWindow*>();
          return found && found->isVisible();
        },
        kPatience);
    return found;
  }
  QColor heat(DiffWindow& window, bool isAfter, NodeId node) {
    const ui::CanvasGeometry& geometry = window.canvas(isAfter).geometry();
    const int slot = geometry.slotOf(node);
    return slot < 0 ? QColor(Qt::black) : geometry.item(slot).heat;
  }
  WindowDriver user;
};

TEST_F(Diff, WhatDiffersIsShownOnBothSides) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  const NodeId attention = user.find("attention.multi_head"), head = user.find("head.language_model");
  NodeId added = 0;
  ASSERT_TRUE(user.window().document().edit("Change", {}, [&](Editor& editor) {
    editor.setParam(attention, "heads", int64_t(8));
    added = editor.addNode({}, "norm.rms", {0, 400}, {}, "extra");
  }));
  DiffWindow* window = compare();
  ASSERT_TRUE(window);
  const ui::Theme& theme = ui::Theme::of(window);
  EXPECT_EQ(heat(*window, false, attention), theme.warning);
  EXPECT_EQ(heat(*window, true, attention), theme.warning);
  EXPECT_EQ(heat(*window, true, added), theme.good);
  EXPECT_LT(window->canvas(false).geometry().slotOf(added), 0);
  if (head != 0) {
    EXPECT_FALSE(heat(*window, true, head).isValid());
  }

  QTableWidget* table = window->table();
  ASSERT_EQ(table->rowCount(), int(window->entries().size()));
  int row = -1;
  for (int i = 0; i < table->rowCount(); ++i)
    if (table->item(i, 1)->text() == "heads") row = i;
  ASSERT_GE(row, 0);
  EXPECT_EQ(table->item(row, 4)->text(), "8");
  QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualItemRect(table->item(row, 0)).center());
  EXPECT_EQ(window->canvas(true).selection(), std::vector<ui::ItemId>{attention});
  EXPECT_EQ(window->canvas(false).selection(), std::vector<ui::ItemId>{attention});

  // One camera for both.
  window->canvas(true).setCamera({0.7f, ui::Vec(11, 23)});
  EXPECT_EQ(window->canvas(false).camera(), (ui::Camera{0.7f, ui::Vec(11, 23)}));
  window->canvas(false).setCamera({0.5f, ui::Vec(-40, 5)});
  EXPECT_EQ(window->canvas(true).camera(), (ui::Camera{0.5f, ui::Vec(-40, 5)}));
  window->close();
}

TEST_F(Diff, TrainedModelsAreComparedByWhatTheyCan) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  TrainingController& training = user.window().training();
  const auto train = [&] {
    ASSERT_TRUE(user.waitForCheck());
    training.setup.steps = 3;
    training.setup.batch = 4;
    bool isDone = false;
    const auto connection = QObject::connect(&training, &TrainingController::finished, [&] { isDone = true; });
    training.start();
    ASSERT_TRUE(WindowDriver::waitFor([&] { return isDone; }, 30000));
    QObject::disconnect(connection);
  };
  train();
  const auto figureOf = [](DiffWindow& window, const QString& title) {
    for (const DiffWindow::Figure& figure : window.figures())
      if (figure.title == title) return figure;
    return DiffWindow::Figure{};
  };
  const NodeId attention = user.find("attention.multi_head");
  ASSERT_TRUE(user.window().document().edit("Change", {},
                                            [&](Editor& editor) { editor.setParam(attention, "heads", int64_t(8)); }));
  ASSERT_TRUE(user.waitForCheck());
  DiffWindow* window = compare();
  ASSERT_TRUE(window);
  EXPECT_TRUE(figureOf(*window, "Accuracy").before.endsWith("%"));
  EXPECT_EQ(figureOf(*window, "Accuracy").after, "not trained");
  EXPECT_TRUE(figureOf(*window, "Accuracy").change.isEmpty());
  window->close();
  QTest::qWait(20);
  train();
  window = compare();
  ASSERT_TRUE(window);
  const auto number = [](const QString& percent) {
    return QString(percent).remove(QRegularExpression("[^0-9.]")).toDouble();
  };
  const DiffWindow::Figure accuracy = figureOf(*window, "Accuracy");
  // The same evaluation by hand.
  const auto value = [&](const ArchitecturePtr& model) {
    const Evaluation result = evaluate(*model, openModel(training.runOf(*model).toStdString()).weights,
                                       training.setup.task, training.setup.taskOptions, 1, 8, 32);
    return 100 * result.measures.at("accuracy");
  };
  EXPECT_NEAR(number(accuracy.before), value(user.window().document().history().entries().front().snapshot), 0.06);
  EXPECT_NEAR(number(accuracy.after), value(user.window().document().current()), 0.06);
  EXPECT_FALSE(figureOf(*window, "Parameters").before.isEmpty());
  EXPECT_FALSE(figureOf(*window, "FLOPs").before.isEmpty());
  window->close();
}

TEST_F(Diff, EqualModelsAreSaidToBeEqual) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  DiffWindow* window = compare();
  ASSERT_TRUE(window);
  EXPECT_EQ(window->summary(), "The two mean the same.");
  EXPECT_EQ(window->table()->rowCount(), 0);
  window->close();
}

}  // namespace
}  // namespace fw
