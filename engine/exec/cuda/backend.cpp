// GPUs by CUDA: a stream, a ring of pinned memory for uploads, events for time, graphs that repeat a whole plan.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "engine/base/tensor.h"
#include "engine/exec/cuda/cublas_lt.h"
#include "engine/exec/cuda_backend.h"
#include "engine/exec/device_fault.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/kernels.h"

namespace fw {
namespace {

/// The oldest GPU that the kernels are compiled for: sm_80.
constexpr int kLeastCapability = 80;

std::string versionText(int version) { return text(version / 1000, ".", version % 1000 / 10); }

/// Why no GPU can be used at all; empty where one can.
std::string absence() {
  int count = 0, driver = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return {};
  cudaGetLastError();
  cudaDriverGetVersion(&driver);
  if (error == cudaErrorInsufficientDriver && driver == 0) return "there is no NVIDIA driver";
  if (error == cudaErrorInsufficientDriver)
    return text("the NVIDIA driver is too old: it knows CUDA ", versionText(driver), ", this build needs ",
                versionText(CUDART_VERSION));
  if (error == cudaErrorNoDevice || count == 0) return "the NVIDIA driver finds no GPU";
  return text("the NVIDIA driver fails: ", cudaGetErrorString(error));
}

DeviceInfo infoOf(int number) {
  DeviceInfo info{.id = text("cuda:", number)};
  cudaDeviceProp properties;
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, number); error != cudaSuccess) {
    cudaGetLastError();
    info.name = "CUDA";
    info.absence = cudaGetErrorString(error);
    return info;
  }
  info.name = properties.name;
  info.capability = text(properties.major, ".", properties.minor);
  info.memoryBytes = int64_t(properties.totalGlobalMem);
  if (properties.major * 10 + properties.minor < kLeastCapability)
    info.absence = text("compute capability ", info.capability, " is below ", kLeastCapability / 10, ".0");
  return info;
}

[[noreturn]] void fail(int number, cudaError_t error, const std::string& what) {
  throw Error(Code::Device, text("[cuda:", number, "] ", what, ": ", cudaGetErrorString(error), "."));
}

std::string describe(const kernels::Start& last) {
  return text("kernel ", last.kernel, " on ", last.blocks, " blocks of ", last.threads, " threads with ",
              last.sharedBytes, " bytes of shared memory each");
}

/// A plan's steps as the driver keeps them.
struct Graph : Replay {
  cudaGraphExec_t graph = nullptr;
  ~Graph() override { cudaGraphExecDestroy(graph); }
};

/// Pinned memory in slots: a copy to the device reads a slot while the host fills the next.
class UploadRing {
 public:
  static constexpr int64_t slotBytes = int64_t(8) << 20;
  static constexpr int slots = 3;

  void open() {
    cudaMallocHost(reinterpret_cast<void**>(&memory_), size_t(slots * slotBytes));
    for (cudaEvent_t& event : isFree_) cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  }
  ~UploadRing() {
    for (const cudaEvent_t event : isFree_)
      if (event) cudaEventDestroy(event);
    if (memory_) cudaFreeHost(memory_);
  }
  cudaError_t upload(void* to, const void* from, int64_t bytes, cudaStream_t stream) {
    if (!memory_) return cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyHostToDevice, stream);
    cudaError_t error = cudaSuccess;
    for (int64_t begin = 0; begin < bytes && error == cudaSuccess; begin += slotBytes) {
      const int64_t count = std::min(slotBytes, bytes - begin);
      std::byte* const slot = memory_ + next_ * slotBytes;
      cudaEventSynchronize(isFree_[next_]);
      std::memcpy(slot, static_cast<const std::byte*>(from) + begin, size_t(count));
      error = cudaMemcpyAsync(static_cast<std::byte*>(to) + begin, slot, size_t(count), cudaMemcpyHostToDevice, stream);
      cudaEventRecord(isFree_[next_], stream);
      next_ = (next_ + 1) % slots;
    }
    return error;
  }

 private:
  std::byte* memory_ = nullptr;
  cudaEvent_t isFree_[slots] = {};
  int next_ = 0;
};

class CudaBackend : public Backend {
 public:
  CudaBackend(int number, Precision precision) : number_(number), precision_(precision) {
    try {
      open();
    } catch (...) {
      close();
      throw;
    }
  }
  ~CudaBackend() override { close(); }

  DeviceInfo info() const override {
    DeviceInfo info = infoOf(number_);
    size_t free = 0, all = 0;
    if (cudaSetDevice(number_) == cudaSuccess && cudaMemGetInfo(&free, &all) == cudaSuccess)
      info.memoryBytes = int64_t(free);
    return info;
  }
  const kernels::Kernels* kernels() const override {
    return precision_ == Precision::Bf16 ? &kernels::FW_CUDA::bf16Kernels() : &kernels::FW_CUDA::kernels();
  }

  Memory allocate(int64_t bytes, const std::string& what) override {
    check(cudaSetDevice(number_), "cannot be used");
    void* pointer = nullptr;
    const cudaError_t error = cudaMalloc(&pointer, size_t(std::max<int64_t>(bytes, 1)));
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw Error(Code::Memory, text("[", what, "] needs ", formatBytes(double(bytes)), ", ",
                                     formatBytes(double(info().memoryBytes)), " free on cuda:", number_, "."));
    }
    check(error, text("gives no memory for ", what));
    const int number = number_;
    std::shared_ptr<std::byte> owner(static_cast<std::byte*>(pointer), [number](std::byte* memory) {
      cudaSetDevice(number);
      cudaFree(memory);
    });
    return {std::move(owner), static_cast<std::byte*>(pointer), bytes};
  }

  void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) override {
    if (bytes == 0) return;
    check(cudaSetDevice(number_), "cannot be used");
    check(ring_.upload(to.pointer + offset, from, bytes, stream_), "takes no upload");
  }
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override {
    if (bytes == 0) return;
    check(cudaMemcpyAsync(to, from.pointer + offset, size_t(bytes), cudaMemcpyDeviceToHost, stream_),
          "gives no download");
    checkWait(cudaStreamSynchronize(stream_));
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    if (bytes > 0) check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDeviceToDevice, stream_), "does not copy");
  }
  void fill(void* to, unsigned char byte, int64_t bytes) override {
    if (bytes > 0) check(cudaMemsetAsync(to, byte, size_t(bytes), stream_), "does not fill");
  }

  void run(const OpDef& op, const KernelCall& call) override {
    check(cudaSetDevice(number_), "cannot be used");
    device_.op = opNumber(op);
    const kernels::Launch launch = {1, kernels(), &device_};
    op.kernel(KernelCall{launch, call.inputTypes, call.outputTypes, call.inputs, call.outputs, call.attrs,
                         call.workspace, call.prepared, call.body, call.cancel});
  }

  void wait() override {
    check(cudaMemcpyAsync(fault_, device_.fault, sizeof *fault_, cudaMemcpyDeviceToHost, stream_), "gives no download");
    checkWait(cudaStreamSynchronize(stream_));
    if (fault_->first == kernels::Fault::none) return;
    const kernels::Fault found = *fault_;
    clearFault();
    *fault_ = found;
    throwFault(*fault_);
  }

  std::unique_ptr<Replay> record(const std::function<void()>& run) override {
    if (isEachStartChecked_) return nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "records no steps");
    cudaGraph_t graph = nullptr;
    try {
      run();
    } catch (...) {
      cudaStreamEndCapture(stream_, &graph);
      if (graph) cudaGraphDestroy(graph);
      cudaGetLastError();
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "records no steps");
    auto replay = std::make_unique<Graph>();
    const cudaError_t error = cudaGraphInstantiate(&replay->graph, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "keeps no steps");
    return replay;
  }
  void replay(const Replay& replay) override {
    device_.last = {"of a recorded plan", 0, 0, 0};
    check(cudaGraphLaunch(static_cast<const Graph&>(replay).graph, stream_), "does not start the recorded steps");
  }

  double seconds() override {
    float milliseconds = 0;
    check(cudaEventRecord(now_, stream_), "records no event");
    checkWait(cudaEventSynchronize(now_));
    check(cudaEventElapsedTime(&milliseconds, begin_, now_), "tells no time");
    return double(milliseconds) / 1000;
  }

 private:
  void open() {
    check(cudaSetDevice(number_), "cannot be used");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "gives no stream");
    check(cudaMalloc(reinterpret_cast<void**>(&device_.fault), sizeof(kernels::Fault)), "gives no memory");
    check(cudaMallocHost(reinterpret_cast<void**>(&fault_), sizeof(kernels::Fault)), "gives no pinned memory");
    clearFault();
    ring_.open();
    check(cudaEventCreate(&begin_), "gives no event");
    check(cudaEventCreate(&now_), "gives no event");
    check(cudaEventRecord(begin_, stream_), "records no event");
    library_ = CublasLt::open();
    device_.backend = this;
    device_.stream = stream_;
    device_.check = [](kernels::Device& device, int error) {
      static_cast<CudaBackend*>(device.backend)->checkStart(cudaError_t(error));
    };
    if (library_)
      device_.product = [](kernels::Device& device, const kernels::MatmulArgs& args, kernels::Element element) {
        return static_cast<CudaBackend*>(device.backend)->library_->product(args, element, device.stream);
      };
    const char* const isAsked = std::getenv("FORMWRIGHT_CUDA_SYNC");
    isEachStartChecked_ = isAsked && *isAsked && *isAsked != '0';
  }
  void close() {
    cudaSetDevice(number_);
    if (stream_) cudaStreamSynchronize(stream_);
    library_.reset();
    if (begin_) cudaEventDestroy(begin_);
    if (now_) cudaEventDestroy(now_);
    if (device_.fault) cudaFree(device_.fault);
    if (fault_) cudaFreeHost(fault_);
    if (stream_) cudaStreamDestroy(stream_);
  }

  void check(cudaError_t error, const std::string& what) const {
    if (error != cudaSuccess) fail(number_, error, what);
  }
  void checkStart(cudaError_t error) {
    check(error, text("does not start ", describe(device_.last)));
    if (isEachStartChecked_) check(cudaStreamSynchronize(stream_), describe(device_.last));
  }
  /// Errors of a kernel come to light at the next wait: the last one started is named, it need not be the one.
  void checkWait(cudaError_t error) const {
    check(error,
          text("was lost while it ran, up to ", describe(device_.last), " (FORMWRIGHT_CUDA_SYNC=1 finds the kernel)"));
  }
  void clearFault() {
    *fault_ = {};
    check(cudaMemcpyAsync(device_.fault, fault_, sizeof *fault_, cudaMemcpyHostToDevice, stream_), "takes no upload");
    check(cudaStreamSynchronize(stream_), "takes no upload");
  }

  int number_;
  Precision precision_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, now_ = nullptr;
  kernels::Fault* fault_ = nullptr;  // pinned
  kernels::Device device_;
  UploadRing ring_;
  std::unique_ptr<CublasLt> library_;
  bool isEachStartChecked_ = false;
};

}  // namespace

std::vector<DeviceInfo> listCudaDevices() {
  if (std::string reason = absence(); !reason.empty())
    return {{.id = "cuda", .name = "CUDA", .absence = std::move(reason)}};
  int count = 0;
  cudaGetDeviceCount(&count);
  std::vector<DeviceInfo> devices;
  for (int i = 0; i < count; ++i) devices.push_back(infoOf(i));
  return devices;
}

std::unique_ptr<Backend> makeCudaBackend(int number, Precision precision) {
  const std::vector<DeviceInfo> devices = listCudaDevices();
  if (devices.front().id == "cuda")
    throw Error(Code::Device, text("[cuda:", number, "] ", devices.front().absence, "."));
  if (size_t(number) >= devices.size())
    throw Error(Code::Device,
                text("[cuda:", number, "] there is no such GPU; expected cuda:0 to ", devices.back().id, "."));
  if (!devices[size_t(number)].absence.empty())
    throw Error(Code::Device, text("[cuda:", number, "] ", devices[size_t(number)].absence, "."));
  return std::make_unique<CudaBackend>(number, precision);
}

}  // namespace fw
