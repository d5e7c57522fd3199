// What the colours of blocks and layers say: what is counted at once, what a run measures, by document.
#pragma once

#include <QObject>
#include <QTimer>
#include <memory>

#include "app/training_controller.h"
#include "engine/workbench/block_measures.h"

namespace fw {

enum class HeatMode { None, Parameters, Flops, Bytes, Time, Similarity, Sparsity, Gradients };

inline constexpr HeatMode kHeatModes[] = {HeatMode::None,     HeatMode::Parameters, HeatMode::Flops,
                                          HeatMode::Bytes,    HeatMode::Time,       HeatMode::Similarity,
                                          HeatMode::Sparsity, HeatMode::Gradients};

QString heatTitle(HeatMode mode);
QString heatHelp(HeatMode mode);
/// "12.3 M" with the mode's unit.
QString heatText(double value, HeatMode mode);

/// Values of blocks and of layers, each with a scale of their own.
struct HeatValues {
  struct Scale {
    double low = 0, high = 0;
    /// 0 to 1 for a colour map.
    double share(double value) const { return high > low ? (value - low) / (high - low) : high != 0 ? 1 : 0; }
  };
  HeatMode mode = HeatMode::None;
  std::map<NodeId, double> nodes;
  std::map<int64_t, double> layers;  // by DocumentFacts::layers
  Scale nodeScale, layerScale;
};

/// Counted on the null device; empty for modes that a run measures.
HeatValues countedHeat(const DocumentFacts& facts, HeatMode mode);

class HeatController : public QObject {
  Q_OBJECT
 public:
  HeatController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                 QObject* parent = nullptr);

  HeatMode mode() const { return mode_; }
  /// What a run must measure for it is measured, where that is not known yet.
  void setMode(HeatMode mode);
  void next();
  /// Once more, for the model as it is now.
  void measure();
  /// Nothing to show: null.
  std::shared_ptr<const HeatValues> values() const;
  /// How long the blocks of the active document take, where that was measured for it as it is; else null.
  std::shared_ptr<const BlockMeasure> time() const;
  /// "measuring…", "outdated", "not measured"; empty where all is well. And what to say of it.
  QString note() const;
  QString explanation() const;
  bool isBusy() const { return jobs_.isRunning("heat"); }

  /// Another one was opened in the active document's place.
  void forget();
  /// The document or what is known of it has changed.
  void refresh() { emit changed(); }

 signals:
  void changed();

 private:
  struct Measured {
    ArchitecturePtr of;
    QString weights;  // of which training
    std::shared_ptr<const BlockMeasure> measure;
    QString failure;
  };
  static bool isMeasured(HeatMode mode) { return mode >= HeatMode::Time; }
  const Measured* known(HeatMode mode) const;
  QString weightsNow() const;
  bool isStale(const Measured& measured, HeatMode mode) const;

  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  HeatMode mode_ = HeatMode::None;
  QTimer start_;  // going through the modes measures only the one that is stayed at
  std::map<std::pair<int, HeatMode>, Measured> measured_;  // by DocumentController::idAt()
};

}  // namespace fw
