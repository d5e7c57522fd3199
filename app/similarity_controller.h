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
  /// Mutes what joins the part ("block", "attention", ...) to the stream in these layers: one edit.
  void drop(const QString& part, const std::vector<int>& layers);

 signals:
  void changed();

 private:
  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  ui::SimilarityState state_;
  AnalysisResult result_;
  ArchitecturePtr analysed_;
};

}  // namespace fw
