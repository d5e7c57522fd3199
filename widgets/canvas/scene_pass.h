// Walks over what is visible: shapes into bands of an image, then words.
#pragma once

#include "widgets/canvas/scene_painter.h"

namespace fw::ui {

/// Everything a walk needs. Several may draw shapes at once, on bands of one image; words are for the thread of the
/// window.
class ScenePass {
 public:
  const CanvasGeometry& geometry;
  const CanvasMarks& marks;
  const Inks& inks;
  const FontMetrics& metrics;
  const std::vector<Ink>& categoryInks;  // of CanvasGeometry::categories
  Camera camera;                         // to pixels
  float ratio = 1;
  Detail detail = Detail::Full;
  const IndexSet& items;
  const IndexSet& wires;
  Raster raster;
  const std::vector<std::pair<int, int>>& dimmed;  // ports (slot, index), sorted
  float wireShare = 1;       // of the wires that are drawn, where all of them would only make a haze
  QPainter* text = nullptr;  // for words, in scene units
  LabelCache* labels = nullptr;

  void shapes();
  void words();

 private:
  void grid();
  void notes(int frame);
  void noteWords(int note);
  void wiresIn(int frame);
  void wire(int w, Ink ground);
  void curve(const WireShape& shape, float width, Ink ink, float opacity);
  void flatBox(int slot);
  void simpleCard(int slot);
  void card(int slot);
  void cardRows(int slot, const Box& box);
  void cardWords(int slot);
  void frameWords(int slot);
  void terminalWords(int slot);
  void joinWords(int slot);
  void join(int slot);
  void dot(int slot);
  void chips(int slot);
  void pin(int slot);
  void frame(int slot);
  void laneBadges(int slot);
  void strip(int slot);
  void stripWords(int slot);
  void chevron(int slot);
  void skip(int slot);
  void terminal(int slot);
  void ports(int slot);
  void port(int slot, int port, Ink ground);
  void mark(Vec center, float radius, PortFlavor flavor, Ink ink);
  void label(const QString& words, float x, float y, CanvasText role, float room, Ink ink);
  void bar(float x, float y, float width, Ink ink);  // stands for a line of text

  bool isSelected(int slot) const { return size_t(slot) < marks.isSelected.size() && marks.isSelected[size_t(slot)]; }
  bool isHovered(int slot) const { return marks.hover.slot == slot; }
  bool isRaised(int wire) const;
  Ink borderOf(int slot, float& width) const;
  bool isOfHoveredGroup(int slot) const;
  Ink inkOf(Ink ink, int slot, Ink ground) const {  // half as strong where muted
    return geometry.look(slot).isMuted ? mixInk(ground, ink, 0.5f) : ink;
  }
  Ink cardFill(int slot) const {
    const SlotLook& look = geometry.look(slot);
    return look.heat ? mixInk(inks.card, look.heat, 0.45f) : inks.card;
  }
  QColor cellColor(const LayerCell& cell) const {
    return cell.heat.isValid() ? cell.heat : mix(inks.theme->raised, inks.theme->text, 0.14);
  }
  /// What lies under the items of a frame.
  Ink groundOf(int frame) const { return frame < 0 ? inks.canvas : inks.inside; }
  /// Scene units to pixels.
  float px(float units) const { return units * camera.zoom; }
};

}  // namespace fw::ui
