// Element types as kernels name them.
#pragma once

#include <cstdint>

namespace fw::kernels {

/// In the order of fw::DType.
enum class Element : uint8_t { F32, F16, BF16, I8, I32, I64, Bool };

inline int64_t byteSize(Element element) {
  constexpr int64_t sizes[] = {4, 2, 2, 1, 4, 8, 1};
  return sizes[int(element)];
}

/// f(unsigned integer of `bytes` bytes: 1, 2, 4, else 8), for kernels that move elements without reading them.
template <class F>
decltype(auto) withBits(int64_t bytes, const F& f) {
  switch (bytes) {
    case 1:
      return f(uint8_t());
    case 2:
      return f(uint16_t());
    case 4:
      return f(uint32_t());
    default:
      return f(uint64_t());
  }
}

}  // namespace fw::kernels
