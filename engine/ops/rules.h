// What type rules and kernels of several ops share: checks with their sentences, axes, values as bytes.
#pragma once

#include <array>
#include <cstring>

#include "engine/base/tensor.h"
#include "engine/ir/op.h"

namespace fw {

/// Throws Code::Graph unless the call has `least` to `most` inputs: "[gather] got 3 inputs; expected 2."
inline void expectInputs(const OpCall& call, const char* op, size_t least, size_t most) {
  if (call.count() >= least && call.count() <= most) return;
  const std::string expected = least == most ? text(least) : text(least, " to ", most);
  throw Error(Code::Graph, text("[", op, "] got ", call.count(), " inputs; expected ", expected, "."));
}

/// Throws Code::Type: "[gather] indices are f32[3]; expected i64."
inline void expectDType(const OpCall& call, size_t i, DType dtype, const char* op, const char* what) {
  if (call.type(i).dtype == dtype) return;
  throw Error(Code::Type, text("[", op, "] ", what, " ", call.type(i).toString(), "; expected ", name(dtype), "."));
}

/// Throws Code::Shape: "[adamw] the learning rate is f32[3]; expected a scalar."
inline void expectScalar(const OpCall& call, size_t i, const char* op, const char* what) {
  if (call.shape(i).rank() == 0) return;
  throw Error(Code::Shape, text("[", op, "] ", what, " ", call.type(i).toString(), "; expected a scalar."));
}

/// The axis in [0, rank) that `axis` means (negative: from the end); throws Code::Shape.
inline int axisIn(const Shape& shape, int64_t axis, const char* op) {
  if (axis >= -shape.rank() && axis < shape.rank()) return int(axis < 0 ? axis + shape.rank() : axis);
  if (shape.rank() == 0) throw Error(Code::Shape, text("[", op, "] a scalar has no axis ", axis, "."));
  throw Error(Code::Shape, text("[", op, "] axis ", axis, " does not exist in ", shape, "; expected ", -shape.rank(),
                                " to ", shape.rank() - 1, "."));
}

/// A shape seen from one axis: [outer, size, inner].
struct AxisView {
  int64_t outer, size, inner;
};

inline AxisView viewAt(const Shape& shape, int axis) {
  return {shape.product(0, axis), shape[axis], shape.product(axis + 1, shape.rank())};
}

/// Row-major strides in elements.
inline std::vector<int64_t> rowMajorStrides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()));
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[size_t(i)] = stride;
    stride *= shape[i];
  }
  return strides;
}

/// " at position [1,3]": where the element of that row-major index stands; nothing for a scalar.
inline std::string placeText(int64_t index, const Shape& shape) {
  if (shape.rank() == 0) return {};
  if (shape.rank() == 1) return text(" at position ", index);
  Shape place = shape;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    place.set(i, index % shape[i]);
    index /= shape[i];
  }
  return text(" at position ", place);
}

/// The dtype named by an attribute; throws Code::Type.
inline DType dtypeOf(const ir::Attrs& attrs, const char* op) {
  const std::optional<DType> dtype = dtypeFromName(attrs.text("dtype"));
  if (!dtype) throw Error(Code::Type, text("[", op, "] there is no dtype '", attrs.text("dtype"), "'."));
  return *dtype;
}

/// The bytes of one element with this value.
inline std::array<std::byte, 8> encode(double value, DType dtype) {
  std::array<std::byte, 8> bytes{};
  const auto put = [&](auto element) { std::memcpy(bytes.data(), &element, sizeof element); };
  switch (dtype) {
    case DType::F32:
      put(float(value));
      break;
    case DType::F16:
      put(floatToHalf(float(value)));
      break;
    case DType::BF16:
      put(floatToBfloat(float(value)));
      break;
    case DType::I8:
      put(int8_t(value));
      break;
    case DType::I32:
      put(int32_t(value));
      break;
    case DType::I64:
      put(int64_t(value));
      break;
    case DType::Bool:
      put(uint8_t(value != 0));
      break;
  }
  return bytes;
}

}  // namespace fw
