// Model Explorer: the built-in JSON of Google's viewer, with shapes at the smallest batch and 128 tokens.
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/workbench/export/outline.h"
#include "engine/workbench/exporter.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

class Writer {
 public:
  Writer(const Architecture& architecture, const Outline& outline) : architecture_(architecture) {
    const LowerResult lowered =
        lower(architecture, catalog(), {.dims = {{"B", smallestBatch(architecture)}, {"T", 128}}});
    for (const auto& [port, type] : lowered.types) {
      const Node* node = findNode(architecture, port.node);
      const BlockDef* block = node ? catalog().find(node->block) : nullptr;
      if (block && portsOf(*node, *block).findOutput(port.port)) shapes_[port.node].push_back(type.toString());
    }
    for (const OutlineArrow& arrow : outline.arrows) sources_[arrow.to].push_back(arrow.from);
    add(outline.root, "");
  }

  Json nodes() { return std::move(nodes_); }

 private:
  static Json pair(const std::string& key, const std::string& value) { return {{"key", key}, {"value", value}}; }

  void add(const OutlineGroup& group, const std::string& space) {
    for (const OutlineBox& box : group.boxes) {
      const Node* node = findNode(architecture_, box.node);
      Json attrs = Json::array({pair("block", node->block), pair("name", box.name)});
      for (const auto& [name, value] : node->params) attrs.push_back(pair(name, toText(value)));
      Json edges = Json::array(), outputs = Json::array();
      int input = 0;
      for (const std::string& source : sources_[box.id])
        edges.push_back(
            {{"sourceNodeId", source}, {"sourceNodeOutputId", "0"}, {"targetNodeInputId", std::to_string(input++)}});
      int output = 0;
      for (const std::string& shape : shapes_[box.node])
        outputs.push_back({{"id", std::to_string(output++)}, {"attrs", Json::array({pair("tensor_shape", shape)})}});
      nodes_.push_back({{"id", box.id},
                        {"label", box.title},
                        {"namespace", space},
                        {"attrs", std::move(attrs)},
                        {"incomingEdges", std::move(edges)},
                        {"outputsMetadata", std::move(outputs)}});
    }
    for (const OutlineGroup& inner : group.groups) {
      std::string title = inner.title;
      for (char& c : title)
        if (c == '/') c = '_';
      add(inner, space.empty() ? title : space + "/" + title);
    }
  }

  const Architecture& architecture_;
  std::map<NodeId, std::vector<std::string>> shapes_;
  std::map<std::string, std::vector<std::string>> sources_;
  Json nodes_ = Json::array();
};

void write(const ExportCall& call) {
  const Outline outline = outlineOf(call.architecture);
  const std::string name = call.architecture.name.empty() ? "model" : call.architecture.name;
  Json graph = {{"id", "main"}, {"nodes", Writer(call.architecture, outline).nodes()}};
  const Json json = {{"label", name}, {"graphs", Json::array({std::move(graph)})}};
  writeFileAtomically(call.path, json.dump(2) + "\n");
}

}  // namespace

ExporterDef exporter_model_explorer() {
  return {.id = "model-explorer",
          .title = "Model Explorer",
          .help = "JSON for Google's Model Explorer: nested layers, parameters, shapes.",
          .extension = ".json",
          .write = write};
}

}  // namespace fw
