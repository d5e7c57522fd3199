// TikZ: the drawing as LaTeX, text in the font of the document around it.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "engine/base/file.h"
#include "engine/workbench/export/outline.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~')
      out += "\\textasciitilde{}";
    else if (c == '^')
      out += "\\textasciicircum{}";
    else if (std::string("#$%&_{}").find(c) != std::string::npos)
      out += std::string("\\") + c;
    else if (uint8_t(c) >= 32)
      out += c;
  }
  return out;
}

/// TikZ counts upwards.
std::string point(double x, double y) {
  char text[64];
  std::snprintf(text, sizeof text, "(%.2f,%.2f)", x, -y);
  return text;
}

void write(const ExportCall& call) {
  const PlacedOutline drawing = placed(outlineOf(call.architecture));
  std::ostringstream out;
  out << "% \\usepackage{tikz}\n\\begin{tikzpicture}[x=1pt, y=1pt, font=\\sffamily\\scriptsize]\n";
  const auto rectangle = [&](const PlacedBox& place, const char* style) {
    out << "  \\draw[" << style << "] " << point(place.x, place.y) << " rectangle "
        << point(place.x + place.width, place.y + place.height) << ";\n";
  };
  for (const PlacedOutline::Group& group : drawing.groups) {
    rectangle(group.place, "rounded corners=6pt, draw=black!30, fill=black!3");
    out << "  \\node[anchor=north west, text=black!70] at " << point(group.place.x + 4, group.place.y + 2) << " {"
        << escaped(group.title) << "};\n";
  }
  for (const PlacedOutline::Arrow& arrow : drawing.arrows) {
    const double bend = std::max(10.0, (arrow.y2 - arrow.y1) / 2);
    out << "  \\draw[->, draw=black!65] " << point(arrow.x1, arrow.y1) << " .. controls "
        << point(arrow.x1 + arrow.bulge, arrow.y1 + bend) << " and " << point(arrow.x2 + arrow.bulge, arrow.y2 - bend)
        << " .. " << point(arrow.x2, arrow.y2) << ";\n";
  }
  for (const auto& [box, place] : drawing.boxes) {
    rectangle(place, box.isPort    ? "rounded corners=9pt, draw=blue!50!black!50, fill=blue!6"
                     : box.isMuted ? "rounded corners=4pt, dashed, fill=white"
                                   : "rounded corners=4pt, draw=black!65, fill=white");
    std::string text = escaped(box.title);
    if (!box.details.empty()) {
      const std::string details = box.details.size() > 44 ? box.details.substr(0, 43) + "..." : box.details;
      text += "\\\\{\\tiny " + escaped(details) + "}";
    }
    out << "  \\node[align=center] at " << point(place.x + place.width / 2, place.y + place.height / 2) << " {" << text
        << "};\n";
  }
  out << "\\end{tikzpicture}\n";
  writeFileAtomically(call.path, out.str());
}

}  // namespace

ExporterDef exporter_tikz() {
  return {.id = "tikz",
          .title = "TikZ drawing",
          .help = "The document drawn with nested frames, as LaTeX.",
          .extension = ".tex",
          .write = write};
}

}  // namespace fw
