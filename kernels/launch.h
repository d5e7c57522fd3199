// How a kernel is started: the device's kernels, the number of threads of the CPU, and its one parallel loop.
#pragma once

#include <omp.h>

#include <cstdint>
#ifdef __SANITIZE_THREAD__
#include <atomic>
#include <thread>
#include <vector>
#endif

namespace fw::kernels {

struct Kernels;
struct Device;

struct Launch {
  int threads = 1;
  const Kernels* kernels = nullptr;  // see kernels/kernels.h
  Device* device = nullptr;          // whose memory the pointers are, see kernels/cuda/device.h; null: the CPU's

  /// Whether tensors can be read here and now.
  bool isHost() const { return device == nullptr; }
};

/// Calls body(begin, end) for consecutive chunks of `grain` that cover [0, count). Chunks depend on sizes alone, never
/// on the number of threads, so that results are the same bits for any number.
template <class Body>
void parallelFor(const Launch& launch, int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  const int64_t chunks = (count + grain - 1) / grain;
  if (launch.threads <= 1 || chunks == 1) {
    for (int64_t begin = 0; begin < count; begin += grain) body(begin, begin + grain < count ? begin + grain : count);
    return;
  }
#ifdef __SANITIZE_THREAD__
  // The thread sanitizer does not see the barriers of libgomp, but those of std::thread.
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t chunk; (chunk = next++) < chunks;)
      body(chunk * grain, chunk * grain + grain < count ? chunk * grain + grain : count);
  };
  std::vector<std::thread> team;
  for (int i = 0; i < launch.threads; ++i) team.emplace_back(work);
  for (std::thread& thread : team) thread.join();
#else
#pragma omp parallel for schedule(dynamic, 1) num_threads(launch.threads)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * grain;
    body(begin, begin + grain < count ? begin + grain : count);
  }
#endif
}

/// Calls body(task, thread) once for each task in [0, count), thread being in [0, launch.threads): for loops whose
/// threads own scratch memory. Few tasks are dealt out the same way each time, which finds data in the caches it was
/// left in.
template <class Body>
void parallelTasks(const Launch& launch, int64_t count, const Body& body) {
  if (launch.threads <= 1 || count <= 1) {
    for (int64_t task = 0; task < count; ++task) body(task, 0);
    return;
  }
#ifdef __SANITIZE_THREAD__
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> team;
  for (int thread = 0; thread < launch.threads; ++thread)
    team.emplace_back([&, thread] {
      for (int64_t task; (task = next++) < count;) body(task, thread);
    });
  for (std::thread& thread : team) thread.join();
#else
  if (count <= launch.threads) {
#pragma omp parallel for schedule(static, 1) num_threads(launch.threads)
    for (int64_t task = 0; task < count; ++task) body(task, omp_get_thread_num());
    return;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(launch.threads)
  for (int64_t task = 0; task < count; ++task) body(task, omp_get_thread_num());
#endif
}

}  // namespace fw::kernels
