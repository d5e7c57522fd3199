// Structural hashes: 128 bits, the same on every machine and in every run.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace fw {

struct Hash {
  uint64_t high = 0, low = 0;
  auto operator<=>(const Hash&) const = default;
  /// 32 hexadecimal digits.
  std::string toString() const;
};

/// Absorbs values one after the other; equal sequences give equal hashes.
class Hasher {
 public:
  Hasher& add(uint64_t value);
  Hasher& add(int64_t value) { return add(uint64_t(value)); }
  Hasher& add(int value) { return add(uint64_t(int64_t(value))); }
  Hasher& add(bool value) { return add(uint64_t(value)); }
  Hasher& add(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return add(bits);
  }
  Hasher& add(std::string_view bytes);
  Hasher& add(const char* bytes) { return add(std::string_view(bytes)); }
  Hasher& add(const Hash& hash) { return add(hash.high).add(hash.low); }
  Hash finish() const { return state_; }

 private:
  Hash state_{0x9e3779b97f4a7c15ull, 0xc2b2ae3d27d4eb4full};
};

}  // namespace fw

template <>
struct std::hash<fw::Hash> {
  size_t operator()(const fw::Hash& hash) const { return size_t(hash.low); }
};
