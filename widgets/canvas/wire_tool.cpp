// Drawing a wire from port to port: asks whether it fits, says why not, and offers blocks where it ends in the void.
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/tools.h"

namespace fw::ui {
namespace {

constexpr float catchReach = 18;  // view units around a port that catch a wire's end

}  // namespace

ItemId WireTool::idOf(int slot) const { return view_.geometry().item(slot).id; }

WireTool::WireTool(CanvasView& view, int slot, int port, Vec at) : CanvasTool(view), slot_(slot), port_(port), at_(at) {
  const CanvasGeometry& geometry = view.geometry();
  isFromOutput_ = geometry.item(slot).ports[size_t(port)].side == PortSide::Out;
  if (!isFromOutput_) {  // a wire that is there is picked up at its end
    for (const int w : geometry.wiresAt(slot)) {
      if (geometry.wireTo(w) != slot || geometry.wire(w).to.port != port) continue;
      replaced_ = geometry.wire(w);
      slot_ = geometry.wireFrom(w);
      port_ = replaced_->from.port;
      isFromOutput_ = true;
      view.marks().hiddenWire = w;
      break;
    }
  }
  view.marks().hover = {};
  view.marks().isPortDimmed = [this](int s, int p) {
    if (s == slot_ && p == port_) return false;
    return !ask(s, p).isAllowed;
  };
  view.invalidateAll();
}

ConnectAnswer WireTool::ask(int slot, int port) {
  const auto found = answers_.find({slot, port});
  if (found != answers_.end()) return found->second;
  const bool isOutput = view_.geometry().item(slot).ports[size_t(port)].side == PortSide::Out;
  ConnectAnswer answer;
  if (slot == slot_)
    answer = {false, QString()};
  else if (isOutput == isFromOutput_)
    answer = {false, isOutput ? CanvasView::tr("An output needs an input at the other end.")
                              : CanvasView::tr("An input needs an output at the other end.")};
  else
    answer = isFromOutput_ ? view_.mayConnect(endOf(slot_, port_), endOf(slot, port))
                           : view_.mayConnect(endOf(slot, port), endOf(slot_, port_));
  return answers_[{slot, port}] = answer;
}

// A port near by, or the nearest fitting one of the item below.
WireTool::Target WireTool::targetAt(Vec at) {
  const CanvasGeometry& geometry = view_.geometry();
  const Hit hit = view_.hitAt(at, catchReach);
  // A join is so small that its far side is near too: there a free port is sought, as anywhere on a card.
  const bool isPort = hit.kind == HitKind::Port;
  const bool isFarSide = isPort && geometry.shape(hit.slot) == ItemShape::Join &&
                         (geometry.item(hit.slot).ports[size_t(hit.index)].side == PortSide::Out) == isFromOutput_;
  if (isPort && !isFarSide && hit.slot != slot_) return {hit.slot, hit.index, ask(hit.slot, hit.index)};
  if (!(hit.isItem() || isFarSide) || hit.slot == slot_) return {};
  Target best{hit.slot, -1, {false, QString()}};
  float nearest = std::numeric_limits<float>::max();
  const Vec point = view_.camera().toScene(at);
  const auto& ports = geometry.item(hit.slot).ports;
  for (int p = 0; p < int(ports.size()); ++p) {
    if ((ports[size_t(p)].side == PortSide::Out) == isFromOutput_) continue;
    const ConnectAnswer answer = ask(hit.slot, p);
    // A port without a wire is preferred to one whose wire would be replaced.
    bool isTaken = false;
    for (const int w : geometry.wiresAt(hit.slot))
      isTaken = isTaken || (geometry.wireTo(w) == hit.slot && geometry.wire(w).to.port == p);
    const float away =
        (geometry.port(hit.slot, p) - point).length() + (isTaken ? 1e6f : 0) + (answer.isAllowed ? 0 : 1e9f);
    if (away < nearest) nearest = away, best = {hit.slot, p, answer};
  }
  return best;
}

void WireTool::move(Vec at, Qt::KeyboardModifiers) {
  const Target before = target_;
  at_ = at;
  target_ = targetAt(at);
  if (target_.slot != before.slot || target_.port != before.port) {
    Hit& hover = view_.marks().hover;
    for (const int slot : {before.slot, target_.slot})
      if (slot >= 0) view_.invalidate(view_.geometry().box(slot).grown(16));
    hover = target_.port >= 0 && target_.answer.isAllowed ? Hit{HitKind::Port, target_.slot, target_.port, -1} : Hit{};
    if (target_.port >= 0 && !target_.answer.isAllowed && !target_.answer.reason.isEmpty())
      QToolTip::showText(view_.mapToGlobal(at.toPoint().toPoint()), target_.answer.reason, &view_);
    else
      QToolTip::hideText();
  }
  view_.update();
}

void WireTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  const Target target = target_;
  const CanvasEnd own = endOf(slot_, port_);
  const bool isVoid = target.slot < 0 && view_.hitAt(at).slot != slot_;
  const std::optional<CanvasWire> replaced = replaced_;
  const CanvasEnd other = target.port >= 0 ? endOf(target.slot, target.port) : CanvasEnd();
  const bool isFromOutput = isFromOutput_;
  const WireShape shape = draft();
  cleanUp();
  CanvasIntents* intents = view_.intents();
  if (target.port >= 0 && target.answer.isAllowed) {
    const CanvasEnd from = isFromOutput ? own : other, to = isFromOutput ? other : own;
    if (replaced && replaced->from == from && replaced->to == to) return;
    if (intents) intents->connectPorts(from, to, replaced);
  } else if (isVoid && replaced) {
    if (intents) intents->disconnectWires({*replaced});
  } else if (isVoid) {
    view_.keepDraft(shape);
    view_.openPaletteFor(at.toPoint().toPoint(), own);
  }
}

void WireTool::cancel() { cleanUp(); }

void WireTool::cleanUp() {
  view_.marks().isPortDimmed = nullptr;
  view_.marks().hiddenWire = -1;
  view_.marks().hover = {};
  QToolTip::hideText();
  view_.invalidateAll();
}

WireShape WireTool::draft() const {
  const CanvasGeometry& geometry = view_.geometry();
  WireShape shape;
  shape.start = geometry.port(slot_, port_);
  shape.startOut = geometry.portOut(slot_, port_);
  shape.end = view_.camera().toScene(at_);
  shape.endOut = shape.startOut * -1;
  if (target_.port >= 0 && target_.answer.isAllowed) {
    shape.end = geometry.port(target_.slot, target_.port);
    shape.endOut = geometry.portOut(target_.slot, target_.port);
  }
  return shape;
}

void WireTool::paint(QPainter& painter) {
  const bool isRefused = target_.port >= 0 && !target_.answer.isAllowed;
  const PortFlavor flavor = view_.geometry().item(slot_).ports[size_t(port_)].flavor;
  view_.paintDraft(painter, draft(),
                   isRefused ? QColor(view_.theme().error) : QColor(Inks(view_.theme()).flavor(flavor)));
}

// --- all wires of a port ---

MoveWiresTool::MoveWiresTool(CanvasView& view, int slot, int port, Vec at)
    : CanvasTool(view), slot_(slot), port_(port), at_(at) {
  const CanvasGeometry& geometry = view.geometry();
  for (const int w : geometry.wiresAt(slot)) {
    const bool isStart = geometry.wireFrom(w) == slot && geometry.wire(w).from.port == port;
    if (isStart || (geometry.wireTo(w) == slot && geometry.wire(w).to.port == port)) wires_.push_back(w);
  }
  view.marks().hover = {};
  view.marks().isPortDimmed = [this](int s, int p) { return (s != slot_ || p != port_) && !takes(s, p); };
  view.invalidateAll();
}

bool MoveWiresTool::takes(int slot, int port) const {
  const CanvasGeometry& geometry = view_.geometry();
  const bool isOutput = geometry.item(slot_).ports[size_t(port_)].side == PortSide::Out;
  if (wires_.empty() || (slot == slot_ && port == port_)) return false;
  if ((geometry.item(slot).ports[size_t(port)].side == PortSide::Out) != isOutput) return false;
  const CanvasEnd end{geometry.item(slot).id, port};
  return std::all_of(wires_.begin(), wires_.end(), [&](int w) {
    return isOutput ? view_.mayConnect(end, geometry.wire(w).to).isAllowed
                    : view_.mayConnect(geometry.wire(w).from, end).isAllowed;
  });
}

void MoveWiresTool::move(Vec at, Qt::KeyboardModifiers) {
  at_ = at;
  const Hit hit = view_.hitAt(at, catchReach);
  target_ = hit.kind == HitKind::Port && takes(hit.slot, hit.index) ? hit : Hit{};
  Hit& hover = view_.marks().hover;
  for (const int slot : {hover.slot, target_.slot})
    if (slot >= 0) view_.invalidate(view_.geometry().box(slot).grown(16));
  hover = target_;
  view_.update();
}

void MoveWiresTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  const Hit target = target_;
  cancel();
  const CanvasGeometry& geometry = view_.geometry();
  if (target.slot >= 0 && view_.intents())
    view_.intents()->moveWires({geometry.item(slot_).id, port_}, {geometry.item(target.slot).id, target.index});
}

void MoveWiresTool::cancel() {
  view_.marks().isPortDimmed = nullptr;
  view_.marks().hover = {};
  view_.invalidateAll();
}

void MoveWiresTool::paint(QPainter& painter) {
  const CanvasGeometry& geometry = view_.geometry();
  for (const int w : wires_) {
    const bool isStart = geometry.wireFrom(w) == slot_;
    WireShape shape = geometry.wireShape(w);
    (isStart ? shape.start : shape.end) =
        target_.slot >= 0 ? geometry.port(target_.slot, target_.index) : view_.camera().toScene(at_);
    shape.detour.reset();
    view_.paintDraft(painter, shape, QColor(Inks(view_.theme()).flavor(geometry.wireFlavor(w))));
  }
}

}  // namespace fw::ui
