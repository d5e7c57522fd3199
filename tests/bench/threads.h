// How many threads the benchmarks compute on.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace fw {

/// As many as FORMWRIGHT_THREADS says, or 2.
inline int benchThreads() {
  const char* threads = std::getenv("FORMWRIGHT_THREADS");
  return threads == nullptr ? 2 : std::max(1, std::atoi(threads));
}

}  // namespace fw
