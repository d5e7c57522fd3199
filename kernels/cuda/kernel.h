// What every .cu file begins with: how a kernel is started, shared memory, reductions over warps and blocks. nvcc reads
// it with the CUDA headers; the tests read it with tests/support/cuda_emulation.h, which is included ahead of it and
// defines FW_EMULATION, and the names that CUDA has built in.
#pragma once

#ifndef FW_EMULATION
#include <cuda_runtime.h>
#endif

#include <cstdint>

#include "kernels/cuda/device.h"
#include "kernels/launch.h"

namespace fw::kernels::FW_CUDA {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;

#ifdef FW_EMULATION

template <class T>
using SharedArray = emulation::SharedArray<T>;
using SharedMemory = emulation::SharedMemory;

/// Starts `kernel` on blocks x threads with so many bytes of shared memory.
template <class... Parameters, class... Arguments>
void start(const Launch& launch, const char* name, void (*kernel)(Parameters...), int64_t blocks, int threads,
           int64_t sharedBytes, Arguments... arguments) {
  launch.device->last = {name, blocks, threads, sharedBytes};
  const auto run = [=] {
    emulation::run({name, blocks, threads, sharedBytes}, [&] { kernel(Parameters(arguments)...); });
  };
  if (auto* const recording = emulation::recording())
    recording->push_back(run);
  else
    run();
}

#else

template <class T>
using SharedArray = T*;

/// The dynamic shared memory of a block, handed out piece by piece; every thread asks for the same pieces.
class SharedMemory {
 public:
  template <class T>
  __device__ SharedArray<T> array(int64_t count) {
    extern __shared__ __align__(16) unsigned char bytes[];
    T* const begin = reinterpret_cast<T*>(bytes + used_);
    used_ += (int(count) * int(sizeof(T)) + 15) / 16 * 16;
    return begin;
  }

 private:
  int used_ = 0;
};

/// Starts `kernel` on blocks x threads with so many bytes of shared memory.
template <class... Parameters, class... Arguments>
void start(const Launch& launch, const char* name, void (*kernel)(Parameters...), int64_t blocks, int threads,
           int64_t sharedBytes, Arguments... arguments) {
  if (blocks <= 0) return;
  Device& device = *launch.device;
  device.last = {name, blocks, threads, sharedBytes};
  if (sharedBytes > 48 * 1024)
    device.check(device, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(sharedBytes)));
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(unsigned(blocks));
  config.blockDim = dim3(unsigned(threads));
  config.dynamicSmemBytes = size_t(sharedBytes);
  config.stream = static_cast<cudaStream_t>(device.stream);
  device.check(device, cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

#endif

/// Bytes of shared memory that an array of `count` takes.
template <class T>
constexpr int64_t sharedBytes(int64_t count) {
  return (count * int64_t(sizeof(T)) + 15) / 16 * 16;
}

constexpr int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The index of the thread in the whole grid.
__device__ inline int64_t globalIndex() { return int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }

/// Where a refusal goes, as a kernel takes it.
struct Refusal {
  unsigned long long* first;
  unsigned long long op;
  __device__ void at(int64_t position) const {
    atomicMin(first, op << Fault::positionBits | static_cast<unsigned long long>(position));
  }
};

inline Refusal refusal(const Launch& launch) {
  return {&launch.device->fault->first, static_cast<unsigned long long>(launch.device->op)};
}

struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

/// The larger; NaN where one is.
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a > b || a != a ? a : b;  // NOLINT(misc-redundant-expression): NaN is not itself
  }
};

/// The reduction over a warp, in every lane. The order is the same in each run.
template <class T, class Combine>
__device__ T reduceWarp(T value, Combine combine) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2)
    value = combine(value, __shfl_xor_sync(kAllLanes, value, offset));
  return value;
}

/// The reduction over a block, in every thread. `scratch` has kWarp elements and may be used again at once.
template <class T, class Combine>
__device__ T reduceBlock(T value, T neutral, SharedArray<T> scratch, Combine combine) {
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp, warps = int(blockDim.x) / kWarp;
  value = reduceWarp(value, combine);
  if (lane == 0) scratch[warp] = value;
  __syncthreads();
  T other = neutral;
  if (lane < warps) other = scratch[lane];
  other = reduceWarp(other, combine);
  __syncthreads();
  return other;
}

}  // namespace fw::kernels::FW_CUDA
