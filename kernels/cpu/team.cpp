// A team of threads for loops that take microseconds. One word says which job is on and what is left of it; whoever
// changes it has claimed a task. The caller claims like the others and waits only for tasks that were begun: a library
// whose loops end with a barrier would wait, on a busy machine, until every thread has had its turn.
#include "kernels/cpu/team.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

namespace fw::kernels {
namespace {

constexpr int64_t kMostTasks = int64_t(1) << 30;  // of a job
constexpr int kMostDealt = 32;                    // tasks that a word has bits for
constexpr int kSpins = 4096;                      // some hundred microseconds: a loop often follows soon
constexpr int kSpinsToEnd = 1024;                 // for a task that another thread is at

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Asks for a line of the cache to be written to.
void claimLine(const void* line) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 1);
#endif
}

class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() {
    isEnding_.store(true);
    publish(0);
    wake();
    for (std::thread& worker : workers_) worker.join();
  }

  void run(int threads, int64_t count, TeamWork work, const void* context) {
    grow(threads - 1);
    const bool isDealt = count <= std::min(threads, kMostDealt);
    work_.store(work, std::memory_order_relaxed);
    context_.store(context, std::memory_order_relaxed);
    count_.store(count, std::memory_order_relaxed);
    threads_.store(threads, std::memory_order_relaxed);
    isDealt_.store(isDealt, std::memory_order_relaxed);
    const int64_t before = finished_.load(std::memory_order_relaxed);
    publish(isDealt ? uint32_t((uint64_t(1) << count) - 2) : uint32_t(count - 1));  // without the caller's first task
    const bool someSlept = sleepers_.load(std::memory_order_relaxed) > 0;
    if (someSlept) wake();
    work(context, 0, 0);
    if (!someSlept) wake();  // who fell asleep just then
    const int64_t mine = 1 + takePart(epoch_, 0);
    for (int spins = 0; finished_.load(std::memory_order_acquire) - before + mine < count;) {
      if (++spins < kSpinsToEnd) {
        pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  static uint32_t epochOf(uint64_t word) { return uint32_t(word >> 32); }
  static uint32_t leftOf(uint64_t word) { return uint32_t(word); }

  /// As many threads beside the caller as there can be: without them the caller does all.
  void grow(int count) {
    try {
      while (int(workers_.size()) < count) {
        const int thread = int(workers_.size()) + 1;
        workers_.emplace_back([this, thread, seen = epoch_] { serve(thread, seen); });
      }
    } catch (const std::system_error&) {
    }
  }

  /// Puts a job on. Who is awake sees it soon: nobody waits for the word to get there.
  void publish(uint32_t left) { word_.store(uint64_t(++epoch_) << 32 | left, std::memory_order_release); }

  void wake() {
    if (sleepers_.fetch_add(0) == 0) return;  // a change of nothing: who counts itself a sleeper later sees the word
    alarm_.fetch_add(1);
    alarm_.notify_all();
  }

  void serve(int thread, uint32_t seen) {
    for (;;) {
      seen = awaitAfter(seen, threads_.load(std::memory_order_relaxed) == 2);
      if (isEnding_.load()) return;
      if (thread >= threads_.load(std::memory_order_relaxed)) continue;
      const int64_t done = takePart(seen, thread);
      if (done > 0) finished_.fetch_add(done, std::memory_order_release);
    }
  }

  /// The next epoch after `seen`; isAlone: nobody else waits.
  uint32_t awaitAfter(uint32_t seen, bool isAlone) {
    for (int spins = 0; spins < kSpins; ++spins) {
      if (isAlone) claimLine(&word_);  // with others the line would never rest
      const uint32_t epoch = epochOf(word_.load(std::memory_order_acquire));
      if (epoch != seen) return epoch;
      pause();
    }
    // Who has counted itself a sleeper is woken by a job published later, and sees one published earlier.
    for (;;) {
      const uint32_t alarm = alarm_.load();
      sleepers_.fetch_add(1);
      const uint32_t epoch = epochOf(word_.load());
      if (epoch == seen) alarm_.wait(alarm);
      sleepers_.fetch_sub(1);
      if (epoch != seen) return epoch;
    }
  }

  /// Does tasks of a job until none is left; how many. What a job is may be read before a claim: while a task is left
  /// to be claimed nobody changes it, and a claim succeeds only while the job is on.
  int64_t takePart(uint32_t epoch, int thread) {
    int64_t done = 0;
    uint64_t word = word_.load(std::memory_order_acquire);
    while (epochOf(word) == epoch && leftOf(word) > 0) {
      const TeamWork work = work_.load(std::memory_order_relaxed);
      const void* context = context_.load(std::memory_order_relaxed);
      const uint32_t left = leftOf(word);
      int64_t task = count_.load(std::memory_order_relaxed) - left;
      uint64_t claimed = word - 1;
      if (isDealt_.load(std::memory_order_relaxed)) {
        const bool isFree = thread < kMostDealt && (left >> thread & 1) != 0;
        task = isFree ? thread : 31 - std::countl_zero(left);
        claimed = word & ~(uint64_t(1) << task);
      }
      __builtin_prefetch(context);
      if (!word_.compare_exchange_weak(word, claimed, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      if (thread != 0) claimLine(&finished_);
      work(context, task, thread);
      ++done;
      word = word_.load(std::memory_order_acquire);
    }
    return done;
  }

  // One line of the cache: who sees a new word has the job as well.
  alignas(64) std::atomic<uint64_t> word_ = 0;  // epoch, and what is left: a number of tasks, or one bit each if dealt
  std::atomic<TeamWork> work_ = nullptr;
  std::atomic<const void*> context_ = nullptr;
  std::atomic<int64_t> count_ = 0;
  std::atomic<int> threads_ = 0;
  std::atomic<bool> isDealt_ = false, isEnding_ = false;
  alignas(64) std::atomic<int64_t> finished_ = 0;  // by others than the caller
  alignas(64) std::atomic<uint32_t> sleepers_ = 0, alarm_ = 0;
  uint32_t epoch_ = 0;
  std::vector<std::thread> workers_;
};

/// The calling thread's team, and whether it is at a task.
struct Caller {
  std::unique_ptr<Team> team;
  bool isBusy = false;
};

Caller& caller() {
  thread_local Caller caller;
  return caller;
}

}  // namespace

void runByTeam(int threads, int64_t count, TeamWork work, const void* context) {
  Caller& self = caller();
  if (threads <= 1 || count <= 1 || self.isBusy) {
    for (int64_t task = 0; task < count; ++task) work(context, task, 0);
    return;
  }
  if (self.team == nullptr) self.team = std::make_unique<Team>();
  self.isBusy = true;
  if (count <= kMostTasks) {
    self.team->run(threads, count, work, context);
  } else {
    for (int64_t first = 0; first < count; first += kMostTasks) {
      struct Slice {
        TeamWork work;
        const void* context;
        int64_t first;
      } slice = {work, context, first};
      self.team->run(
          threads, std::min(kMostTasks, count - first),
          [](const void* of, int64_t task, int thread) {
            const Slice& all = *static_cast<const Slice*>(of);
            all.work(all.context, all.first + task, thread);
          },
          &slice);
    }
  }
  self.isBusy = false;
}

}  // namespace fw::kernels
