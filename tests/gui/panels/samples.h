// Panels with invented but plausible contents, in each state; for pictures and for tests that hold for all of them.
#pragma once

#include <QSize>
#include <QWidget>
#include <functional>
#include <vector>

#include "widgets/panels/generate_panel.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/jobs_panel.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/problems_panel.h"
#include "widgets/panels/run_bar.h"
#include "widgets/panels/similarity_panel.h"
#include "widgets/panels/status_line.h"
#include "widgets/panels/training_panel.h"
#include "widgets/start/start_page.h"

namespace fw::ui {

std::vector<BlockEntry> sampleBlocks();
PaletteState samplePalette();
InspectorState sampleInspector();
InspectorState sampleInspectorMixed();
ProblemsState sampleProblems();
HistoryState sampleHistory();
TrainingState sampleTraining();
SimilarityState sampleSimilarity();
JobsState sampleJobs();
GenerateState sampleGenerate();
RunState sampleRun(RunPhase phase);
StartState sampleStart();

struct Sample {
  const char* name;
  QSize size;
  /// A new widget in that state.
  std::function<QWidget*(PanelPhase)> make;
};

/// Every widget that has the five states.
const std::vector<Sample>& samples();

/// The panel state of a phase, with fitting words.
PanelState panelState(PanelPhase phase, const QString& empty, const QString& action);

}  // namespace fw::ui
