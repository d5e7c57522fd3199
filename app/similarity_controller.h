// Computes layer similarity of the document and proposes what to drop.
#pragma once

#include <QObject>

#include "app/training_controller.h"
#include "widgets/panels/similarity_panel.h"

namespace fw {

/// The panel's state of a result.
ui::SimilarityState similarityState(const AnalysisResult& result);

class SimilarityController : public QObject {
  Q_OBJECT
 public:
  SimilarityController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                       QObject* parent = nullptr);

  void compute();
  void reset();
  /// The document has changed since the picture was made.
  void markStale();
  const ui::SimilarityState& state() const { return state_; }
  /// What the state shows; empty before the first one.
  const AnalysisResult& result() const { return result_; }
  /// Block influence by unrolled layer, scaled to 0..1, for the strip of cells.
  std::map<int, double> heat() const;
  /// Mutes what joins these to the stream: one edit. Quality, size and time before and after follow in the state's
  /// report. With `isIterative` as many are dropped, each the least of `ranking` when the others are gone.
  void drop(const QString& ranking, const std::vector<ui::DropPick>& picks, bool isIterative = false);

 signals:
  void changed();

 private:
  void measure(const AnalyzeCall& before, const ArchitecturePtr& after);
  void report(const QString& title, const QString& text);

  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  ui::SimilarityState state_;
  AnalysisResult result_;
  ArchitecturePtr analysed_;
};

}  // namespace fw
