// Work on consecutive pieces of a range, on as many threads as the machine has.
#include "engine/analysis/measures/in_parallel.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace fw {

void inParallel(int64_t count, const std::function<void(int64_t begin, int64_t end)>& work) {
  constexpr int64_t kLeast = 64;  // a thread for fewer costs more than it saves
  const int64_t pieces =
      std::clamp<int64_t>(count / kLeast, 1, std::max<int64_t>(1, int64_t(std::thread::hardware_concurrency())));
  std::vector<std::exception_ptr> failures(size_t(pieces), nullptr);
  {
    std::vector<std::jthread> threads;
    const auto piece = [&](int64_t i) {
      try {
        work(i * count / pieces, (i + 1) * count / pieces);
      } catch (...) {
        failures[size_t(i)] = std::current_exception();
      }
    };
    for (int64_t i = 1; i < pieces; ++i) threads.emplace_back(piece, i);
    piece(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace fw
