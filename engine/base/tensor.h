// A tensor in host memory: dtype, shape and bytes that it owns or shares (a memory-mapped file, say).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/dtype.h"
#include "engine/base/shape.h"

namespace fw {

struct Tensor {
  DType dtype = DType::F32;
  Shape shape;
  std::shared_ptr<std::byte> memory;  // row-major, little endian; 64-byte aligned when made here

  /// Memory of its own, not initialised. Throws Code::Memory "needs 41 GB, 24 GB free" style sentences when it cannot
  /// be had.
  static Tensor make(DType dtype, const Shape& shape);
  static Tensor fromFloats(const Shape& shape, const std::vector<float>& values);
  static Tensor fromInts(const Shape& shape, const std::vector<int64_t>& values);  // i64
  static Tensor scalar(float value) { return fromFloats({}, {value}); }
  static Tensor scalarInt(int64_t value) { return fromInts({}, {value}); }

  int64_t count() const { return shape.count(); }
  int64_t bytes() const { return count() * byteSize(dtype); }
  template <class T = float>
  T* data() {
    return reinterpret_cast<T*>(memory.get());
  }
  template <class T = float>
  const T* data() const {
    return reinterpret_cast<const T*>(memory.get());
  }
  /// Elements as numbers whatever the dtype.
  std::vector<double> toDoubles() const;
  std::vector<float> toFloats() const;
};

/// 64-byte aligned host memory; throws Code::Memory that names `what`.
std::shared_ptr<std::byte> allocateAligned(int64_t bytes, const std::string& what);

/// Bytes of memory that the machine, or the container that limits this process, can still give. `root` stands before
/// /proc and /sys.
int64_t freeMemoryBytes(const std::string& root = {});

/// "41 GB", "312 MB", "6.1 KB" (powers of 1000, three significant digits).
std::string formatBytes(double bytes);

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value);  // nearest, ties to even

}  // namespace fw
