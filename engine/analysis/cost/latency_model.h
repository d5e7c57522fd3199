// How long a device takes for a step. The roof: time = max(FLOPs / peak, bytes / bandwidth) + launch (Williams et al.,
// Roofline, 2009). A device that was measured also knows how far kernels of each kind and size stay below the roof.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/analysis/cost/devices.h"
#include "engine/analysis/cost/step_costs.h"

namespace fw {

/// What limits a step.
enum class Bound { Compute, Memory, Launch };

/// One measured step of a calibration.
struct StepSample {
  std::string op, kind;
  double flops = 0, bytes = 0, columns = 1, rows = 1, footprint = 0;
  double seconds = 0;
};

/// The roofs of a device, in SI units.
struct Roofs {
  double peak = 0;       // FLOP/s
  double bandwidth = 0;  // bytes a second
  double launch = 0;     // seconds of a step that does nothing
  /// FLOPs a byte from which on arithmetic limits.
  double ridge() const { return bandwidth > 0 ? peak / bandwidth : 0; }
};

class LatencyModel {
 public:
  LatencyModel() = default;
  /// `valueBytes`: of a value as the device computes; 2 halves what f32 graphs move.
  LatencyModel(std::string title, std::string source, Roofs roofs, double valueBytes = 4)
      : title_(std::move(title)), source_(std::move(source)), roofs_(roofs), valueBytes_(valueBytes) {}

  const std::string& title() const { return title_; }
  /// Where the figures come from, for captions.
  const std::string& source() const { return source_; }
  const Roofs& roofs() const { return roofs_; }
  bool isMeasured() const { return !samples_.empty(); }
  double valueBytes() const { return valueBytes_; }

  /// Seconds around the steps: of a run, of a training step and each of its tokens.
  void setAround(double run, double train, double token) { run_ = run, train_ = train, token_ = token; }
  /// Of a whole run; `tokens` are those of a training step, 0 means that it is none.
  double runSeconds(const std::vector<StepCost>& steps, double tokens = 0) const;

  /// Adds measured steps; those without time are left out.
  void learn(const std::vector<StepSample>& samples);
  const std::vector<StepSample>& samples() const { return samples_; }

  /// Bytes that the step moves on this device.
  double bytes(const StepCost& step) const { return step.bytes() * valueBytes_ / 4; }
  Bound bound(const StepCost& step) const;
  /// The least time that the roofs allow, and the predicted one.
  double roofSeconds(const StepCost& step) const { return roofSeconds(step.cost.flops, step.bytes()); }
  double seconds(const StepCost& step) const;
  double seconds(const std::vector<StepCost>& steps) const;

 private:
  double roofSeconds(double flops, double bytes) const;
  double slowdown(const StepCost& step) const;

  std::string title_, source_;
  Roofs roofs_;
  double valueBytes_ = 4;
  double run_ = 0, train_ = 0, token_ = 0;
  std::vector<StepSample> samples_;
  std::map<std::string, std::vector<size_t>> byKind_, byOp_;  // indices into samples_
};

/// What the data sheet promises: no launch, every kernel at the roof. `isHalf`: products and values in 16 bits.
LatencyModel sheetModel(const DeviceSheet& sheet, bool isHalf);

/// The middle of the list; 0 for an empty one.
double median(std::vector<double> values);

}  // namespace fw
