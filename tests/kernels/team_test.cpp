// The threads' loop: every task once, a thread's number is its own, loops inside tasks, teams that slept.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "kernels/launch.h"

namespace fw::kernels {
namespace {

TEST(Team, DoesEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 5, 40})
    for (const int64_t count : {0, 1, 2, 3, 5, 31, 32, 33, 40, 1000}) {
      std::vector<int> times(size_t(count), 0);
      for (int repeat = 0; repeat < 50; ++repeat)
        parallelTasks({threads}, count, [&](int64_t task, int) { ++times[size_t(task)]; });
      for (const int each : times) ASSERT_EQ(each, 50) << count << " tasks on " << threads << " threads";
    }
}

TEST(Team, CutsRangesIntoChunks) {
  for (const int threads : {1, 3})
    for (const int64_t grain : {-1, 1, 7, 100, 1000}) {
      std::vector<int> times(100, 0);
      std::atomic<int> chunks = 0;
      parallelFor({threads}, 100, grain, [&](int64_t begin, int64_t end) {
        ++chunks;
        for (int64_t i = begin; i < end; ++i) ++times[size_t(i)];
      });
      EXPECT_EQ(times, std::vector<int>(100, 1));
      const int64_t each = grain < 1 ? 1 : grain;
      EXPECT_EQ(chunks, (100 + each - 1) / each);
    }
}

TEST(Team, NobodySharesAThreadsNumber) {
  constexpr int threads = 4;
  std::vector<std::atomic<int>> inside(threads);
  std::atomic<bool> isShared = false;
  for (const int64_t count : {3, 4, 500})
    parallelTasks({threads}, count, [&](int64_t, int thread) {
      if (thread < 0 || thread >= threads || inside[size_t(thread)].fetch_add(1) != 0) isShared = true;
      std::this_thread::yield();
      inside[size_t(thread)].fetch_sub(1);
    });
  EXPECT_FALSE(isShared);
}

TEST(Team, IsAPlainLoopInsideATask) {
  std::atomic<int> sum = 0, others = 0;
  parallelTasks({3}, 10, [&](int64_t, int) {
    parallelTasks({3}, 10, [&](int64_t task, int thread) {
      sum += int(task);
      others += thread != 0;
    });
  });
  EXPECT_EQ(sum, 450);
  EXPECT_EQ(others, 0);
}

TEST(Team, WakesAfterItSlept) {
  int64_t sum = 0;
  for (int pause = 0; pause < 5; ++pause) {
    std::vector<int64_t> parts(64, 0);
    parallelTasks({3}, 64, [&](int64_t task, int) { parts[size_t(task)] = task; });
    for (const int64_t part : parts) sum += part;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(sum, 5 * 63 * 32);
}

TEST(Team, EveryCallerHasItsOwn) {
  std::atomic<int64_t> sum = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat) parallelTasks({2}, 5, [&](int64_t task, int) { sum += task; });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 200 * 10);
}

}  // namespace
}  // namespace fw::kernels
