// SVG: the document drawn with nested frames, sizes in millimetres.
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
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (uint8_t(c) >= 32)
      out += c;
  }
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string rectangle(const PlacedBox& place, const std::string& style, double radius) {
  return "<rect x=\"" + number(place.x) + "\" y=\"" + number(place.y) + "\" width=\"" + number(place.width) +
         "\" height=\"" + number(place.height) + "\" rx=\"" + number(radius) + "\" " + style + "/>\n";
}

std::string words(double x, double y, const std::string& text, const std::string& style) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + style + ">" + escaped(text) + "</text>\n";
}

void write(const ExportCall& call) {
  const PlacedOutline drawing = placed(outlineOf(call.architecture));
  constexpr double kMillimetres = 25.4 / 72;
  std::ostringstream out;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << number(drawing.width * kMillimetres)
      << "mm\" height=\"" << number(drawing.height * kMillimetres) << "mm\" viewBox=\"0 0 " << number(drawing.width)
      << " " << number(drawing.height) << "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n"
      << "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" "
         "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#5b6470\"/></marker></defs>\n"
      << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  for (const PlacedOutline::Group& group : drawing.groups) {
    out << rectangle(group.place, "fill=\"#f4f6f8\" stroke=\"#b8c0c8\"", 8);
  }
  for (const PlacedOutline::Arrow& arrow : drawing.arrows) {
    const double bend = std::max(10.0, (arrow.y2 - arrow.y1) / 2);
    out << "<path d=\"M" << number(arrow.x1) << " " << number(arrow.y1) << "C" << number(arrow.x1 + arrow.bulge) << " "
        << number(arrow.y1 + bend) << " " << number(arrow.x2 + arrow.bulge) << " " << number(arrow.y2 - bend) << " "
        << number(arrow.x2) << " " << number(arrow.y2)
        << "\" fill=\"none\" stroke=\"#5b6470\" marker-end=\"url(#tip)\"/>\n";
  }
  for (const PlacedOutline::Group& group : drawing.groups)
    out << words(group.place.x + 10, group.place.y + 15, group.title, "font-size=\"10\" fill=\"#4a525c\"");
  for (const auto& [box, place] : drawing.boxes) {
    out << rectangle(
        place,
        std::string(box.isPort ? "fill=\"#e3ecf7\" stroke=\"#7d9cc4\"" : "fill=\"white\" stroke=\"#5b6470\"") +
            (box.isMuted ? " stroke-dasharray=\"4 3\"" : ""),
        box.isPort ? place.height / 2 : 5);
    const double middle = place.x + place.width / 2;
    const bool hasDetails = !box.details.empty();
    out << words(middle, place.y + place.height / 2 + (hasDetails ? -3 : 3.5), box.title,
                 "font-size=\"10\" text-anchor=\"middle\" fill=\"#1d2329\"");
    if (hasDetails)
      out << words(middle, place.y + place.height / 2 + 11,
                   box.details.size() > 44 ? box.details.substr(0, 43) + "..." : box.details,
                   "font-size=\"8\" text-anchor=\"middle\" fill=\"#5b6470\"");
  }
  out << "</svg>\n";
  writeFileAtomically(call.path, out.str());
}

}  // namespace

ExporterDef exporter_svg() {
  return {.id = "svg",
          .title = "SVG drawing",
          .help = "The document drawn with nested frames, for papers and slides.",
          .extension = ".svg",
          .write = write};
}

}  // namespace fw
