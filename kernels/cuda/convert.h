// Elements of every type as kernels read and write them. The rules are those of kernels/cast.h.
#pragma once

#include "kernels/cuda/kernel.h"
#include "kernels/element.h"

namespace fw::kernels::FW_CUDA {

struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};
struct Bool8 {
  uint8_t byte;
};

__device__ inline float widen(Bf16 value) { return __uint_as_float(uint32_t(value.bits) << 16); }

__device__ inline float widen(F16 value) {
  const uint32_t sign = uint32_t(value.bits & 0x8000) << 16, rest = value.bits & 0x7fff;
  if (rest >= 0x7c00) return __uint_as_float(sign | 0x7f800000 | (rest & 0x3ff) << 13);      // infinity, NaN
  if (rest < 0x400) return __uint_as_float(sign | __float_as_uint(float(rest) * 0x1p-24f));  // subnormal
  return __uint_as_float(sign | ((rest << 13) + (uint32_t(127 - 15) << 23)));
}

__device__ inline Bf16 narrowToBf16(float value) {
  const uint32_t bits = __float_as_uint(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return {uint16_t(bits >> 16 | 0x40)};  // a quiet NaN
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

__device__ inline F16 narrowToF16(float value) {
  const uint32_t bits = __float_as_uint(value), size = bits & 0x7fffffff;
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  if (size > 0x7f800000) return {uint16_t(sign | 0x7e00)};   // NaN
  if (size >= 0x477ff000) return {uint16_t(sign | 0x7c00)};  // 65520 and above round to infinity
  // Below 2^-14: adding 1/2 puts the last place of the subnormal at the last place of the sum, which rounds to even.
  if (size < 0x38800000) return {uint16_t(sign | (__float_as_uint(__uint_as_float(size) + 0.5f) - 0x3f000000))};
  const uint32_t rounded = (size + 0xfff + (size >> 13 & 1)) >> 13;
  return {uint16_t(sign | (rounded - ((127 - 15) << 10)))};
}

template <class T>
__device__ T readValue(T value) {
  return value;
}
__device__ inline float readValue(Bf16 value) { return widen(value); }
__device__ inline float readValue(F16 value) { return widen(value); }
__device__ inline int32_t readValue(Bool8 value) { return value.byte != 0; }

template <class T>
struct Limits;  // std::numeric_limits is not for the device
template <>
struct Limits<int8_t> {
  static constexpr int8_t low = -128, high = 127;
};
template <>
struct Limits<int32_t> {
  static constexpr int32_t low = -2147483647 - 1, high = 2147483647;
};
template <>
struct Limits<int64_t> {
  static constexpr int64_t low = -9223372036854775807LL - 1, high = 9223372036854775807LL;
};

/// An f32 as an integer, fraction dropped; beyond the range the nearest end, NaN to 0.
template <class T>
__device__ T truncate(float value) {
  if (value != value) return 0;
  if (double(value) <= double(Limits<T>::low)) return Limits<T>::low;
  if (double(value) >= double(Limits<T>::high)) return Limits<T>::high;
  return T(value);
}

template <class To>
struct WriteValue {
  template <class V>
  __device__ static To of(V value) {
    return To(value);
  }
  __device__ static To of(float value) { return truncate<To>(value); }
};
template <>
struct WriteValue<float> {
  template <class V>
  __device__ static float of(V value) {
    return float(value);
  }
};
template <>
struct WriteValue<F16> {
  template <class V>
  __device__ static F16 of(V value) {
    return narrowToF16(float(value));
  }
};
template <>
struct WriteValue<Bf16> {
  template <class V>
  __device__ static Bf16 of(V value) {
    return narrowToBf16(float(value));
  }
};
template <>
struct WriteValue<Bool8> {
  template <class V>
  __device__ static Bool8 of(V value) {
    return {uint8_t(value != V(0))};
  }
};

/// Calls body(T()) with the type of the element.
template <class Body>
auto withElement(Element element, const Body& body) {
  switch (element) {
    case Element::F16:
      return body(F16());
    case Element::BF16:
      return body(Bf16());
    case Element::I8:
      return body(int8_t());
    case Element::I32:
      return body(int32_t());
    case Element::I64:
      return body(int64_t());
    case Element::Bool:
      return body(Bool8());
    default:
      return body(float());
  }
}

/// One element as f32; integers are not what elementwise programs are made of.
__device__ inline float loadFloat(const void* data, Element element, int64_t i) {
  switch (element) {
    case Element::F32:
      return static_cast<const float*>(data)[i];
    case Element::F16:
      return widen(static_cast<const F16*>(data)[i]);
    case Element::BF16:
      return widen(static_cast<const Bf16*>(data)[i]);
    case Element::I8:
      return float(static_cast<const int8_t*>(data)[i]);
    case Element::I32:
      return float(static_cast<const int32_t*>(data)[i]);
    case Element::I64:
      return float(static_cast<const int64_t*>(data)[i]);
    default:
      return static_cast<const uint8_t*>(data)[i] != 0 ? 1.0f : 0.0f;
  }
}

__device__ inline void storeFloat(void* data, Element element, int64_t i, float value) {
  switch (element) {
    case Element::F32:
      static_cast<float*>(data)[i] = value;
      return;
    case Element::F16:
      static_cast<F16*>(data)[i] = narrowToF16(value);
      return;
    case Element::BF16:
      static_cast<Bf16*>(data)[i] = narrowToBf16(value);
      return;
    case Element::I8:
      static_cast<int8_t*>(data)[i] = truncate<int8_t>(value);
      return;
    case Element::I32:
      static_cast<int32_t*>(data)[i] = truncate<int32_t>(value);
      return;
    case Element::I64:
      static_cast<int64_t*>(data)[i] = truncate<int64_t>(value);
      return;
    default:
      static_cast<uint8_t*>(data)[i] = value != 0;
  }
}

}  // namespace fw::kernels::FW_CUDA
