// The trade-off panel: a data sheet, this machine with its bars, memory, and trained models that are opened and
// compared.
#include <gtest/gtest.h>

#include <QApplication>
#include <QPushButton>
#include <QTabBar>

#include "app/diff_window.h"
#include "app/main_window.h"
#include "driver.h"
#include "engine/exec/backend.h"
#include "engine/presets/preset.h"
#include "engine/workbench/calibration.h"
#include "tests/support/temporary_folder.h"
#include "widgets/forms/choice_field.h"

namespace fw {
namespace {

void choose(ui::TradeOffPanel& panel, const QString& analysis) {
  panel.analysisField()->setChoice(analysis);
  emit panel.analysisField()->chosen(analysis);
}

TEST(TradeOffPanel, RooflineOfADataSheetAndStaleAfterAnEdit) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  TradeOffController& tradeOff = user.window().tradeOff();
  EXPECT_EQ(tradeOff.state().panel.phase, ui::PanelPhase::Empty);
  tradeOff.setOption("on", std::string("h100"));
  user.shortcut(Qt::Key_F6, Qt::ControlModifier);
  const auto isReady = [&] { return tradeOff.state().panel.phase == ui::PanelPhase::Ready; };
  ASSERT_TRUE(user.waitFor(isReady, 60000));
  ui::TradeOffPanel& panel = user.window().tradeOffPanel();
  EXPECT_TRUE(panel.isVisible());
  EXPECT_TRUE(panel.scatter()->isVisible());
  EXPECT_GT(panel.scatter()->data().points.size(), 5u);
  EXPECT_EQ(panel.scatter()->data().lines.size(), 1u);
  EXPECT_TRUE(tradeOff.state().recipe.contains("H100 SXM 80 GB")) << tradeOff.state().recipe.toStdString();
  EXPECT_FALSE(tradeOff.state().warning.isEmpty());
  // A point is found where it is drawn.
  const int index = panel.scatter()->pointAt(panel.scatter()->positionOf(0));
  ASSERT_GE(index, 0);
  for (const char* analysis : {"memory", "latency"}) {
    choose(panel, analysis);
    EXPECT_EQ(tradeOff.state().panel.phase, ui::PanelPhase::Empty);
    tradeOff.setOption("on", std::string("t4"));
    user.click(panel.computeButton());
    ASSERT_TRUE(user.waitFor(isReady, 60000)) << analysis;
  }
  EXPECT_TRUE(panel.bars()->isVisible());
  user.select(user.find("attention.multi_head"));
  user.setParam("heads", "1");
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_EQ(tradeOff.state().panel.phase, ui::PanelPhase::Stale);
  EXPECT_FALSE(tradeOff.state().results.empty());
}

TEST(TradeOffPanel, TrainedModelsAreOpenedAndCompared) {
  const TemporaryFolder folder;
  for (const int64_t steps : {1, 3}) {
    TrainCall call;
    call.architecture = std::make_shared<const Architecture>(findPreset("attention-recall")->make(catalog()));
    call.options.taskOptions = {{"length", int64_t(16)}};
    call.options.steps = steps;
    call.options.batch = 4;
    call.out = folder / ("run" + std::to_string(steps));
    train(call);
  }
  // This machine as if it had been measured: the real measurement has a test of its own.
  qputenv("XDG_CACHE_HOME", QByteArray::fromStdString(folder / "cache"));
  const DeviceInfo info = makeBackend("cpu")->info();
  saveCalibration({.device = "cpu", .name = info.name, .threads = info.threads, .roofs = {1e11, 1e10, 1e-6}},
                  calibrationFile("cpu"));
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  TradeOffController& tradeOff = user.window().tradeOff();
  ui::TradeOffPanel& panel = user.window().tradeOffPanel();
  choose(panel, "pareto");
  tradeOff.setFolder(QString::fromStdString(folder.path()));
  user.shortcut(Qt::Key_F6, Qt::ControlModifier);
  ASSERT_TRUE(user.waitFor([&] { return tradeOff.state().panel.phase == ui::PanelPhase::Ready; }, 60000))
      << tradeOff.state().panel.text.toStdString();
  ASSERT_EQ(tradeOff.state().results.size(), 5u);  // four costs and the parallel axes
  EXPECT_FALSE(panel.openButton()->isEnabled());
  emit panel.scatter()->pointClicked(0);
  EXPECT_TRUE(panel.openButton()->isEnabled());
  user.click(panel.compareButton());
  EXPECT_TRUE(user.waitFor(
      [&] {
        for (QWidget* each : QApplication::topLevelWidgets())
          if (qobject_cast<DiffWindow*>(each)) return true;
        return user.window().findChild<DiffWindow*>() != nullptr;
      },
      20000));
  for (QWidget* each : QApplication::topLevelWidgets())
    if (qobject_cast<DiffWindow*>(each)) each->close();
  const int tabs = user.window().tabs().count();
  emit panel.scatter()->pointClicked(1);
  user.click(panel.openButton());
  EXPECT_EQ(user.window().tabs().count(), tabs + 1);
  qunsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace fw
