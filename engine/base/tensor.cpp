// A tensor in host memory.
#include "engine/base/tensor.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "engine/base/error.h"

namespace fw {

std::shared_ptr<std::byte> allocateAligned(int64_t bytes, const std::string& what) {
  // Large memory lies in huge pages where the system has them: it is walked with strides of many small ones.
  constexpr int64_t hugePage = int64_t(2) << 20;
  const int64_t alignment = bytes >= 2 * hugePage ? hugePage : 64;
  const int64_t rounded = (std::max<int64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  // Large requests are checked first: the system would promise more than it has.
  if (rounded > (int64_t(1) << 28) && rounded > freeMemoryBytes())
    throw Error(Code::Memory, text("[", what, "] needs ", formatBytes(double(rounded)), ", ",
                                   formatBytes(double(freeMemoryBytes())), " free."));
  void* memory = std::aligned_alloc(size_t(alignment), size_t(rounded));
  if (!memory)
    throw Error(Code::Memory, text("[", what, "] needs ", formatBytes(double(rounded)), ", which the system refused."));
  if (alignment == hugePage) madvise(memory, size_t(rounded), MADV_HUGEPAGE);
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

namespace {

int64_t machineMemoryBytes(const std::string& root) {
  std::ifstream info(root + "/proc/meminfo");
  std::string key;
  int64_t kilobytes = 0;
  while (info >> key >> kilobytes) {
    if (key == "MemAvailable:") return kilobytes * 1024;
    info.ignore(64, '\n');
  }
  return int64_t(sysconf(_SC_AVPHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

/// What a control group leaves of its limit; the largest number where it sets none. File pages that nobody uses are
/// given back before a process has to end.
int64_t groupMemoryBytes(const std::string& folder, const char* limitFile, const char* usageFile,
                         const char* cacheKey) {
  int64_t limit = 0, usage = 0, cache = 0;
  if (!(std::ifstream(folder + limitFile) >> limit) || !(std::ifstream(folder + usageFile) >> usage)) return INT64_MAX;
  std::ifstream stat(folder + "/memory.stat");
  std::string key;
  for (int64_t value = 0; stat >> key >> value;)
    if (key == cacheKey) cache = value;
  return std::max<int64_t>(1, limit - std::max<int64_t>(0, usage - cache));  // 0 means no limit to planners
}

}  // namespace

int64_t freeMemoryBytes(const std::string& root) {
  const std::string groups = root + "/sys/fs/cgroup";
  return std::min({machineMemoryBytes(root),
                   groupMemoryBytes(groups, "/memory.max", "/memory.current", "inactive_file"),
                   groupMemoryBytes(groups + "/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                                    "total_inactive_file")});
}

std::string formatBytes(double bytes) {
  const char* units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  int unit = 0;
  while (bytes >= 999.5 && unit < 6) {
    bytes /= 1000;
    ++unit;
  }
  char out[32];
  const int digits = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  std::snprintf(out, sizeof out, "%.*f", digits, bytes);
  std::string number = out;
  if (number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  return number + " " + units[unit];
}

Tensor Tensor::make(DType dtype, const Shape& shape) {
  Tensor tensor{dtype, shape, {}};
  tensor.memory =
      allocateAligned(checkedProduct(shape.count(), byteSize(dtype), "tensor"), text("tensor ", name(dtype), shape));
  return tensor;
}

Tensor Tensor::fromFloats(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor = make(DType::F32, shape);
  if (int64_t(values.size()) != shape.count())
    throw Error(Code::Internal, text("[tensor] ", values.size(), " values for ", shape, "."));
  if (!values.empty()) std::memcpy(tensor.data<>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

Tensor Tensor::fromInts(const Shape& shape, const std::vector<int64_t>& values) {
  Tensor tensor = make(DType::I64, shape);
  if (int64_t(values.size()) != shape.count())
    throw Error(Code::Internal, text("[tensor] ", values.size(), " values for ", shape, "."));
  if (!values.empty()) std::memcpy(tensor.data<int64_t>(), values.data(), values.size() * sizeof(int64_t));
  return tensor;
}

std::vector<double> Tensor::toDoubles() const {
  std::vector<double> out(static_cast<size_t>(count()));
  for (size_t i = 0; i < out.size(); ++i) switch (dtype) {
      case DType::F32:
        out[i] = data<float>()[i];
        break;
      case DType::F16:
        out[i] = halfToFloat(data<uint16_t>()[i]);
        break;
      case DType::BF16:
        out[i] = bfloatToFloat(data<uint16_t>()[i]);
        break;
      case DType::I8:
        out[i] = data<int8_t>()[i];
        break;
      case DType::I32:
        out[i] = data<int32_t>()[i];
        break;
      case DType::I64:
        out[i] = double(data<int64_t>()[i]);
        break;
      case DType::Bool:
        out[i] = data<uint8_t>()[i] != 0;
        break;
    }
  return out;
}

std::vector<float> Tensor::toFloats() const {
  if (dtype == DType::F32) return {data<float>(), data<float>() + count()};
  const std::vector<double> wide = toDoubles();
  return {wide.begin(), wide.end()};
}

float halfToFloat(uint16_t bits) {
  const uint32_t sign = uint32_t(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) {
    const float magnitude = std::ldexp(float(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t floatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return uint16_t(sign | 0x7e00);
  if (magnitude >= 65520.0f) return uint16_t(sign | 0x7c00);
  if (magnitude < std::ldexp(1.0f, -14)) return uint16_t(sign | uint16_t(std::nearbyint(std::ldexp(magnitude, 24))));
  const uint32_t rest = std::bit_cast<uint32_t>(magnitude);
  const uint32_t rounded = rest + 0xfff + ((rest >> 13) & 1);
  return uint16_t(sign | ((rounded >> 13) - (112u << 10)));
}

float bfloatToFloat(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

uint16_t floatToBfloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace fw
