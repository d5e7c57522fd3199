// Conversion between element types.
#include "kernels/cast.h"

#include <cstring>
#include <limits>
#include <type_traits>

namespace fw::kernels::cpu {
namespace {

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};
struct Bool8 {
  uint8_t byte;
};

float widen(Bf16 value) { return floatOf(uint32_t(value.bits) << 16); }

float widen(F16 value) {
  const uint32_t sign = uint32_t(value.bits & 0x8000) << 16, rest = value.bits & 0x7fff;
  if (rest >= 0x7c00) return floatOf(sign | 0x7f800000 | (rest & 0x3ff) << 13);  // infinity, NaN
  if (rest < 0x400) return floatOf(sign | bitsOf(float(rest) * 0x1p-24f));       // subnormal
  return floatOf(sign | ((rest << 13) + (uint32_t(127 - 15) << 23)));
}

Bf16 narrowToBf16(float value) {
  const uint32_t bits = bitsOf(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return {uint16_t(bits >> 16 | 0x40)};  // a quiet NaN
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

F16 narrowToF16(float value) {
  const uint32_t bits = bitsOf(value), size = bits & 0x7fffffff;
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  if (size > 0x7f800000) return {uint16_t(sign | 0x7e00)};   // NaN
  if (size >= 0x477ff000) return {uint16_t(sign | 0x7c00)};  // 65520 and above round to infinity
  if (size < 0x38800000) {
    // Below 2^-14: adding 1/2 puts the last place of the subnormal at the last place of the sum, which rounds to even.
    return {uint16_t(sign | (bitsOf(floatOf(size) + 0.5f) - 0x3f000000))};
  }
  const uint32_t rounded = (size + 0xfff + (size >> 13 & 1)) >> 13;
  return {uint16_t(sign | (rounded - ((127 - 15) << 10)))};
}

template <class T>
struct Read {
  static T from(T value) { return value; }
};
template <>
struct Read<Bf16> {
  static float from(Bf16 value) { return widen(value); }
};
template <>
struct Read<F16> {
  static float from(F16 value) { return widen(value); }
};
template <>
struct Read<Bool8> {
  static int32_t from(Bool8 value) { return value.byte != 0; }
};

/// An f32 as the integer type T, fraction dropped; beyond the range the nearest end, NaN to 0.
template <class T>
T truncate(float value) {
  constexpr double low = double(std::numeric_limits<T>::min()), high = double(std::numeric_limits<T>::max());
  if (!(value == value)) return 0;
  if (value <= low) return std::numeric_limits<T>::min();
  if (value >= high) return std::numeric_limits<T>::max();
  return T(value);
}

template <class To, class V>
To convert(V value) {
  if constexpr (std::is_same_v<To, Bf16>)
    return narrowToBf16(float(value));
  else if constexpr (std::is_same_v<To, F16>)
    return narrowToF16(float(value));
  else if constexpr (std::is_same_v<To, Bool8>)
    return {uint8_t(value != V(0))};
  else if constexpr (std::is_integral_v<To> && std::is_same_v<V, float>)
    return truncate<To>(value);
  else
    return To(value);
}

template <class From, class To>
void run(const void* x, void* y, int64_t count) {
  const From* from = static_cast<const From*>(x);
  To* to = static_cast<To*>(y);
  for (int64_t i = 0; i < count; ++i) to[i] = convert<To>(Read<From>::from(from[i]));
}

using Run = void (*)(const void*, void*, int64_t);

template <class From>
Run runTo(Element to) {
  static constexpr Run runs[] = {run<From, float>,   run<From, F16>,     run<From, Bf16>, run<From, int8_t>,
                                 run<From, int32_t>, run<From, int64_t>, run<From, Bool8>};
  return runs[int(to)];
}

Run chooseRun(Element from, Element to) {
  constexpr Run (*choices[])(Element) = {runTo<float>,   runTo<F16>,     runTo<Bf16>, runTo<int8_t>,
                                         runTo<int32_t>, runTo<int64_t>, runTo<Bool8>};
  return choices[int(from)](to);
}

}  // namespace

void cast(const Launch& launch, const CastArgs& args) {
  const Run convertRun = chooseRun(args.from, args.to);
  const char* x = static_cast<const char*>(args.x);
  char* y = static_cast<char*>(args.y);
  parallelFor(launch, args.count, 65536, [&](int64_t begin, int64_t end) {
    convertRun(x + begin * byteSize(args.from), y + begin * byteSize(args.to), end - begin);
  });
}

void toF32(Element from, const void* x, float* y, int64_t count) { chooseRun(from, Element::F32)(x, y, count); }

void fromF32(Element to, const float* x, void* y, int64_t count) { chooseRun(Element::F32, to)(x, y, count); }

}  // namespace fw::kernels::cpu
