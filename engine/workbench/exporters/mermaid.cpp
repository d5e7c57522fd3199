// Mermaid: a flow chart for READMEs.
#include <sstream>

#include "engine/base/file.h"
#include "engine/workbench/export/outline.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

/// Inside quotes Mermaid takes entities for what means something to it.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"')
      out += "#quot;";
    else if (c == '#')
      out += "#35;";
    else if (c == '<')
      out += "#lt;";
    else if (c == '>')
      out += "#gt;";
    else
      out += c == '\n' ? ' ' : c;
  }
  return out;
}

void addGroup(std::ostringstream& out, const OutlineGroup& group, const std::string& margin) {
  for (const OutlineBox& box : group.boxes) {
    const std::string label =
        escaped(box.title) + (box.details.empty() ? "" : "<br/><small>" + escaped(box.details) + "</small>");
    out << margin << box.id << (box.isPort ? "([\"" : "[\"") << label << (box.isPort ? "\"])" : "\"]") << "\n";
  }
  for (const OutlineGroup& inner : group.groups) {
    out << margin << "subgraph " << inner.id << "[\"" << escaped(inner.title) << "\"]\n";
    addGroup(out, inner, margin + "  ");
    out << margin << "end\n";
  }
}

void write(const ExportCall& call) {
  const Outline outline = outlineOf(call.architecture);
  std::ostringstream out;
  out << "flowchart TB\n";
  addGroup(out, outline.root, "  ");
  for (const OutlineArrow& arrow : outline.arrows) out << "  " << arrow.from << " --> " << arrow.to << "\n";
  writeFileAtomically(call.path, out.str());
}

}  // namespace

ExporterDef exporter_mermaid() {
  return {.id = "mermaid",
          .title = "Mermaid",
          .help = "The document as a flow chart that GitHub and many wikis draw.",
          .extension = ".mmd",
          .write = write};
}

}  // namespace fw
