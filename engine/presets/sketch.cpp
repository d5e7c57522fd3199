// Writes documents in a few lines.
#include "engine/presets/sketch.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/presets/preset.h"

namespace fw {
namespace {

// Sizes of what the canvas will draw, in scene units. They are estimates: a card grows with its text.
constexpr double kGrid = 20, kRowGap = 24, kColumnGap = 48;
constexpr double kCardWidth = 232, kCardHeight = 68, kJoin = 24;
constexpr double kLanePadding = 64, kLaneLead = 28, kHeader = 44, kLaneLabel = 24;
constexpr double kHeaderTitle = 200, kHeaderCell = 22, kWidestHeader = 620;

// How far a node reaches from its position.
struct Reach {
  double aside = 0, above = 0, below = 0;
};

double snapUp(double value) { return std::ceil(value / kGrid) * kGrid; }

// Lays the nodes of a document out in the order in which they were added: to the right at the root, downwards inside.
class Arranger {
 public:
  Arranger(Editor& editor, const Catalog& catalog) : editor_(editor), catalog_(catalog) {}

  void run() {
    double x = 0, before = 0;
    bool isFirst = true;
    for (const NodeId id : nodesOf({}, false)) {
      const Reach reach = reachOf({}, id);
      if (!isFirst) x = snapUp(x + before + kColumnGap + reach.aside);
      editor_.move(id, {x, 0});
      before = reach.aside;
      isFirst = false;
    }
  }

 private:
  // By age; those that lie on a lane's edge are left out.
  std::vector<NodeId> nodesOf(const GraphPath& path, bool isInside) const {
    std::vector<NodeId> ids;
    for (const auto& [id, node] : graphAt(editor_.result(), path)->nodes)
      if (!isInside || (node->block != kInBlock && node->block != kOutBlock)) ids.push_back(id);
    return ids;
  }

  Reach reachOf(const GraphPath& path, NodeId id) {
    const Node& node = *graphAt(editor_.result(), path)->find(id);
    const BlockDef* block = catalog_.find(node.block);
    if (!block || block->body == BodyKind::None) {
      const bool isJoin = block && block->category == "structure" && block->inputs.size() > 1;
      return isJoin ? Reach{kJoin / 2, kJoin / 2, kJoin / 2} : Reach{kCardWidth / 2, kCardHeight / 2, kCardHeight / 2};
    }
    const std::vector<std::string> bodies = bodyNames(node, *block);
    double width = 0, height = 0;
    for (const std::string& body : bodies) {
      const auto [laneWidth, laneHeight] = arrange(inside(path, id, body), 0);
      width += laneWidth + 2 * kLanePadding;
      height = std::max(height, laneHeight);
    }
    // Lanes share their upper edge, and the middle of the highest one is the frame's position.
    const double top = -std::round(height / 2 / kGrid) * kGrid;
    for (const std::string& body : bodies) arrange(inside(path, id, body), top);
    double header = kHeaderTitle;
    if (const auto count = node.params.find("count"); count != node.params.end())
      if (const int64_t* layers = std::get_if<int64_t>(&count->second)) header += kHeaderCell * double(*layers);
    width = std::max(width, std::min(header, kWidestHeader));
    const double label = bodies.size() > 1 ? kLaneLabel : 0;
    return {width / 2, -top + kLaneLead + kHeader + label, top + height + kLaneLead};
  }

  // One below the other from `top` on; returns width and height.
  std::pair<double, double> arrange(const GraphPath& path, double top) {
    double width = kCardWidth, bottom = top, y = top;
    bool isFirst = true;
    for (const NodeId id : nodesOf(path, true)) {
      const Reach reach = reachOf(path, id);
      y = isFirst ? snapUp(top + reach.above) : snapUp(bottom + kRowGap + reach.above);
      editor_.move(id, {0, y});
      bottom = y + reach.below;
      width = std::max(width, 2 * reach.aside);
      isFirst = false;
    }
    return {width, bottom - top};
  }

  static GraphPath inside(GraphPath path, NodeId id, const std::string& body) {
    path.push_back({id, body});
    return path;
  }

  Editor& editor_;
  const Catalog& catalog_;
};

}  // namespace

Architecture Sketch::result() const {
  Editor arranged = *editor_;
  Arranger(arranged, *catalog_).run();
  return arranged.result();
}

const PresetDef* findPreset(const std::string& id) {
  for (const PresetDef& preset : allPresets())
    if (preset.id == id) return &preset;
  return nullptr;
}

Sketch::Sketch(const std::string& name, const Catalog& catalog) : catalog_(&catalog) {
  Architecture empty;
  editor_ = std::make_shared<Editor>(empty, catalog);
  editor_->setName(name);
}

Sketch::Sketch(std::shared_ptr<Editor> editor, const Catalog& catalog, GraphPath path)
    : editor_(std::move(editor)), catalog_(&catalog), path_(std::move(path)) {}

const Ports Sketch::portsOf(NodeId id) const {
  const Node* node = findNode(editor_->result(), id);
  return fw::portsOf(*node, *catalog_->find(node->block));
}

std::string Sketch::outputOf(NodeId id) const {
  const Ports ports = portsOf(id);
  if (ports.outputs.empty()) throw Error(Code::Internal, text("[sketch] node ", id, " has no output."));
  return ports.outputs.front().name;
}

std::string Sketch::inputOf(NodeId id) const {
  const Ports ports = portsOf(id);
  const Graph* graph = graphAt(editor_->result(), path_);
  for (const PortDef& port : ports.inputs) {
    bool isFree = true;
    for (const Wire& wire : graph->wiresInto(id)) isFree = isFree && wire.to.port != port.name;
    if (isFree) return port.name;
  }
  throw Error(Code::Internal, text("[sketch] node ", id, " has no free input."));
}

NodeId Sketch::place(const std::string& block, const Params& params, const std::string& name) {
  const NodeId id = editor_->addNode(path_, block, {}, params, name);
  return last_ = id;
}

NodeId Sketch::add(const std::string& block, const Params& params, const std::string& name) {
  const NodeId before = last_;
  const NodeId id = place(block, params, name);
  if (before != 0) connect(before, id, inputOf(id));
  return id;
}

void Sketch::connect(NodeId from, const std::string& output, NodeId to, const std::string& input) {
  editor_->connect(path_, {from, output}, {to, input});
}

void Sketch::connect(NodeId from, NodeId to, const std::string& input) { connect(from, outputOf(from), to, input); }

Sketch Sketch::inside(NodeId container, const std::string& body) {
  GraphPath path = path_;
  path.push_back({container, body});
  const Graph* graph = graphAt(editor_->result(), path);
  if (!graph) throw Error(Code::Internal, text("[sketch] node ", container, " has no body '", body, "'."));
  Sketch sketch(editor_, *catalog_, path);
  const Node* in = graph->findByName("x");
  const Node* out = graph->findByName("y");
  editor_->disconnect(path, {{in->id, kInPort}, {out->id, kOutPort}});
  sketch.last_ = in->id;
  return sketch;
}

void Sketch::finish() {
  const NodeId out = graphAt(editor_->result(), path_)->findByName("y")->id;
  connect(last_, out, kOutPort);
}

NodeId Sketch::sublayer(const std::string& norm, const std::string& block, const Params& blockParams,
                        const Params& normParams, const std::string& normName) {
  const NodeId stream = last_;
  add(norm, normParams, normName);
  const NodeId branch = add(block, blockParams);
  const NodeId sum = place("structure.residual");
  connect(stream, sum, "x");
  connect(branch, sum, "branch");
  return sum;
}

}  // namespace fw
