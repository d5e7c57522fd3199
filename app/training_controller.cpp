// Trains snapshots of the document.
#include "app/training_controller.h"

#include <QDateTime>
#include <QDir>
#include <cmath>

#include "engine/base/error.h"
#include "engine/exec/backend.h"
#include "widgets/number_format.h"

namespace fw {

namespace {
constexpr int kDrainEvery = 50;  // milliseconds
}

TrainingController::TrainingController(JobRunner& jobs, DocumentController& document, const QString& runsFolder,
                                       QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), runsFolder_(runsFolder) {
  timer_.setInterval(kDrainEvery);
  connect(&timer_, &QTimer::timeout, this, &TrainingController::drain);
  reset();
}

void TrainingController::reset() {
  if (isRunning_) stop();
  state_ = {};
  state_.panel = {ui::PanelPhase::Empty, tr("Train this model on a task and watch loss and accuracy here."),
                  tr("Train"), -1};
  weights_.clear();
  trained_.reset();
  runFolder_.clear();
  adopted_.clear();
  emit changed();
}

std::map<std::string, Tensor> TrainingController::weightsOf(const Architecture& architecture) const {
  const Hash hash = structuralHash(architecture);
  if (trained_ && structuralHash(*trained_) == hash) return weights_;
  for (const auto& [of, weights] : adopted_)
    if (of == hash) return weights;
  return {};
}

QString TrainingController::runOf(const Architecture& architecture) const {
  const Hash hash = structuralHash(architecture);
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run)
    if (run->first == hash) return run->second;
  return {};
}

void TrainingController::remember(const Architecture& architecture, const QString& folder) {
  runs_.emplace_back(structuralHash(architecture), folder);
}

void TrainingController::adopt(const Architecture& architecture, const std::map<std::string, Tensor>& weights) {
  const Hash hash = structuralHash(architecture);
  std::erase_if(adopted_, [&](const auto& entry) { return entry.first == hash; });
  if (!weights.empty()) adopted_.emplace_back(hash, weights);
}

void TrainingController::start() {
  if (isRunning_ || !document_.isOpen()) return;
  QDir().mkpath(runsFolder_);
  const QString folder = runsFolder_ + "/" + QDateTime::currentDateTime().toString("yyyyMMdd-HHmmss-zzz");
  TrainCall call{.architecture = document_.current(),
                 .options = {.task = setup.task,
                             .taskOptions = setup.taskOptions,
                             .steps = setup.steps,
                             .batch = setup.batch,
                             .learningRate = setup.learningRate},
                 .device = setup.device,
                 .out = folder.toStdString()};
  // Small models keep their steps, so that representations can be followed over the training.
  constexpr double kMostKept = 2e7;
  const std::optional<CostReport>& cost = document_.facts().cost;
  call.keepsCheckpoints = cost && cost->parametersUnique > 0 && cost->parametersUnique < kMostKept;
  if (call.keepsCheckpoints) call.checkpointEvery = std::max<int64_t>(1, setup.steps / 10);
  state_ = {};
  state_.panel = {ui::PanelPhase::Busy, tr("Planning"), {}, -1};
  state_.totalSteps = setup.steps;
  state_.title = tr("%1: %2").arg(document_.title(), QString::fromStdString(findTask(setup.task).title));
  state_.recipe = tr("AdamW, batch %1, seed 1").arg(setup.batch);
  isRunning_ = true;
  isStopping_ = false;
  isPaused_ = false;
  secondsLeft_ = -1;
  timer_.start();
  emit changed();
  jobs_.start(
      "train", tr("Train"),
      [this, call](CancelToken cancel, const Progress& progress) -> JobRunner::Deliver {
        TrainObserver observer;
        observer.onStep = [&](const StepReport& report, int64_t steps, double left) {
          progress.report(double(report.step) / double(steps), text("step ", report.step, " of ", steps));
          const std::lock_guard lock(mutex_);
          reports_.emplace_back(report, left);
        };
        observer.isPaused = [this] { return isPaused_.load(); };
        const TrainResult result = train(call, observer, cancel);
        OpenedModel opened = openModel(call.out.string());
        return [this, result, call, weights = std::move(opened.weights)]() mutable {
          drain();
          timer_.stop();
          isRunning_ = isStopping_ = false;
          weights_ = std::move(weights);
          trained_ = call.architecture;
          runFolder_ = QString::fromStdString(call.out.string());
          remember(*trained_, runFolder_);
          adopted_.clear();
          state_.panel.phase = ui::PanelPhase::Ready;
          emit changed();
          emit finished();
        };
      },
      [this](const QString& sentence) {
        drain();
        timer_.stop();
        isRunning_ = isStopping_ = false;
        state_.panel = sentence.isEmpty() ? ui::PanelState{ui::PanelPhase::Ready, {}, {}, -1}
                                          : ui::PanelState{ui::PanelPhase::Failed, sentence, tr("Try again"), -1};
        emit changed();
      });
}

void TrainingController::stop() {
  if (!isRunning_) return;
  isStopping_ = true;
  isPaused_ = false;
  jobs_.cancel("train");
  emit changed();
}

void TrainingController::drain() {
  std::deque<std::pair<StepReport, double>> reports;
  {
    const std::lock_guard lock(mutex_);
    reports.swap(reports_);
  }
  if (reports.empty()) return;
  for (const auto& [report, left] : reports) {
    state_.steps.push_back(double(report.step));
    state_.loss.push_back(report.loss);
    const auto accuracy = report.measures.find("accuracy");
    state_.accuracy.push_back(accuracy == report.measures.end() ? NAN : accuracy->second);
    secondsLeft_ = left;
  }
  state_.panel = {ui::PanelPhase::Ready, {}, {}, -1};
  emit changed();
}

ui::RunState TrainingController::runState() const {
  ui::RunState run;
  run.phase = !isRunning_            ? ui::RunPhase::Idle
              : isStopping_          ? ui::RunPhase::Stopping
              : isPaused_            ? ui::RunPhase::Paused
              : state_.steps.empty() ? ui::RunPhase::Starting
                                     : ui::RunPhase::Running;
  for (const TaskDef& task : allTasks())
    run.tasks.push_back(
        {QString::fromStdString(task.id), QString::fromStdString(task.title), QString::fromStdString(task.help)});
  for (const DeviceInfo& device : listDevices()) {
    if (device.id == "null") continue;
    run.devices.push_back({QString::fromStdString(device.id),
                           device.id == "cpu" ? "CPU · " + ui::counted(device.threads, tr("1 thread"), tr("%1 threads"))
                                              : QString::fromStdString(device.name),
                           QString::fromStdString(device.absence.empty() ? device.name : device.absence),
                           device.absence.empty()});
    if (device.absence.empty() && device.id.starts_with("cuda:"))
      run.devices.push_back({QString::fromStdString(device.id + ":bf16"),
                             tr("%1 · bf16").arg(QString::fromStdString(device.name)),
                             tr("Products and attention in bf16 on tensor cores; sums and weights stay in f32"), true});
  }
  run.task = QString::fromStdString(setup.task);
  run.device = QString::fromStdString(setup.device);
  run.steps = setup.steps;
  run.step = state_.steps.empty() ? 0 : int64_t(state_.steps.back());
  run.secondsLeft = isRunning_ ? secondsLeft_ : -1;
  const bool hasProblems = document_.isOpen() && hasErrors(document_.facts().diagnostics);
  run.canTrain = document_.isOpen() && !hasProblems;
  if (hasProblems) run.reason = tr("The model has problems; see the Problems panel.");
  return run;
}

}  // namespace fw
