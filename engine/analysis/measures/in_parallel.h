// Work on consecutive pieces of a range, on as many threads as the machine has.
#pragma once

#include <cstdint>
#include <functional>

namespace fw {

/// Calls `work(begin, end)` for pieces that together are [0, count); the first exception of one is thrown again here.
/// What the pieces write must not overlap.
void inParallel(int64_t count, const std::function<void(int64_t begin, int64_t end)>& work);

}  // namespace fw
