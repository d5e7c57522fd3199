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

}  // namespace fw
