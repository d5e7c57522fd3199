// New rows of a cache, each sequence at its own position: a thread a word.
#include "kernels/cache_update.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void cacheUpdateKernel(const T* rows, const int64_t* position, int64_t positionStride, T* out, int64_t batch,
                                  int64_t size, int64_t time, int64_t inner, Refusal refusal) {
  const int64_t i = globalIndex();
  if (i >= batch * time * inner) return;
  const int64_t b = i / (time * inner), first = position[b * positionStride];
  if (first < 0 || first > size - time) return refusal.at(b);
  out[(b * size + first) * inner + i % (time * inner)] = rows[i];
}

template <class T>
void update(const Launch& launch, const CacheUpdateArgs& args) {
  const int64_t inner = args.innerBytes / int64_t(sizeof(T));
  start(launch, "cacheUpdate", cacheUpdateKernel<T>, ceilDivide(args.batch * args.time * inner, kThreads), kThreads, 0,
        static_cast<const T*>(args.rows), args.position, args.positionStride, static_cast<T*>(args.out), args.batch,
        args.size, args.time, inner, refusal(launch));
}

}  // namespace

int64_t cacheUpdate(const Launch& launch, const CacheUpdateArgs& args) {
  if (args.cache != args.out) copyBytes(launch, args.cache, args.out, args.batch * args.size * args.innerBytes);
  if (args.innerBytes % 4 == 0)
    update<uint32_t>(launch, args);
  else
    update<uint8_t>(launch, args);
  return -1;
}

}  // namespace fw::kernels::FW_CUDA
