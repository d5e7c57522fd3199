// The canvas for assistive technology.
#include "widgets/canvas/canvas_access.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QPointer>
#include <unordered_map>

#include "widgets/canvas/canvas_view.h"

namespace fw::ui {
namespace {

/// What a frame, or the root, holds, in drawing order; entries and exits are parts of their frame.
std::vector<ItemId> childrenOf(const CanvasGeometry& geometry, int frame) {
  std::vector<ItemId> children;
  const int begin = frame < 0 ? 0 : frame + 1, end = frame < 0 ? geometry.count() : geometry.end(frame);
  for (int slot = begin; slot < end; slot = geometry.end(slot))
    if (geometry.shape(slot) != ItemShape::Entry && geometry.shape(slot) != ItemShape::Exit)
      children.push_back(geometry.item(slot).id);
  return children;
}

class CanvasAccess;

class ItemAccess : public QAccessibleInterface, public QAccessibleActionInterface {
 public:
  ItemAccess(CanvasAccess& canvas, CanvasView& view, ItemId item) : canvas_(&canvas), view_(&view), item_(item) {}

  bool isValid() const override { return view_ && slot() >= 0; }
  QObject* object() const override { return nullptr; }
  QWindow* window() const override { return view_ ? view_->window()->windowHandle() : nullptr; }
  QAccessibleInterface* parent() const override;
  QAccessibleInterface* child(int index) const override;
  int childCount() const override { return isFrame() ? int(childrenOf(geometry(), slot()).size()) : 0; }
  int indexOfChild(const QAccessibleInterface* child) const override;
  QAccessibleInterface* childAt(int x, int y) const override;
  QAccessible::Role role() const override { return isFrame() ? QAccessible::Grouping : QAccessible::TreeItem; }
  QAccessible::State state() const override;
  QString text(QAccessible::Text kind) const override;
  void setText(QAccessible::Text, const QString&) override {}
  QRect rect() const override;
  void* interface_cast(QAccessible::InterfaceType type) override {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
  }
  QStringList actionNames() const override { return {pressAction(), setFocusAction()}; }
  void doAction(const QString& action) override;
  QStringList keyBindingsForAction(const QString& action) const override {
    return action == pressAction() ? QStringList{"Return"} : QStringList();
  }
  ItemId item() const { return item_; }

 private:
  const CanvasGeometry& geometry() const { return view_->geometry(); }
  int slot() const { return view_ ? geometry().slotOf(item_) : -1; }
  bool isFrame() const { return slot() >= 0 && geometry().frame(slot()); }
  QString description() const;

  CanvasAccess* canvas_;
  QPointer<CanvasView> view_;
  ItemId item_;
};

class CanvasAccess : public QAccessibleWidget {
 public:
  explicit CanvasAccess(CanvasView* view) : QAccessibleWidget(view, QAccessible::Tree), view_(view) {}
  ~CanvasAccess() override {
    for (const auto& [item, id] : items_) QAccessible::deleteAccessibleInterface(id);
  }

  int childCount() const override { return int(childrenOf(view_->geometry(), -1).size()); }
  QAccessibleInterface* child(int index) const override {
    const std::vector<ItemId> children = childrenOf(view_->geometry(), -1);
    return index >= 0 && size_t(index) < children.size() ? of(children[size_t(index)]) : nullptr;
  }
  int indexOfChild(const QAccessibleInterface* child) const override {
    for (int i = 0; i < childCount(); ++i)
      if (this->child(i) == child) return i;
    return -1;
  }
  QAccessibleInterface* childAt(int x, int y) const override { return at(x, y, -1); }
  QAccessibleInterface* focusChild() const override {
    const std::vector<ItemId> selected = view_->selection();
    return view_->hasFocus() && selected.size() == 1 ? of(selected.front()) : nullptr;
  }

  /// The interface of an item, made when it is first asked for.
  QAccessibleInterface* of(ItemId item) const {
    const auto known = items_.find(item);
    if (known != items_.end()) return QAccessible::accessibleInterface(known->second);
    auto* made = new ItemAccess(const_cast<CanvasAccess&>(*this), *view_, item);
    items_[item] = QAccessible::registerAccessibleInterface(made);
    return made;
  }
  /// What of a frame's (-1: the root's) own items lies at a point of the screen.
  QAccessibleInterface* at(int x, int y, int frame) const {
    const CanvasGeometry& geometry = view_->geometry();
    const Vec point = view_->camera().toScene(Vec(QPointF(view_->mapFromGlobal(QPoint(x, y)))));
    const std::vector<ItemId> children = childrenOf(geometry, frame);
    for (auto child = children.rbegin(); child != children.rend(); ++child)
      if (geometry.box(geometry.slotOf(*child)).contains(point)) return of(*child);
    return nullptr;
  }

 private:
  CanvasView* view_;
  mutable std::unordered_map<ItemId, QAccessible::Id> items_;
};

QAccessibleInterface* ItemAccess::parent() const {
  if (!isValid()) return nullptr;
  const int frame = geometry().parent(slot());
  return frame < 0 ? static_cast<QAccessibleInterface*>(canvas_) : canvas_->of(geometry().item(frame).id);
}

QAccessibleInterface* ItemAccess::child(int index) const {
  if (!isFrame()) return nullptr;
  const std::vector<ItemId> children = childrenOf(geometry(), slot());
  return index >= 0 && size_t(index) < children.size() ? canvas_->of(children[size_t(index)]) : nullptr;
}

int ItemAccess::indexOfChild(const QAccessibleInterface* child) const {
  for (int i = 0; i < childCount(); ++i)
    if (this->child(i) == child) return i;
  return -1;
}

QAccessibleInterface* ItemAccess::childAt(int x, int y) const {
  return isFrame() ? canvas_->at(x, y, slot()) : nullptr;
}

QAccessible::State ItemAccess::state() const {
  QAccessible::State state;
  if (!isValid()) {
    state.invalid = true;
    return state;
  }
  const CanvasItem& item = geometry().item(slot());
  const bool isSelected = view_->isSelected(slot());
  state.selectable = state.focusable = state.multiSelectable = true;
  state.selected = isSelected;
  state.focused = isSelected && view_->hasFocus() && view_->selection().size() == 1;
  state.disabled = item.isMuted;
  state.expandable = isFrame();
  state.expanded = isFrame() && !item.frame->isCollapsed;
  state.collapsed = isFrame() && item.frame->isCollapsed;
  state.offscreen = !Box(QRectF(view_->rect())).intersects(view_->camera().toView(geometry().box(slot())));
  return state;
}

QString ItemAccess::text(QAccessible::Text kind) const {
  if (!isValid()) return {};
  const CanvasItem& item = geometry().item(slot());
  switch (kind) {
    case QAccessible::Name:
      return item.shape == ItemShape::Join ? CanvasView::tr("Join %1").arg(item.title) : item.title;
    case QAccessible::Description:
      return description();
    default:
      return {};
  }
}

// The problem first, then what the block is, then what each port carries and where it comes from.
QString ItemAccess::description() const {
  const CanvasItem& item = geometry().item(slot());
  QStringList sentences = {item.message, item.subtitle, item.stats};
  if (item.isMuted) sentences << CanvasView::tr("muted");
  for (const CanvasChip& chip : item.chips) sentences << chip.tooltip;
  for (int p = 0; p < int(item.ports.size()); ++p) {
    const CanvasPort& port = item.ports[size_t(p)];
    QString words =
        (port.side == PortSide::In ? CanvasView::tr("input %1") : CanvasView::tr("output %1")).arg(port.name);
    if (!port.label.isEmpty()) words += ": " + port.label;
    for (const int w : geometry().wiresAt(slot()))
      if (port.side == PortSide::In && geometry().wireTo(w) == slot() && geometry().wire(w).to.port == p)
        words += CanvasView::tr(", from %1").arg(geometry().item(geometry().wireFrom(w)).title);
    sentences << words;
  }
  sentences.removeAll(QString());
  return sentences.join("; ");
}

QRect ItemAccess::rect() const {
  if (!isValid()) return {};
  const QRect area = view_->camera().toView(geometry().box(slot())).toRect().toAlignedRect();
  return {view_->mapToGlobal(area.topLeft()), area.size()};
}

void ItemAccess::doAction(const QString& action) {
  if (!isValid()) return;
  view_->setSelection({item_});
  view_->setFocus(Qt::OtherFocusReason);
  if (action == pressAction() && view_->intents()) view_->intents()->openItem(item_);
}

QAccessibleInterface* make(const QString& className, QObject* object) {
  if (className != QLatin1String(CanvasView::staticMetaObject.className())) return nullptr;
  auto* view = qobject_cast<CanvasView*>(object);
  return view ? new CanvasAccess(view) : nullptr;
}

}  // namespace

void offerCanvasAccess() { QAccessible::installFactory(make); }

void tellSelected(CanvasView& view, ItemId item) {
  if (!QAccessible::isActive()) return;
  auto* canvas = static_cast<CanvasAccess*>(QAccessible::queryAccessibleInterface(&view));
  QAccessibleInterface* reached = item == 0 ? canvas : canvas->of(item);
  if (view.hasFocus()) {
    QAccessibleEvent focus(reached, QAccessible::Focus);
    QAccessible::updateAccessibility(&focus);
  }
  QAccessibleEvent selection(reached, QAccessible::Selection);
  QAccessible::updateAccessibility(&selection);
}

}  // namespace fw::ui
