// From a document and what is known of it to what the canvas shows.
#pragma once

#include <map>
#include <set>

#include "app/document_controller.h"
#include "widgets/canvas/scene.h"

namespace fw {

/// What the colours of the blocks say.
enum class HeatMode { None, Parameters, Flops, Bytes };

/// What the panels add to the picture.
struct SceneOverlay {
  NodeId entered = 0;  // only this container is shown; 0: the whole model
  HeatMode heat = HeatMode::None;
  std::set<int> selectedLayers;     // index in the unrolled stack
  std::map<int, double> layerHeat;  // by the same index, 0 to 1
  std::set<NodeId> collapsed;       // frames of which only the header is shown
  ui::WireStyle wireStyle = ui::WireStyle::Curved;
};

ui::CanvasScenePtr buildScene(const Architecture& architecture, const DocumentFacts& facts,
                              const SceneOverlay& overlay);

/// "8 heads · rotary · causal": the parameters that matter, by BlockDef::summary; without those that are zero, off or
/// "none".
QString summaryText(const Node& node, const BlockDef& block, const std::map<std::string, double>& variables);

/// What a mode shows of a block.
double heatValue(const NodeCost& cost, HeatMode mode);
/// The largest one of the model; 0 where nothing is known.
double largestHeat(const DocumentFacts& facts, HeatMode mode);
QString heatTitle(HeatMode mode);
QString heatText(double value, HeatMode mode);

/// A parameter's value for people.
QString valueText(const ParamValue& value);

/// "1 × 128 × 512"
QString shapeText(const Shape& shape);

/// Names of a container's bodies in the order of its lanes.
std::vector<std::string> laneNames(const Node& node);

/// Number of the group's chip colour; -1 where the node is in none.
int groupSeries(const Architecture& architecture, const std::string& group);

}  // namespace fw
