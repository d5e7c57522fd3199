// Turns gestures on the canvas into edits of the document.
#include "app/canvas_controller.h"

#include <QClipboard>
#include <QGuiApplication>

#include "app/scene_builder.h"

namespace fw {

CanvasController::CanvasController(DocumentController& document, ui::CanvasView& view, QObject* parent)
    : QObject(parent), document_(document), view_(view) {
  view.setIntents(this);
  view.setConnectQuestion([this](ui::CanvasEnd from, ui::CanvasEnd to) { return mayConnect(from, to); });
  view.setBlockFilter([this](const QString& block, ui::CanvasEnd end) { return hasPortFor(block, end); });
  for (const BlockDef& block : allBlocks()) {
    Editor editor({}, catalog());
    newPorts_[block.id] = portsOf(*findNode(editor.result(), editor.addNode({}, block.id, {})), block);
  }
}

CanvasController::~CanvasController() { view_.setIntents(nullptr); }

GraphPath CanvasController::pathOfNode(NodeId node) const {
  GraphPath path;
  findNode(*document_.current(), node, &path);
  return path;
}

GraphPath CanvasController::pathOf(NodeId container, int lane) const {
  if (container == 0) return {};
  GraphPath path;
  const Node* node = findNode(*document_.current(), container, &path);
  if (!node) return {};
  const std::vector<std::string> lanes = laneNames(*node);
  if (lanes.empty()) return path;
  path.push_back({container, lanes[size_t(std::clamp<int>(lane, 0, int(lanes.size()) - 1))]});
  return path;
}

/// Where only the inside of a container is shown, the void around it belongs to it too.
ui::CanvasPlace CanvasController::placeOf(const ui::CanvasPlace& place) const {
  if (place.container != 0 || entered_ == 0) return place;
  const auto at = document_.current()->layout.find(entered_);
  const Position corner = at == document_.current()->layout.end() ? Position{} : at->second;
  return {entered_, 0, place.position - QPointF(corner.x, corner.y)};
}

PortRef CanvasController::portOf(ui::CanvasEnd end) const {
  for (const ui::CanvasItem& item : view_.scene()->items)
    if (item.id == end.item && end.port >= 0 && size_t(end.port) < item.ports.size())
      return {end.item, item.ports[size_t(end.port)].name.toStdString()};
  return {end.item, ""};
}

Wire CanvasController::wireOf(const ui::CanvasWire& wire) const { return {portOf(wire.from), portOf(wire.to)}; }

QString CanvasController::nameOf(NodeId node) const {
  const Node* found = findNode(*document_.current(), node);
  return found ? QString::fromStdString(found->name) : QString();
}

ui::ConnectAnswer CanvasController::mayConnect(ui::CanvasEnd from, ui::CanvasEnd to) const {
  const GraphPath path = pathOfNode(from.item);
  if (path != pathOfNode(to.item)) return {false, tr("A wire stays inside one frame.")};
  const Verdict verdict = canConnect(*document_.current(), catalog(), path, portOf(from), portOf(to));
  return {verdict.isAllowed, QString::fromStdString(verdict.reason)};
}

bool CanvasController::hasPortFor(const QString& block, ui::CanvasEnd end) const {
  const auto offered = newPorts_.find(block.toStdString());
  const Node* node = findNode(*document_.current(), end.item);
  const BlockDef* own = node ? catalog().find(node->block) : nullptr;
  if (offered == newPorts_.end() || !own) return true;
  const Ports ports = portsOf(*node, *own);
  const PortRef ref = portOf(end);
  const PortDef* output = ports.findOutput(ref.port);
  const PortDef* port = output ? output : ports.findInput(ref.port);
  if (!port) return true;
  const std::vector<PortDef>& others = output ? offered->second.inputs : offered->second.outputs;
  return std::any_of(others.begin(), others.end(), [&](const PortDef& other) { return other.kind == port->kind; });
}

void CanvasController::moveItems(const std::vector<ui::ItemMove>& moves, const QString& mergeKey) {
  document_.edit(moves.size() == 1 ? tr("Move %1").arg(nameOf(moves.front().item))
                                   : tr("Move %n blocks", nullptr, int(moves.size())),
                 mergeKey, [&](Editor& editor) {
                   for (const ui::ItemMove& move : moves)
                     editor.move(move.item, {move.position.x(), move.position.y()});
                 });
}

void CanvasController::addBlock(const ui::BlockRequest& wanted) {
  ui::BlockRequest request = wanted;
  request.place = placeOf(wanted.place);
  const BlockDef* block = catalog().find(request.block.toStdString());
  if (!block) return;
  NodeId added = 0;
  const GraphPath path = pathOf(request.place.container, request.place.lane);
  document_.edit(tr("Add %1").arg(QString::fromStdString(block->title)), {}, [&](Editor& editor) {
    added = editor.addNode(path, block->id, {request.place.position.x(), request.place.position.y()});
    if (request.intoWire) editor.insertOnWire(path, wireOf(*request.intoWire), added);
    if (!request.wireTo) return;
    const PortRef end = portOf(*request.wireTo);
    const Node* node = findNode(editor.result(), added);
    const Ports ports = portsOf(*node, *block);
    const Node* other = findNode(editor.result(), end.node);
    const bool isOutput =
        other && catalog().find(other->block) && portsOf(*other, *catalog().find(other->block)).findOutput(end.port);
    for (const PortDef& port : isOutput ? ports.inputs : ports.outputs) {
      const PortRef own{added, port.name};
      if (!canConnect(editor.result(), catalog(), path, isOutput ? end : own, isOutput ? own : end).isAllowed) continue;
      editor.connect(path, isOutput ? end : own, isOutput ? own : end);
      break;
    }
  });
  if (added != 0) select({added});
}

void CanvasController::addBlockAtCenter(const QString& block) {
  addBlock({.block = block, .place = view_.placeAtCursor(), .wireTo = {}, .intoWire = {}});
}

void CanvasController::connectPorts(ui::CanvasEnd from, ui::CanvasEnd to,
                                    const std::optional<ui::CanvasWire>& replaced) {
  const GraphPath path = pathOfNode(from.item);
  document_.edit(tr("Connect %1 to %2").arg(nameOf(from.item), nameOf(to.item)), {}, [&](Editor& editor) {
    if (replaced) editor.disconnect(path, wireOf(*replaced));
    editor.connect(path, portOf(from), portOf(to));
  });
}

void CanvasController::disconnectWires(const std::vector<ui::CanvasWire>& wires) { deleteItems({}, wires, false); }

void CanvasController::deleteItems(const std::vector<ui::ItemId>& items, const std::vector<ui::CanvasWire>& wires,
                                   bool heal) {
  const QString title = items.size() == 1 ? tr("Delete %1").arg(nameOf(items.front()))
                        : !items.empty()  ? tr("Delete %n blocks", nullptr, int(items.size()))
                                          : tr("Disconnect");
  document_.edit(title, {}, [&](Editor& editor) {
    for (const ui::CanvasWire& wire : wires)
      if (std::find(items.begin(), items.end(), wire.from.item) == items.end() &&
          std::find(items.begin(), items.end(), wire.to.item) == items.end())
        editor.disconnect(pathOfNode(wire.from.item), wireOf(wire));
    if (heal)
      for (const ui::ItemId item : items) editor.removeAndHeal(item);
    else
      editor.removeNodes({items.begin(), items.end()});
  });
}

void CanvasController::pullOutItems(const std::vector<ui::ItemMove>& moves) {
  if (moves.empty()) return;
  const GraphPath path = pathOfNode(moves.front().item);
  document_.edit(moves.size() == 1 ? tr("Pull out %1").arg(nameOf(moves.front().item))
                                   : tr("Pull out %n blocks", nullptr, int(moves.size())),
                 {}, [&](Editor& editor) {
                   for (const ui::ItemMove& move : moves) {
                     const NodeId id = move.item;
                     const Node* node = findNode(editor.result(), id);
                     const BlockDef* block = node ? catalog().find(node->block) : nullptr;
                     const Graph* graph = graphAt(editor.result(), path);
                     if (!block || !graph || !graph->find(id)) continue;
                     const Ports ports = portsOf(*node, *block);
                     const std::vector<Wire> into = graph->wiresInto(id), from = graph->wiresFrom(id);
                     for (const std::vector<Wire>* wires : {&into, &from})
                       for (const Wire& wire : *wires) editor.disconnect(path, wire);
                     for (const Wire& out : from) {
                       const PortDef* port = ports.findOutput(out.from.port);
                       const PortDef* source = port ? mutedSource(ports, *port) : nullptr;
                       for (const Wire& in : into)
                         if (source && in.to.port == source->name &&
                             canConnect(editor.result(), catalog(), path, in.from, out.to).isAllowed)
                           editor.connect(path, in.from, out.to);
                     }
                     editor.move(id, {move.position.x(), move.position.y()});
                   }
                 });
}

void CanvasController::moveItemsInto(const std::vector<ui::ItemId>& items, const ui::CanvasPlace& wanted) {
  const ui::CanvasPlace place = placeOf(wanted);
  if (items.empty()) return;
  const GraphPath to = pathOf(place.container, place.lane);
  const QString target = place.container == 0 ? tr("the model") : nameOf(place.container);
  document_.edit(items.size() == 1 ? tr("Move %1 into %2").arg(nameOf(items.front()), target)
                                   : tr("Move %n blocks into %1", nullptr, int(items.size())).arg(target),
                 {}, [&](Editor& editor) {
                   editor.moveInto({items.begin(), items.end()}, to, {place.position.x(), place.position.y()});
                 });
  select({items.begin(), items.end()});
}

void CanvasController::collapse(const std::vector<ui::ItemId>& items, const std::string& block) {
  if (items.empty()) return;
  NodeId added = 0;
  document_.edit(block == "structure.repeat" ? tr("Repeat %n blocks", nullptr, int(items.size()))
                                             : tr("Group %n blocks", nullptr, int(items.size())),
                 {}, [&](Editor& editor) {
                   added = editor.collapse({items.begin(), items.end()}, block);
                 });
  if (added != 0) select({added});
}

void CanvasController::expand(const std::vector<ui::ItemId>& items) {
  std::vector<NodeId> out;
  document_.edit(tr("Ungroup"), {}, [&](Editor& editor) {
    for (const ui::ItemId item : items) {
      const Node* node = findNode(editor.result(), item);
      const BlockDef* block = node ? catalog().find(node->block) : nullptr;
      if (!block || block->body != BodyKind::Single) continue;
      const std::vector<NodeId> inner = editor.expand(item);
      out.insert(out.end(), inner.begin(), inner.end());
    }
  });
  select(out);
}

void CanvasController::copyItems(const std::vector<ui::ItemId>& items) {
  if (items.empty()) return;
  const std::string text = copyText(*document_.current(), pathOfNode(items.front()), {items.begin(), items.end()});
  QGuiApplication::clipboard()->setText(QString::fromStdString(text));
}

void CanvasController::cutItems(const std::vector<ui::ItemId>& items) {
  copyItems(items);
  deleteItems(items, {}, false);
}

void CanvasController::pasteItems(const ui::CanvasPlace& wanted, bool keepWires) {
  const ui::CanvasPlace place = placeOf(wanted);
  std::vector<NodeId> added;
  document_.edit(tr("Paste"), {}, [&](Editor& editor) {
    added = editor.paste(pathOf(place.container, place.lane), QGuiApplication::clipboard()->text().toStdString(),
                         {place.position.x(), place.position.y()}, keepWires);
  });
  select(added);
}

void CanvasController::duplicateItems(const std::vector<ui::ItemId>& items, bool keepWires) {
  if (items.empty()) return;
  constexpr double kOffset = 40;
  const GraphPath path = pathOfNode(items.front());
  const std::string text = copyText(*document_.current(), path, {items.begin(), items.end()});
  Position corner{1e300, 1e300};
  for (const ui::ItemId item : items)
    if (const auto at = document_.current()->layout.find(item); at != document_.current()->layout.end()) {
      corner.x = std::min(corner.x, at->second.x);
      corner.y = std::min(corner.y, at->second.y);
    }
  if (corner.x > 1e299) corner = {};
  std::vector<NodeId> added;
  document_.edit(tr("Duplicate"), {}, [&](Editor& editor) {
    added = editor.paste(path, text, {corner.x + kOffset, corner.y + kOffset}, keepWires);
  });
  select(added);
}

void CanvasController::setMuted(const std::vector<ui::ItemId>& items, bool isMuted) {
  document_.edit(isMuted ? tr("Mute") : tr("Unmute"), {}, [&](Editor& editor) {
    for (const ui::ItemId item : items) {
      const auto layers = scope_.of(editor.result(), item);
      for (const auto& [repeat, layer] : layers) editor.setLayerMuted(repeat, layer, item, isMuted);
      if (layers.empty()) editor.setMuted(item, isMuted);
    }
  });
}

void CanvasController::setCollapsed(ui::ItemId frame, bool isCollapsed) { emit collapseRequested(frame, isCollapsed); }
void CanvasController::openItem(ui::ItemId item) {
  const Node* node = findNode(*document_.current(), item);
  if (node && !node->bodies.empty() && item != entered_)
    emit enterRequested(item);
  else
    emit inspectRequested(item);
}
void CanvasController::leaveContainer() {
  if (entered_ != 0) {
    const GraphPath path = pathOfNode(entered_);
    emit enterRequested(path.empty() ? 0 : path.back().node);
    return;
  }
  const std::vector<ui::ItemId> selection = view_.selection();
  if (selection.empty()) return;
  if (const GraphPath path = pathOfNode(selection.front()); !path.empty()) view_.reveal(path.back().node);
}
void CanvasController::clickCell(ui::ItemId frame, int cell, Qt::KeyboardModifiers modifiers) {
  emit cellClicked(frame, cell, modifiers);
}
void CanvasController::paintCells(ui::ItemId frame, int source, const std::vector<int>& cells) {
  const Node* repeat = findNode(*document_.current(), frame);
  const BlockDef* block = repeat ? catalog().find(repeat->block) : nullptr;
  if (!block || block->body != BodyKind::Repeat) return;
  const std::string letter = layerBody(*repeat, *block, source);
  document_.edit(tr("Paint %n layers", nullptr, int(cells.size())), {}, [&](Editor& editor) {
    editor.setLayerKind(frame, {cells.begin(), cells.end()}, letter);
  });
}
void CanvasController::showContextMenu(const ui::ContextRequest& request) {
  emit contextMenuRequested(request.globalPosition, request.item, request.cell);
}

void CanvasController::select(const std::vector<NodeId>& nodes) {
  if (!nodes.empty()) view_.setSelection({nodes.begin(), nodes.end()});
}

}  // namespace fw
