// PDF: the drawing on one page of its size, text in Helvetica, which every reader has.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "engine/base/file.h"
#include "engine/workbench/export/outline.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

/// A text string of PDF in the encoding of its standard fonts; what that lacks becomes '?'.
std::string literal(const std::string& text) {
  std::string out = "(";
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t c = uint8_t(text[i]);
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    if (c >= 32 && c < 127) {
      out += char(c);
    } else if (c >= 0xC0) {
      out += '?';
    }
  }
  return out + ")";
}

/// Widths of Helvetica in thousandths of the size, from ' ' on.
double widthOf(const std::string& text, double size) {
  static const int widths[95] = {278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
                                 556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
                                 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
                                 667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
                                 333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
                                 556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};
  double width = 0;
  for (const char c : text)
    if (c >= ' ' && c <= '~') width += widths[c - ' '];
  return width * size / 1000;
}

class Page {
 public:
  explicit Page(double height) : height_(height) {}

  void color(double red, double green, double blue, bool isFill) {
    out_ << number(red) << number(green) << number(blue) << (isFill ? "rg\n" : "RG\n");
  }
  void rectangle(const PlacedBox& p) {
    out_ << number(p.x) << number(height_ - p.y - p.height) << number(p.width) << number(p.height) << "re B\n";
  }
  void dashes(bool isDashed) { out_ << (isDashed ? "[4 3] 0 d\n" : "[] 0 d\n"); }
  void curve(const PlacedOutline::Arrow& a) {
    const double bend = std::max(10.0, (a.y2 - a.y1) / 2);
    out_ << at(a.x1, a.y1) << "m " << at(a.x1 + a.bulge, a.y1 + bend) << at(a.x2 + a.bulge, a.y2 - bend)
         << at(a.x2, a.y2) << "c S\n";
    out_ << at(a.x2, a.y2) << "m " << at(a.x2 - 2.5, a.y2 - 5) << "l " << at(a.x2 + 2.5, a.y2 - 5) << "l f\n";
  }
  void text(double x, double y, const std::string& words, double size) {
    out_ << "BT /F1 " << number(size) << "Tf " << at(x, y) << "Td " << literal(words) << " Tj ET\n";
  }
  std::string content() const { return out_.str(); }

 private:
  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ", value);
    return text;
  }
  std::string at(double x, double y) const { return number(x) + number(height_ - y); }

  double height_;
  std::ostringstream out_;
};

std::string drawn(const PlacedOutline& drawing) {
  Page page(drawing.height);
  for (const PlacedOutline::Group& group : drawing.groups) {
    page.color(0.957, 0.965, 0.973, true);
    page.color(0.72, 0.75, 0.78, false);
    page.rectangle(group.place);
    page.color(0.29, 0.32, 0.36, true);
    page.text(group.place.x + 10, group.place.y + 15, group.title, 10);
  }
  page.color(0.36, 0.39, 0.44, false);
  page.color(0.36, 0.39, 0.44, true);
  for (const PlacedOutline::Arrow& arrow : drawing.arrows) page.curve(arrow);
  for (const auto& [box, place] : drawing.boxes) {
    if (box.isPort)
      page.color(0.89, 0.925, 0.97, true);
    else
      page.color(1, 1, 1, true);
    page.dashes(box.isMuted);
    page.rectangle(place);
    page.dashes(false);
    page.color(0.11, 0.14, 0.16, true);
    const double middle = place.x + place.width / 2, centre = place.y + place.height / 2;
    const bool hasDetails = !box.details.empty();
    page.text(middle - widthOf(box.title, 10) / 2, centre + (hasDetails ? -3 : 3.5), box.title, 10);
    if (!hasDetails) continue;
    const std::string details = box.details.size() > 44 ? box.details.substr(0, 43) + "..." : box.details;
    page.text(middle - widthOf(details, 8) / 2, centre + 11, details, 8);
  }
  return page.content();
}

void write(const ExportCall& call) {
  const PlacedOutline drawing = placed(outlineOf(call.architecture));
  const std::string content = drawn(drawing);
  std::ostringstream box;
  box << "[0 0 " << drawing.width << " " << drawing.height << "]";
  const std::string objects[] = {
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox " + box.str() +
          " /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
      "<< /Length " + std::to_string(content.size()) + " >>\nstream\n" + content + "endstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"};
  std::string out = "%PDF-1.4\n", table = "0000000000 65535 f \n";
  int number = 0;
  for (const std::string& object : objects) {
    char entry[32];
    std::snprintf(entry, sizeof entry, "%010zu 00000 n \n", out.size());
    table += entry;
    out += std::to_string(++number) + " 0 obj\n" + object + "\nendobj\n";
  }
  const size_t start = out.size();
  out +=
      "xref\n0 6\n" + table + "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n" + std::to_string(start) + "\n%%EOF\n";
  writeFileAtomically(call.path, out);
}

}  // namespace

ExporterDef exporter_pdf() {
  return {.id = "pdf",
          .title = "PDF drawing",
          .help = "The document drawn with nested frames, on one page of its size.",
          .extension = ".pdf",
          .write = write};
}

}  // namespace fw
