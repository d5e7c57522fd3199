// Trains a snapshot of a document on a task: one plan for a whole step (forward, backward, optimiser).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/base/job.h"
#include "engine/base/tensor.h"
#include "engine/exec/executor.h"
#include "engine/train/optimizer.h"
#include "engine/train/task.h"

namespace fw {

struct TrainOptions {
  std::string task = "mqar";
  Params taskOptions;
  std::string optimizer = "adamw";
  Params optimizerOptions;
  int64_t steps = 1000;
  int64_t batch = 32;       // rows of one optimiser step
  int64_t accumulate = 1;   // pieces a step's batch is computed in; divides `batch`
  double learningRate = 0;  // 0: the optimiser's own
  double warmup = 0.05;     // share of the steps
  double finalRate = 0.1;   // of the learning rate, at the end of the cosine
  double clip = 1.0;        // global norm of the gradient; 0: none
  uint64_t seed = 1;
};

struct StepReport {
  int64_t step = 0;  // 1 after the first
  double loss = 0;
  double gradientNorm = 0;
  double learningRate = 0;
  double seconds = 0;
  std::map<std::string, double> measures;  // of this step's batch
};

struct Evaluation {
  double loss = 0;
  std::map<std::string, double> measures;
  int64_t rows = 0;
};

/// Everything that a run needs to go on with the same bits: tensors by name ("parameter/...", "optimizer/...") and the
/// step.
struct TrainState {
  int64_t step = 0;
  std::map<std::string, Tensor> tensors;
};

/// f32 starting values of every parameter of `graph`, put into `store`: a pure function of seed and parameter names.
void initializeParameters(const ir::Graph& graph, uint64_t seed, Store& store);

/// Learning rate of step `step` (1-based): linear warm-up, then cosine to finalRate.
double scheduledRate(const TrainOptions& options, double base, int64_t step);

class Trainer {
 public:
  /// Lowers, differentiates and plans. `task`: one that is in no table, instead of the one that the options name.
  /// Throws fw::Error for what is wrong with document, task or memory ("[plan] needs 41 GB, 24 GB free.").
  Trainer(ArchitecturePtr architecture, const TrainOptions& options, Backend& backend,
          std::unique_ptr<Task> task = nullptr);

  /// One optimiser step. Throws Code::Numeric "[train] NaN in step 12: ..., first in op softmax of layers.3.attention"
  /// and leaves parameters and optimiser as they were before the step.
  StepReport step(const CancelToken& cancel = {});
  /// Loss and measures on `batches` batches of the test split.
  Evaluation evaluate(int64_t batches, const CancelToken& cancel = {});

  TrainState state() const;
  /// Throws Code::Data that names the tensor which is missing or of another shape.
  void restore(const TrainState& state);

  int64_t stepsDone() const { return step_; }
  const TrainOptions& options() const { return options_; }
  const Task& task() const { return *task_; }
  Store& store() { return store_; }
  const Plan& plan() const { return executor_->plan(); }
  /// Of one piece of a step; the optimiser too where a step is one piece.
  Executor& stepExecutor() { return *executor_; }
  const ArchitecturePtr& architecture() const { return architecture_; }

 private:
  void build();

  ArchitecturePtr architecture_;
  TrainOptions options_;
  const OptimizerDef* optimizer_;
  Params optimizerParams_;
  std::unique_ptr<Task> task_;
  Store store_;
  std::unique_ptr<Executor> executor_;  // forward and backward; the optimiser too where a step is one piece
  std::unique_ptr<Executor> updater_;   // the optimiser, where a step has several pieces
  std::unique_ptr<Executor> evaluator_;
  std::vector<std::string> measures_;
  int64_t step_ = 0;
};

}  // namespace fw
