// The node canvas: what it shows, its camera, its selection. Mouse and keys are in canvas_input.cpp and
// canvas_keys.cpp.
#include "widgets/canvas/canvas_view.h"

#include <QPaintEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStyle>
#include <cstring>

#include "widgets/canvas/canvas_access.h"
#include "widgets/canvas/minimap.h"
#include "widgets/canvas/navigation.h"
#include "widgets/canvas/tools.h"

namespace fw::ui {
namespace {

constexpr float closestZoom = 4;
constexpr float framingMargin = 40;
constexpr int animationMs = 160;
constexpr int minimapMargin = 12;

}  // namespace

CanvasView::CanvasView(QWidget* parent) : QWidget(parent), scene_(std::make_shared<CanvasScene>()) {
  offerCanvasAccess();
  setObjectName("canvas");
  setAccessibleName(tr("Canvas"));
  setAttribute(Qt::WA_OpaquePaintEvent);
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAcceptDrops(true);
  setMinimumSize(160, 120);
  grabGesture(Qt::PinchGesture);
  autoPan_.setInterval(16);
  connect(&autoPan_, &QTimer::timeout, this, &CanvasView::autoPan);
  connect(&animation_, &QVariantAnimation::valueChanged, this, [this](const QVariant& value) {
    if (animation_.state() != QAbstractAnimation::Running) return;
    const float t = value.toFloat();
    // The zoom runs evenly to the eye, and the way between the shown centres is straight.
    const Vec middle(float(width()) / 2, float(height()) / 2);
    const float zoom = from_.zoom * std::pow(to_.zoom / from_.zoom, t);
    const Vec a = from_.toScene(middle), b = to_.toScene(middle);
    const float way = to_.zoom == from_.zoom ? t : (1 / zoom - 1 / from_.zoom) / (1 / to_.zoom - 1 / from_.zoom);
    isAnimating_ = true;
    setCamera(t >= 1 ? to_ : Camera{zoom, middle - (a + (b - a) * way) * zoom});
    isAnimating_ = false;
  });
  minimap_ = new Minimap(*this);
  renew();
  selectionMoved();
}

CanvasView::~CanvasView() = default;

const Theme& CanvasView::theme() const { return Theme::of(this); }

void CanvasView::renew() {
  metrics_ = std::make_unique<FontMetrics>();
  painter_ = std::make_unique<ScenePainter>(theme(), *metrics_);
  layOut();
}

void CanvasView::layOut() {
  const std::vector<ItemId> selected = geometry_ ? selection() : std::vector<ItemId>();
  geometry_ = std::make_unique<CanvasGeometry>(scene_, *metrics_);
  marks_.hover = {};
  marks_.path.clear();
  marks_.dropFrame = -1;
  dropWire_.reset();
  marks_.isSelected.assign(size_t(geometry_->count()), false);
  for (const ItemId id : selected)
    if (const int slot = geometry_->slotOf(id); slot >= 0) marks_.isSelected[size_t(slot)] = true;
  marks_.wires.clear();
  if (!selectedWires_.empty())
    for (int w = 0; w < geometry_->wireCount(); ++w)
      for (const CanvasWire& wire : selectedWires_)
        if (wire.from == geometry_->wire(w).from && wire.to == geometry_->wire(w).to) marks_.wires.push_back(w);
  minimap_->sceneChanged();
  placeMinimap();
  invalidateAll();
}

void CanvasView::setScene(CanvasScenePtr scene) {
  if (!scene) scene = std::make_shared<CanvasScene>();
  if (tool_) {  // a drag goes on with what it knows; the new scene is shown when it ends
    waiting_ = std::move(scene);
    return;
  }
  waiting_.reset();
  const size_t before = selection().size();
  scene_ = std::move(scene);
  layOut();
  std::erase_if(selectedWires_, [this](const CanvasWire& wire) {
    return std::none_of(marks_.wires.begin(), marks_.wires.end(), [&](int w) {
      return geometry_->wire(w).from == wire.from && geometry_->wire(w).to == wire.to;
    });
  });
  if (!hasFramed_ && geometry_->count() > 0 && width() > 0 && isVisible()) {
    hasFramed_ = true;
    setCamera(Camera::framing(geometry_->bounds(), float(width()), float(height()), framingMargin, 1));
    isFitted_ = true;
  }
  if (selection().size() != before) selectionMoved();
}

void CanvasView::setConnectQuestion(std::function<ConnectAnswer(CanvasEnd, CanvasEnd)> question) {
  question_ = std::move(question);
}
void CanvasView::setBlocks(std::vector<PaletteBlock> blocks) { blocks_ = std::move(blocks); }
void CanvasView::setBlockFilter(std::function<bool(const QString&, CanvasEnd)> filter) {
  blockFilter_ = std::move(filter);
}

ConnectAnswer CanvasView::mayConnect(CanvasEnd from, CanvasEnd to) const {
  return question_ ? question_(from, to) : ConnectAnswer();
}

// --- selection ---

std::vector<int> CanvasView::selectedSlots() const {
  std::vector<int> picked;
  for (size_t slot = 0; slot < marks_.isSelected.size(); ++slot)
    if (marks_.isSelected[slot]) picked.push_back(int(slot));
  return picked;
}

std::vector<int> CanvasView::selectedTops() const {
  std::vector<int> tops;
  for (const int slot : selectedSlots())
    if (tops.empty() || slot >= geometry_->end(tops.back())) tops.push_back(slot);
  return tops;
}

std::vector<ItemId> CanvasView::selection() const {
  std::vector<ItemId> ids;
  for (const int slot : selectedSlots()) ids.push_back(geometry_->item(slot).id);
  return ids;
}

void CanvasView::setSelection(const std::vector<ItemId>& items) {
  std::vector<int> picked;
  for (const ItemId id : items)
    if (const int slot = geometry_->slotOf(id); slot >= 0) picked.push_back(slot);
  pick(picked, Pick::Replace);
}

void CanvasView::pick(const std::vector<int>& picked, Pick how) {
  std::vector<bool> next = how == Pick::Replace ? std::vector<bool>(marks_.isSelected.size()) : marks_.isSelected;
  for (const int slot : picked) next[size_t(slot)] = how != Pick::Toggle || !next[size_t(slot)];
  const bool dropsWires = how == Pick::Replace && !selectedWires_.empty();
  if (marks_.note != 0) marks_.note = 0, invalidateAll();
  if (next == marks_.isSelected && !dropsWires) return;
  for (size_t slot = 0; slot < next.size(); ++slot)
    if (next[slot] != marks_.isSelected[slot]) invalidateItem(int(slot));
  marks_.isSelected = std::move(next);
  if (dropsWires) {
    for (const int w : marks_.wires) invalidateWire(w);
    marks_.wires.clear();
    selectedWires_.clear();
  }
  selectionMoved();
}

/// Alone: it is selected with nothing else.
void CanvasView::pickNote(ItemId note) {
  if (note != 0) pick({}, Pick::Replace);
  if (marks_.note == note) return;
  marks_.note = note;
  invalidateAll();
}

void CanvasView::pickWires(const std::vector<int>& wires, Pick how) {
  for (const int w : marks_.wires) invalidateWire(w);
  if (how == Pick::Replace) {
    marks_.wires.clear();
    for (const int slot : selectedSlots()) invalidateItem(slot);
    marks_.isSelected.assign(marks_.isSelected.size(), false);
  }
  for (const int w : wires) {
    const auto found = std::find(marks_.wires.begin(), marks_.wires.end(), w);
    if (found == marks_.wires.end())
      marks_.wires.push_back(w);
    else if (how == Pick::Toggle)
      marks_.wires.erase(found);
    invalidateWire(w);
  }
  selectedWires_.clear();
  for (const int w : marks_.wires) selectedWires_.push_back(geometry_->wire(w));
  selectionMoved();
}

void CanvasView::selectionMoved() {
  const std::vector<int> picked = selectedSlots();
  QString words;
  if (picked.size() == 1) {
    const CanvasItem& item = geometry_->item(picked[0]);
    words = tr("%1, %2 selected").arg(item.title, item.subtitle);
    if (!item.message.isEmpty()) words += ". " + item.message;
  } else if (!picked.empty()) {
    words = tr("%1 items selected").arg(picked.size());
  } else {
    words = tr("Arrow keys move between blocks, Tab adds one, Enter opens one.");
  }
  setAccessibleDescription(words);
  tellSelected(*this, picked.size() == 1 ? geometry_->item(picked[0]).id : 0);
  emit selectionChanged();
}

void CanvasView::selectAll() {
  std::vector<int> picked;
  for (int slot = 0; slot < geometry_->count(); slot = geometry_->end(slot)) picked.push_back(slot);
  pick(picked, Pick::Replace);
}

void CanvasView::clearSelection() { pick({}, Pick::Replace); }

void CanvasView::reveal(ItemId item) {
  const int slot = geometry_->slotOf(item);
  if (slot < 0) return;
  pick({slot}, Pick::Replace);
  const Box seen = camera_.toScene(Box(QRectF(rect()))), box = geometry_->box(slot).grown(40);
  if (seen.contains(box) && camera_.zoom >= 0.35f) return;
  Camera target = camera_;
  target.zoom = std::clamp(camera_.zoom, 0.5f, 1.0f);
  target = Camera::framing(box, float(width()), float(height()), framingMargin, target.zoom);
  glideTo(target);
}

// --- camera ---

float CanvasView::leastZoom() const {
  const Box& bounds = geometry_->bounds();
  if (bounds.isEmpty()) return 0.1f;
  return std::min(0.1f, 0.5f * Camera::framing(bounds, float(width()), float(height()), framingMargin, 1).zoom);
}

void CanvasView::setCamera(const Camera& camera) {
  if (!isAnimating_) animation_.stop(), isFitted_ = false;
  Camera next = camera;
  next.zoom = std::clamp(next.zoom, leastZoom(), closestZoom);
  // Whole pixels, so that a pan can shift what is painted already.
  const float ratio = float(devicePixelRatioF());
  next.offset = Vec(std::round(next.offset.x * ratio) / ratio, std::round(next.offset.y * ratio) / ratio);
  if (next == camera_) return;
  camera_ = next;
  placeMinimap();
  update();
  emit cameraChanged();
}

void CanvasView::zoomBy(double factor, QPointF at) {
  setCamera(camera_.zoomedAt(Vec(at), std::clamp(camera_.zoom * float(factor), leastZoom(), closestZoom)));
}

void CanvasView::glideTo(const Camera& camera) {
  animation_.stop();
  isFitted_ = false;
  const int duration = style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0 ? animationMs : 0;
  if (duration == 0 || !isVisible()) return setCamera(camera);
  from_ = camera_, to_ = camera;
  animation_.setStartValue(0.0f);
  animation_.setEndValue(1.0f);
  animation_.setEasingCurve(QEasingCurve::InOutQuad);
  animation_.setDuration(duration);
  animation_.start();
}

void CanvasView::frameAll() {
  hasFramed_ = true;
  if (geometry_->count() == 0) return glideTo({1, Vec(float(width()) / 2, float(height()) / 2)});
  glideTo(Camera::framing(geometry_->bounds(), float(width()), float(height()), framingMargin, 1));
  isFitted_ = true;
}

void CanvasView::frameSelection() {
  Box area;
  for (const int slot : selectedSlots()) area.include(geometry_->box(slot));
  if (area.isEmpty()) return frameAll();
  glideTo(Camera::framing(area, float(width()), float(height()), 2 * framingMargin, 1));
}

void CanvasView::zoomToActualSize() { glideTo(camera_.zoomedAt(Vec(float(width()) / 2, float(height()) / 2), 1)); }

void CanvasView::zoomIn() { zoomBy(1.25, rect().center()); }
void CanvasView::zoomOut() { zoomBy(0.8, rect().center()); }

// In the lower right corner, unless the view is too small for it, or shows everything and it would only cover
// something.
void CanvasView::placeMinimap() {
  const QSize size = minimap_->sizeHint();
  const QRect place(width() - size.width() - minimapMargin, height() - size.height() - minimapMargin, size.width(),
                    size.height());
  minimap_->setGeometry(place);
  bool isWanted =
      isMinimapVisible_ && geometry_->count() > 0 && width() > 3 * size.width() && height() > 3 * size.height();
  if (isWanted && Box(QRectF(rect())).contains(camera_.toView(geometry_->bounds()))) {
    const Box covered = camera_.toScene(Box(QRectF(place)));
    geometry_->visitTouching(covered, [&](int) { isWanted = false; });
    for (int n = 0; n < geometry_->noteCount(); ++n) isWanted = isWanted && !geometry_->noteBox(n).intersects(covered);
  }
  minimap_->setVisible(isWanted);
  minimap_->update();
}

void CanvasView::setMinimapVisible(bool isVisible) {
  isMinimapVisible_ = isVisible;
  placeMinimap();
}

// --- painting ---

void CanvasView::invalidate(const Box& sceneArea) {
  if (sceneArea.isEmpty()) return;
  const float ratio = float(devicePixelRatioF());
  const Box pixels = bufferCamera_.scaled(ratio).toView(sceneArea).grown(3);
  const QRect area = pixels.toRect().intersected(QRectF(buffer_.rect())).toAlignedRect();
  dirty_ += area;
  if (dirty_.rectCount() > 16) dirty_ = dirty_.boundingRect();
  update();
}

void CanvasView::invalidateAll() {
  dirty_ = QRegion(0, 0, 1 << 20, 1 << 20);
  update();
}

void CanvasView::invalidateItem(int slot) { invalidate(geometry_->box(slot).grown(2 * chipRadius)); }
void CanvasView::invalidateWire(int wire) { invalidate(geometry_->wireBox(wire)); }

// Brings the buffer up to date with camera and scene, painting no more than it must.
void CanvasView::refreshBuffer() {
  const float ratio = float(devicePixelRatioF());
  const QSize pixels = (QSizeF(size()) * devicePixelRatioF()).toSize();
  if (buffer_.size() != pixels) {
    buffer_ = QImage(pixels, QImage::Format_RGB32);
    dirty_ = buffer_.rect();
  }
  if (!(camera_ == bufferCamera_)) {
    const Vec shift = (camera_.offset - bufferCamera_.offset) * ratio;
    const bool isShift = camera_.zoom == bufferCamera_.zoom && std::abs(shift.x) < float(pixels.width()) &&
                         std::abs(shift.y) < float(pixels.height());
    if (isShift && dirty_.boundingRect() != buffer_.rect())
      scrollBuffer(int(std::lround(shift.x)), int(std::lround(shift.y)));
    else
      dirty_ = buffer_.rect();
    bufferCamera_ = camera_;
  }
  dirty_ &= buffer_.rect();
  for (const QRect& area : dirty_) painter_->paint(buffer_, area, camera_.scaled(ratio), ratio, *geometry_, marks_);
  dirty_ = QRegion();
}

void CanvasView::scrollBuffer(int dx, int dy) {
  const int w = buffer_.width(), h = buffer_.height();
  const size_t bytes = size_t(w - std::abs(dx)) * 4;
  uchar* base = buffer_.bits();
  const qsizetype stride = buffer_.bytesPerLine();
  const qsizetype from = qsizetype(std::max(-dx, 0)) * 4, to = qsizetype(std::max(dx, 0)) * 4;
  for (int i = 0; i < h - std::abs(dy); ++i) {
    const int y = dy > 0 ? h - 1 - i : i;  // never over rows that are still to be moved
    std::memmove(base + y * stride + to, base + (y - dy) * stride + from, bytes);
  }
  dirty_.translate(dx, dy);
  if (dx > 0) dirty_ += QRect(0, 0, dx, h);
  if (dx < 0) dirty_ += QRect(w + dx, 0, -dx, h);
  if (dy > 0) dirty_ += QRect(0, 0, w, dy);
  if (dy < 0) dirty_ += QRect(0, h + dy, w, -dy);
}

void CanvasView::paintEvent(QPaintEvent* event) {
  refreshBuffer();
  QPainter painter(this);
  const qreal ratio = devicePixelRatioF();
  const QRect area = event->rect();
  painter.drawImage(QRectF(area), buffer_,
                    QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio));
  painter.setRenderHint(QPainter::Antialiasing);
  if (geometry_->count() == 0) drawEmptyHint(painter);
  if (!dragged_.isEmpty()) drawDrop(painter);
  if (pendingWire_) paintDraft(painter, *pendingWire_, theme().accent);
  if (tool_) tool_->paint(painter);
  if (hasFocus() && hasFocusRing_) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme().accent, 2));
    painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
  }
}

void CanvasView::drawEmptyHint(QPainter& painter) {
  const QString words = tr("Drag a block here, or press Tab");
  painter.setFont(ui::font(TextRole::Body));
  const QSizeF text(painter.fontMetrics().horizontalAdvance(words), painter.fontMetrics().height());
  QRectF button(0, 0, text.width() + 40, 36);
  button.moveCenter(QRectF(rect()).center());
  emptyButton_ = button;
  const bool isHover = button.contains(cursor_.toPoint()) && underMouse();
  painter.setPen(QPen(isHover ? theme().accent : theme().nodeBorder, 1.25, Qt::DashLine));
  painter.setBrush(theme().panel);
  painter.drawRoundedRect(button, 8, 8);
  painter.setPen(isHover ? theme().text : theme().secondary);
  painter.drawText(button, Qt::AlignCenter, words);
}

void CanvasView::drawDrop(QPainter& painter) {
  QString title = dragged_;
  for (const PaletteBlock& block : blocks_)
    if (block.id == dragged_) title = block.title;
  if (dragged_.startsWith(policyPrefix)) return;  // what takes it is marked
  const Vec center = camera_.toView(geometry_->toScene(drop_.place));
  const QRectF card = Box::around(center, 208 * camera_.zoom, 48 * camera_.zoom).toRect();
  QColor fill = theme().panel;
  fill.setAlphaF(0.8f);
  painter.setPen(QPen(theme().accent, 1.5, Qt::DashLine));
  painter.setBrush(fill);
  painter.drawRoundedRect(card, 8 * double(camera_.zoom), 8 * double(camera_.zoom));
  if (camera_.zoom < 0.35f) return;
  painter.save();
  painter.translate(card.topLeft());
  painter.scale(double(camera_.zoom), double(camera_.zoom));
  painter.setFont(ui::font(TextRole::Title));
  painter.setPen(theme().text);
  painter.drawText(QRectF(nodePadding, 0, 208 - 2 * nodePadding, 48), Qt::AlignVCenter | Qt::AlignLeft,
                   painter.fontMetrics().elidedText(title, Qt::ElideRight, int(208 - 2 * nodePadding)));
  painter.restore();
}

void CanvasView::paintDraft(QPainter& painter, const WireShape& shape, const QColor& color) const {
  const WireCurve curve = wireCurve(shape);
  const auto at = [&](size_t i) { return camera_.toView(curve.points[i]).toPoint(); };
  QPainterPath path(at(0));
  for (size_t i = 1; i + 2 < size_t(curve.count); i += 3) path.cubicTo(at(i), at(i + 1), at(i + 2));
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(color, std::clamp(2.0 * double(camera_.zoom), 1.5, 4.0), Qt::SolidLine, Qt::RoundCap));
  painter.drawPath(path);
  painter.setBrush(color);
  painter.setPen(Qt::NoPen);
  painter.drawEllipse(at(size_t(curve.count) - 1), 4, 4);
}

}  // namespace fw::ui
