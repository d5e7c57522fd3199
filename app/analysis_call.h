// What an analysis of the open document runs on.
#pragma once

#include "app/document_controller.h"
#include "app/training_controller.h"
#include "widgets/panels/panel_state.h"

namespace fw {

/// The document as it is now, on the run bar's task and device; with the weights of the last training where it was
/// trained as it is, or those that an edit made of them.
AnalyzeCall analyzeCall(const DocumentController& document, const TrainingController& training);

using Analysis = std::function<AnalysisResult(CancelToken, const Progress&)>;

/// Runs `analysis`, which is analyze(call) or what takes its place, as the job `key`. `setPanel` gets what the panel is
/// meanwhile and where nothing came of it; `shown` turns the result, off the interface thread, into what then happens
/// on it. A panel that `hasPicture` keeps it, marked stale, where the work is cancelled.
void runAnalysis(JobRunner& jobs, const QString& key, const AnalyzeCall& call, const Analysis& analysis,
                 bool hasPicture, const std::function<void(const ui::PanelState&)>& setPanel,
                 const std::function<JobRunner::Deliver(AnalysisResult)>& shown);

}  // namespace fw
