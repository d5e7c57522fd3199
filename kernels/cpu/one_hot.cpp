// Indices as rows with a single one.
#include "kernels/one_hot.h"

#include <algorithm>
#include <cstring>

#include "kernels/indices.h"

namespace fw::kernels::cpu {

int64_t oneHot(const Launch& launch, const OneHotArgs& args) {
  const int64_t stray = firstOutside(launch, args.indices, args.count, args.depth);
  if (stray >= 0) return stray;
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, args.depth));
  parallelFor(launch, args.count, grain, [&](int64_t begin, int64_t end) {
    std::memset(args.y + begin * args.depth, 0, size_t((end - begin) * args.depth) * sizeof(float));
    for (int64_t i = begin; i < end; ++i) args.y[i * args.depth + args.indices[i]] = 1;
  });
  return -1;
}

}  // namespace fw::kernels::cpu
