// Which wires may be drawn.
#include "engine/arch/wiring.h"

#include "engine/arch/editor.h"
#include "engine/arch/names.h"
#include "engine/base/error.h"

namespace fw {
namespace {

Verdict denied(std::string reason) { return {false, std::move(reason)}; }

/// The block of a node that a wire ends at, or why there is none.
const BlockDef* blockOf(const Graph& graph, const Catalog& catalog, NodeId id, Verdict& verdict) {
  const Node* node = graph.find(id);
  if (!node) {
    verdict = denied(text("There is no node ", id, " here."));
    return nullptr;
  }
  const BlockDef* block = catalog.find(node->block);
  if (!block)
    verdict = denied(
        text(inQuotes(node->name), " has the unknown block ", inQuotes(node->block), "; its ports are not known."));
  return block;
}

}  // namespace

const char* kindText(PortKind kind) {
  switch (kind) {
    case PortKind::Tensor:
      return "a tensor";
    case PortKind::Tokens:
      return "tokens";
    case PortKind::Mask:
      return "a mask";
    case PortKind::Pixels:
      return "pixels";
  }
  return "";
}

bool kindsAgree(const PortDef& output, const Node& target, const PortDef& input) {
  return output.kind == input.kind || target.block == kOutBlock;
}

std::string portList(const std::vector<PortDef>& ports) {
  std::string out = "; it has ";
  for (const PortDef& port : ports) out += (&port == ports.data() ? "" : ", ") + port.name;
  return out + (ports.empty() ? "none." : ".");
}

Verdict canConnect(const Architecture& architecture, const Catalog& catalog, const GraphPath& path, const PortRef& from,
                   const PortRef& to) {
  const Graph* graph = graphAt(architecture, path);
  if (!graph) return denied("There is no such graph.");
  Verdict verdict;
  const BlockDef* fromBlock = blockOf(*graph, catalog, from.node, verdict);
  const BlockDef* toBlock = fromBlock ? blockOf(*graph, catalog, to.node, verdict) : nullptr;
  if (!toBlock) return verdict;
  const Node& source = *graph->find(from.node);
  const Node& target = *graph->find(to.node);
  const Ports sourcePorts = portsOf(source, *fromBlock), targetPorts = portsOf(target, *toBlock);
  const PortDef* output = sourcePorts.findOutput(from.port);
  if (!output)
    return denied(text(inQuotes(source.name), " has no output ", inQuotes(from.port), portList(sourcePorts.outputs)));
  const PortDef* input = targetPorts.findInput(to.port);
  if (!input)
    return denied(text(inQuotes(target.name), " has no input ", inQuotes(to.port), portList(targetPorts.inputs)));
  if (from.node == to.node) return denied("A node cannot feed itself.");
  if (!kindsAgree(*output, target, *input))
    return denied(text("Kinds differ: ", inQuotes(from.port), " gives ", kindText(output->kind), ", ",
                       inQuotes(to.port), " takes ", kindText(input->kind), "."));
  if (upstreamOf(*graph, {from.node}).count(to.node))
    return denied(
        text("That would close a cycle: ", inQuotes(target.name), " feeds ", inQuotes(source.name), " already."));
  return {};
}

std::vector<PortRef> connectablePorts(const Architecture& architecture, const Catalog& catalog, const GraphPath& path,
                                      const PortRef& port, bool isOutput) {
  std::vector<PortRef> found;
  const Graph* graph = graphAt(architecture, path);
  Verdict ignored;
  const BlockDef* block = graph ? blockOf(*graph, catalog, port.node, ignored) : nullptr;
  if (!block) return found;
  const Node& node = *graph->find(port.node);
  const Ports ports = portsOf(node, *block);
  const PortDef* def = isOutput ? ports.findOutput(port.port) : ports.findInput(port.port);
  if (!def) return found;
  const std::set<NodeId> closed = isOutput ? upstreamOf(*graph, {port.node}) : downstreamOf(*graph, {port.node});
  for (const auto& [id, other] : graph->nodes) {
    const BlockDef* otherBlock = catalog.find(other->block);
    if (!otherBlock || closed.count(id)) continue;
    const Ports otherPorts = portsOf(*other, *otherBlock);
    for (const PortDef& candidate : isOutput ? otherPorts.inputs : otherPorts.outputs)
      if (isOutput ? kindsAgree(*def, *other, candidate) : kindsAgree(candidate, node, *def))
        found.push_back({id, candidate.name});
  }
  return found;
}

}  // namespace fw
