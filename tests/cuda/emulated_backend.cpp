// A backend that runs plans by the emulated CUDA kernels.
#include "tests/cuda/emulated_backend.h"

#include "engine/base/tensor.h"
#include "engine/exec/device_fault.h"
#include "kernels/cuda/device.h"
#include "kernels/kernels.h"

namespace fw::kernels::emulated {
const Kernels& kernels();
const Kernels& bf16Kernels();
}  // namespace fw::kernels::emulated

namespace fw::testing {
namespace {

class EmulatedBackend : public Backend {
 public:
  explicit EmulatedBackend(Precision precision) : precision_(precision) { device_.fault = &fault_; }

  DeviceInfo info() const override {
    return {.id = "emulated", .name = "CUDA kernels on the CPU", .memoryBytes = freeMemoryBytes()};
  }
  const kernels::Kernels* kernels() const override {
    return precision_ == Precision::Bf16 ? &kernels::emulated::bf16Kernels() : &kernels::emulated::kernels();
  }
  Memory allocate(int64_t bytes, const std::string& what) override {
    Memory memory = host_->allocate(bytes, what);
    fill(memory.pointer, 0xff, bytes);  // NaN
    return memory;
  }
  void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) override {
    host_->upload(to, offset, from, bytes);
  }
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override {
    host_->download(to, from, offset, bytes);
  }
  void copy(void* to, const void* from, int64_t bytes) override { host_->copy(to, from, bytes); }
  void fill(void* to, unsigned char byte, int64_t bytes) override { host_->fill(to, byte, bytes); }
  void run(const OpDef& op, const KernelCall& call) override {
    device_.op = opNumber(op);
    const kernels::Launch launch = {1, kernels(), &device_};
    op.kernel(KernelCall{launch, call.inputTypes, call.outputTypes, call.inputs, call.outputs, call.attrs,
                         call.workspace, call.prepared, call.body, call.cancel});
  }
  void wait() override { throwFault(fault_); }
  double seconds() override { return 0; }

 private:
  Precision precision_;
  const std::unique_ptr<Backend> host_ = makeCpuBackend(1);
  kernels::Fault fault_;
  kernels::Device device_;
};

}  // namespace

std::unique_ptr<Backend> makeEmulatedBackend(Precision precision) {
  return std::make_unique<EmulatedBackend>(precision);
}

}  // namespace fw::testing
