// Memory for the outputs of a kernel under test: it starts as NaN (all bits set), between two zones that must stay
// intact.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace fw::testing {

template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count) : count_(count), bytes_(size_t(count) * sizeof(T) + 2 * zone, 0xff) {}
  Guarded(const std::vector<T>& values) : Guarded(int64_t(values.size())) {
    if (count_ > 0) std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }
  ~Guarded() {
    for (size_t i = 0; i < zone; ++i)
      if (bytes_[i] != 0xff || bytes_[bytes_.size() - 1 - i] != 0xff) {
        ADD_FAILURE() << "something was written outside the buffer";
        return;
      }
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* data() { return reinterpret_cast<T*>(bytes_.data() + zone); }
  T& operator[](int64_t i) { return data()[i]; }
  int64_t count() const { return count_; }
  std::vector<T> values() { return {data(), data() + count_}; }

 private:
  static constexpr size_t zone = 64;
  int64_t count_;
  std::vector<uint8_t> bytes_;
};

}  // namespace fw::testing
