// What panels show, as files where the user says.
#pragma once

#include "app/measures_controller.h"
#include "app/similarity_controller.h"
#include "app/trade_off_controller.h"
#include "app/training_controller.h"
#include "widgets/panels/training_panel.h"

namespace fw {

// "Save picture" asks for a PNG, SVG or PDF and draws the panel's plots there; "Save numbers" asks for a folder and
// writes what is shown as CSV and NPZ, results of analyses also as JSON. A failure is told in a message.
void connectFiles(ui::SimilarityPanel& panel, const SimilarityController& controller);
void connectFiles(ui::MeasuresPanel& panel, const MeasuresController& controller);
void connectFiles(ui::TradeOffPanel& panel, TradeOffController& controller);
void connectFiles(ui::TrainingPanel& panel, const TrainingController& controller);

/// "Record" asks where to, "Against" for a recording, a document or any file of a run or model folder.
void connectRecordings(ui::MeasuresPanel& panel, MeasuresController& controller);

/// training.csv and training.npz: steps, loss, accuracy, and the held-out loss with steps of its own.
void writeCurves(const ui::TrainingState& state, const std::filesystem::path& folder);

}  // namespace fw
