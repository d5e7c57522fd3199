// The main job without a window: train briefly, analyse, and write panels, numbers, model and one page that shows them.
#pragma once

#include <QString>

namespace fw {

/// Writes index.html, training.{png,svg,csv}, similarity_*.{png,svg}, influence.{png,svg}, CSV and JSON, model.fw.json
/// and the run folder into `folder`. Throws fw::Error.
void writeReport(const QString& model, const QString& folder);

}  // namespace fw
