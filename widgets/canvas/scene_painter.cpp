// Paints a laid-out scene into an image: less of it the farther away it is, so that a frame costs about the same at any
// zoom.
#include "widgets/canvas/scene_painter.h"

#include <QImage>
#include <QPainter>
#include <QSemaphore>
#include <QThreadPool>

#include "widgets/canvas/scene_pass.h"

namespace fw::ui {
namespace {

constexpr float closestDots = 14;  // units of the view between dots of the grid
constexpr float leastTitle = 90;   // width of a frame, in units of the view, that gets a title from afar

// From afar wires that would cover everything are thinned out, by the same share everywhere: the length of all of them
// for each pixel of the scene stays below a limit, which rises until from near by each one is there.
float wireShare(const CanvasGeometry& geometry, float zoom, float ratio) {
  const Box& bounds = geometry.bounds();
  if (zoom >= 0.5f || bounds.isEmpty()) return 1;
  const double area = std::max(1.0, double(bounds.width()) * double(bounds.height()));
  const double density = geometry.wireLength() / area / double(zoom);
  const double limit = (0.35 + 0.65 * std::clamp((double(zoom) - 0.1) / 0.4, 0.0, 1.0)) * double(ratio);
  return density <= limit ? 1.0f : float(limit / density);
}

// A number from 0 to 1 for a wire; the same at every zoom, so that thinning out takes wires away one after the other.
float chance(int wire) { return float(uint32_t(wire) * 2654435769u >> 8) / float(1 << 24); }

}  // namespace

Detail detailAt(float zoom) {
  if (zoom < 0.1f) return Detail::Flat;
  if (zoom < 0.2f) return Detail::Cards;
  return zoom < 0.35f ? Detail::Ports : Detail::Full;
}

void ScenePainter::paint(QImage& target, const QRect& area, const Camera& camera, float ratio,
                         const CanvasGeometry& geometry, const CanvasMarks& marks) {
  items_.reset(size_t(geometry.count()));
  wires_.reset(size_t(geometry.wireCount()));
  geometry.collect(camera.toScene(Box(QRectF(area))), items_, wires_);

  std::vector<Ink> categoryInks;
  for (const QString& name : geometry.categories()) categoryInks.push_back(ink(inks_.theme->category(name)));
  // Asked here, in the thread of the window, and only for what is seen.
  std::vector<std::pair<int, int>> dimmed;
  if (marks.isPortDimmed && detailAt(camera.zoom / ratio) >= Detail::Ports)
    items_.forEach(0, size_t(geometry.count()), [&](size_t slot) {
      for (int port = 0; port < int(geometry.item(int(slot)).ports.size()); ++port)
        if (marks.isPortDimmed(int(slot), port)) dimmed.push_back({int(slot), port});
    });
  ScenePass pass{geometry,
                 marks,
                 inks_,
                 *metrics_,
                 categoryInks,
                 camera,
                 ratio,
                 detailAt(camera.zoom / ratio),
                 items_,
                 wires_,
                 Raster(target, area),
                 dimmed};
  pass.wireShare = wireShare(geometry, camera.zoom / ratio, ratio);

  // Shapes share nothing: the bands of the image are drawn side by side.
  const int bands = area.height() < 200 ? 1 : std::clamp(QThread::idealThreadCount(), 1, 8);
  QSemaphore done;
  const auto drawBand = [&](int band) {
    ScenePass part = pass;
    part.raster =
        pass.raster.rows(area.top() + area.height() * band / bands, area.top() + area.height() * (band + 1) / bands);
    part.shapes();
  };
  for (int band = 1; band < bands; ++band)
    QThreadPool::globalInstance()->start([&, band] { drawBand(band), done.release(); }, 1000);
  drawBand(0);
  done.acquire(bands - 1);

  QPainter painter;
  const auto beginText = [&] {
    painter.begin(&target);
    painter.setClipRect(area);
    painter.setRenderHint(QPainter::TextAntialiasing);
  };
  if (pass.detail == Detail::Full) {
    beginText();
    painter.setTransform(
        QTransform(double(camera.zoom), 0, 0, double(camera.zoom), double(camera.offset.x), double(camera.offset.y)));
    pass.text = &painter;
    pass.labels = &labels_;
    pass.words();
    return;
  }
  // From afar only large frames are named, in the size of a label on the screen: in their header where there is room,
  // above them otherwise.
  const float height = metrics_->height(CanvasText::Label);
  items_.forEach(0, size_t(geometry.count()), [&](size_t index) {
    const int slot = int(index);
    const FrameLayout* layout = geometry.frame(slot);
    const Box box = camera.toView(geometry.box(slot));
    if (!layout || box.width() < leastTitle * ratio) return;
    if (!painter.isActive()) beginText();
    painter.setTransform(QTransform::fromScale(double(ratio), double(ratio)));
    painter.setPen(inks_.theme->secondary);
    const QString& title = geometry.item(slot).title;
    const float left = box.left / ratio, top = box.top / ratio, zoom = camera.zoom / ratio;
    const bool hasStrip = layout->cellSide > 0;
    const float room = (hasStrip ? (layout->firstCell.x - geometry.box(slot).left) * zoom : box.width() / ratio) - 12;
    const bool fits = headerHeight * zoom >= height - 2 && room >= metrics_->width(title, CanvasText::Label);
    if (fits)
      labels_.draw(painter, left + 6, top + (headerHeight * zoom - height) / 2, title, CanvasText::Label, room);
    else
      labels_.draw(painter, left, top - height - 2, title, CanvasText::Label, box.width() / ratio);
  });
}

void ScenePass::shapes() {
  raster.clear(inks.canvas);
  grid();
  notes(-1);
  wiresIn(-1);
  items.forEach(0, size_t(geometry.count()), [this](size_t index) {
    const int slot = int(index);
    if (!raster.touches(camera.toView(geometry.box(slot)).grown(px(2 * chipRadius) + 2))) return;
    switch (geometry.shape(slot)) {
      case ItemShape::Frame:
        frame(slot);
        notes(slot);
        wiresIn(slot);
        if (geometry.frame(slot)->skip) skip(slot);
        return;
      case ItemShape::Join:
        return detail == Detail::Flat ? flatBox(slot) : join(slot);
      case ItemShape::Entry:
      case ItemShape::Exit:
        return terminal(slot);
      case ItemShape::Dot:
        return dot(slot);
      case ItemShape::Node:
        break;
    }
    if (detail == Detail::Flat)
      flatBox(slot);
    else if (detail == Detail::Cards)
      simpleCard(slot);
    else
      card(slot);
  });
}

// Words come after all shapes, so those of an item are kept off what lies above it.
void ScenePass::words() {
  for (int n = 0; n < geometry.noteCount(); ++n) noteWords(n);
  items.forEach(0, size_t(geometry.count()), [this](size_t index) {
    const int slot = int(index);
    const Box& box = geometry.box(slot);
    QRegion hidden;
    geometry.visitTouching(box, [&](int other) {
      if (other <= slot || geometry.isInside(other, slot) || geometry.shape(other) == ItemShape::Entry ||
          geometry.shape(other) == ItemShape::Exit)
        return;
      if (items.has(size_t(other))) hidden += camera.toView(geometry.box(other)).toRect().toRect();
    });
    if (!hidden.isEmpty()) {
      text->save();
      const QTransform transform = text->transform();
      text->resetTransform();
      text->setClipRegion(QRegion(text->clipBoundingRect().toRect()) - hidden, Qt::IntersectClip);
      text->setTransform(transform);
    }
    switch (geometry.shape(slot)) {
      case ItemShape::Frame:
        frameWords(slot);
        break;
      case ItemShape::Join:
        joinWords(slot);
        break;
      case ItemShape::Entry:
      case ItemShape::Exit:
        terminalWords(slot);
        break;
      case ItemShape::Dot:
        break;
      case ItemShape::Node:
        cardWords(slot);
        break;
    }
    if (!hidden.isEmpty()) text->restore();
  });
}

// A tint behind everything of its graph, with a stronger band for the title.
void ScenePass::notes(int frame) {
  for (int n = 0; n < geometry.noteCount(); ++n) {
    if (geometry.noteParent(n) != frame) continue;
    const Box box = geometry.noteBox(n), onScreen = camera.toView(box);
    if (!raster.touches(onScreen.grown(2))) continue;
    const CanvasNote& note = geometry.note(n);
    const bool isSelected = marks.note == note.id;
    const bool isHovered =
        (marks.hover.kind == HitKind::Note || marks.hover.kind == HitKind::NoteCorner) && marks.hover.index == n;
    const Ink ground = groundOf(frame);
    const Ink colour = note.series < 0 ? inks.secondary : ink(inks.theme->series(note.series));
    const Ink border = isSelected ? inks.accent : mixInk(ground, colour, isHovered ? 0.7f : 0.4f);
    const float width = std::max(ratio, px(isSelected ? 2.0f : 1.25f)), radius = px(10);
    const Ink fill = mixInk(ground, colour, 0.08f), band = mixInk(ground, colour, 0.2f);
    raster.card(onScreen, radius, fill, border, width);
    const Raster whole = raster;
    raster = raster.rows(-1000000, int(std::lround(onScreen.top + px(noteTitle))));
    raster.fillRound(
        {onScreen.left + width, onScreen.top + width, onScreen.right - width, onScreen.top + px(noteTitle) + radius},
        std::max(0.0f, radius - width), band);
    raster = whole;
    if (detail < Detail::Ports) continue;
    for (const float reach : {5.0f, 9.0f})  // the corner that resizes
      raster.line(camera.toView(Vec(box.right - 4 - reach, box.bottom - 4)),
                  camera.toView(Vec(box.right - 4, box.bottom - 4 - reach)), std::max(ratio, px(1.25f)),
                  mixInk(ground, colour, 0.6f));
  }
}

void ScenePass::noteWords(int n) {
  const Box& box = geometry.noteBox(n);
  if (!raster.touches(camera.toView(box))) return;
  const CanvasNote& note = geometry.note(n);
  QRegion hidden;
  geometry.visitTouching(box, [&](int slot) {
    const bool isAround = geometry.noteParent(n) == slot || geometry.isInside(geometry.noteParent(n), slot);
    if (!isAround && items.has(size_t(slot))) hidden += camera.toView(geometry.box(slot)).toRect().toRect();
  });
  text->save();
  if (!hidden.isEmpty()) {
    const QTransform transform = text->transform();
    text->resetTransform();
    text->setClipRegion(QRegion(text->clipBoundingRect().toRect()) - hidden, Qt::IntersectClip);
    text->setTransform(transform);
  }
  label(note.title, box.left + 12, box.top + (noteTitle - metrics.height(CanvasText::Title)) / 2, CanvasText::Title,
        box.width() - 24, inks.text);
  float y = box.top + noteTitle + 6;
  for (const QString& line : note.text.split('\n')) {
    if (note.text.isEmpty() || y + metrics.height(CanvasText::Subtitle) > box.bottom - 6) break;
    label(line, box.left + 12, y, CanvasText::Subtitle, box.width() - 24, inks.secondary);
    y += metrics.height(CanvasText::Subtitle) + 2;
  }
  text->restore();
}

void ScenePass::grid() {
  float step = px(gridStep);
  while (step < closestDots * ratio) step *= 2;
  const float side = std::clamp(px(1.75f), 1.0f * ratio, 2.25f * ratio);
  const float shift = side / 2;
  const auto firstOn = [&](float offset, int edge) {
    return offset + std::floor((float(edge) - offset) / step) * step;
  };
  for (float y = firstOn(camera.offset.y, raster.top()); y < float(raster.bottom()) + step; y += step)
    for (float x = firstOn(camera.offset.x, raster.left()); x < float(raster.right()) + step; x += step)
      raster.fillBox({x - shift, y - shift, x + shift, y + shift}, inks.gridDot);
}

void ScenePass::wiresIn(int frame) {
  const auto [first, last] = geometry.wiresIn(frame);
  const Ink ground = groundOf(frame);
  const auto isRaised = [&](int w) { return this->isRaised(w); };
  const bool hasRaised = marks.hover.wire >= 0 || !marks.wires.empty();
  wires.forEach(size_t(first), size_t(last), [&](size_t w) {
    if (!hasRaised || !isRaised(int(w))) wire(int(w), ground);
  });
  if (!hasRaised) return;
  wires.forEach(size_t(first), size_t(last), [&](size_t w) {
    if (isRaised(int(w))) wire(int(w), ground);
  });
}

void ScenePass::wire(int w, Ink ground) {
  if (w == marks.hiddenWire || !raster.touches(camera.toView(geometry.wireBox(w)))) return;
  const WireShape& shape = geometry.wireShape(w);
  const ItemState state = geometry.wireState(w);
  const bool isRaised = this->isRaised(w);
  const Ink full = state == ItemState::Normal ? inks.flavor(geometry.wireFlavor(w)) : inks.state(state);
  float fade = 1;
  if (wireShare < 1 && !isRaised && state == ItemState::Normal && !isSelected(geometry.wireFrom(w)) &&
      !isSelected(geometry.wireTo(w))) {
    fade = std::min(1.0f, (wireShare - chance(w)) / (0.2f * wireShare));
    if (fade <= 0) return;
  }
  if (detail == Detail::Flat && !isRaised) {
    // From afar a curve is as good as its chord; one that is shorter than a pixel is not seen.
    const Vec a = camera.toView(shape.start), b = camera.toView(shape.end);
    if (std::abs(a.x - b.x) + std::abs(a.y - b.y) <= 1.5f) return;
    if (ratio <= 1)
      raster.hairLine(a, b, full, 0.45f * fade);
    else
      raster.line(a, b, ratio, full, 0.45f * fade);
    return;
  }
  const float width = std::clamp(px(1.8f), ratio, 4 * ratio) * (isRaised ? 1.6f : 1.0f);
  float strength = isRaised ? 1.0f : shape.detour ? 0.5f : 0.8f;
  if (detail == Detail::Cards && !isRaised) strength *= 0.7f;
  curve(shape, width, mixInk(ground, full, strength), fade);
}

bool ScenePass::isRaised(int w) const {
  return w == marks.hover.wire || std::find(marks.wires.begin(), marks.wires.end(), w) != marks.wires.end() ||
         std::find(marks.path.begin(), marks.path.end(), w) != marks.path.end();
}

void ScenePass::curve(const WireShape& shape, float width, Ink ink, float opacity) {
  const WireCurve curve = wireCurve(shape);
  Vec last = camera.toView(curve.points[0]);
  bool wasFlat = true, isFirst = true;
  flatten(curve, camera.zoom, 0.2f, [&](Vec point) {
    const Vec next = camera.toView(point);
    if (!raster.touches(Box::between(last, next).grown(2 * width + 2))) {
      last = next, isFirst = true;
      return;
    }
    if (width <= 1.1f) {
      raster.hairLine(last, next, ink, opacity);
      last = next;
      return;
    }
    const bool isFlat = std::abs(next.x - last.x) >= std::abs(next.y - last.y);
    // Lines that are cut off along different axes leave a notch between them.
    if (!isFirst && isFlat != wasFlat && width > 1.2f) raster.disc(last, width / 2 - 0.1f, ink, opacity);
    raster.line(last, next, width, ink, opacity);
    last = next, wasFlat = isFlat, isFirst = false;
  });
}

void ScenePass::flatBox(int slot) {
  const SlotLook& look = geometry.look(slot);
  Box box = camera.toView(geometry.box(slot));
  const float least = ratio;  // never less than a pixel
  if (box.width() < least) box = Box::around(box.center(), least, box.height());
  if (box.height() < least) box = Box::around(box.center(), box.width(), least);
  Ink ink = look.heat ? look.heat : mixInk(inks.card, categoryInks[look.category], 0.6f);
  if (look.isMuted) ink = mixInk(inks.canvas, ink, 0.4f);
  if (look.state != ItemState::Normal) ink = inks.state(look.state);
  if (isSelected(slot)) ink = inks.accent;
  raster.fillBox(box, ink);
}

void ScenePass::simpleCard(int slot) {
  const SlotLook& look = geometry.look(slot);
  const Box box = camera.toView(geometry.box(slot));
  float width = 1;
  const Ink category = categoryInks[look.category];
  Ink border = borderOf(slot, width);
  if (border == inks.border) border = mixInk(border, category, 0.5f);
  width = width >= 2 ? 1.75f * ratio : std::max(ratio, px(width));  // a state is seen from afar too
  const Ink ground = groundOf(geometry.parent(slot));
  const Ink fill = look.heat ? mixInk(inks.card, look.heat, 0.6f) : mixInk(inks.card, category, 0.3f);
  raster.card(box, px(8), inkOf(fill, slot, ground), border, width);
  const float strip = std::max(1.5f * ratio, px(6));
  raster.fillBox({box.left + width, box.top + px(6), box.left + width + strip, box.bottom - px(6)},
                 inkOf(category, slot, fill));
}

}  // namespace fw::ui
