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

}  // namespace fw::kernels
