// The functions of a CUDA runtime without a GPU.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/cuda/fake/cuda_runtime.h"
#include "tests/support/cuda_emulation.h"

struct FakeStream {};
struct FakeEvent {
  std::chrono::steady_clock::time_point at;
};
struct FakeGraph {
  std::vector<std::function<void()>> steps;
};

namespace {

using Steps = std::vector<std::function<void()>>;

std::map<void*, size_t>& sizes() {
  static std::map<void*, size_t> of;
  return of;
}

/// Counts a step; the one at which the device is lost and all after it fail.
cudaError_t stepped() {
  FakeGpus& gpus = fakeGpus();
  if (gpus.stepsUntilLost >= 0 && gpus.stepsUntilLost-- == 0) gpus.isLost = true;
  return gpus.isLost ? cudaErrorLaunchFailure : cudaSuccess;
}

cudaError_t lost() { return fakeGpus().isLost ? cudaErrorLaunchFailure : cudaSuccess; }

/// Now, or, while a graph is recorded, with it.
cudaError_t doStep(const std::function<void()>& step) {
  if (emulation::recording()) {
    emulation::recording()->push_back(step);
    return lost();
  }
  if (const cudaError_t error = stepped(); error != cudaSuccess) return error;
  step();
  return cudaSuccess;
}

}  // namespace

FakeGpus& fakeGpus() {
  static FakeGpus one;
  return one;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const FakeGpus& gpus = fakeGpus();
  *count = 0;
  if (gpus.driverVersion < CUDART_VERSION) return cudaErrorInsufficientDriver;
  if (gpus.devices == 0) return cudaErrorNoDevice;
  *count = gpus.devices;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = fakeGpus().driverVersion;
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return lost(); }
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorLaunchFailure      ? "unspecified launch failure"
         : error == cudaErrorMemoryAllocation ? "out of memory"
                                              : "a fake error";
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device >= fakeGpus().devices) return cudaErrorInvalidDevice;
  *properties = {};
  std::strcpy(properties->name, "Fake GPU");
  properties->totalGlobalMem = size_t(2) << 30;
  properties->major = fakeGpus().capability / 10;
  properties->minor = fakeGpus().capability % 10;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device < fakeGpus().devices ? lost() : cudaErrorInvalidDevice; }
cudaError_t cudaMemGetInfo(size_t* free, size_t* all) {
  *free = fakeGpus().freeBytes;
  *all = size_t(2) << 30;
  return lost();
}
cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  FakeGpus& gpus = fakeGpus();
  if (gpus.isLost) return cudaErrorLaunchFailure;
  if (bytes > gpus.freeBytes) return cudaErrorMemoryAllocation;
  *pointer = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*pointer, 0xff, bytes);  // NaN
  sizes()[*pointer] = bytes;
  gpus.freeBytes -= bytes;
  ++gpus.allocated;
  return cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
  const auto at = sizes().find(pointer);
  if (at == sizes().end()) return cudaErrorInvalidDevice;
  fakeGpus().freeBytes += at->second;
  --fakeGpus().allocated;
  sizes().erase(at);
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes) { return cudaMalloc(pointer, bytes); }
cudaError_t cudaFreeHost(void* pointer) { return cudaFree(pointer); }
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  fakeGpus().uploads += kind == cudaMemcpyHostToDevice;
  return doStep([=] { std::memcpy(to, from, bytes); });
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  return doStep([=] { std::memset(to, value, bytes); });
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new FakeStream;
  ++fakeGpus().streams;
  return lost();
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  --fakeGpus().streams;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return emulation::recording() ? int(cudaErrorStreamCaptureUnsupported) : lost();
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new FakeEvent;
  ++fakeGpus().events;
  return lost();
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  --fakeGpus().events;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->at = std::chrono::steady_clock::now();
  return lost();
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return lost(); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->at - begin->at).count();
  return lost();
}
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (fakeGpus().isLost) return lost();
  emulation::record(new Steps);
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  Steps* const steps = emulation::recording();
  emulation::record(nullptr);
  *graph = new FakeGraph{std::move(*steps)};
  delete steps;
  ++fakeGpus().graphs;
  return lost();
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  *made = new FakeGraph(*graph);
  ++fakeGpus().graphs;
  return lost();
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  --fakeGpus().graphs;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return cudaGraphDestroy(graph); }
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
  if (const cudaError_t error = stepped(); error != cudaSuccess) return error;
  ++fakeGpus().replays;
  for (const auto& step : graph->steps) step();
  return cudaSuccess;
}
