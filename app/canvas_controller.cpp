// Turns gestures on the canvas into edits of the document.
#include "app/canvas_controller.h"

#include <QClipboard>
#include <QGuiApplication>
#include <cmath>

#include "app/scene_builder.h"
#include "engine/base/error.h"
#include "engine/blocks/policy.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

std::string freeGroup(const Architecture& architecture, const std::string& wish) {
  std::string name = wish;
  for (int number = 2; architecture.weightGroups.contains(name); ++number) name = wish + "_" + std::to_string(number);
  return name;
}

bool hasMember(const Graph& graph, const std::string& group) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const auto& entry) {
    if (entry.second->weightGroup == group) return true;
    return std::any_of(entry.second->bodies.begin(), entry.second->bodies.end(),
                       [&](const auto& body) { return hasMember(*body.second, group); });
  });
}

void dropIfEmpty(Editor& editor, const std::string& group) {
  if (editor.result().weightGroups.contains(group) && !hasMember(*editor.result().root, group))
    editor.setGroupPolicy(group, {});
}

}  // namespace

CanvasController::CanvasController(DocumentController& document, ui::CanvasView& view, const BlockLibrary& library,
                                   QObject* parent)
    : QObject(parent), document_(document), view_(view), library_(library) {
  view.setIntents(this);
  view.setConnectQuestion([this](ui::CanvasEnd from, ui::CanvasEnd to) { return mayConnect(from, to); });
  view.setBlockFilter([this](const QString& block, ui::CanvasEnd end) { return hasPortFor(block, end); });
  for (const BlockDef& block : allBlocks()) {
    Editor editor({}, catalog());
    newPorts_[block.id] = portsOf(*findNode(editor.result(), editor.addNode({}, block.id, {})), block);
  }
  refreshLibrary();
}

void CanvasController::refreshLibrary() {
  for (const QString& name : library_.names()) {
    try {
      Editor editor({}, catalog());
      const std::vector<NodeId> added = editor.paste({}, library_.text(name), {});
      const Node* node = added.size() == 1 ? findNode(editor.result(), added.front()) : nullptr;
      const BlockDef* block = node ? catalog().find(node->block) : nullptr;
      if (block) newPorts_[libraryId(name).toStdString()] = portsOf(*node, *block);
    } catch (const Error&) {
      // It is told when somebody adds it.
    }
  }
}

CanvasController::~CanvasController() { view_.setIntents(nullptr); }

GraphPath CanvasController::pathOfNode(NodeId node) const {
  GraphPath path;
  const auto dot = document_.current()->dots.find(node);
  findNode(*document_.current(), dot == document_.current()->dots.end() ? node : dot->second.wire.from.node, &path);
  return path;
}

/// Without the dots of wires.
std::vector<NodeId> CanvasController::nodesOf(const std::vector<ui::ItemId>& items) const {
  std::vector<NodeId> nodes;
  for (const ui::ItemId item : items)
    if (!document_.current()->dots.contains(item)) nodes.push_back(item);
  return nodes;
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
  // A dot stands for the ends of its wire.
  if (const auto dot = document_.current()->dots.find(end.item); dot != document_.current()->dots.end())
    return end.port == 0 ? dot->second.wire.to : dot->second.wire.from;
  for (const ui::CanvasItem& item : view_.scene()->items)
    if (item.id == end.item && end.port >= 0 && size_t(end.port) < item.ports.size())
      return {end.item, item.ports[size_t(end.port)].name.toStdString()};
  return {end.item, ""};
}

Wire CanvasController::wireOf(const ui::CanvasWire& wire) const {
  const std::map<NodeId, Dot>& dots = document_.current()->dots;
  for (const NodeId end : {wire.from.item, wire.to.item})
    if (const auto dot = dots.find(end); dot != dots.end()) return dot->second.wire;
  return {portOf(wire.from), portOf(wire.to)};
}

QString CanvasController::nameOf(NodeId node) const {
  if (document_.current()->frames.contains(node)) return tr("a note");
  const Node* found = findNode(*document_.current(), node);
  return found ? QString::fromStdString(found->name) : tr("dot");
}

ui::ConnectAnswer CanvasController::mayConnect(ui::CanvasEnd from, ui::CanvasEnd to) const {
  const GraphPath path = pathOfNode(from.item);
  if (path != pathOfNode(to.item)) return {false, tr("A wire stays inside one frame.")};
  const Verdict verdict = canConnect(*document_.current(), catalog(), path, portOf(from), portOf(to));
  return {verdict.isAllowed, QString::fromStdString(verdict.reason)};
}

bool CanvasController::hasPortFor(const QString& block, ui::CanvasEnd end) const {
  if (block.startsWith(ui::policyPrefix)) return false;
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
                                   : ui::counted(int64_t(moves.size()), tr("Move 1 block"), tr("Move %1 blocks")),
                 mergeKey, [&](Editor& editor) {
                   for (const ui::ItemMove& move : moves)
                     for (const NodeId item : dotsWith(move.item)) editor.move(item, moved(item, move.position));
                   std::vector<NodeId> nodes;
                   for (const ui::ItemMove& move : moves) nodes.push_back(move.item);
                   joinNotes(editor, nodes);
                 });
}

void CanvasController::addBlock(const ui::BlockRequest& wanted) {
  ui::BlockRequest request = wanted;
  request.place = placeOf(wanted.place);
  if (request.block.startsWith(ui::policyPrefix)) {
    const std::vector<ui::ItemId> items = wanted.onto != 0 ? std::vector{wanted.onto} : view_.selection();
    return applyPolicy(items, request.block.mid(int(qstrlen(ui::policyPrefix))).toStdString());
  }
  if (!nameInLibrary(request.block).isEmpty()) return addFromLibrary(request);
  const BlockDef* block = catalog().find(request.block.toStdString());
  if (!block) return;
  NodeId added = 0;
  const GraphPath path = pathOf(request.place.container, request.place.lane);
  document_.edit(tr("Add %1").arg(QString::fromStdString(block->title)), {}, [&](Editor& editor) {
    added = editor.addNode(path, block->id, {request.place.position.x(), request.place.position.y()});
    wireNew(editor, request, path, added);
    joinNotes(editor, {added});
  });
  if (added != 0) select({added});
}

/// Onto the wire that a new node was dropped on, or to the port whose wire was released.
void CanvasController::wireNew(Editor& editor, const ui::BlockRequest& request, const GraphPath& path,
                               NodeId added) const {
  if (request.intoWire) {
    putOnWire(editor, path, *request.intoWire, added);
    makeRoom(editor, *request.intoWire, added);
  }
  if (!request.wireTo) return;
  const PortRef end = portOf(*request.wireTo);
  const Node* node = findNode(editor.result(), added);
  const Ports ports = portsOf(*node, *catalog().find(node->block));
  const Node* other = findNode(editor.result(), end.node);
  const bool isOutput =
      other && catalog().find(other->block) && portsOf(*other, *catalog().find(other->block)).findOutput(end.port);
  for (const PortDef& port : isOutput ? ports.inputs : ports.outputs) {
    const PortRef own{added, port.name};
    if (!canConnect(editor.result(), catalog(), path, isOutput ? end : own, isOutput ? own : end).isAllowed) continue;
    editor.connect(path, isOutput ? end : own, isOutput ? own : end);
    break;
  }
}

/// The dots of the wire that lie before this piece of it stay in front of the node.
void CanvasController::putOnWire(Editor& editor, const GraphPath& path, const ui::CanvasWire& piece,
                                 NodeId node) const {
  const Wire wire = wireOf(piece);
  const auto dots = dotsByWire(editor.result());
  const auto own = dots.find(wire);
  size_t before = 0;
  if (own != dots.end()) {
    const auto last = std::find(own->second.begin(), own->second.end(), piece.from.item);
    before = last == own->second.end() ? 0 : size_t(last - own->second.begin()) + 1;
  }
  editor.insertOnWire(path, wire, node, before);
}

/// Keeps a node that came into a wire off the one before, and shoves what lies behind along the flow.
void CanvasController::makeRoom(Editor& editor, const ui::CanvasWire& piece, NodeId node) const {
  constexpr float kGap = 28;
  constexpr float kNewHeight = 64, kNewWidth = 208;  // of one that is not shown yet
  const ui::CanvasGeometry& geometry = view_.geometry();
  const int from = geometry.slotOf(piece.from.item), to = geometry.slotOf(piece.to.item);
  const auto place = editor.result().layout.find(node);
  if (from < 0 || to < 0 || place == editor.result().layout.end()) return;
  const int parent = geometry.parent(to), lane = geometry.lane(to), own = geometry.slotOf(node);
  if (geometry.parent(from) != parent || geometry.lane(from) != lane) return;
  const bool isDown = geometry.flow(to) == ui::Flow::Down;
  const auto near = [&](int slot) { return isDown ? geometry.box(slot).top : geometry.box(slot).left; };
  const auto far = [&](int slot) { return isDown ? geometry.box(slot).bottom : geometry.box(slot).right; };
  if (near(to) < far(from)) return;  // it leads back
  const ui::Vec origin = geometry.origin(parent, lane);
  const float shift = isDown ? origin.y : origin.x;
  const float half = (own < 0 ? (isDown ? kNewHeight : kNewWidth) : far(own) - near(own)) / 2;
  const auto onGrid = [](float value) { return std::ceil(value / ui::gridStep) * ui::gridStep; };

  Position at = place->second;
  float middle = float(isDown ? at.y : at.x) + shift;
  if (geometry.shape(from) != ui::ItemShape::Entry && middle < far(from) + kGap + half) {
    const float push = onGrid(far(from) + kGap + half - middle);
    middle += push;
    (isDown ? at.y : at.x) += double(push);
    editor.move(node, at);
  }
  if (geometry.shape(to) == ui::ItemShape::Exit) return;  // the frame grows
  const float lack = middle + half + kGap - near(to);
  if (lack <= 0) return;
  for (int slot = 0; slot < geometry.count(); ++slot) {
    if (slot == own || geometry.parent(slot) != parent || geometry.lane(slot) != lane || near(slot) < near(to) - 1)
      continue;
    if (geometry.shape(slot) == ui::ItemShape::Entry || geometry.shape(slot) == ui::ItemShape::Exit ||
        geometry.item(slot).isPinned)
      continue;
    const QPointF by = isDown ? QPointF(0, double(onGrid(lack))) : QPointF(double(onGrid(lack)), 0);
    editor.move(geometry.item(slot).id, moved(geometry.item(slot).id, geometry.position(slot) + by));
  }
}

/// A block that a person puts into a note, or takes out of it, is a member from then on, or no longer. A note that is
/// moved over blocks takes none.
void CanvasController::joinNotes(Editor& editor, const std::vector<NodeId>& nodes) const {
  for (const auto& [id, frame] : std::map<NodeId, Frame>(editor.result().frames)) {
    Frame changed = frame;
    for (const NodeId node : nodes) {
      GraphPath path;
      const auto place = editor.result().layout.find(node);
      if (place == editor.result().layout.end() || !findNode(editor.result(), node, &path)) continue;
      const bool isHere = (path.empty() ? BodyRef{} : path.back()) == frame.graph;
      const bool isInside =
          isHere &&
          QRectF(frame.x, frame.y, frame.width, frame.height).contains(QPointF(place->second.x, place->second.y));
      std::erase(changed.members, node);
      if (isInside) changed.members.push_back(node);
    }
    std::sort(changed.members.begin(), changed.members.end());
    if (!(changed == frame)) editor.setFrame(id, changed);
  }
}

void CanvasController::moveNotes(const std::vector<ui::NoteMove>& notes, const std::vector<ui::ItemMove>& items) {
  document_.edit(tr("Move a note"), {}, [&](Editor& editor) {
    for (const ui::NoteMove& move : notes) {
      const auto known = editor.result().frames.find(move.note);
      if (known == editor.result().frames.end()) continue;
      Frame frame = known->second;
      frame.x = move.area.x(), frame.y = move.area.y();
      frame.width = move.area.width(), frame.height = move.area.height();
      editor.setFrame(move.note, frame);
    }
    for (const ui::ItemMove& move : items) editor.move(move.item, moved(move.item, move.position));
  });
}

void CanvasController::addNote(const std::vector<ui::ItemId>& selected, const QString& title) {
  constexpr float kRoom = 28;
  const ui::CanvasGeometry& geometry = view_.geometry();
  const std::vector<NodeId> nodes = nodesOf(selected);
  GraphPath path;
  Frame frame{.title = title.toStdString()};
  QRectF area;
  if (nodes.empty()) {
    const ui::CanvasPlace place = placeOf(view_.placeAtCursor());
    path = pathOf(place.container, place.lane);
    area = QRectF(place.position - QPointF(120, 80), QSizeF(240, 160));
  } else {
    path = pathOfNode(nodes.front());
    ui::Box around;
    ui::Vec origin;
    for (const NodeId node : nodes) {
      const int slot = geometry.slotOf(node);
      if (slot < 0 || pathOfNode(node) != path) continue;
      around.include(geometry.box(slot));
      origin = geometry.origin(geometry.parent(slot), geometry.lane(slot));
      frame.members.push_back(node);
    }
    area = around.grown(kRoom, kRoom).moved(origin * -1).toRect();
    area.adjust(0, -double(ui::noteTitle), 0, 0);
    std::sort(frame.members.begin(), frame.members.end());
  }
  frame.x = area.x(), frame.y = area.y(), frame.width = area.width(), frame.height = area.height();
  NodeId added = 0;
  document_.edit(tr("Add a note"), {}, [&](Editor& editor) { added = editor.addFrame(path, frame); });
  if (added != 0) view_.pickNote(added);
}

void CanvasController::changeNote(NodeId note, const QString& edit, const std::function<void(Frame&)>& change) {
  document_.edit(edit, {}, [&](Editor& editor) {
    Frame frame = editor.result().frames.at(note);
    change(frame);
    editor.setFrame(note, frame);
  });
}

/// A place that keeps its pin.
Position CanvasController::moved(NodeId node, QPointF to) const {
  const auto known = document_.current()->layout.find(node);
  return {to.x(), to.y(), known != document_.current()->layout.end() && known->second.isPinned};
}

/// A dot with those of the wires that branch behind it: they lie on one place and come from one port. Of another item,
/// itself.
std::vector<NodeId> CanvasController::dotsWith(NodeId dot) const {
  const std::map<NodeId, Dot>& dots = document_.current()->dots;
  const auto own = dots.find(dot);
  if (own == dots.end()) return {dot};
  std::vector<NodeId> found;
  for (const auto& [id, other] : dots)
    if (other.wire.from == own->second.wire.from && other.x == own->second.x && other.y == own->second.y)
      found.push_back(id);
  return found;
}

void CanvasController::insertOnWire(const ui::ItemMove& move, const ui::CanvasWire& piece) {
  const GraphPath path = pathOfNode(move.item);
  document_.edit(tr("Put %1 into a wire").arg(nameOf(move.item)), {}, [&](Editor& editor) {
    editor.move(move.item, moved(move.item, move.position));
    putOnWire(editor, path, piece, move.item);
    makeRoom(editor, piece, move.item);
  });
}

void CanvasController::setPinned(const std::vector<ui::ItemId>& items, bool isPinned) {
  const std::vector<NodeId> nodes = nodesOf(items);
  if (nodes.empty()) return;
  document_.edit(isPinned ? tr("Pin") : tr("Unpin"), {}, [&](Editor& editor) {
    for (const NodeId node : nodes) editor.setPinned(node, isPinned);
  });
}

void CanvasController::addFromLibrary(const ui::BlockRequest& request) {
  const QString name = nameInLibrary(request.block);
  const GraphPath path = pathOf(request.place.container, request.place.lane);
  std::vector<NodeId> added;
  document_.edit(tr("Add %1").arg(name), {}, [&](Editor& editor) {
    added = editor.paste(path, library_.text(name), {request.place.position.x(), request.place.position.y()});
    if (added.size() == 1 && catalog().find(findNode(editor.result(), added.front())->block))
      wireNew(editor, request, path, added.front());
  });
  select(added);
}

void CanvasController::addBlockAtCenter(const QString& block) {
  addBlock({.block = block, .place = view_.placeAtCursor(), .wireTo = {}, .intoWire = {}});
}

void CanvasController::connectPorts(ui::CanvasEnd from, ui::CanvasEnd to,
                                    const std::optional<ui::CanvasWire>& replaced) {
  const GraphPath path = pathOfNode(from.item);
  document_.edit(tr("Connect %1 to %2").arg(nameOf(from.item), nameOf(to.item)), {}, [&](Editor& editor) {
    const Wire wire{portOf(from), portOf(to)};
    std::vector<Dot> dots;  // those of a wire whose end was moved come along
    if (replaced) {
      const Wire before = wireOf(*replaced);
      const auto known = dotsByWire(editor.result());
      if (const auto own = known.find(before); own != known.end() && before.from == wire.from)
        for (const NodeId dot : own->second) dots.push_back(editor.result().dots.at(dot));
      editor.disconnect(path, before);
    }
    // A wire that branches at a dot runs through those before it too.
    if (const auto branch = editor.result().dots.find(from.item);
        branch != editor.result().dots.end() && dots.empty()) {
      const std::vector<NodeId> along = dotsByWire(editor.result()).at(branch->second.wire);
      for (const NodeId dot : along) {
        dots.push_back(editor.result().dots.at(dot));
        if (dot == from.item) break;
      }
    }
    editor.connect(path, wire.from, wire.to);
    for (size_t i = 0; i < dots.size(); ++i) editor.addDot(path, wire, i, {dots[i].x, dots[i].y});
  });
}

void CanvasController::moveWires(ui::CanvasEnd from, ui::CanvasEnd to) {
  const GraphPath path = pathOfNode(from.item);
  const PortRef old = portOf(from), now = portOf(to);
  document_.edit(tr("Move the wires of %1").arg(nameOf(from.item)), {}, [&](Editor& editor) {
    for (const Wire& wire : std::vector<Wire>(graphAt(editor.result(), path)->wires)) {
      if (wire.from != old && wire.to != old) continue;
      editor.disconnect(path, wire);
      editor.connect(path, wire.from == old ? now : wire.from, wire.to == old ? now : wire.to);
    }
  });
}

void CanvasController::addDot(const ui::CanvasWire& piece, const ui::CanvasPlace& place) {
  const Wire wire = wireOf(piece);
  const auto known = dotsByWire(*document_.current());
  size_t at = 0;
  if (const auto own = known.find(wire); own != known.end()) {
    const auto next = std::find(own->second.begin(), own->second.end(), piece.to.item);
    at = size_t(next - own->second.begin());
  }
  NodeId dot = 0;
  document_.edit(tr("Add a dot"), {}, [&](Editor& editor) {
    dot = editor.addDot(pathOfNode(piece.from.item), wire, at, {place.position.x(), place.position.y()});
  });
  if (dot != 0) select({dot});
}

void CanvasController::disconnectWires(const std::vector<ui::CanvasWire>& wires) { deleteItems({}, wires, false); }

void CanvasController::deleteItems(const std::vector<ui::ItemId>& items, const std::vector<ui::CanvasWire>& wires,
                                   bool heal) {
  const QString title = items.size() == 1 ? tr("Delete %1").arg(nameOf(items.front()))
                        : !items.empty()
                            ? ui::counted(int64_t(items.size()), tr("Delete 1 block"), tr("Delete %1 blocks"))
                            : tr("Disconnect");
  document_.edit(title, {}, [&](Editor& editor) {
    std::set<Wire> cut;  // the pieces of one are selected each by itself
    for (const ui::CanvasWire& wire : wires)
      if (std::find(items.begin(), items.end(), wire.from.item) == items.end() &&
          std::find(items.begin(), items.end(), wire.to.item) == items.end() && cut.insert(wireOf(wire)).second)
        editor.disconnect(pathOfNode(wire.from.item), wireOf(wire));
    const std::vector<NodeId> nodes = nodesOf(items);
    if (heal)
      for (const NodeId node : nodes) editor.removeAndHeal(node);
    std::vector<NodeId> rest;
    for (const ui::ItemId item : items)
      if (!heal || std::find(nodes.begin(), nodes.end(), item) == nodes.end())
        for (const NodeId each : dotsWith(item))
          if (std::find(rest.begin(), rest.end(), each) == rest.end()) rest.push_back(each);
    editor.removeNodes(rest);
  });
}

void CanvasController::pullOutItems(const std::vector<ui::ItemMove>& selected) {
  std::vector<ui::ItemMove> moves = selected;
  std::erase_if(moves, [this](const ui::ItemMove& move) { return document_.current()->dots.contains(move.item); });
  if (moves.empty()) return;
  const GraphPath path = pathOfNode(moves.front().item);
  document_.edit(moves.size() == 1
                     ? tr("Pull out %1").arg(nameOf(moves.front().item))
                     : ui::counted(int64_t(moves.size()), tr("Pull out 1 block"), tr("Pull out %1 blocks")),
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

void CanvasController::moveItemsInto(const std::vector<ui::ItemId>& dropped, const ui::CanvasPlace& wanted) {
  const ui::CanvasPlace place = placeOf(wanted);
  const std::vector<NodeId> items = nodesOf(dropped);
  if (items.empty()) return;
  const GraphPath to = pathOf(place.container, place.lane);
  const QString target = place.container == 0 ? tr("the model") : nameOf(place.container);
  document_.edit(
      items.size() == 1
          ? tr("Move %1 into %2").arg(nameOf(items.front()), target)
          : ui::counted(int64_t(items.size()), tr("Move 1 block into %2"), tr("Move %1 blocks into %2")).arg(target),
      {}, [&](Editor& editor) {
        editor.moveInto({items.begin(), items.end()}, to, {place.position.x(), place.position.y()});
      });
  select({items.begin(), items.end()});
}

void CanvasController::collapse(const std::vector<ui::ItemId>& selected, const std::string& block) {
  const std::vector<NodeId> items = nodesOf(selected);
  if (items.empty()) return;
  NodeId added = 0;
  document_.edit(block == "structure.repeat"
                     ? ui::counted(int64_t(items.size()), tr("Repeat 1 block"), tr("Repeat %1 blocks"))
                     : ui::counted(int64_t(items.size()), tr("Group 1 block"), tr("Group %1 blocks")),
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

void CanvasController::copyItems(const std::vector<ui::ItemId>& selected) {
  const std::vector<NodeId> items = nodesOf(selected);
  if (items.empty()) return;
  const std::string text = copyText(*document_.current(), pathOfNode(items.front()), {items.begin(), items.end()});
  QGuiApplication::clipboard()->setText(QString::fromStdString(text));
}

void CanvasController::cutItems(const std::vector<ui::ItemId>& items) {
  copyItems(items);
  deleteItems(items, {}, false);
}

void CanvasController::pasteItems(const ui::CanvasPlace& place, bool keepWires) {
  pasteText(QGuiApplication::clipboard()->text().toStdString(), place, keepWires);
}

void CanvasController::pasteText(const std::string& text, const ui::CanvasPlace& wanted, bool keepWires) {
  const ui::CanvasPlace place = placeOf(wanted);
  std::vector<NodeId> added;
  document_.edit(tr("Paste"), {}, [&](Editor& editor) {
    added =
        editor.paste(pathOf(place.container, place.lane), text, {place.position.x(), place.position.y()}, keepWires);
  });
  select(added);
}

void CanvasController::duplicateItems(const std::vector<ui::ItemId>& selected, bool keepWires) {
  const std::vector<NodeId> items = nodesOf(selected);
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

void CanvasController::setMuted(const std::vector<ui::ItemId>& selected, bool isMuted) {
  const std::vector<NodeId> items = nodesOf(selected);
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
  if (document_.current()->dots.contains(item)) return;
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
  document_.edit(ui::counted(int64_t(cells.size()), tr("Paint 1 layer"), tr("Paint %1 layers")), {},
                 [&](Editor& editor) {
                   editor.setLayerKind(frame, {cells.begin(), cells.end()}, letter);
                 });
}
void CanvasController::takeOutCell(ui::ItemId frame, int cell, const ui::CanvasPlace& wanted) {
  const ui::CanvasPlace place = placeOf(wanted);
  const GraphPath path = pathOfNode(frame);
  // It stands in the graph of its Repeat, wherever it was dropped.
  const bool isThere = pathOf(place.container, place.lane) == path;
  const auto at = document_.current()->layout.find(frame);
  const Position home = at == document_.current()->layout.end() ? Position{} : at->second;
  const Position to = isThere ? Position{place.position.x(), place.position.y()} : Position{home.x, home.y + 200};
  NodeId taken = 0;
  document_.edit(tr("Take layer %1 out").arg(cell + 1), {},
                 [&](Editor& editor) { taken = editor.takeOutLayer(frame, cell, to); });
  if (taken != 0) select({taken});
}

void CanvasController::putInCell(ui::ItemId frame, int at, ui::ItemId item) {
  const QString name = nameOf(item);
  const bool isDone = document_.edit(tr("Put %1 in as layer %2").arg(name).arg(at + 1), {},
                                     [&](Editor& editor) { editor.putInLayer(frame, at, item); });
  if (isDone) select({frame});
}

bool CanvasController::dropOutside(const std::vector<ui::ItemId>& items, QPoint global) {
  return onDropOutside && onDropOutside(items, global);
}

void CanvasController::linkCopies(const std::vector<ui::ItemId>& items) {
  constexpr double kOffset = 60;
  std::vector<NodeId> added;
  document_.edit(tr("Linked copy"), {}, [&](Editor& editor) {
    for (const NodeId node : nodesOf(items)) {
      const auto at = editor.result().layout.find(node);
      const Position place = at == editor.result().layout.end() ? Position{} : at->second;
      const int slot = view_.geometry().slotOf(node);
      const double aside = slot < 0 ? 300 : double(view_.geometry().box(slot).width()) + kOffset;
      added.push_back(editor.addLinkedCopy(node, {place.x + aside, place.y}));
    }
  });
  select(added);
}

void CanvasController::makeUnique(const std::vector<ui::ItemId>& items) {
  document_.edit(tr("Make unique"), {}, [&](Editor& editor) {
    for (const NodeId node : nodesOf(items)) editor.makeUnique(node);
  });
}

bool CanvasController::doShareWeights(const std::vector<ui::ItemId>& items) const {
  const std::vector<NodeId> nodes = nodesOf(items);
  std::set<std::string> groups;
  for (const NodeId id : nodes)
    if (const Node* node = findNode(*document_.current(), id)) groups.insert(node->weightGroup);
  return groups.size() == 1 && !groups.begin()->empty();
}

void CanvasController::shareWeights(const std::vector<ui::ItemId>& items) {
  const std::vector<NodeId> nodes = nodesOf(items);
  if (nodes.empty()) return;
  if (doShareWeights(items)) return applyPolicy(items, "dense");
  std::set<std::string> blocks;
  for (const NodeId id : nodes)
    if (const Node* node = findNode(*document_.current(), id)) blocks.insert(node->block);
  if (nodes.size() < 2 || blocks.size() != 1) {
    emit document_.refused(tr("[weights] expected several blocks of one kind to share their weights."));
    return;
  }
  applyPolicy(items, "tied");
}

/// The nodes come into one group with this policy: that which one of them is in, or a new one. "dense": out of theirs.
void CanvasController::applyPolicy(const std::vector<ui::ItemId>& items, const std::string& policy) {
  const std::vector<NodeId> nodes = nodesOf(items);
  if (nodes.empty()) {
    emit document_.refused(tr("[weights] select the blocks that the policy is for."));
    return;
  }
  const WeightPolicyDef& def = findWeightPolicy(policy);
  const QString title =
      policy == "dense" ? tr("Weights of their own") : tr("Weights: %1").arg(QString::fromStdString(def.title));
  document_.edit(title, {}, [&](Editor& editor) {
    std::set<std::string> left;
    std::string group;
    for (const NodeId id : nodes) {
      const Node* node = findNode(editor.result(), id);
      const BlockDef* block = node ? catalog().find(node->block) : nullptr;
      const bool hasWeights = block && (block->body != BodyKind::None || block->lower) && node->block != kInBlock &&
                              node->block != kOutBlock;
      if (!hasWeights)
        throw Error(Code::Graph, text("[weights] '", node ? node->name : "?", "' has no weights to share."));
      if (!node->weightGroup.empty()) left.insert(node->weightGroup);
      if (group.empty()) group = node->weightGroup;
    }
    if (policy == "dense") {
      for (const NodeId id : nodes) editor.setWeightGroup(id, "");
    } else {
      if (group.empty()) group = freeGroup(editor.result(), findNode(editor.result(), nodes.front())->name);
      WeightGroup settings{.policy = policy};
      if (const auto known = editor.result().weightGroups.find(group);
          known != editor.result().weightGroups.end() && known->second.policy == policy)
        settings = known->second;
      editor.setGroupPolicy(group, settings);
      for (const NodeId id : nodes) editor.setWeightGroup(id, group);
    }
    for (const std::string& name : left)
      if (name != group || policy == "dense") dropIfEmpty(editor, name);
  });
}

void CanvasController::showContextMenu(const ui::ContextRequest& request) {
  emit contextMenuRequested(request.globalPosition, request.item, request.cell);
}

void CanvasController::select(const std::vector<NodeId>& nodes) {
  if (!nodes.empty()) view_.setSelection({nodes.begin(), nodes.end()});
}

}  // namespace fw
