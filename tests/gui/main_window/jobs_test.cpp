// Jobs off the interface thread: the latest wins, and none outlives what it works on.
#include <gtest/gtest.h>

#include <QCoreApplication>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "app/job_runner.h"
#include "driver.h"

namespace fw {
namespace {

void waitForStop(const CancelToken& cancel) {
  while (!cancel.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Jobs, TheLatestOfAKeyWinsAndTheOthersResultIsDropped) {
  JobRunner jobs;
  std::vector<int> delivered;
  const auto job = [&](int number, bool waits) {
    return [&, number, waits](const CancelToken& cancel, const Progress&) -> JobRunner::Deliver {
      if (waits) waitForStop(cancel);
      return [&, number] { delivered.push_back(number); };
    };
  };
  jobs.start("key", "first", job(1, true), {});
  jobs.start("other", "third", job(3, false), {});
  jobs.start("key", "second", job(2, false), {});
  EXPECT_TRUE(WindowDriver::waitFor([&] { return delivered.size() == 2; }));
  QCoreApplication::processEvents();
  std::sort(delivered.begin(), delivered.end());
  EXPECT_EQ(delivered, (std::vector<int>{2, 3}));
  EXPECT_FALSE(jobs.isRunning("key"));
}

TEST(Jobs, StoppingWaitsForTheWorkAndDeliversNothing) {
  JobRunner jobs;
  std::atomic<int> ended = 0;
  bool isDelivered = false;
  const auto work = [&](const CancelToken& cancel, const Progress& progress) -> JobRunner::Deliver {
    waitForStop(cancel);
    progress.report(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++ended;
    return [&] { isDelivered = true; };
  };
  jobs.start("key", "replaced", work, {});
  jobs.start("key", "running", work, {});
  jobs.stop();
  EXPECT_EQ(ended, 2);
  EXPECT_FALSE(jobs.isRunning("key"));
  QCoreApplication::processEvents();
  EXPECT_FALSE(isDelivered);
}

/// The trainer reports to a controller that goes with the window.
TEST(Jobs, TheWindowMayGoWhileItTrains) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  user.window().training().start();
  EXPECT_TRUE(WindowDriver::waitFor([&] { return !user.window().training().state().steps.empty(); }, 60'000));
}

}  // namespace
}  // namespace fw
