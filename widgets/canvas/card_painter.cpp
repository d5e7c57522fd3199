// How nodes, joins, frames and ports are drawn from near by.
#include <QPainter>

#include "widgets/canvas/scene_pass.h"

namespace fw::ui {
namespace {

// Where the rows of a card start, and where its cost bar does.
struct CardRows {
  NodeRows rows;
  float left, room, top, barLeft;
};
CardRows rowsOf(const CanvasItem& item, const Box& box, const TextMetrics& metrics) {
  const bool hasStats = !item.stats.isEmpty() || item.costShare >= 0;
  const NodeRows rows = nodeRows(metrics, !item.subtitle.isEmpty(), hasStats);
  // Ports may make a card higher than its text.
  return {rows, box.left + nodePadding, box.width() - 2 * nodePadding, box.top + (box.height() - rows.height) / 2,
          box.right - 12 - costBarWidth};
}

// Measuring text is for the thread of the window alone, so a badge is as wide as its letters are many.
float badgeWidth(const QString& badge) { return std::max(20.0f, 8 * float(badge.size()) + 10); }

}  // namespace

void ScenePass::label(const QString& words, float x, float y, CanvasText role, float room, Ink ink) {
  text->setPen(QColor(ink));
  labels->draw(*text, x, y, words, role, room);
}

void ScenePass::bar(float x, float y, float width, Ink ink) {
  const Vec at = camera.toView(Vec(x, y));
  raster.fillBox({at.x, at.y, at.x + px(width), at.y + std::max(ratio, px(5))}, ink);
}

// Whether it shares weights with the node whose chip the mouse is on.
bool ScenePass::isOfHoveredGroup(int slot) const {
  if (marks.hover.kind != HitKind::Chip || marks.hover.slot < 0) return false;
  const CanvasChip& hovered = geometry.item(marks.hover.slot).chips[size_t(marks.hover.index)];
  const std::vector<CanvasChip>& chips = geometry.item(slot).chips;
  return std::find(chips.begin(), chips.end(), hovered) != chips.end();
}

Ink ScenePass::borderOf(int slot, float& width) const {
  if (isOfHoveredGroup(slot)) {
    width = 2.5f;
    return ink(inks.theme->series(geometry.item(marks.hover.slot).chips[size_t(marks.hover.index)].series));
  }
  const ItemState state = geometry.look(slot).state;
  width = isSelected(slot) || state == ItemState::Error ? 2.0f : 1.25f;
  if (state == ItemState::Error) return inks.error;
  if (isSelected(slot)) return inks.accent;
  if (state == ItemState::Warning) return inks.warning;
  return isHovered(slot) ? mixInk(inks.border, inks.accent, 0.5f) : inks.border;
}

void ScenePass::card(int slot) {
  const SlotLook& look = geometry.look(slot);
  const Box box = geometry.box(slot), onScreen = camera.toView(box);
  const Ink ground = groundOf(geometry.parent(slot));
  const Ink fill = cardFill(slot);
  float width = 1;
  const Ink border = borderOf(slot, width);
  const float borderWidth = std::max(ratio, px(width));
  // A selected node in error keeps its red border and gets an outer ring.
  if (look.state == ItemState::Error && isSelected(slot))
    raster.card(onScreen.grown(px(4)), px(12), ground, inks.accent, std::max(ratio, px(2)));
  if (look.isMuted) {
    raster.fillRound(onScreen, px(8), mixInk(ground, fill, 0.6f));
    raster.dashedRound(onScreen, px(8), borderWidth, std::max(2.0f, px(4)),
                       isSelected(slot) ? border : mixInk(border, inks.text, 0.15f));
  } else {
    raster.card(onScreen, px(8), fill, border, borderWidth);
  }
  raster.fillRound(camera.toView(Box(box.left + 2, box.top + 8, box.left + 6, box.bottom - 8)), px(2),
                   inkOf(categoryInks[look.category], slot, ground));
  cardRows(slot, box);
  chips(slot);
  pin(slot);
  ports(slot);
}

// A chain of two links for copies, a disc for weights: they can be told apart without colour.
void ScenePass::chips(int slot) {
  const CanvasItem& item = geometry.item(slot);
  const Ink ground = groundOf(geometry.parent(slot));
  for (int c = 0; c < int(item.chips.size()); ++c) {
    const Vec center = camera.toView(geometry.chip(slot, c));
    const CanvasChip& chip = item.chips[size_t(c)];
    if (chip.kind == ChipKind::Weights) {
      raster.disc(center, px(chipRadius + 1.5f), ground);
      raster.disc(center, px(chipRadius), inkOf(ink(inks.theme->series(chip.series)), slot, ground));
      continue;
    }
    const Box box = Box::around(center, px(2 * chipRadius + 6), px(2 * chipRadius));
    raster.fillRound(box.grown(px(1.5f)), px(5), ground);
    raster.card(box, px(4), ground, inks.border, std::max(ratio, px(1.25f)));
    raster.fillRound(box.grown(-std::max(ratio, px(1.25f))), px(3), inks.header);
    const Ink ring = inkOf(inks.text, slot, ground);
    const float width = std::max(ratio, px(1.5f));
    for (const float side : {-1.0f, 1.0f}) {
      const Box link = Box::around(center + Vec(side * px(2.75f), 0), px(8.5f), px(5.5f));
      raster.fillRound(link, px(2.75f), ring);
      raster.fillRound(link.grown(-width), px(1.5f), inks.header);
    }
    raster.fillRound(Box::around(center, px(4.5f), width), px(0.75f), ring);
  }
}

// The head of a pin and its needle, on the upper left corner.
void ScenePass::pin(int slot) {
  if (!geometry.item(slot).isPinned) return;
  const Box& box = geometry.box(slot);
  const Vec head = camera.toView(Vec(box.left + 4, box.top + 1));
  const Ink ground = groundOf(geometry.parent(slot)), ink = mixInk(ground, inks.text, 0.8f);
  raster.line(head, head + Vec(px(4.5f), px(9)), std::max(ratio, px(1.75f)), ink);
  raster.disc(head, px(6), ground);
  raster.disc(head, px(4.5f), ink);
  raster.disc(head - Vec(px(1.3f), px(1.3f)), px(1.3f), ground);
}

void ScenePass::cardRows(int slot, const Box& box) {
  const CanvasItem& item = geometry.item(slot);
  const auto [rows, left, room, top, barLeft] = rowsOf(item, box, metrics);
  const Ink fill = cardFill(slot);
  if (item.costShare >= 0) {
    const float y = top + rows.stats + metrics.height(CanvasText::Stats) / 2 - 2;
    const Ink track = geometry.look(slot).heat ? mixInk(fill, inks.card, 0.6f) : inks.track;
    raster.fillRound(camera.toView(Box(barLeft, y, barLeft + costBarWidth, y + 4)), px(2), inkOf(track, slot, fill));
    const float share = std::max(4.0f, costBarWidth * float(std::min(item.costShare, 1.0)));
    raster.fillRound(camera.toView(Box(barLeft, y, barLeft + share, y + 4)), px(2),
                     inkOf(categoryInks[geometry.look(slot).category], slot, fill));
  }
  if (detail == Detail::Full) return;
  // Too small to read: lines where words will be.
  bar(left, top + rows.title + 6, std::min(room, 7.0f * float(item.title.size())),
      inkOf(mixInk(fill, inks.text, 0.45f), slot, fill));
  if (!item.subtitle.isEmpty())
    bar(left, top + rows.subtitle + 5, std::min(room, 6.0f * float(item.subtitle.size())),
        inkOf(mixInk(fill, inks.text, 0.2f), slot, fill));
}

void ScenePass::cardWords(int slot) {
  const CanvasItem& item = geometry.item(slot);
  const auto [rows, left, room, top, barLeft] = rowsOf(item, geometry.box(slot), metrics);
  // On a colour of an overlay only full ink reads well.
  const bool isHot = geometry.look(slot).heat != 0;
  const Ink fill = cardFill(slot), strong = mixInk(fill, inks.text, 0.85f);
  label(item.title, left, top + rows.title, CanvasText::Title, room, inkOf(inks.text, slot, fill));
  label(item.subtitle, left, top + rows.subtitle, CanvasText::Subtitle, room,
        inkOf(isHot ? strong : inks.secondary, slot, fill));
  label(item.stats, left, top + rows.stats, CanvasText::Stats, item.costShare >= 0 ? barLeft - left - 8 : room,
        inkOf(isHot ? strong : inks.dim, slot, fill));
}

void ScenePass::join(int slot) {
  const Vec at = camera.toView(geometry.box(slot).center());
  float width = 1;
  const Ink border = borderOf(slot, width);
  const Ink ground = groundOf(geometry.parent(slot));
  const float radius = px(joinRadius), borderWidth = std::max(ratio, px(width));
  raster.disc(at, radius, border);
  raster.disc(at, radius - borderWidth, inks.header);
  const QString& sign = geometry.item(slot).title;
  const Ink strokes = inkOf(inks.text, slot, ground);
  const float reach = px(4), stroke = std::max(ratio, px(1.5f));
  if (sign == "+" || sign.isEmpty()) {
    raster.line(at - Vec(reach, 0), at + Vec(reach, 0), stroke, strokes);
    raster.line(at - Vec(0, reach), at + Vec(0, reach), stroke, strokes);
  } else if (sign == "×") {
    raster.line(at - Vec(reach, reach) * 0.8f, at + Vec(reach, reach) * 0.8f, stroke, strokes);
    raster.line(at - Vec(reach, -reach) * 0.8f, at + Vec(reach, -reach) * 0.8f, stroke, strokes);
  }
  if (detail >= Detail::Ports) ports(slot);
}

void ScenePass::dot(int slot) {
  if (detail == Detail::Flat) return;
  const Vec at = camera.toView(geometry.box(slot).center());
  const std::vector<CanvasPort>& ports = geometry.item(slot).ports;
  const Ink ground = groundOf(geometry.parent(slot));
  const Ink plain = inks.flavor(ports.empty() ? PortFlavor::Tensor : ports.front().flavor);
  if (isSelected(slot) || isHovered(slot)) {
    raster.disc(at, px(dotRadius + 3.5f), isSelected(slot) ? inks.accent : mixInk(ground, inks.accent, 0.5f));
    raster.disc(at, px(dotRadius + 2), ground);
  }
  raster.disc(at, std::max(ratio, px(dotRadius)), plain);
}

void ScenePass::joinWords(int slot) {
  const QString& sign = geometry.item(slot).title;
  if (sign == "+" || sign == "×") return;  // drawn
  const Vec center = geometry.box(slot).center();
  label(sign, center.x - metrics.width(sign, CanvasText::Stats) / 2, center.y - metrics.height(CanvasText::Stats) / 2,
        CanvasText::Stats, 2 * joinRadius, inkOf(inks.text, slot, inks.header));
}

void ScenePass::frame(int slot) {
  const Box box = geometry.box(slot), onScreen = camera.toView(box);
  const FrameLayout& layout = *geometry.frame(slot);
  const SlotLook& look = geometry.look(slot);
  float width = 1;
  Ink border = borderOf(slot, width);
  if (look.state == ItemState::Normal && !isSelected(slot)) {
    border = mixInk(inks.border, inks.accent, isHovered(slot) ? 1.0f : 0.75f);
    width = 1.5f;
    if (look.heat) border = look.heat, width = 2.5f;
  }
  if (marks.dropFrame == slot) border = inks.accent, width = 2.5f;
  const float borderWidth = std::max(ratio, px(width));
  const float radius = px(12);
  const Ink ground = groundOf(geometry.parent(slot));
  if (look.state == ItemState::Error && isSelected(slot))
    raster.card(onScreen.grown(px(4)), px(16), ground, inks.accent, std::max(ratio, px(2)));
  raster.card(onScreen, radius, inks.inside, border, borderWidth);
  // The header: rounded above, straight below.
  Box head = onScreen.grown(-borderWidth);
  const float headBottom = std::min(head.bottom, onScreen.top + px(layout.header));
  const bool isFolded = layout.lanes.empty();
  Raster whole = raster;
  raster = raster.rows(-1000000, int(std::lround(headBottom)));
  raster.fillRound({head.left, head.top, head.right, isFolded ? head.bottom : headBottom + radius},
                   std::max(0.0f, radius - borderWidth),
                   look.isMuted ? mixInk(inks.inside, inks.header, 0.4f) : inks.header);
  raster = whole;
  if (look.isMuted) raster.dashedRound(onScreen, radius, borderWidth * 2, std::max(3.0f, px(5)), inks.inside);

  if (marks.dropFrame == slot && size_t(marks.dropLane) < layout.lanes.size()) {
    const Box lane = camera.toView(layout.lanes[size_t(marks.dropLane)]).grown(-2 * borderWidth);
    raster.fillRound(lane, px(8), mixInk(inks.inside, inks.accent, 0.1f));
  }
  for (size_t l = 1; l < layout.lanes.size(); ++l) {
    const Box& lane = layout.lanes[l];
    const bool isDown = geometry.item(slot).frame->flow == Flow::Down;
    const Vec from = camera.toView(Vec(lane.left, lane.top));
    const Vec to = camera.toView(isDown ? Vec(lane.left, lane.bottom) : Vec(lane.right, lane.top));
    raster.line(from, to, ratio, inks.hairline);
  }
  if (detail != Detail::Flat) strip(slot);
  if (detail == Detail::Full) chevron(slot), laneBadges(slot);
  if (detail >= Detail::Ports) chips(slot), pin(slot), ports(slot);
}

void ScenePass::chevron(int slot) {
  const FrameLayout& layout = *geometry.frame(slot);
  const Vec middle = camera.toView(layout.chevron.center());
  const float size = px(3.5f), stroke = std::max(ratio, px(1.5f));
  const Ink ink = marks.hover.slot == slot && marks.hover.kind == HitKind::Chevron ? inks.text : inks.dim;
  const bool isFolded = layout.lanes.empty();
  const Vec tip = isFolded ? Vec(size * 0.6f, 0) : Vec(0, size * 0.6f);
  const Vec side = isFolded ? Vec(-size * 0.6f, size) : Vec(size, -size * 0.6f);
  const Vec otherSide = isFolded ? Vec(-size * 0.6f, -size) : Vec(-size, -size * 0.6f);
  raster.line(middle + side, middle + tip, stroke, ink);
  raster.line(middle + otherSide, middle + tip, stroke, ink);
}

void ScenePass::laneBadges(int slot) {
  const FrameLayout& layout = *geometry.frame(slot);
  for (size_t l = 0; l < layout.lanes.size() && layout.laneLabel > 0; ++l) {
    const QString& badge = geometry.item(slot).frame->lanes[l].badge;
    const Box& lane = layout.lanes[l];
    if (!badge.isEmpty())
      raster.fillRound(
          camera.toView(Box(lane.left + 12, lane.top + 8, lane.left + 12 + badgeWidth(badge), lane.top + 28)), px(4),
          inks.header);
  }
}

void ScenePass::frameWords(int slot) {
  const CanvasItem& item = geometry.item(slot);
  const Box& box = geometry.box(slot);
  const FrameLayout& layout = *geometry.frame(slot);
  const auto middle = [&](CanvasText role) { return box.top + (headerHeight - metrics.height(role)) / 2; };
  const bool isBeside = layout.cellSide > 0 && layout.firstCell.y < box.top + headerHeight - 10;
  const float end = isBeside ? layout.firstCell.x - 12 : box.right - 14;
  label(item.title, layout.titleLeft, middle(CanvasText::Title), CanvasText::Title, end - layout.titleLeft,
        inkOf(inks.text, slot, inks.header));
  label(item.frame->pattern, layout.patternLeft, middle(CanvasText::Pattern), CanvasText::Pattern,
        end - layout.patternLeft, inks.secondary);
  if (!isBeside && !item.stats.isEmpty()) {
    const float width = metrics.width(item.stats, CanvasText::Stats);
    const float used = layout.patternLeft + metrics.width(item.frame->pattern, CanvasText::Pattern) + 12;
    if (end - width > used)
      label(item.stats, end - width, middle(CanvasText::Stats), CanvasText::Stats, width + 1, inks.dim);
  }
  stripWords(slot);

  for (size_t l = 0; l < layout.lanes.size(); ++l) {
    const Box& lane = layout.lanes[l];
    const CanvasLane& content = item.frame->lanes[l];
    float x = lane.left + 12;
    const float row = lane.top + 18;
    if (layout.laneLabel > 0 && !content.badge.isEmpty()) {
      const float width = badgeWidth(content.badge);
      label(content.badge, x + (width - metrics.width(content.badge, CanvasText::Cell)) / 2,
            row - metrics.height(CanvasText::Cell) / 2, CanvasText::Cell, width, inks.secondary);
      x += width + 8;
    }
    if (layout.laneLabel > 0)
      label(content.title, x, row - metrics.height(CanvasText::Label) / 2, CanvasText::Label, lane.right - x - 8,
            inks.secondary);
    if (geometry.isLaneEmpty(slot, int(l))) {
      const QString hint = QStringLiteral("Drop blocks here");
      const float width = metrics.width(hint, CanvasText::Label);
      const Vec center = lane.center() + Vec(0, layout.laneLabel / 2);
      label(hint, center.x - width / 2, center.y - metrics.height(CanvasText::Label) / 2, CanvasText::Label, width + 4,
            inks.dim);
    }
  }
}

void ScenePass::strip(int slot) {
  const std::vector<LayerCell>& cells = geometry.item(slot).frame->cells;
  const FrameLayout& layout = *geometry.frame(slot);
  for (int c = 0; c < int(cells.size()); ++c) {
    const LayerCell& cell = cells[size_t(c)];
    const Box box = layout.cell(c), onScreen = camera.toView(box);
    if (!raster.touches(onScreen.grown(px(4)))) continue;
    Ink fill = ink(cellColor(cell));
    if (cell.isMuted) fill = mixInk(inks.header, fill, 0.35f);
    if (cell.isSelected) {
      raster.fillRound(onScreen.grown(px(2)), px(5), inks.text);
      raster.fillRound(onScreen.grown(px(0.5f)), px(4), inks.header);
    }
    raster.fillRound(onScreen, px(3.5f), fill);
    const bool isHover = marks.hover.slot == slot && marks.hover.kind == HitKind::Cell && marks.hover.index == c;
    if (isHover && !cell.isSelected)
      raster.dashedRound(onScreen.grown(px(1)), px(4), std::max(ratio, px(1.5f)), 1e6f, inks.text);
    if (cell.isMuted && detail >= Detail::Ports)
      raster.line(camera.toView(Vec(box.left + 3, box.bottom - 3)), camera.toView(Vec(box.right - 3, box.top + 3)),
                  std::max(ratio, px(1.5f)), inks.secondary);
    if (cell.isOverridden && detail >= Detail::Ports) {
      const Vec corner = camera.toView(Vec(box.right - 2, box.top + 2));
      raster.disc(corner, px(3.5f), inks.header);
      raster.disc(corner, px(2.5f), inks.warning);
    }
  }
}

void ScenePass::stripWords(int slot) {
  const std::vector<LayerCell>& cells = geometry.item(slot).frame->cells;
  const FrameLayout& layout = *geometry.frame(slot);
  if (layout.cellSide < 14) return;
  for (int c = 0; c < int(cells.size()); ++c) {
    const LayerCell& cell = cells[size_t(c)];
    const Box box = layout.cell(c);
    const QColor letter = cell.isMuted ? inks.theme->dim : inkOn(cellColor(cell));
    label(cell.letter, box.center().x - metrics.width(cell.letter, CanvasText::Cell) / 2,
          box.center().y - metrics.height(CanvasText::Cell) / 2, CanvasText::Cell, box.width() + 8, ink(letter));
  }
}

void ScenePass::skip(int slot) {
  const FrameLayout& layout = *geometry.frame(slot);
  curve(*layout.skip, std::clamp(px(1.8f), ratio, 4 * ratio), mixInk(inks.inside, inks.accent, 0.5f), 1);
  if (detail == Detail::Flat) return;
  const Vec at = camera.toView(layout.skipJoin);
  raster.disc(at, px(joinRadius), inks.border);
  raster.disc(at, px(joinRadius) - std::max(ratio, px(1.25f)), inks.header);
  raster.line(at - Vec(px(4), 0), at + Vec(px(4), 0), std::max(ratio, px(1.5f)), inks.text);
  raster.line(at - Vec(0, px(4)), at + Vec(0, px(4)), std::max(ratio, px(1.5f)), inks.text);
}

void ScenePass::terminal(int slot) {
  if (detail >= Detail::Ports) port(slot, 0, inks.inside);
}

void ScenePass::terminalWords(int slot) {
  const CanvasItem& item = geometry.item(slot);
  if (item.title.isEmpty() || !geometry.hasTwin(slot)) return;  // where there is one, its place says what it is
  const Vec center = geometry.box(slot).center();
  const bool isEntry = geometry.shape(slot) == ItemShape::Entry, isDown = geometry.flow(slot) == Flow::Down;
  const float width = metrics.width(item.title, CanvasText::Label), height = metrics.height(CanvasText::Label);
  const float x = isDown ? center.x + 10 : isEntry ? center.x + 10 : center.x - 10 - width;
  const float y = isDown ? (isEntry ? center.y + 4 : center.y - 4 - height) : center.y - 4 - height;
  label(item.title, x, y, CanvasText::Label, width + 1, inks.dim);
}

void ScenePass::ports(int slot) {
  const int count = int(geometry.item(slot).ports.size());
  const Ink ground = geometry.frame(slot) ? inks.inside : inks.card;
  for (int p = 0; p < count; ++p) port(slot, p, ground);
}

void ScenePass::port(int slot, int index, Ink ground) {
  const CanvasItem& item = geometry.item(slot);
  if (size_t(index) >= item.ports.size()) return;
  const CanvasPort& port = item.ports[size_t(index)];
  const Vec at = camera.toView(geometry.port(slot, index));
  const bool isHover = marks.hover.kind == HitKind::Port && marks.hover.slot == slot && marks.hover.index == index;
  Ink outer = inks.flavor(port.flavor);
  Ink inner = isHover ? outer : inks.canvas;
  const float plain = geometry.shape(slot) == ItemShape::Join ? portRadius - 1.5f : portRadius;  // there is less room
  float radius = plain + (isHover ? 1.5f : port.isOptional ? -1.0f : 0.0f);
  if (std::binary_search(dimmed.begin(), dimmed.end(), std::pair(slot, index))) {
    outer = mixInk(ground, outer, 0.25f);
    inner = mixInk(ground, inner, 0.5f);
    radius = plain - 1;
  }
  mark(at, px(radius), port.flavor, outer);
  mark(at, px(radius) - std::max(ratio, px(1.8f)), port.flavor, inner);
}

void ScenePass::mark(Vec center, float radius, PortFlavor flavor, Ink ink) {
  if (radius <= 0) return;
  switch (flavor) {
    case PortFlavor::Tensor:
      raster.disc(center, radius, ink);
      return;
    case PortFlavor::Tokens:
      raster.fillRound(Box::around(center, 1.8f * radius, 1.8f * radius), 0.3f * radius, ink);
      return;
    case PortFlavor::Mask: {
      const float r = radius * 1.25f;
      const Vec corners[] = {center + Vec(0, -r), center + Vec(r, 0), center + Vec(0, r), center + Vec(-r, 0)};
      raster.convex(corners, ink);
      return;
    }
    case PortFlavor::Pixels: {
      const float r = radius * 1.3f;
      const Vec corners[] = {center + Vec(0, -r), center + Vec(0.87f * r, 0.5f * r),
                             center + Vec(-0.87f * r, 0.5f * r)};
      raster.convex(corners, ink);
      return;
    }
  }
}

}  // namespace fw::ui
