// Structural hashes: two lanes of the splitmix64 finaliser, crossed after each word.
#include "engine/base/hash.h"

#include <cstdio>

namespace fw {
namespace {

uint64_t mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

std::string Hash::toString() const {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return digits;
}

Hasher& Hasher::add(uint64_t value) {
  const uint64_t a = mix(state_.low ^ value);
  const uint64_t b = mix(state_.high + value * 0x9e3779b97f4a7c15ull + 1);
  state_ = {a + (b << 1 | b >> 63), b ^ (a << 32 | a >> 32)};
  return *this;
}

Hasher& Hasher::add(std::string_view bytes) {
  add(uint64_t(bytes.size()));
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t word = 0;
    for (size_t j = 0; j < 8 && i + j < bytes.size(); ++j) word |= uint64_t(uint8_t(bytes[i + j])) << (8 * j);
    add(word);
  }
  return *this;
}

}  // namespace fw
