// Trains snapshots of the document and keeps the curves.
#pragma once

#include <QObject>
#include <QTimer>
#include <atomic>
#include <deque>
#include <mutex>

#include "app/document_controller.h"
#include "widgets/panels/run_bar.h"
#include "widgets/panels/training_panel.h"

namespace fw {

/// Options of a training as the window sets them.
struct TrainingSetup {
  std::string task = "mqar";
  Params taskOptions;
  std::string device = "cpu";
  int64_t steps = 500, batch = 32;
  double learningRate = 0;
};

class TrainingController : public QObject {
  Q_OBJECT
 public:
  TrainingController(JobRunner& jobs, DocumentController& document, const QString& runsFolder,
                     QObject* parent = nullptr);

  TrainingSetup setup;

  void start();
  void pause() { isPaused_ = true, emit changed(); }
  void resume() { isPaused_ = false, emit changed(); }
  void stop();
  /// Forgets curves and weights: another document is open.
  void reset();

  ui::RunState runState() const;
  const ui::TrainingState& state() const { return state_; }
  /// Weights of the last training, and the snapshot they belong to; empty before one.
  const std::map<std::string, Tensor>& weights() const { return weights_; }
  const ArchitecturePtr& trained() const { return trained_; }
  const QString& runFolder() const { return runFolder_; }  // of the last training; empty before one
  /// Trained weights for a document: it was trained as it is, or an edit said what becomes of them (adopt); else none.
  std::map<std::string, Tensor> weightsOf(const Architecture& architecture) const;
  /// The latest run of a document as it is: trained in this window, or opened; empty: none.
  QString runOf(const Architecture& architecture) const;
  /// `architecture` was opened from a run folder.
  void remember(const Architecture& architecture, const QString& folder);
  /// An edit made `architecture` of what was trained, with these weights.
  void adopt(const Architecture& architecture, const std::map<std::string, Tensor>& weights);

 signals:
  void changed();
  void finished();

 private:
  void drain();

  JobRunner& jobs_;
  DocumentController& document_;
  QString runsFolder_;
  QTimer timer_;
  std::mutex mutex_;
  std::deque<std::pair<StepReport, double>> reports_;  // since the last drain, with the seconds left
  std::atomic<bool> isPaused_ = false;
  bool isRunning_ = false, isStopping_ = false;
  double secondsLeft_ = -1;
  ui::TrainingState state_;
  std::map<std::string, Tensor> weights_;
  ArchitecturePtr trained_;
  QString runFolder_;
  std::vector<std::pair<Hash, std::map<std::string, Tensor>>> adopted_;
  std::vector<std::pair<Hash, QString>> runs_;  // of all documents, the latest last
};

}  // namespace fw
