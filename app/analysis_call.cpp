// What an analysis of the open document runs on.
#include "app/analysis_call.h"

namespace fw {

AnalyzeCall analyzeCall(const DocumentController& document, const TrainingController& training) {
  return {.architecture = document.current(),
          .weights = training.weightsOf(*document.current()),
          .task = training.setup.task,
          .taskOptions = training.setup.taskOptions,
          .device = training.setup.device};
}

void runAnalysis(JobRunner& jobs, const QString& key, const AnalyzeCall& call, const Analysis& analysis,
                 bool hasPicture, const std::function<void(const ui::PanelState&)>& setPanel,
                 const std::function<JobRunner::Deliver(AnalysisResult)>& shown) {
  setPanel({ui::PanelPhase::Busy, QObject::tr("Recording activations"), {}, -1});
  jobs.start(
      key, QString::fromStdString(findAnalysis(call.analysis).title),
      [analysis, shown](CancelToken cancel, const Progress& progress) -> JobRunner::Deliver {
        return shown(analysis(cancel, progress));
      },
      [setPanel, hasPicture](const QString& sentence) {
        if (!sentence.isEmpty())
          setPanel({ui::PanelPhase::Failed, sentence, QObject::tr("Try again"), -1});
        else if (hasPicture)
          setPanel({ui::PanelPhase::Stale, QObject::tr("The computation was cancelled; this is the one before."),
                    QObject::tr("recompute"), -1});
        else
          setPanel({ui::PanelPhase::Empty, QObject::tr("Cancelled."), QObject::tr("Try again"), -1});
      });
}

}  // namespace fw
