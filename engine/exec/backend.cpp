// The CPU and the device that does nothing.
#include "engine/exec/backend.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include "engine/base/tensor.h"
#include "engine/exec/cuda_backend.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int availableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

std::string processorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "CPU";
}

class CpuBackend : public Backend {
 public:
  explicit CpuBackend(int threads) : launch_{threads > 0 ? threads : availableCores(), &kernels::cpu::kernels()} {}

  DeviceInfo info() const override {
    return {.id = "cpu", .name = processorName(), .memoryBytes = freeMemoryBytes(), .threads = launch_.threads};
  }
  int threads() const override { return launch_.threads; }
  bool usesHostMemory() const override { return true; }
  Memory allocate(int64_t bytes, const std::string& what) override {
    std::shared_ptr<std::byte> owner = allocateAligned(bytes, what);
    std::byte* pointer = owner.get();
    return {std::move(owner), pointer, bytes};
  }
  void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) override {
    copy(to.pointer + offset, from, bytes);
  }
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override {
    copy(to, from.pointer + offset, bytes);
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    if (bytes > 0) std::memmove(to, from, size_t(bytes));
  }
  void fill(void* to, unsigned char byte, int64_t bytes) override {
    if (bytes > 0) std::memset(to, byte, size_t(bytes));
  }
  void run(const OpDef& op, const KernelCall& call) override {
    op.kernel(KernelCall{launch_, call.inputTypes, call.outputTypes, call.inputs, call.outputs, call.attrs,
                         call.workspace, call.prepared, call.body, call.cancel});
  }
  void wait() override {}
  double seconds() override { return now(); }

 private:
  kernels::Launch launch_;
};

class NullBackend : public Backend {
 public:
  DeviceInfo info() const override { return {.id = "null", .name = "Null device: plans, runs nothing"}; }
  Memory allocate(int64_t bytes, const std::string&) override { return {nullptr, nullptr, bytes}; }
  void upload(const Memory&, int64_t, const void*, int64_t) override {}
  void download(void* to, const Memory&, int64_t, int64_t bytes) override {
    if (bytes > 0) std::memset(to, 0, size_t(bytes));
  }
  void copy(void*, const void*, int64_t) override {}
  void fill(void*, unsigned char, int64_t) override {}
  void run(const OpDef&, const KernelCall&) override {}
  void wait() override {}
  double seconds() override { return now(); }
};

}  // namespace

std::unique_ptr<Backend> makeCpuBackend(int threads) { return std::make_unique<CpuBackend>(threads); }

std::unique_ptr<Backend> makeNullBackend() { return std::make_unique<NullBackend>(); }

PlanOptions planOptions(const Backend& backend) {
  return {.threads = backend.threads(), .kernels = backend.kernels(), .memoryLimit = backend.info().memoryBytes};
}

std::vector<DeviceInfo> listDevices() {
  std::vector<DeviceInfo> devices = listCudaDevices();
  devices.insert(devices.begin(), {makeCpuBackend()->info(), makeNullBackend()->info()});
  return devices;
}

namespace {

/// The number of up to three digits that follows the prefix; -1 where there is none.
int numberAfter(const std::string& prefix, const std::string& id) {
  if (!id.starts_with(prefix)) return -1;
  const std::string digits = id.substr(prefix.size());
  const bool isNumber = !digits.empty() && digits.size() < 4 &&
                        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return isNumber ? std::stoi(digits) : -1;
}

}  // namespace

std::unique_ptr<Backend> makeBackend(const std::string& id) {
  if (id == "cpu") return makeCpuBackend();
  if (id == "null") return makeNullBackend();
  if (const int threads = numberAfter("cpu:", id); threads > 0) return makeCpuBackend(threads);
  const bool isRounded = id.ends_with(":bf16");
  const Precision precision = isRounded ? Precision::Bf16 : Precision::F32;
  const std::string gpu = isRounded ? id.substr(0, id.size() - 5) : id;
  if (gpu == "cuda") return makeCudaBackend(0, precision);
  if (const int number = numberAfter("cuda:", gpu); number >= 0) return makeCudaBackend(number, precision);
  std::string known;
  for (const DeviceInfo& device : listDevices())
    if (device.absence.empty()) known += (known.empty() ? "" : ", ") + device.id;
  throw Error(Code::Usage, text("[device] there is no device '", id, "' here; there are: ", known, "."));
}

}  // namespace fw
