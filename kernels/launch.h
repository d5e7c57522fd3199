// How a CPU kernel is started: the number of threads, and the one parallel loop.
#pragma once

#include <cstdint>

namespace fw::kernels {

struct Launch {
  int threads = 1;
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
#pragma omp parallel for schedule(dynamic, 1) num_threads(launch.threads)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * grain;
    body(begin, begin + grain < count ? begin + grain : count);
  }
}

}  // namespace fw::kernels
