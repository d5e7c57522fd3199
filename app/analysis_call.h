// What an analysis of the open document runs on.
#pragma once

#include "app/document_controller.h"
#include "app/training_controller.h"

namespace fw {

/// The document as it is now, on the run bar's task and device; with the weights of the last training where it was
/// trained as it is.
AnalyzeCall analyzeCall(const DocumentController& document, const TrainingController& training);

}  // namespace fw
