// cache_update: copies the cache unless it is updated in place, then the new rows.
#include "kernels/cache_update.h"

#include <cstring>

namespace fw::kernels::cpu {

int64_t cacheUpdate(const Launch& launch, const CacheUpdateArgs& args) {
  for (int64_t b = 0; b < args.batch; ++b) {
    const int64_t position = args.position[b * args.positionStride];
    if (position < 0 || position > args.size - args.time) return b;
  }
  parallelFor(launch, args.batch, 1, [&](int64_t b, int64_t) {
    const int64_t sequence = b * args.size * args.innerBytes;
    char* out = static_cast<char*>(args.out) + sequence;
    if (args.out != args.cache)
      std::memcpy(out, static_cast<const char*>(args.cache) + sequence, size_t(args.size * args.innerBytes));
    std::memcpy(out + args.position[b * args.positionStride] * args.innerBytes,
                static_cast<const char*>(args.rows) + b * args.time * args.innerBytes,
                size_t(args.time * args.innerBytes));
  });
  return -1;
}

}  // namespace fw::kernels::cpu
