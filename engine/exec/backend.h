// A device: memory, steps, time. What it cannot run it says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/exec/plan.h"
#include "engine/ir/op.h"

namespace fw {

/// Memory of a device; on the CPU `pointer` is an ordinary pointer. Shared by copies, freed with the last.
struct Memory {
  std::shared_ptr<std::byte> owner;
  std::byte* pointer = nullptr;
  int64_t bytes = 0;
};

struct DeviceInfo {
  std::string id;    // "cpu", "cuda:0", "null"
  std::string name;  // "AMD EPYC, AVX2"
  int64_t memoryBytes = 0;
  int threads = 0;
  std::string capability = {};  // compute capability of a GPU, "9.0"
  std::string absence;          // why there is none; empty where there is
};

/// Steps that a device has learnt by heart.
struct Replay {
  virtual ~Replay() = default;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual DeviceInfo info() const = 0;
  virtual int threads() const { return 1; }
  /// Whether `Memory::pointer` may be any memory of this process.
  virtual bool usesHostMemory() const { return false; }
  /// What ops call; null: the CPU's.
  virtual const kernels::Kernels* kernels() const { return nullptr; }
  /// Throws Code::Memory that names `what`.
  virtual Memory allocate(int64_t bytes, const std::string& what) = 0;
  virtual void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, const Memory& from, int64_t offset, int64_t bytes) = 0;
  virtual void copy(void* to, const void* from, int64_t bytes) = 0;
  virtual void fill(void* to, unsigned char byte, int64_t bytes) = 0;
  /// Runs one step; pointers in `call` are the device's.
  virtual void run(const OpDef& op, const KernelCall& call) = 0;
  /// Waits for all steps so far. Throws what went wrong in one of them: Code::Data for values that an op refuses,
  /// Code::Device where the device itself failed.
  virtual void wait() = 0;
  /// The steps and copies that `run` asks for, to be repeated by replay() with the same pointers; they do not happen
  /// now. Null: the device cannot, `run` was not called.
  virtual std::unique_ptr<Replay> record(const std::function<void()>&) { return nullptr; }
  virtual void replay(const Replay&) {}
  /// Seconds on the device's own clock, after all steps so far.
  virtual double seconds() = 0;
};

/// The options of a plan that will run on the device, which must fit into its free memory.
PlanOptions planOptions(const Backend& backend);

/// `threads` 0: one for each core this process may use.
std::unique_ptr<Backend> makeCpuBackend(int threads = 0);

/// Allocates and computes nothing: planning, cost and memory of models that no machine here could hold.
std::unique_ptr<Backend> makeNullBackend();

/// Every device of this machine, and why others are absent.
std::vector<DeviceInfo> listDevices();

/// "cpu", "cpu:1" (threads), "null", "cuda" or "cuda:1" (the number of the GPU); "cuda:bf16" and "cuda:1:bf16" multiply
/// in bf16 on tensor cores, with sums and everything in memory in f32. Throws Code::Usage that lists what there is,
/// Code::Device that says why there is no such GPU.
std::unique_ptr<Backend> makeBackend(const std::string& id);

}  // namespace fw
