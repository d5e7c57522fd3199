// Counting along an axis.
#include "kernels/iota.h"

#include <algorithm>

namespace fw::kernels::cpu {
namespace {

template <class T>
void count(const Launch& launch, const IotaArgs& args) {
  T* const y = static_cast<T*>(args.y);
  const T start = T(args.start), step = T(args.step);
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, args.inner));
  parallelFor(launch, args.outer * args.size, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      std::fill_n(y + row * args.inner, args.inner, T(start + step * T(row % args.size)));
  });
}

}  // namespace

void iota(const Launch& launch, const IotaArgs& args) {
  if (args.element == Element::F32) return count<float>(launch, args);
  if (args.element == Element::I32) return count<int32_t>(launch, args);
  count<int64_t>(launch, args);
}

}  // namespace fw::kernels::cpu
