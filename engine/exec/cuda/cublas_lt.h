// Matrix products by cuBLASLt, a library that is opened when a GPU is used and may be missing: then our own kernel
// runs.
#pragma once

#include <memory>

#include "kernels/cuda/device.h"

namespace fw {

class CublasLt {
 public:
  /// Null where the library cannot be opened.
  static std::unique_ptr<CublasLt> open();
  virtual ~CublasLt() = default;
  /// C = op(A) op(B) [+ C] [+ bias] [relu]; A and B are f32, or bf16 behind the same pointers, all else f32. False, and
  /// nothing done, where the library has no way.
  virtual bool product(const kernels::MatmulArgs& args, kernels::Element element, void* stream) = 0;
};

}  // namespace fw
