// Graphviz: nested clusters.
#include <sstream>

#include "engine/base/file.h"
#include "engine/workbench/export/outline.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

void addGroup(std::ostringstream& out, const OutlineGroup& group, const std::string& margin) {
  for (const OutlineBox& box : group.boxes) {
    std::string label = quoted(box.title);
    if (!box.details.empty())
      label.insert(label.size() - 1, "\\n" + quoted(box.details).substr(1, quoted(box.details).size() - 2));
    out << margin << box.id << " [label=" << label << (box.isPort ? ", shape=ellipse" : "")
        << (box.isMuted ? ", style=dashed" : "") << "];\n";
  }
  for (const OutlineGroup& inner : group.groups) {
    out << margin << "subgraph cluster_" << inner.id << " {\n" << margin << "  label=" << quoted(inner.title) << ";\n";
    addGroup(out, inner, margin + "  ");
    out << margin << "}\n";
  }
}

void write(const ExportCall& call) {
  const Outline outline = outlineOf(call.architecture);
  std::ostringstream out;
  out << "digraph " << quoted(outline.root.title.empty() ? "model" : outline.root.title)
      << " {\n  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=10];\n"
         "  graph [fontname=\"Helvetica\", fontsize=10, style=rounded, color=gray60];\n";
  addGroup(out, outline.root, "  ");
  for (const OutlineArrow& arrow : outline.arrows) out << "  " << arrow.from << " -> " << arrow.to << ";\n";
  out << "}\n";
  writeFileAtomically(call.path, out.str());
}

}  // namespace

ExporterDef exporter_dot() {
  return {.id = "dot",
          .title = "Graphviz",
          .help = "The document as nested clusters for the program dot.",
          .extension = ".dot",
          .write = write};
}

}  // namespace fw
