// What panels show, as files where the user says.
#pragma once

#include "app/similarity_controller.h"

namespace fw {

/// "Save picture" asks for a PNG, SVG or PDF and draws the panel's plots there; "Save numbers" asks for a folder and
/// writes the result as CSV, NPZ and JSON. A failure is told in a message.
void connectFiles(ui::SimilarityPanel& panel, const SimilarityController& controller);

}  // namespace fw
