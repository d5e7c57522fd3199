// The values of an op's example.
#pragma once

#include <cmath>
#include <vector>

#include "engine/base/rng.h"
#include "engine/base/tensor.h"
#include "engine/ir/op.h"

namespace fw::testing {

/// Uniform, or the example's own values (again from the first where the tensor has more).
inline Tensor makeInput(const ExampleInput& input, Rng& rng) {
  std::vector<double> values;
  for (int64_t i = 0; i < input.shape.count(); ++i)
    values.push_back(input.values.empty() ? input.low + (input.high - input.low) * rng.uniform()
                                          : input.values[size_t(i) % input.values.size()]);
  Tensor tensor = Tensor::make(input.dtype, input.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) switch (input.dtype) {
      case DType::F32:
        tensor.data<float>()[i] = float(values[size_t(i)]);
        break;
      case DType::F16:
        tensor.data<uint16_t>()[i] = floatToHalf(float(values[size_t(i)]));
        break;
      case DType::BF16:
        tensor.data<uint16_t>()[i] = floatToBfloat(float(values[size_t(i)]));
        break;
      case DType::I8:
        tensor.data<int8_t>()[i] = int8_t(std::floor(values[size_t(i)]));
        break;
      case DType::I32:
        tensor.data<int32_t>()[i] = int32_t(std::floor(values[size_t(i)]));
        break;
      case DType::I64:
        tensor.data<int64_t>()[i] = int64_t(std::floor(values[size_t(i)]));
        break;
      case DType::Bool:
        tensor.data<uint8_t>()[i] = std::floor(values[size_t(i)]) != 0;
        break;
    }
  return tensor;
}

}  // namespace fw::testing
