// The watch over the window's thread: what it counts and what it does not.
#include "../watchdog.h"

#include <gtest/gtest.h>

#include <QDialog>
#include <QElapsedTimer>
#include <QTest>
#include <QTimer>
#include <functional>
#include <thread>

namespace fw {
namespace {

void work(int milliseconds) {
  QElapsedTimer clock;
  clock.start();
  volatile double sum = 0;
  while (clock.elapsed() < milliseconds) sum = sum + 1;
}

size_t blocksOf(const std::function<void()>& inEvent) {
  auto* app = static_cast<WatchedApplication*>(qApp);
  EXPECT_TRUE(app->takeBlocks().empty());
  bool isDone = false;
  QTimer::singleShot(0, qApp, [&] {
    inEvent();
    isDone = true;
  });
  while (!isDone) QTest::qWait(5);
  return app->takeBlocks().size();
}

TEST(Watchdog, CountsWorkAndWaitingButNoIdleDialog) {
#ifdef NDEBUG
  EXPECT_EQ(blocksOf([] { work(400); }), 1u);
  EXPECT_EQ(blocksOf([] { std::this_thread::sleep_for(std::chrono::milliseconds(400)); }), 1u);
#endif
  EXPECT_EQ(blocksOf([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }), 0u);
  EXPECT_EQ(blocksOf([] {
              QDialog dialog;
              QTimer::singleShot(300, &dialog, &QDialog::reject);
              dialog.exec();
            }),
            0u);
}

}  // namespace
}  // namespace fw
