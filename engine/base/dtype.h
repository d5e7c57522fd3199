// Element types of tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fw {

enum class DType : uint8_t { F32, F16, BF16, I8, I32, I64, Bool };

/// Bytes of one element.
int64_t byteSize(DType type);

/// "f32", "bf16", "i64", ...
std::string_view name(DType type);

/// The type of that name, or nothing.
std::optional<DType> dtypeFromName(std::string_view name);

inline bool isFloat(DType type) { return type == DType::F32 || type == DType::F16 || type == DType::BF16; }
inline bool isInteger(DType type) { return type == DType::I8 || type == DType::I32 || type == DType::I64; }

}  // namespace fw
