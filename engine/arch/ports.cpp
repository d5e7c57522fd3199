// Ports and bodies of nodes.
#include <algorithm>

#include "engine/arch/architecture.h"

namespace fw {
namespace {

PortKind kindFromText(const std::string& kind) {
  if (kind == "tokens" || kind == "labels") return PortKind::Tokens;
  if (kind == "pixels") return PortKind::Pixels;
  if (kind == "mask") return PortKind::Mask;
  return PortKind::Tensor;
}

/// A text parameter without a check: the node's own, else the definition's default, else "".
std::string textOf(const Node& node, const BlockDef* block, const std::string& param) {
  const auto own = node.params.find(param);
  const ParamDef* def = block ? block->findParam(param) : nullptr;
  const ParamValue* value = own != node.params.end() ? &own->second : def ? &def->value : nullptr;
  const std::string* words = value ? std::get_if<std::string>(value) : nullptr;
  return words ? *words : "";
}

const PortDef* findPort(const std::vector<PortDef>& ports, const std::string& name) {
  const auto found = std::find_if(ports.begin(), ports.end(), [&](const PortDef& port) { return port.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

/// Adds the `in` or `out` nodes of a body whose names are not there yet.
void collectPorts(const Graph& body, const char* block, std::vector<PortDef>& ports) {
  for (const auto& [id, node] : body.nodes) {
    if (node->block != block || findPort(ports, node->name)) continue;
    PortDef port;
    port.name = node->name;
    port.dims = textOf(*node, nullptr, "dims");
    port.kind = kindFromText(textOf(*node, nullptr, "kind"));
    port.help = node->label;
    ports.push_back(std::move(port));
  }
}

void sortByName(std::vector<PortDef>& ports) {
  std::sort(ports.begin(), ports.end(), [](const PortDef& a, const PortDef& b) { return a.name < b.name; });
}

}  // namespace

const PortDef* Ports::findInput(const std::string& name) const { return findPort(inputs, name); }
const PortDef* Ports::findOutput(const std::string& name) const { return findPort(outputs, name); }

Ports portsOf(const Node& node, const BlockDef& block) {
  Ports ports;
  if (block.body == BodyKind::None) {
    ports = {block.inputs, block.outputs};
    if (node.block == kInBlock || node.block == kOutBlock)
      for (std::vector<PortDef>* side : {&ports.inputs, &ports.outputs})
        for (PortDef& port : *side) {
          port.kind = kindFromText(textOf(node, &block, "kind"));
          const std::string dims = textOf(node, &block, "dims");
          if (!dims.empty()) port.dims = dims;
        }
    return ports;
  }
  for (const auto& [name, body] : node.bodies) {
    collectPorts(*body, kInBlock, ports.inputs);
    collectPorts(*body, kOutBlock, ports.outputs);
  }
  sortByName(ports.inputs);
  sortByName(ports.outputs);
  return ports;
}

std::vector<std::string> bodyNames(const Node& node, const BlockDef& block) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (block.body == BodyKind::Single) add("body");
  if (block.body == BodyKind::Repeat) {
    for (char letter : textOf(node, &block, "pattern")) add(std::string(1, letter));
    if (names.empty()) add("layer");
  }
  if (block.body == BodyKind::Fork) {
    std::string branch;
    for (char c : textOf(node, &block, "branches") + ",") {
      if (c == ',') {
        add(branch);
        branch.clear();
      } else if (c != ' ') {
        branch += c;
      }
    }
  }
  return names;
}

std::string layerBody(const Node& repeat, const BlockDef& block, int64_t layer) {
  const std::string pattern = textOf(repeat, &block, "pattern");
  return pattern.empty() ? "layer" : std::string(1, pattern[size_t(layer) % pattern.size()]);
}

std::vector<std::pair<std::string, std::string>> repeatPairs(const Ports& ports) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::set<std::string> outs, ins;
  for (const PortDef& port : ports.outputs) outs.insert(port.name);
  for (const PortDef& port : ports.inputs) ins.insert(port.name);
  const auto pair = [&](const std::string& out, const std::string& in) {
    if (!outs.count(out) || !ins.count(in)) return;
    outs.erase(out);
    ins.erase(in);
    pairs.emplace_back(out, in);
  };
  for (const PortDef& port : ports.outputs) pair(port.name, port.name);
  pair("y", "x");
  while (!outs.empty() && !ins.empty()) pair(std::string(*outs.begin()), std::string(*ins.begin()));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

const PortDef* mutedSource(const Ports& ports, const PortDef& output) {
  const PortDef* same = ports.findInput(output.name);
  if (same && same->kind == output.kind) return same;
  const auto first = std::find_if(ports.inputs.begin(), ports.inputs.end(),
                                  [&](const PortDef& input) { return input.kind == output.kind; });
  return first == ports.inputs.end() ? nullptr : &*first;
}

}  // namespace fw
