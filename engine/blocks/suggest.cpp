// Mends that need shapes.
#include "engine/blocks/suggest.h"

#include <sstream>

namespace fw {
namespace {

constexpr const char* kProjection = "mlp.linear";

std::string lastWord(const std::string& dims) {
  std::istringstream words(dims);
  std::string word;
  while (words >> word) {
  }
  return word;
}

bool differInWidthOnly(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank() || a.rank() == 0) return false;
  for (int axis = 0; axis + 1 < a.rank(); ++axis)
    if (a[axis] != b[axis]) return false;
  return a[a.rank() - 1] != b[b.rank() - 1];
}

/// The width that an input should have: that of another one whose last letter is the same.
void suggestProjection(const Architecture& architecture, const Catalog& catalog, const LowerResult& result,
                       Diagnostic& diagnostic) {
  const Place& place = diagnostic.place;
  const Graph* graph = graphAt(architecture, place.graph);
  const Node* node = graph ? graph->find(place.node) : nullptr;
  const BlockDef* block = node ? catalog.find(node->block) : nullptr;
  if (!block || !catalog.find(kProjection)) return;
  const Ports ports = portsOf(*node, *block);
  const PortDef* port = ports.findInput(place.port);
  const auto own = result.types.find({node->id, place.port});
  if (!port || port->kind != PortKind::Tensor || own == result.types.end()) return;
  for (const Wire& wire : graph->wires) {
    if (wire.to != PortRef{node->id, place.port}) continue;
    for (const PortDef& other : ports.inputs) {
      const auto type = result.types.find({node->id, other.name});
      if (other.name == place.port || type == result.types.end() || lastWord(other.dims) != lastWord(port->dims) ||
          !differInWidthOnly(own->second.shape, type->second.shape))
        continue;
      const int last = own->second.shape.rank() - 1;
      const int64_t from = own->second.shape[last], to = type->second.shape[last];
      Fix fix{.title = text("Insert projection ", from, " → ", to)};
      fix.block = kProjection;
      fix.params = {{"out", to}};
      fix.graph = place.graph;
      fix.wire = wire;
      diagnostic.fixes.push_back(std::move(fix));
      return;
    }
  }
}

}  // namespace

void suggestMends(const Architecture& architecture, const Catalog& catalog, LowerResult& result) {
  for (Diagnostic& diagnostic : result.diagnostics)
    if (diagnostic.severity == Severity::Error && diagnostic.code == "shape" && diagnostic.fixes.empty())
      suggestProjection(architecture, catalog, result, diagnostic);
}

}  // namespace fw
