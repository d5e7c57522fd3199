// Nodes and graphs as JSON.
#include "engine/arch/document_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/arch/editor_support.h"
#include "engine/arch/names.h"
#include "engine/base/error.h"

namespace fw {
namespace {

SortedJson toJson(const ParamValue& value) {
  return std::visit([](const auto& held) { return SortedJson(held); }, value);
}

SortedJson toJson(const LayerOverride& layer) {
  SortedJson json = SortedJson::object();
  for (const auto& [id, params] : layer.params) json["params"][std::to_string(id)] = fw::toJson(params);
  if (!layer.muted.empty()) json["muted"] = layer.muted;
  addUnknown(json, layer.extra);
  return json;
}

SortedJson toJson(const Node& node) {
  SortedJson json = {{"id", node.id}, {"name", node.name}, {"block", node.block}};
  if (!node.params.empty()) json["params"] = fw::toJson(node.params);
  if (node.isMuted) json["muted"] = true;
  if (!node.weightGroup.empty()) json["weight_group"] = node.weightGroup;
  if (!node.label.empty()) json["label"] = node.label;
  if (!node.link.empty()) json["link"] = node.link;
  for (const auto& [name, targets] : node.promoted)
    for (const ParamRef& target : targets)
      json["promoted"][name].push_back(std::to_string(target.node) + "." + target.param);
  for (const auto& [name, body] : node.bodies) json["bodies"][name] = fw::toJson(*body);
  for (const auto& [layer, settings] : node.overrides) json["overrides"][std::to_string(layer)] = toJson(settings);
  addUnknown(json, node.extra);
  return json;
}

std::string portText(const PortRef& port) { return std::to_string(port.node) + "." + port.port; }

void merge(SortedJson& into, const SortedJson& extra) {
  for (const auto& [key, value] : extra.items()) {
    const auto known = into.find(key);
    if (known == into.end()) {
      into[key] = value;
    } else if (known->is_object() && value.is_object()) {
      merge(*known, value);
    }
  }
}

const char* typeText(const SortedJson& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  if (json.is_string()) return "a text";
  if (json.is_number()) return "a number";
  return json.is_null() ? "null" : "true or false";
}

}  // namespace

// ---- writing

SortedJson plainNumber(double value) {
  return value == std::floor(value) && std::abs(value) < 0x1p53 ? SortedJson(int64_t(value)) : SortedJson(value);
}

void addUnknown(SortedJson& json, const std::string& extra) {
  if (!extra.empty()) merge(json, SortedJson::parse(extra));
}

SortedJson toJson(const Params& params) {
  SortedJson json = SortedJson::object();
  for (const auto& [name, value] : params) json[name] = toJson(value);
  return json;
}

SortedJson toJson(const Graph& graph) {
  SortedJson nodes = SortedJson::array(), wires = SortedJson::array();
  for (const auto& [id, node] : graph.nodes) nodes.push_back(toJson(*node));
  for (const Wire& wire : graph.wires) wires.push_back({portText(wire.from), portText(wire.to)});
  SortedJson json = {{"nodes", std::move(nodes)}, {"wires", std::move(wires)}};
  addUnknown(json, graph.extra);
  return json;
}

SortedJson toJson(const WeightGroup& group) {
  SortedJson json = {{"policy", group.policy}};
  if (!group.params.empty()) json["params"] = toJson(group.params);
  addUnknown(json, group.extra);
  return json;
}

SortedJson toJson(const Position& position) {
  SortedJson json = {plainNumber(position.x), plainNumber(position.y)};
  if (position.isPinned) json.push_back("pinned");
  return json;
}

SortedJson toJson(const Frame& frame) {
  SortedJson json = {
      {"rectangle", {plainNumber(frame.x), plainNumber(frame.y), plainNumber(frame.width), plainNumber(frame.height)}}};
  if (frame.graph.node != 0) json["graph"] = {frame.graph.node, frame.graph.body};
  if (!frame.title.empty()) json["title"] = frame.title;
  if (!frame.note.empty()) json["note"] = frame.note;
  if (!frame.colour.empty()) json["colour"] = frame.colour;
  if (!frame.members.empty()) json["members"] = frame.members;
  addUnknown(json, frame.extra);
  return json;
}

SortedJson toJson(const Dot& dot) {
  SortedJson json = {{"at", {plainNumber(dot.x), plainNumber(dot.y)}},
                     {"wire", {portText(dot.wire.from), portText(dot.wire.to)}}};
  if (dot.order != 0) json["order"] = dot.order;
  addUnknown(json, dot.extra);
  return json;
}

// ---- reading

std::string extraText(const SortedJson& object) { return object.empty() ? "" : object.dump(); }

std::string unknownKeys(const SortedJson& object, std::initializer_list<const char*> known) {
  SortedJson rest = SortedJson::object();
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end()) rest[key] = value;
  return extraText(rest);
}

void DocumentReader::refuse(const std::string& where, const std::string& fact) const {
  throw Error(Code::File, text("[", place_, "] ", where, ": ", fact, "."));
}

const SortedJson* DocumentReader::member(const SortedJson& object, const char* key) const {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

void DocumentReader::requireObject(const SortedJson& json, const std::string& where) const {
  if (!json.is_object()) refuse(where, text("found ", typeText(json), "; expected an object"));
}

std::string DocumentReader::readText(const SortedJson& json, const std::string& where, const char* key) const {
  if (!json.is_string()) refuse(where, text("'", key, "' is ", typeText(json), "; expected a text"));
  std::string words = json.get<std::string>();
  if (words.size() > kMaxTextBytes) refuse(where, text("'", key, "' is longer than ", kMaxTextBytes, " bytes"));
  return words;
}

NodeId DocumentReader::readId(const SortedJson& json, const std::string& where) const {
  const bool isId = json.is_number_integer() && json >= 1 && json <= kMaxFileId;
  if (!isId) refuse(where, text(inQuotes(json.dump()), " is no id; expected a whole number from 1 to ", kMaxFileId));
  return json.get<NodeId>();
}

NodeId DocumentReader::idFromKey(const std::string& key, const std::string& where) const {
  NodeId id = 0;
  const auto result = std::from_chars(key.data(), key.data() + key.size(), id);
  if (result.ec != std::errc() || result.ptr != key.data() + key.size() || id < 1 || id > kMaxFileId)
    refuse(where, text(inQuotes(key), " is no id; expected a whole number from 1 to ", kMaxFileId));
  return id;
}

void DocumentReader::claimId(NodeId id, const std::string& where) {
  if (!ids_.insert(id).second) refuse(where, text("the id ", id, " is taken; expected ids unique in a document"));
  if (int64_t(ids_.size()) > kMaxNodes) refuse(where, text("there are more than ", kMaxNodes, " nodes"));
  highestId_ = std::max(highestId_, id);
}

Params DocumentReader::readParams(const SortedJson& json, const std::string& where) const {
  if (!json.is_object()) refuse(where, text("'params' is ", typeText(json), "; expected an object"));
  Params params;
  for (const auto& [name, value] : json.items()) {
    if (!isIdentifier(name)) refuse(where, text(inQuotes(name), " is no name of a parameter"));
    const std::string what = "parameter " + inQuotes(name);
    if (value.is_boolean()) {
      params[name] = value.get<bool>();
    } else if (value.is_number_float()) {
      params[name] = value.get<double>();
    } else if (value.is_number()) {
      if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t(INT64_MAX))
        refuse(where, text(what, " is too large"));
      params[name] = value.get<int64_t>();
    } else if (value.is_string()) {
      params[name] = readText(value, where, name.c_str());
    } else {
      refuse(where, text(what, " is ", typeText(value), "; expected a number, a text, true or false"));
    }
  }
  return params;
}

PortRef DocumentReader::readPort(const SortedJson& json, const std::string& where) const {
  const std::string words = json.is_string() ? json.get<std::string>() : json.dump();
  const size_t dot = words.find('.');
  PortRef port;
  const auto end = std::from_chars(words.data(), words.data() + words.size(), port.node).ptr;
  if (dot != std::string::npos) port.port = words.substr(dot + 1);
  if (!json.is_string() || size_t(end - words.data()) != dot || port.node < 1 || port.node > kMaxFileId ||
      !isIdentifier(port.port))
    refuse(where, text("the end of a wire is ", inQuotes(words), "; expected an id and a port, such as \"3.y\""));
  return port;
}

Wire DocumentReader::readWire(const SortedJson& json, const std::string& where) const {
  if (!json.is_array() || json.size() != 2)
    refuse(where, text("a wire is ", inQuotes(json.dump()), "; expected two ends, such as [\"3.y\", \"4.x\"]"));
  return {readPort(json[0], where), readPort(json[1], where)};
}

std::vector<Wire> DocumentReader::readWires(const SortedJson& json, const std::string& where) const {
  if (!json.is_array()) refuse(where, text("'wires' is ", typeText(json), "; expected a list"));
  std::vector<Wire> wires;
  wires.reserve(json.size());
  for (const SortedJson& wire : json) wires.push_back(readWire(wire, where));
  std::sort(wires.begin(), wires.end());
  wires.erase(std::unique(wires.begin(), wires.end()), wires.end());
  return wires;
}

std::map<int64_t, LayerOverride> DocumentReader::readOverrides(const SortedJson& json, const std::string& where) const {
  if (!json.is_object()) refuse(where, text("'overrides' is ", typeText(json), "; expected an object"));
  std::map<int64_t, LayerOverride> overrides;
  for (const auto& [key, settings] : json.items()) {
    int64_t layer = -1;
    const auto end = std::from_chars(key.data(), key.data() + key.size(), layer).ptr;
    if (end != key.data() + key.size() || layer < 0 || layer >= kMaxLayers || overrides.count(layer))
      refuse(where, text(inQuotes(key), " is no layer; expected a whole number from 0 to ", kMaxLayers - 1));
    const std::string layerText = text(where, ", layer ", layer);
    requireObject(settings, layerText);
    LayerOverride& own = overrides[layer];
    if (const SortedJson* params = member(settings, "params")) {
      requireObject(*params, layerText);
      for (const auto& [id, values] : params->items())
        own.params[idFromKey(id, layerText)] = readParams(values, layerText + ", id " + id);
    }
    if (const SortedJson* muted = member(settings, "muted")) {
      if (!muted->is_array()) refuse(layerText, text("'muted' is ", typeText(*muted), "; expected a list of ids"));
      for (const SortedJson& id : *muted) own.muted.push_back(readId(id, layerText));
      std::sort(own.muted.begin(), own.muted.end());
      own.muted.erase(std::unique(own.muted.begin(), own.muted.end()), own.muted.end());
    }
    own.extra = unknownKeys(settings, {"params", "muted"});
  }
  return overrides;
}

NodePtr DocumentReader::readNode(const SortedJson& json, const std::string& where, int depth) {
  requireObject(json, where + ", a node");
  auto node = std::make_shared<Node>();
  const SortedJson* id = member(json, "id");
  const SortedJson* name = member(json, "name");
  const SortedJson* block = member(json, "block");
  if (!id) refuse(where, "a node has no 'id'");
  node->id = readId(*id, where + ", a node");
  std::string self = text("node with id ", node->id);
  if (!name) refuse(self, "it has no 'name'");
  node->name = readText(*name, self, "name");
  if (!isIdentifier(node->name))
    refuse(self, text(inQuotes(node->name), " is no name; expected letters, digits, '_' and '-', at most 100"));
  self = text("node '", node->name, "' (id ", node->id, ")");
  claimId(node->id, self);
  if (!block) refuse(self, "it has no 'block'");
  node->block = readText(*block, self, "block");
  if (!isBlockId(node->block)) refuse(self, text(inQuotes(node->block), " is no name of a block"));
  if (const SortedJson* params = member(json, "params")) node->params = readParams(*params, self);
  if (const SortedJson* muted = member(json, "muted")) {
    if (!muted->is_boolean()) refuse(self, text("'muted' is ", typeText(*muted), "; expected true or false"));
    node->isMuted = muted->get<bool>();
  }
  if (const SortedJson* group = member(json, "weight_group"))
    node->weightGroup = readText(*group, self, "weight_group");
  if (!node->weightGroup.empty() && !isIdentifier(node->weightGroup))
    refuse(self, text(inQuotes(node->weightGroup), " is no name of a weight group"));
  if (const SortedJson* label = member(json, "label")) node->label = readText(*label, self, "label");
  if (const SortedJson* link = member(json, "link")) node->link = readText(*link, self, "link");
  if (!node->link.empty() && !isIdentifier(node->link))
    refuse(self, text(inQuotes(node->link), " is no name of linked copies"));
  if (const SortedJson* promoted = member(json, "promoted")) node->promoted = readPromoted(*promoted, self);
  if (const SortedJson* bodies = member(json, "bodies")) {
    if (!bodies->is_object()) refuse(self, text("'bodies' is ", typeText(*bodies), "; expected an object"));
    for (const auto& [bodyName, body] : bodies->items()) {
      if (!isBodyName(bodyName)) refuse(self, text(inQuotes(bodyName), " is no name of an inner graph"));
      node->bodies[bodyName] = readGraph(body, text(self, ", inner graph '", bodyName, "'"), depth + 1);
    }
  }
  if (const SortedJson* overrides = member(json, "overrides")) node->overrides = readOverrides(*overrides, self);
  node->extra = unknownKeys(json, {"id", "name", "block", "params", "muted", "weight_group", "label", "link",
                                   "promoted", "bodies", "overrides"});
  return node;
}

std::map<std::string, std::vector<ParamRef>> DocumentReader::readPromoted(const SortedJson& json,
                                                                          const std::string& where) const {
  if (!json.is_object()) refuse(where, text("'promoted' is ", typeText(json), "; expected an object"));
  std::map<std::string, std::vector<ParamRef>> promoted;
  for (const auto& [name, targets] : json.items()) {
    if (!isIdentifier(name)) refuse(where, text(inQuotes(name), " is no name of a parameter"));
    if (!targets.is_array() || targets.empty())
      refuse(where,
             text("the promoted parameter ", inQuotes(name), " sets nothing; expected a list such as [\"3.heads\"]"));
    for (const SortedJson& target : targets) {
      const PortRef ref = readPort(target, where);
      promoted[name].push_back({ref.node, ref.port});
    }
  }
  return promoted;
}

GraphPtr DocumentReader::readGraph(const SortedJson& json, const std::string& where, int depth) {
  requireObject(json, where);
  if (depth > kMaxNesting) refuse(where, text("inner graphs are nested deeper than ", kMaxNesting, " levels"));
  auto graph = std::make_shared<Graph>();
  if (const SortedJson* nodes = member(json, "nodes")) {
    if (!nodes->is_array()) refuse(where, text("'nodes' is ", typeText(*nodes), "; expected a list"));
    for (const SortedJson& item : *nodes) {
      NodePtr node = readNode(item, where, depth);
      const NodeId id = node->id;
      graph->nodes.emplace(id, std::move(node));
    }
  }
  if (const SortedJson* wires = member(json, "wires")) graph->wires = readWires(*wires, where);
  // The root shares its object with the document's variables and weight groups, whose rest is kept with the document.
  if (depth > 0) graph->extra = unknownKeys(json, {"nodes", "wires"});
  return graph;
}

std::map<std::string, WeightGroup> DocumentReader::readWeightGroups(const SortedJson& json) const {
  requireObject(json, "weight_groups");
  std::map<std::string, WeightGroup> groups;
  for (const auto& [name, value] : json.items()) {
    const std::string where = "weight group " + inQuotes(name);
    if (!isIdentifier(name)) refuse(where, "this is no name; expected letters, digits, '_' and '-', at most 100");
    requireObject(value, where);
    WeightGroup& group = groups[name];
    const SortedJson* policy = member(value, "policy");
    if (!policy) refuse(where, "it has no 'policy'");
    group.policy = readText(*policy, where, "policy");
    if (!isBlockId(group.policy)) refuse(where, text(inQuotes(group.policy), " is no name of a policy"));
    if (const SortedJson* params = member(value, "params")) group.params = readParams(*params, where);
    group.extra = unknownKeys(value, {"policy", "params"});
  }
  return groups;
}

std::map<std::string, double> DocumentReader::readVariables(const SortedJson& json) const {
  requireObject(json, "variables");
  std::map<std::string, double> variables;
  for (const auto& [name, value] : json.items()) {
    const std::string where = "variable " + inQuotes(name);
    if (!isVariableName(name))
      refuse(where, "this is no name; expected letters, digits and '_', no digit first, at most 100");
    if (!value.is_number()) refuse(where, text("the value is ", typeText(value), "; expected a number"));
    variables[name] = value.get<double>() + 0.0;  // no -0.0, which is written as 0
  }
  return variables;
}

std::map<NodeId, Position> DocumentReader::readLayout(const SortedJson& json, SortedJson& unknown) const {
  requireObject(json, "layout");
  std::map<NodeId, Position> layout;
  for (const auto& [key, value] : json.items()) {
    if (key.empty() || key.front() < '0' || key.front() > '9') {
      unknown[key] = value;
      continue;
    }
    const bool isPinned = value.is_array() && value.size() == 3 && value[2] == "pinned";
    const bool isPlace =
        value.is_array() && (value.size() == 2 || isPinned) && value[0].is_number() && value[1].is_number();
    if (!isPlace)
      refuse("layout", text("the position of id ", key, " is ", inQuotes(value.dump()), "; expected [x, y]"));
    const Position position{value[0].get<double>(), value[1].get<double>(), isPinned};
    if (!isCoordinate(position.x) || !isCoordinate(position.y))
      refuse("layout", text("the position of id ", key, " is too far out"));
    layout[idFromKey(key, "layout")] = position;
  }
  return layout;
}

std::map<NodeId, Frame> DocumentReader::readFrames(const SortedJson& json) {
  requireObject(json, "frames");
  std::map<NodeId, Frame> frames;
  for (const auto& [key, value] : json.items()) {
    const NodeId id = idFromKey(key, "frames");
    const std::string where = text("frame with id ", id);
    requireObject(value, where);
    claimId(id, where);
    Frame& frame = frames[id];
    const SortedJson* rectangle = member(value, "rectangle");
    const bool isRectangle = rectangle && rectangle->is_array() && rectangle->size() == 4 &&
                             std::all_of(rectangle->begin(), rectangle->end(), [](const SortedJson& number) {
                               return number.is_number() && isCoordinate(number.get<double>());
                             });
    if (!isRectangle) refuse(where, "expected a 'rectangle' [x, y, width, height]");
    frame.x = (*rectangle)[0].get<double>();
    frame.y = (*rectangle)[1].get<double>();
    frame.width = (*rectangle)[2].get<double>();
    frame.height = (*rectangle)[3].get<double>();
    if (const SortedJson* graph = member(value, "graph")) {
      if (!graph->is_array() || graph->size() != 2) refuse(where, "expected a 'graph' such as [3, \"layer\"]");
      frame.graph = {readId((*graph)[0], where), readText((*graph)[1], where, "graph")};
      if (!isBodyName(frame.graph.body))
        refuse(where, text(inQuotes(frame.graph.body), " is no name of an inner graph"));
    }
    if (const SortedJson* words = member(value, "title")) frame.title = readText(*words, where, "title");
    if (const SortedJson* words = member(value, "note")) frame.note = readText(*words, where, "note");
    if (const SortedJson* words = member(value, "colour")) frame.colour = readText(*words, where, "colour");
    if (const SortedJson* members = member(value, "members")) {
      if (!members->is_array()) refuse(where, text("'members' is ", typeText(*members), "; expected a list of ids"));
      for (const SortedJson& memberId : *members) frame.members.push_back(readId(memberId, where));
      std::sort(frame.members.begin(), frame.members.end());
      frame.members.erase(std::unique(frame.members.begin(), frame.members.end()), frame.members.end());
    }
    frame.extra = unknownKeys(value, {"rectangle", "graph", "title", "note", "colour", "members"});
  }
  return frames;
}

std::map<NodeId, Dot> DocumentReader::readDots(const SortedJson& json) {
  requireObject(json, "dots");
  std::map<NodeId, Dot> dots;
  for (const auto& [key, value] : json.items()) {
    const NodeId id = idFromKey(key, "dots");
    const std::string where = text("dot with id ", id);
    requireObject(value, where);
    claimId(id, where);
    Dot& dot = dots[id];
    const SortedJson* at = member(value, "at");
    const bool isPlace =
        at && at->is_array() && at->size() == 2 && std::all_of(at->begin(), at->end(), [](const SortedJson& number) {
          return number.is_number() && isCoordinate(number.get<double>());
        });
    if (!isPlace) refuse(where, "expected a place 'at' [x, y]");
    dot.x = (*at)[0].get<double>();
    dot.y = (*at)[1].get<double>();
    const SortedJson* wire = member(value, "wire");
    if (!wire) refuse(where, "it has no 'wire'");
    dot.wire = readWire(*wire, where);
    if (const SortedJson* order = member(value, "order")) {
      if (!order->is_number_integer() || *order < -kMaxNodes || *order > kMaxNodes)
        refuse(where, text("'order' is ", inQuotes(order->dump()), "; expected a whole number up to ", kMaxNodes));
      dot.order = order->get<int64_t>();
    }
    dot.extra = unknownKeys(value, {"at", "wire", "order"});
  }
  return dots;
}

}  // namespace fw
