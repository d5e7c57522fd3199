// A GPU as the functions that start kernels see it: a stream, and a place where kernels say what they refuse. Filled in
// by the backend; knows nothing of the CUDA headers.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"
#include "kernels/matmul.h"

namespace fw::kernels {

/// Where a kernel found a value that its op refuses (an index outside its axis, say). In memory of the device.
struct Fault {
  static constexpr unsigned long long none = ~0ull;
  static constexpr int positionBits = 44;
  unsigned long long first = none;  // op << positionBits | position: the least of all
};

/// What was started last, for messages about errors that the device tells later.
struct Start {
  const char* kernel = "";
  int64_t blocks = 0, threads = 0, sharedBytes = 0;
};

struct Device {
  void* backend = nullptr;  // whose this is, for the functions below
  void* stream = nullptr;   // a cudaStream_t
  Fault* fault = nullptr;
  int op = 0;  // of the call that is being run; kernels put it into the fault
  Start last;
  /// Called after each start with a cudaError_t; throws where that is an error.
  void (*check)(Device& device, int error) = nullptr;
  /// A library's matrix product; false where it has none for these arguments. Null: there is no library. The element is
  /// that of A and B: F32, or BF16 behind the same pointers.
  bool (*product)(Device& device, const MatmulArgs& args, Element element) = nullptr;
};

#ifndef FW_CUDA
#define FW_CUDA cuda
#endif

struct Kernels;
namespace FW_CUDA {
/// The GPU's, in f32.
const Kernels& kernels();
/// The same with large matrix products and attention on tensor cores: operands are rounded to bf16 as they are read,
/// sums and everything in memory stay f32.
const Kernels& bf16Kernels();
}  // namespace FW_CUDA

}  // namespace fw::kernels
