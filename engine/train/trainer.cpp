// Training: forward, loss, backward, clipping and optimiser are one graph, planned once and run each step.
#include "engine/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/blocks/lowering.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"

namespace fw {
namespace {

const std::string kParameter = "parameter/", kOptimizer = "optimizer/", kAccumulated = "accumulated/", kNext = "next/";

/// The model of `architecture` in a builder, without outputs of its own.
struct LoweredModel {
  std::unique_ptr<ir::Builder> builder;
  std::map<std::string, ir::Value> outputs;
};

LoweredModel lowerModel(const Architecture& architecture, Mode mode, const std::map<std::string, int64_t>& dims) {
  ir::Graph graph = *lowerOrThrow(architecture, Catalog(allBlocks()), {.mode = mode, .dims = dims});
  const std::vector<ir::OutputInfo> outputs = std::exchange(graph.outputs, {});
  LoweredModel model;
  model.builder = std::make_unique<ir::Builder>(std::move(graph));
  for (const ir::OutputInfo& output : outputs) model.outputs[output.name] = model.builder->value(output.value);
  return model;
}

/// Outputs "loss" and "measure/<name>/numerator|denominator"; returns the loss and the measures' names.
ir::Value addLoss(const Task& task, LoweredModel& model, int64_t batch, std::vector<std::string>& names) {
  ir::ScopeGuard guard(*model.builder, "loss", 0);
  const TaskLoss loss = task.loss(*model.builder, model.outputs, batch);
  model.builder->output("loss", loss.loss);
  names.clear();
  for (const Measure& measure : loss.measures) {
    names.push_back(measure.name);
    model.builder->output("measure/" + measure.name + "/numerator", measure.numerator);
    model.builder->output("measure/" + measure.name + "/denominator", measure.denominator);
  }
  return loss.loss;
}

/// Factor that brings the gradient's global norm down to `limit`; NaN when the norm is not finite. Also outputs the
/// norm.
ir::Value addClip(ir::Builder& builder, const std::vector<ir::Value>& gradients, double limit) {
  ir::Value squares = builder.constant(0);
  for (const ir::Value& gradient : gradients)
    if (gradient.isValid()) squares = squares + builder.op("sum_squares", {gradient});
  const ir::Value norm = builder.op("sqrt", {squares});
  builder.output("gradient_norm", norm);
  // norm * 0 is NaN where the norm is not finite.
  if (limit <= 0) return 1.0 + norm * 0;
  return builder.op("minimum", {builder.constant(1), limit / (norm + 1e-6)}) + norm * 0;
}

/// Memory is checked for all plans of a trainer together.
std::shared_ptr<const Plan> planOn(const Backend& backend, ir::Graph graph) {
  PlanOptions options = planOptions(backend);
  options.memoryLimit = 0;
  return std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(std::move(graph)), options));
}

/// Plans that share an arena, and parameters and optimiser state by name. Returns the bytes of the arena.
int64_t requireMemory(const std::vector<std::shared_ptr<const Plan>>& plans, int64_t free) {
  std::map<std::string, int64_t> sources;
  int64_t needed = 0, arena = 0;
  for (const std::shared_ptr<const Plan>& plan : plans) {
    if (!plan) continue;
    const ir::Graph& graph = *plan->graph;
    for (const ir::InputInfo& input : graph.inputs) sources[input.name] = graph.type({input.node, 0}).bytes();
    for (const ir::ParameterInfo& info : graph.parameters) sources[info.name] = graph.type({info.node, 0}).bytes();
    needed += plan->outputBytes;
    arena = std::max(arena, plan->arenaBytes);
  }
  for (const auto& [name, bytes] : sources) needed += bytes;
  needed += arena;
  if (free > 0 && needed > free)
    throw Error(Code::Memory, text("[train] needs ", formatBytes(double(needed)), ", ", formatBytes(double(free)),
                                   " free; a smaller batch or more pieces a step need less."));
  return arena;
}

Tensor zeros(const ir::TensorType& type) {
  Tensor tensor = Tensor::make(type.dtype, type.shape);
  std::fill_n(tensor.memory.get(), tensor.bytes(), std::byte(0));
  return tensor;
}

}  // namespace

void initializeParameters(const ir::Graph& graph, uint64_t seed, Store& store) {
  for (const ir::ParameterInfo& parameter : graph.parameters) {
    const ir::TensorType type = graph.type({parameter.node, 0});
    store.make(parameter.name, type);
    ir::Builder builder;
    const ir::Value seedInput = builder.input("seed", {DType::I64, {}});
    builder.input(parameter.name, type);
    const int64_t stream = int64_t(Hasher().add(std::string_view(parameter.name)).finish().low >> 1);
    const ir::Value start =
        parameter.init.make
            ? parameter.init.make({builder, type, seedInput, stream, parameter.init.a, parameter.init.b})
            : builder.constant(0, type.shape, type.dtype);
    builder.output("start", start, parameter.name);
    Executor executor(planOn(store.backend(), builder.finish()), store);
    executor.setInput("seed", Tensor::scalarInt(int64_t(seed)));
    executor.run();
  }
}

double scheduledRate(const TrainOptions& options, double base, int64_t step) {
  const double warm = std::floor(options.warmup * double(options.steps));
  if (double(step) <= warm) return base * double(step) / std::max(1.0, warm);
  const double rest = std::max(1.0, double(options.steps) - warm);
  const double progress = std::min(1.0, (double(step) - warm) / rest);
  return base * (options.finalRate + (1 - options.finalRate) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

Trainer::Trainer(ArchitecturePtr architecture, const TrainOptions& options, Backend& backend,
                 std::unique_ptr<Task> task)
    : architecture_(std::move(architecture)),
      options_(options),
      optimizer_(&findOptimizer(options.optimizer)),
      store_(backend) {
  const auto require = [](bool isTrue, const std::string& sentence) {
    if (!isTrue) throw Error(Code::Usage, "[train] " + sentence);
  };
  require(options.batch >= 1 && options.accumulate >= 1 && options.batch % options.accumulate == 0,
          text("a batch of ", options.batch, " cannot be computed in ", options.accumulate,
               " pieces; expected a divisor."));
  require(options.steps >= 0, text("cannot do ", options.steps, " steps."));
  require(options.learningRate >= 0 && std::isfinite(options.learningRate),
          text("the learning rate ", options.learningRate, " is no positive number."));
  optimizerParams_ = completeOptions(options.optimizer, optimizer_->params, options.optimizerOptions);
  task_ = task ? std::move(task) : makeTask(options.task, options.taskOptions, options.seed);
  build();
}

void Trainer::build() {
  const int64_t rows = options_.batch / options_.accumulate;
  LoweredModel model = lowerModel(*architecture_, Mode::Train, task_->dims(rows));
  ir::Builder& builder = *model.builder;
  const ir::Value loss = addLoss(*task_, model, rows, measures_);

  const std::vector<ir::ParameterInfo> parameters = builder.graph().parameters;
  std::vector<ir::Value> weights;
  for (const ir::ParameterInfo& info : parameters)
    weights.push_back(info.isTrainable ? builder.value({info.node, 0}) : ir::Value{});
  std::vector<ir::Value> wanted;
  for (const ir::Value& weight : weights)
    if (weight.isValid()) wanted.push_back(weight);
  std::vector<ir::Value> found = ir::gradients(builder, {loss}, wanted);
  std::vector<std::pair<std::string, ir::TensorType>> startAtZero;
  // With several pieces a step, a first plan adds gradients up and a second one updates.
  std::unique_ptr<ir::Builder> separate;
  ir::Builder* update = &builder;
  if (options_.accumulate > 1) {
    separate = std::make_unique<ir::Builder>();
    update = separate.get();
    for (size_t i = 0, g = 0; i < parameters.size(); ++i) {
      if (!weights[i].isValid()) continue;
      const ir::Value gradient = found[g];
      if (gradient.isValid()) {
        const std::string name = kAccumulated + parameters[i].name;
        startAtZero.emplace_back(name, gradient.type());
        builder.output(name + "/next", builder.input(name, gradient.type()) + gradient / double(options_.accumulate),
                       name);
        found[g] = update->input(name, gradient.type());
        // The next step starts from zero again.
        update->output(name + "/next", update->constant(0, gradient.shape()), name);
      }
      weights[i] = update->parameter(parameters[i].name, weights[i].type());
      ++g;
    }
  }

  ir::ScopeGuard guard(*update, "optimizer", 0);
  const ir::Value rate = update->input("learning_rate", {DType::F32, {}});
  const ir::Value step = update->input("step", {DType::I64, {}});
  const ir::Value clip = addClip(*update, found, options_.clip);
  for (size_t i = 0, g = 0; i < parameters.size(); ++i) {
    if (!weights[i].isValid()) continue;
    const ir::Value gradient = found[g++];
    if (!gradient.isValid()) continue;
    OptimizerCall call{.builder = *update,
                       .info = parameters[i],
                       .params = optimizerParams_,
                       .parameter = weights[i],
                       .gradient = gradient,
                       .learningRate = rate,
                       .step = step,
                       .clip = clip};
    for (const OptimizerState& state : optimizer_->states(parameters[i], weights[i].type(), optimizerParams_)) {
      const std::string name = kOptimizer + state.name + "/" + parameters[i].name;
      startAtZero.emplace_back(name, state.type);
      call.states[state.name] = update->input(name, state.type);
    }
    optimizer_->update(call);
    update->output(kNext + parameters[i].name, call.next, parameters[i].name);
    for (const auto& [state, value] : call.nextStates) {
      const std::string name = kOptimizer + state + "/" + parameters[i].name;
      update->output(kNext + name, value, name);
    }
  }
  LoweredModel tested = lowerModel(*architecture_, Mode::Prefill, task_->dims(options_.batch));
  std::vector<std::string> names;
  addLoss(*task_, tested, options_.batch, names);

  // Nothing is allocated before all of it is known to fit.
  const Backend& backend = store_.backend();
  const ir::Graph whole = builder.graph();  // with parameters that the loss does not use
  const auto trainPlan = planOn(backend, optimized(builder.finish()));
  const auto updatePlan = separate ? planOn(backend, optimized(separate->finish())) : nullptr;
  const auto testPlan = planOn(backend, optimized(tested.builder->finish()));
  store_.arena(requireMemory({trainPlan, updatePlan, testPlan}, backend.info().memoryBytes));
  initializeParameters(whole, options_.seed, store_);
  for (const auto& [name, type] : startAtZero) store_.set(name, zeros(type));
  executor_ = std::make_unique<Executor>(trainPlan, store_);
  if (updatePlan) updater_ = std::make_unique<Executor>(updatePlan, store_);
  evaluator_ = std::make_unique<Executor>(testPlan, store_);
}

namespace {

bool hasInput(const Executor& executor, const std::string& name) {
  return executor.plan().graph->findInput(name) != nullptr;
}

void setBatch(Executor& executor, const Batch& batch) {
  for (const auto& [name, value] : batch)
    if (hasInput(executor, name)) executor.setInput(name, value);
}

}  // namespace

StepReport Trainer::step(const CancelToken& cancel) {
  const auto start = std::chrono::steady_clock::now();
  const double base = options_.learningRate > 0 ? options_.learningRate : optimizer_->learningRate;
  StepReport report{.step = step_ + 1, .learningRate = scheduledRate(options_, base, step_ + 1)};
  Executor& updater = updater_ ? *updater_ : *executor_;
  updater.setInput("learning_rate", Tensor::scalar(float(report.learningRate)));
  updater.setInput("step", Tensor::scalarInt(step_ + 1));

  std::map<std::string, std::pair<double, double>> sums;
  const auto runPiece = [&](int64_t piece) {
    const int64_t index = step_ * options_.accumulate + piece;
    setBatch(*executor_, task_->batch(Split::Train, index, options_.batch / options_.accumulate));
    if (hasInput(*executor_, "seed"))
      executor_->setInput("seed", Tensor::scalarInt(int64_t(Hasher().add(options_.seed).add(index).finish().low >> 1)));
    executor_->run(cancel);
    report.loss += executor_->outputScalar("loss") / double(options_.accumulate);
    for (const std::string& name : measures_) {
      sums[name].first += executor_->outputScalar("measure/" + name + "/numerator");
      sums[name].second += executor_->outputScalar("measure/" + name + "/denominator");
    }
  };
  const auto clearAccumulated = [&] {
    if (updater_)
      for (const std::string& name : store_.names())
        if (name.starts_with(kAccumulated)) store_.set(name, zeros(store_.type(name)));
  };
  try {
    for (int64_t piece = 0; piece < options_.accumulate; ++piece) {
      runPiece(piece);
      if (updater_ && !std::isfinite(report.loss)) break;
    }
    if (updater_ && std::isfinite(report.loss)) updater_->run(cancel);
  } catch (const Error&) {
    clearAccumulated();
    throw;
  }
  report.gradientNorm = std::isfinite(report.loss) ? updater.outputScalar("gradient_norm") : NAN;
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradientNorm)) {
    // The optimiser has left everything as it was; the same inputs give the same results, looked at one by one.
    const std::unique_ptr<NonFinite> cause = executor_->runChecked();
    clearAccumulated();
    throw Error(Code::Numeric,
                text("[train] the ", std::isfinite(report.loss) ? "gradient" : "loss", " of step ", report.step,
                     " is not finite",
                     cause ? text("; first in op '", cause->op, "'",
                                  cause->scope.empty() ? "" : " of '" + cause->scope + "'", ": ", cause->what)
                           : "",
                     "."));
  }
  for (const auto& [name, sum] : sums) report.measures[name] = sum.second > 0 ? sum.first / sum.second : NAN;
  ++step_;
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

Evaluation Trainer::evaluate(int64_t batches, const CancelToken& cancel) {
  Evaluation evaluation;
  std::map<std::string, std::pair<double, double>> sums;
  for (int64_t i = 0; i < batches; ++i) {
    setBatch(*evaluator_, task_->batch(Split::Test, i, options_.batch));
    evaluator_->run(cancel);
    evaluation.loss += evaluator_->outputScalar("loss") / double(batches);
    for (const std::string& name : measures_) {
      sums[name].first += evaluator_->outputScalar("measure/" + name + "/numerator");
      sums[name].second += evaluator_->outputScalar("measure/" + name + "/denominator");
    }
    evaluation.rows += options_.batch;
  }
  for (const auto& [name, sum] : sums) evaluation.measures[name] = sum.second > 0 ? sum.first / sum.second : NAN;
  return evaluation;
}

TrainState Trainer::state() const {
  TrainState state{.step = step_, .tensors = {}};
  for (const std::string& name : store_.names()) {
    if (name.starts_with(kAccumulated)) continue;
    state.tensors[name.starts_with(kOptimizer) ? name : kParameter + name] = store_.get(name);
  }
  return state;
}

void Trainer::restore(const TrainState& state) {
  std::vector<std::pair<std::string, const Tensor*>> wanted;
  for (const std::string& name : store_.names()) {
    if (name.starts_with(kAccumulated)) continue;
    const std::string key = name.starts_with(kOptimizer) ? name : kParameter + name;
    const auto at = state.tensors.find(key);
    if (at == state.tensors.end()) throw Error(Code::Data, text("[checkpoint] has no tensor '", key, "'."));
    const ir::TensorType& type = store_.type(name);
    if (type != ir::TensorType{at->second.dtype, at->second.shape})
      throw Error(Code::Data, text("[checkpoint] '", key, "' is ", fw::name(at->second.dtype), at->second.shape,
                                   "; expected ", type.toString(), "."));
    wanted.emplace_back(name, &at->second);
  }
  for (const auto& [name, tensor] : wanted) store_.set(name, *tensor);
  step_ = state.step;
}

}  // namespace fw
