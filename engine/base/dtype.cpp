// Element types of tensors.
#include "engine/base/dtype.h"

#include <array>

namespace fw {
namespace {

struct DTypeInfo {
  std::string_view name;
  int64_t bytes;
};

constexpr std::array<DTypeInfo, 7> kInfo = {
    {{"f32", 4}, {"f16", 2}, {"bf16", 2}, {"i8", 1}, {"i32", 4}, {"i64", 8}, {"bool", 1}}};

}  // namespace

int64_t byteSize(DType type) { return kInfo[size_t(type)].bytes; }

std::string_view name(DType type) { return kInfo[size_t(type)].name; }

std::optional<DType> dtypeFromName(std::string_view name) {
  for (size_t i = 0; i < kInfo.size(); ++i)
    if (kInfo[i].name == name) return DType(i);
  return std::nullopt;
}

}  // namespace fw
