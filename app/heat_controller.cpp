// What the colours of blocks and layers say.
#include "app/heat_controller.h"

#include "app/analysis_call.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

constexpr int kPatience = 300;   // milliseconds on one mode before it is measured
constexpr int64_t kBatches = 2;  // of data for colours

/// From zero, or from the least where `isRelative`.
template <class Key>
HeatValues::Scale scaleOf(const std::map<Key, double>& values, bool isRelative) {
  HeatValues::Scale scale;
  bool isFirst = true;
  for (const auto& [key, value] : values) {
    scale.high = isFirst ? value : std::max(scale.high, value);
    if (isRelative) scale.low = isFirst ? value : std::min(scale.low, value);
    isFirst = false;
  }
  return scale;
}

double countedValue(const auto& cost, HeatMode mode) {
  return mode == HeatMode::Parameters ? cost.parameters : mode == HeatMode::Flops ? cost.flops : cost.bytes;
}

BlockMeasure measured(HeatMode mode, const AnalyzeCall& call, int64_t time, const CancelToken& cancel,
                      const Progress& progress) {
  switch (mode) {
    case HeatMode::Time:
      return measureTime(
          *call.architecture,
          {.time = longestTime(*call.architecture, time), .repeat = 5, .device = call.device, .weights = call.weights},
          cancel);
    case HeatMode::Similarity:
      return measureSimilarity(call, cancel, progress);
    case HeatMode::Sparsity:
      return measureSparsity(call, cancel, progress);
    default:
      return measureGradients(call, cancel, progress);
  }
}

}  // namespace

QString heatTitle(HeatMode mode) {
  switch (mode) {
    case HeatMode::Parameters:
      return QObject::tr("Parameters");
    case HeatMode::Flops:
      return QObject::tr("FLOPs");
    case HeatMode::Bytes:
      return QObject::tr("Bytes moved");
    case HeatMode::Time:
      return QObject::tr("Time");
    case HeatMode::Similarity:
      return QObject::tr("Similarity");
    case HeatMode::Sparsity:
      return QObject::tr("Sparsity");
    case HeatMode::Gradients:
      return QObject::tr("Gradient norm");
    case HeatMode::None:
      break;
  }
  return QObject::tr("Kind of block");
}

QString heatHelp(HeatMode mode) {
  switch (mode) {
    case HeatMode::Time:
      return QObject::tr("How long each block takes, measured");
    case HeatMode::Similarity:
      return QObject::tr("How alike the stream is before and after a block: near 1 it hardly changes it");
    case HeatMode::Sparsity:
      return QObject::tr("Share of activations below 1 % of the largest");
    case HeatMode::Gradients:
      return QObject::tr("Norm of the gradient of each block's weights on the chosen task");
    default:
      return QObject::tr("What the colours of the blocks say");
  }
}

QString heatText(double value, HeatMode mode) {
  switch (mode) {
    case HeatMode::Parameters:
      return ui::formatCount(value);
    case HeatMode::Flops:
      return ui::formatFlops(value);
    case HeatMode::Bytes:
      return ui::formatBytes(value);
    case HeatMode::Time:
      return ui::formatSeconds(value);
    case HeatMode::Sparsity:
      return ui::formatPercent(value);
    default:
      return ui::formatValue(value);
  }
}

HeatValues countedHeat(const DocumentFacts& facts, HeatMode mode) {
  HeatValues values{.mode = mode};
  if (!facts.cost || mode < HeatMode::Parameters || mode > HeatMode::Bytes) return values;
  for (const NodeCost& cost : facts.cost->perNode) values.nodes[cost.node] = countedValue(cost, mode);
  for (size_t i = 0; i < facts.cost->perLayer.size(); ++i)
    values.layers[int64_t(i)] = countedValue(facts.cost->perLayer[i], mode);
  values.nodeScale = scaleOf(values.nodes, false);
  values.layerScale = scaleOf(values.layers, false);
  return values;
}

HeatController::HeatController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                               QObject* parent)
    : QObject(parent), jobs_(jobs), document_(document), training_(training) {
  start_.setSingleShot(true);
  start_.setInterval(kPatience);
  connect(&start_, &QTimer::timeout, this, &HeatController::measure);
  connect(&training, &TrainingController::finished, this, &HeatController::changed);
}

void HeatController::setMode(HeatMode mode) {
  mode_ = mode;
  start_.stop();
  jobs_.cancel("heat");
  if (isMeasured(mode) && document_.isOpen() && !known(mode)) start_.start();
  emit changed();
}

void HeatController::next() { setMode(mode_ == HeatMode::Gradients ? HeatMode::None : HeatMode(int(mode_) + 1)); }

void HeatController::measure() {
  start_.stop();
  if (!isMeasured(mode_) || !document_.isOpen()) return;
  AnalyzeCall call = analyzeCall(document_, training_);
  call.batches = kBatches;
  const auto key = std::pair(document_.idAt(document_.active()), mode_);
  jobs_.start(
      "heat", heatTitle(mode_),
      [this, call, key, weights = weightsNow(), time = document_.time](CancelToken cancel,
                                                                       const Progress& progress) -> JobRunner::Deliver {
        auto measure = std::make_shared<const BlockMeasure>(measured(key.second, call, time, cancel, progress));
        return [this, key, of = call.architecture, weights, measure] {
          measured_[key] = {of, weights, measure, {}};
          emit changed();
        };
      },
      [this, key, of = call.architecture](const QString& sentence) {
        if (!sentence.isEmpty()) measured_[key] = {of, {}, nullptr, sentence};
        emit changed();
      });
  emit changed();
}

const HeatController::Measured* HeatController::known(HeatMode mode) const {
  const auto found = measured_.find({document_.idAt(document_.active()), mode});
  return found == measured_.end() ? nullptr : &found->second;
}

/// The run that the weights of the document come from; empty: it is not trained.
QString HeatController::weightsNow() const {
  return training_.weightsOf(*document_.current()).empty() ? QString() : training_.runFolder();
}

bool HeatController::isStale(const Measured& measured, HeatMode mode) const {
  if (measured.of != document_.current() && structuralHash(*measured.of) != structuralHash(*document_.current()))
    return true;
  return mode != HeatMode::Time && measured.weights != weightsNow();
}

std::shared_ptr<const HeatValues> HeatController::values() const {
  if (mode_ == HeatMode::None || !document_.isOpen()) return nullptr;
  if (!isMeasured(mode_)) {
    const HeatValues values = countedHeat(document_.facts(), mode_);
    return values.nodes.empty() ? nullptr : std::make_shared<const HeatValues>(values);
  }
  const Measured* found = known(mode_);
  if (!found || !found->measure) return nullptr;
  HeatValues values{.mode = mode_, .nodes = found->measure->nodes, .layers = found->measure->layers};
  const bool isRelative = mode_ == HeatMode::Similarity || mode_ == HeatMode::Sparsity;
  values.nodeScale = scaleOf(values.nodes, isRelative);
  values.layerScale = scaleOf(values.layers, isRelative);
  return std::make_shared<const HeatValues>(values);
}

std::shared_ptr<const BlockMeasure> HeatController::time() const {
  const Measured* found = document_.isOpen() ? known(HeatMode::Time) : nullptr;
  return found && found->measure && !isStale(*found, HeatMode::Time) ? found->measure : nullptr;
}

QString HeatController::note() const {
  if (!isMeasured(mode_) || !document_.isOpen()) return {};
  if (isBusy() || start_.isActive()) return tr("measuring…");
  const Measured* found = known(mode_);
  if (!found || !found->measure) return tr("not measured");
  return isStale(*found, mode_) ? tr("outdated, measure again") : QString();
}

QString HeatController::explanation() const {
  const Measured* found = isMeasured(mode_) && document_.isOpen() ? known(mode_) : nullptr;
  if (!found) return heatHelp(mode_);
  return found->measure ? heatHelp(mode_) + "\n" + QString::fromStdString(found->measure->recipe) : found->failure;
}

void HeatController::forget() {
  const int id = document_.idAt(document_.active());
  std::erase_if(measured_, [id](const auto& entry) { return entry.first.first == id; });
  setMode(mode_);
}

}  // namespace fw
