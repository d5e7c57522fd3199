// How a kernel is started: the device's kernels, the number of threads of the CPU, and its one parallel loop.
#pragma once

#include <cstdint>

#include "kernels/cpu/team.h"

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

/// Calls body(task, thread) once for each task in [0, count), thread being in [0, launch.threads): for loops whose
/// threads own scratch memory. Few tasks are dealt out the same way each time, which finds data in the caches it was
/// left in.
template <class Body>
void parallelTasks(const Launch& launch, int64_t count, const Body& body) {
  if (launch.threads <= 1 || count <= 1) {
    for (int64_t task = 0; task < count; ++task) body(task, 0);
    return;
  }
  const auto work = [](const void* context, int64_t task, int thread) {
    (*static_cast<const Body*>(context))(task, thread);
  };
  runByTeam(launch.threads, count, work, &body);
}

/// Calls body(begin, end) for consecutive chunks of `grain` that cover [0, count). Chunks depend on sizes alone, never
/// on the number of threads, so that results are the same bits for any number.
template <class Body>
void parallelFor(const Launch& launch, int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  const int64_t chunks = (count - 1) / grain + 1;
  parallelTasks(launch, chunks, [&](int64_t chunk, int) {
    const int64_t begin = chunk * grain;
    body(begin, grain < count - begin ? begin + grain : count);
  });
}

}  // namespace fw::kernels
