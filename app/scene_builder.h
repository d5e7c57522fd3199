// From a document and what is known of it to what the canvas shows.
#pragma once

#include <map>
#include <set>

#include "app/heat_controller.h"
#include "widgets/canvas/scene.h"

namespace fw {

/// What the panels add to the picture.
struct SceneOverlay {
  NodeId entered = 0;                        // only this container is shown; 0: the whole model
  std::shared_ptr<const HeatValues> heat;    // null: none
  std::shared_ptr<const BlockMeasure> time;  // null: unknown
  std::set<int> selectedLayers;              // index in the unrolled stack
  std::map<int, double> layerHeat;           // by the same index, 0 to 1; where `heat` says nothing of layers
  std::set<NodeId> collapsed;                // frames of which only the header is shown
  ui::WireStyle wireStyle = ui::WireStyle::Curved;
  ui::Flow flow = ui::Flow::Right;  // of the whole model
};

ui::CanvasScenePtr buildScene(const Architecture& architecture, const DocumentFacts& facts,
                              const SceneOverlay& overlay);

/// The way that the model's blocks lie along: down where most of its wires lead down.
ui::Flow flowOf(const Architecture& architecture);

/// "8 heads · rotary · causal": the parameters that matter, by BlockDef::summary; without those that are zero, off or
/// "none".
QString summaryText(const Node& node, const BlockDef& block, const std::map<std::string, double>& variables);

/// A parameter's value for people.
QString valueText(const ParamValue& value);

/// "1 × 128 × 512"
QString shapeText(const Shape& shape);

/// Names of a container's bodies in the order of its lanes.
std::vector<std::string> laneNames(const Node& node);

/// Number of the group's chip colour; -1 where the node is in none.
int groupSeries(const Architecture& architecture, const std::string& group);

}  // namespace fw
