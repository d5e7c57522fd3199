// What an analysis of the open document runs on.
#include "app/analysis_call.h"

namespace fw {

AnalyzeCall analyzeCall(const DocumentController& document, const TrainingController& training) {
  const bool isTrained =
      training.trained() && structuralHash(*training.trained()) == structuralHash(*document.current());
  return {.architecture = document.current(),
          .weights = isTrained ? training.weights() : std::map<std::string, Tensor>{},
          .task = training.setup.task,
          .taskOptions = training.setup.taskOptions,
          .device = training.setup.device};
}

void runAnalysis(JobRunner& jobs, const QString& key, const AnalyzeCall& call,
                 const std::function<void(const ui::PanelState&)>& setPanel,
                 const std::function<JobRunner::Deliver(AnalysisResult)>& shown) {
  setPanel({ui::PanelPhase::Busy, QObject::tr("Recording activations"), {}, -1});
  jobs.start(
      key, QString::fromStdString(findAnalysis(call.analysis).title),
      [call, shown](CancelToken cancel, const Progress& progress) -> JobRunner::Deliver {
        return shown(analyze(call, cancel, progress));
      },
      [setPanel](const QString& sentence) {
        setPanel({sentence.isEmpty() ? ui::PanelPhase::Empty : ui::PanelPhase::Failed,
                  sentence.isEmpty() ? QObject::tr("Cancelled.") : sentence, QObject::tr("Try again"), -1});
      });
}

}  // namespace fw
