// Writes documents in a few lines.
#include "engine/presets/sketch.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/presets/preset.h"

namespace fw {
namespace {

constexpr double kGrid = 20, kColumn = 280, kRow = 100;  // scene units between nodes
constexpr double kFrameMargin = 80, kLane = 380;

}  // namespace

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
  const BlockDef* def = catalog_->find(block);
  // At the root a frame needs room for its lanes, which lie side by side around its position.
  double half = 0;
  if (path_.empty() && def && def->body != BodyKind::None) {
    const Node holder{.name = block, .block = block, .params = params};
    half = kFrameMargin + kLane * double(std::max<size_t>(1, bodyNames(holder, *def).size()) - 1) / 2;
  }
  x_ += half;
  const NodeId id = editor_->addNode(path_, block, {x_, y_}, params, name);
  if (path_.empty())
    x_ += kColumn + half;
  else
    y_ += kRow;
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
  editor_->move(in->id, {0, 0});
  sketch.last_ = in->id;
  sketch.y_ = kRow;
  return sketch;
}

void Sketch::finish() {
  const NodeId out = graphAt(editor_->result(), path_)->findByName("y")->id;
  connect(last_, out, kOutPort);
  editor_->move(out, {x_, y_});
  // Around the frame's own position, so that the wires to the frame run straight.
  const double middle = std::round(y_ / 2 / kGrid) * kGrid;
  std::vector<NodeId> nodes;
  for (const auto& [id, node] : graphAt(editor_->result(), path_)->nodes) nodes.push_back(id);
  for (const NodeId id : nodes) {
    const Position at = editor_->result().layout.at(id);
    editor_->move(id, {at.x, at.y - middle});
  }
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
