// Runs a plan on a backend, again and again, with tensors that live from run to run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/job.h"
#include "engine/base/tensor.h"
#include "engine/exec/backend.h"
#include "engine/exec/plan.h"

namespace fw {

/// Named tensors on one device that outlive a run: parameters, optimiser state, caches.
class Store {
 public:
  explicit Store(Backend& backend) : backend_(&backend) {}

  /// Makes memory for a new tensor (contents undefined), or keeps the one of that name and type.
  Memory& make(const std::string& name, const ir::TensorType& type);
  bool has(const std::string& name) const { return entries_.contains(name); }
  void set(const std::string& name, const Tensor& value);
  /// The same without a copy where the device computes in host memory: the tensor's memory becomes that of the store.
  void share(const std::string& name, const Tensor& value);
  Tensor get(const std::string& name) const;
  const ir::TensorType& type(const std::string& name) const;
  const Memory& memory(const std::string& name) const;
  void erase(const std::string& name) { entries_.erase(name); }
  std::vector<std::string> names() const;
  /// The arena of all plans that run on these tensors, one at a time: at least so many bytes. A plan that was bound to
  /// a smaller one keeps that.
  const Memory& arena(int64_t bytes);
  Backend& backend() const { return *backend_; }

 private:
  struct Entry {
    ir::TensorType type;
    Memory memory;
  };
  const Entry& entry(const std::string& name) const;

  Backend* backend_;
  Memory arena_;
  std::map<std::string, Entry> entries_;
};

/// The first result that was not finite.
struct NonFinite {
  std::string op, scope;
  int64_t origin = 0;
  std::string what;  // "NaN at element 17 of f32[2,5]"
};

class Executor {
 public:
  /// Binds parameters, and inputs that the store has, by name; makes memory for the rest.
  /// Throws Code::Data when a parameter is missing in the store or has another type.
  Executor(std::shared_ptr<const Plan> plan, Store& store);

  /// Gives an input's value for the next runs; throws Code::Shape that names input, got and expected.
  void setInput(const std::string& name, const Tensor& value);
  /// Runs all steps. Looks at `cancel` between steps until the first one that overwrites a parameter, state or input.
  void run(const CancelToken& cancel = {}, const Progress& progress = {});
  /// The value of an output after run().
  Tensor output(const std::string& name) const;
  float outputScalar(const std::string& name) const;

  /// Seconds of each step in the last run; measured only when asked for.
  void setTiming(bool isOn) { isTimed_ = isOn; }
  const std::vector<double>& stepSeconds() const { return stepSeconds_; }
  /// For finding the source of NaN: runs until the first step with a result that is not finite.
  std::unique_ptr<NonFinite> runChecked();
  /// For tests: fills the arena with NaN before each run and checks the guard zones after each step (Code::Internal).
  void setGuarded(bool isOn) { isGuarded_ = isOn; }

  const Plan& plan() const { return *plan_; }

 private:
  struct Frame;  // pointers of one plan, ready for its kernels
  void bind();
  void runReplayed(const CancelToken& cancel, const Progress& progress);
  void runFrame(Frame& frame, const CancelToken& cancel, const Progress* progress,
                const std::function<bool(size_t)>& afterStep);

  std::shared_ptr<const Plan> plan_;
  Store* store_;
  Memory arena_;
  std::vector<Memory> sources_, outputs_;
  std::shared_ptr<Frame> frame_;
  std::vector<double> stepSeconds_;
  std::unique_ptr<Replay> replay_;
  int plainRuns_ = 0;
  bool isTimed_ = false, isGuarded_ = false;
};

}  // namespace fw
