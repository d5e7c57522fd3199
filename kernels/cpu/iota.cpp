// Counting along an axis.
#include "kernels/iota.h"

#include <algorithm>

namespace fw::kernels::cpu {
namespace {

template <class T>
void count(const Launch& launch, const IotaArgs<T>& args) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, args.inner));
  parallelFor(launch, args.outer * args.size, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      std::fill_n(args.y + row * args.inner, args.inner, T(args.start + args.step * T(row % args.size)));
  });
}

}  // namespace

void iota(const Launch& launch, const IotaArgs<float>& args) { count(launch, args); }
void iota(const Launch& launch, const IotaArgs<int32_t>& args) { count(launch, args); }
void iota(const Launch& launch, const IotaArgs<int64_t>& args) { count(launch, args); }

}  // namespace fw::kernels::cpu
