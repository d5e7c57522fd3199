// Docks of the window: titles, and what the status line says of devices.
#include <gtest/gtest.h>

#include <QDockWidget>
#include <QTabBar>

#include "app/device_text.h"
#include "driver.h"

namespace fw {
namespace {

TEST(Docks, ATabbedDockShowsItsTitleOnItsTabAlone) {
  WindowDriver user;
  user.create();
  const auto dock = [&](const char* name) { return user.window().findChild<QDockWidget*>(name); };
  const auto barHeight = [](QDockWidget* each) {
    return each->titleBarWidget() ? each->titleBarWidget()->height() : 28;
  };
  ASSERT_TRUE(WindowDriver::waitFor([&] { return dock("TrainingDock")->titleBarWidget() != nullptr; }));
  for (const char* name :
       {"TrainingDock", "ProblemsDock", "JobsDock", "GenerateDock", "SimilarityDock", "MeasuresDock", "TextDock"})
    EXPECT_EQ(barHeight(dock(name)), 0) << name;
  for (const char* name : {"PaletteDock", "InspectorDock", "HistoryDock"})
    EXPECT_FALSE(dock(name)->titleBarWidget()) << name;
  QStringList tabs;
  for (const QTabBar* bar : user.window().findChildren<QTabBar*>())
    for (int i = 0; i < bar->count(); ++i) tabs << bar->tabText(i);
  EXPECT_TRUE(tabs.contains("Training"));

  // Alone in its place it has its bar back.
  dock("JobsDock")->setFloating(true);
  dock("ProblemsDock")->hide();
  dock("GenerateDock")->hide();
  EXPECT_TRUE(WindowDriver::waitFor(
      [&] { return !dock("JobsDock")->titleBarWidget() && !dock("TrainingDock")->titleBarWidget(); }));
}

TEST(Docks, TheStatusLineSaysWhatADeviceHas) {
  const int64_t gigabyte = int64_t(1) << 30;
  EXPECT_EQ(deviceText({.id = "cpu", .name = "Xeon", .memoryBytes = 8 * gigabyte, .threads = 2}).left(16),
            "Xeon, 2 threads,");
  const QString gpu = deviceText({.id = "cuda:0", .name = "NVIDIA H100", .memoryBytes = 80 * gigabyte});
  EXPECT_FALSE(gpu.contains("thread")) << gpu.toStdString();
  EXPECT_TRUE(gpu.startsWith("NVIDIA H100, ") && gpu.endsWith("free")) << gpu.toStdString();
  EXPECT_EQ(deviceText({.id = "cuda", .name = "CUDA", .absence = "no device found"}), "CUDA: no device found");
}

}  // namespace
}  // namespace fw
