// Runs any analysis on the document.
#pragma once

#include <QObject>
#include <map>

#include "app/analysis_call.h"
#include "app/training_controller.h"
#include "widgets/panels/measures_panel.h"

namespace fw {

/// The panel's results of an analysis: a map for each matrix, bars for each series.
std::vector<ui::MeasureResult> measureResults(const AnalysisResult& result);

class MeasuresController : public QObject {
  Q_OBJECT
 public:
  MeasuresController(JobRunner& jobs, DocumentController& document, TrainingController& training,
                     QObject* parent = nullptr);

  const ui::MeasuresState& state() const { return state_; }
  /// What the panel shows.
  const AnalysisResult& result() const { return result_; }
  void choose(const QString& analysis);
  void setOption(const QString& name, const ParamValue& value);
  /// Also writes what the analysis looks at into `recordFile`; empty: nowhere.
  void compute(const QString& recordFile = {});
  /// Representations over the steps that the last training kept, and against a recording, run or model.
  void computeSteps();
  void computeAgainst(const QString& model);
  /// Splits the layers from this one on into a branch for each modality: one edit.
  void fork(int layer);
  /// Cuts the units that the last result found dead: one edit.
  void prune();
  void mixHidden();
  void reset();
  /// The document has changed since the picture was made.
  void markStale();

 signals:
  void changed();

 private:
  AnalyzeCall call();
  void run(const AnalyzeCall& call, const Analysis& analysis);
  void showChoice();

  JobRunner& jobs_;
  DocumentController& document_;
  TrainingController& training_;
  ui::MeasuresState state_;
  std::map<std::string, Params> options_;  // by analysis: those that were changed
  AnalysisResult result_;
  ArchitecturePtr analysed_;
};

}  // namespace fw
