// Fills the inspector from the selection.
#include "app/inspector_controller.h"

#include <algorithm>
#include <optional>

#include "app/scene_builder.h"
#include "engine/arch/fix.h"
#include "engine/base/error.h"
#include "engine/blocks/policy.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

bool canShareWeights(const BlockDef& block) {
  return block.body == BodyKind::Repeat || block.body == BodyKind::Single ||
         (block.lower && block.category != "structure");
}

/// What can be written into the field of `node`: its own value or the default.
ParamValue writtenValue(const Node& node, const ParamDef& def) {
  const auto own = node.params.find(def.name);
  return own == node.params.end() ? def.value : own->second;
}

std::vector<ParamDef> sharedParams(const std::vector<const Node*>& nodes) {
  std::vector<ParamDef> shared;
  const BlockDef* first = catalog().find(nodes.front()->block);
  if (!first) return shared;
  for (const ParamDef& def : first->params)
    if (std::all_of(nodes.begin(), nodes.end(), [&](const Node* node) {
          const BlockDef* block = catalog().find(node->block);
          const ParamDef* own = block ? block->findParam(def.name) : nullptr;
          return own && own->type == def.type;
        }))
      shared.push_back(def);
  return shared;
}

}  // namespace

InspectorController::InspectorController(DocumentController& document, ui::InspectorPanel& panel, QObject* parent)
    : QObject(parent), document_(document), panel_(panel) {
  connect(&panel, &ui::InspectorPanel::paramEdited, this, &InspectorController::editParam);
  connect(&panel, &ui::InspectorPanel::weightsChosen, this, &InspectorController::chooseWeights);
  connect(&panel, &ui::InspectorPanel::weightParamEdited, this, &InspectorController::editWeightParam);
  connect(&panel, &ui::InspectorPanel::paramMenuRequested, this, [this](const QString& name, const QPoint& global) {
    if (selection_.size() == 1) emit paramMenuRequested(selection_.front(), name, global);
  });
  connect(&panel, &ui::InspectorPanel::renamed, this, [this](const QString& name) {
    if (selection_.size() == 1)
      document_.edit(tr("Rename to %1").arg(name), {},
                     [&](Editor& editor) { editor.rename(selection_.front(), name.toStdString()); });
    refresh();
  });
  connect(&panel, &ui::InspectorPanel::fixRequested, this, [this](int index) {
    int seen = 0;
    for (const Diagnostic& diagnostic : document_.facts().diagnostics) {
      if (selection_.size() != 1 || diagnostic.place.node != selection_.front() || seen++ != index ||
          diagnostic.fixes.empty())
        continue;
      const Fix fix = diagnostic.fixes.front();
      document_.edit(QString::fromStdString(fix.title), {}, [&](Editor& editor) { applyFix(editor, fix); });
      return;
    }
  });
}

void InspectorController::setSelection(const std::vector<NodeId>& nodes) {
  if (nodes == selection_) return;
  selection_ = nodes;
  document_.endMerge();
  refresh();
}

void InspectorController::setScope(const LayerScope& scope) {
  if (scope.layers == scope_.layers) return;
  scope_ = scope;
  document_.endMerge();
  refresh();
}

void InspectorController::refresh() {
  std::vector<const Node*> nodes;
  if (document_.isOpen())
    for (const NodeId id : selection_)
      if (const Node* node = findNode(*document_.current(), id)) nodes.push_back(node);
  panel_.setState(stateOf(nodes));
}

ui::InspectorState InspectorController::stateOf(const std::vector<const Node*>& nodes) const {
  ui::InspectorState state;
  if (nodes.empty()) {
    state.panel = {ui::PanelPhase::Empty, tr("Select a block to see its parameters, shapes and cost."), {}, -1};
    return state;
  }
  state.panel.phase = ui::PanelPhase::Ready;
  const Node& first = *nodes.front();
  const BlockDef* block = catalog().find(first.block);
  for (const Node* node : nodes) state.subject += QString::number(node->id) + ",";
  state.category = block ? QString::fromStdString(block->category) : QString("structure");
  if (nodes.size() > 1) {
    state.title = tr("%1 blocks").arg(nodes.size());
  } else {
    state.title = block ? QString::fromStdString(block->title) : QString::fromStdString(first.block);
    state.name = QString::fromStdString(first.name);
    const auto path = document_.facts().paths.find(first.id);
    state.subtitle = path == document_.facts().paths.end() ? QString() : QString::fromStdString(path->second);
    if (const auto layers = scope_.of(*document_.current(), first.id); !layers.empty()) {
      state.subtitle =
          tr("%1 · only %2").arg(QString::fromStdString(first.name), QString::fromStdString(layersText(layers)));
      state.subject += QString::fromStdString(layersText(layers));
    }
    if (block) {
      state.help = QString::fromStdString(block->help);
      state.paper = QString::fromStdString(block->paper);
    } else {
      state.help = tr("This version has no block '%1'. It is kept as it is.").arg(QString::fromStdString(first.block));
    }
  }
  const std::map<std::string, double>& variables = document_.current()->variables;
  for (const ParamDef& def : sharedParams(nodes)) {
    ui::ParamField field{.def = def, .value = writtenValue(first, def)};
    for (const Node* node : nodes) field.isMixed = field.isMixed || writtenValue(*node, def) != field.value;
    if (nodes.size() == 1) showOwnValues(first, field);
    if (nodes.size() == 1 && block) {
      try {
        const ParamValue value = paramValue(first, *block, def.name, variables);
        const auto* written = std::get_if<std::string>(&field.value);
        if (written && written->starts_with("=") && def.type != ParamType::Text) field.resolved = valueText(value);
        if (!def.visibleWhen.empty() && !isVisible(def, completeParams(first, *block, variables))) continue;
      } catch (const Error& error) {
        field.error = QString::fromStdString(error.what());
      }
    }
    state.fields.push_back(std::move(field));
  }
  if (nodes.size() > 1) return state;
  addPromoted(first, state);

  if (block && canShareWeights(*block)) addWeights(first, state);
  const DocumentFacts& facts = document_.facts();
  if (facts.cost)
    for (const NodeCost& cost : facts.cost->perNode) {
      if (cost.node != first.id) continue;
      state.costTitle = tr("Cost (B %1, T %2)").arg(document_.batch()).arg(ui::formatInteger(document_.time));
      state.costs = {{tr("Parameters"), ui::formatInteger(int64_t(cost.parameters)), tr("Stored, all layers together")},
                     {tr("FLOPs, forward"), ui::formatFlops(cost.flops), tr("All layers together")},
                     {tr("Bytes moved"), ui::formatBytes(cost.bytes), tr("Inputs, weights and outputs once")}};
    }
  if (block) {
    const Ports ports = portsOf(first, *block);
    const auto add = [&](const PortDef& port, bool isOutput) {
      ui::PortRow row{
          .name = QString::fromStdString(port.name), .isOutput = isOutput, .dims = QString::fromStdString(port.dims)};
      if (const auto type = facts.types.find({first.id, port.name}); type != facts.types.end())
        row.shape = shapeText(type->second.shape);
      state.ports.push_back(std::move(row));
    };
    for (const PortDef& port : ports.inputs) add(port, false);
    for (const PortDef& port : ports.outputs) add(port, true);
  }
  for (const Diagnostic& diagnostic : facts.diagnostics)
    if (diagnostic.place.node == first.id)
      state.problems.push_back(
          {diagnostic.severity, QString::fromStdString(diagnostic.text),
           diagnostic.fixes.empty() ? QString() : QString::fromStdString(diagnostic.fixes.front().title)});
  return state;
}

/// Parameters of what is inside that the composite has as its own; and which of a node's are the composite's too.
void InspectorController::addPromoted(const Node& node, ui::InspectorState& state) const {
  const Architecture& architecture = *document_.current();
  for (const auto& [name, unused] : node.promoted) {
    const std::optional<ParamRef> source = sourceOfParam(node, name);
    const Node* inner = source ? findNode(architecture, source->node) : nullptr;
    const BlockDef* block = inner ? catalog().find(inner->block) : nullptr;
    const ParamDef* def = block ? block->findParam(source->param) : nullptr;
    if (!def) continue;
    ui::ParamField field{.def = *def, .value = writtenValue(*inner, *def)};
    field.def.name = name;
    field.def.visibleWhen.clear();
    const QString title = QString::fromStdString(def->title.empty() ? def->name : def->title);
    field.def.title = (name == source->param ? title : QString::fromStdString(name)).toStdString();
    const size_t targets = targetsOfParam(node, name).size();
    field.note = targets == 1
                     ? tr("of %1 inside").arg(QString::fromStdString(inner->name))
                     : tr("of %1 and %2 more inside").arg(QString::fromStdString(inner->name)).arg(targets - 1);
    try {
      const ParamValue value = paramValue(*inner, *block, def->name, architecture.variables);
      const auto* written = std::get_if<std::string>(&field.value);
      if (written && written->starts_with("=") && def->type != ParamType::Text) field.resolved = valueText(value);
    } catch (const Error& error) {
      field.error = QString::fromStdString(error.what());
    }
    state.fields.push_back(std::move(field));
  }
  GraphPath path;
  findNode(architecture, node.id, &path);
  const Node* around = path.empty() ? nullptr : findNode(architecture, path.back().node);
  if (!around) return;
  for (ui::ParamField& field : state.fields)
    for (const auto& [name, targets] : around->promoted)
      if (field.note.isEmpty() &&
          std::find(targets.begin(), targets.end(), ParamRef{node.id, field.def.name}) != targets.end())
        field.note = tr("also of the composite, as %1").arg(QString::fromStdString(name));
}

/// The values that the layers in scope have of their own.
void InspectorController::showOwnValues(const Node& node, ui::ParamField& field) const {
  const Architecture& architecture = *document_.current();
  const ParamValue everywhere = field.value;
  bool isFirst = true, isOwn = false;
  for (const auto& layer : scope_.of(architecture, node.id)) {
    const std::optional<ParamValue> own = ownValue(architecture, layer, node.id, field.def.name);
    const ParamValue value = own.value_or(everywhere);
    field.isMixed = field.isMixed || (!isFirst && value != field.value);
    field.value = value;
    isFirst = false;
    isOwn = isOwn || own;
  }
  if (isOwn) field.note = tr("All other layers: %1").arg(valueText(everywhere));
}

void InspectorController::addWeights(const Node& node, ui::InspectorState& state) const {
  ui::WeightCard card;
  const Architecture& architecture = *document_.current();
  const auto group = architecture.weightGroups.find(node.weightGroup);
  const bool isGrouped = group != architecture.weightGroups.end();
  for (const WeightPolicyDef& policy : allWeightPolicies()) {
    const bool isCurrent = isGrouped ? group->second.policy == policy.id : policy.id == "dense";
    card.choices.push_back({QString::fromStdString(policy.id), QString::fromStdString(policy.title),
                            QString::fromStdString(policy.help), isCurrent});
    if (!isCurrent) continue;
    card.title = QString::fromStdString(policy.title);
    if (!isGrouped) continue;
    for (const ParamDef& def : policy.params) {
      const auto own = group->second.params.find(def.name);
      card.params.push_back({.def = def, .value = own == group->second.params.end() ? def.value : own->second});
    }
  }
  if (isGrouped) card.series = groupSeries(architecture, node.weightGroup);
  const DocumentFacts& facts = document_.facts();
  if (isGrouped && facts.cost && facts.cost->parametersTotal > facts.cost->parametersUnique)
    card.change = ui::formatChange(facts.cost->parametersUnique / facts.cost->parametersTotal - 1);
  state.weights = std::move(card);
}

void InspectorController::editParam(const QString& name, const ParamValue& value, bool isFinal) {
  const std::vector<NodeId> nodes = selection_;
  document_.edit(tr("Set %1 to %2").arg(name, valueText(value)), "param/" + name, [&](Editor& editor) {
    for (const NodeId node : nodes) {
      const auto layers = scope_.of(editor.result(), node);
      const Node* found = findNode(editor.result(), node);
      for (const auto& [repeat, layer] : layers)
        for (const ParamRef& target : targetsOfParam(*found, name.toStdString()))
          editor.setLayerParam(repeat, layer, target.node, target.param, value);
      if (layers.empty()) editor.setParam(node, name.toStdString(), value);
    }
  });
  if (isFinal) document_.endMerge();
}

void InspectorController::chooseWeights(const QString& id) {
  if (selection_.size() != 1) return;
  const NodeId node = selection_.front();
  document_.edit(tr("Weights: %1").arg(id), {}, [&](Editor& editor) {
    const Node* found = findNode(editor.result(), node);
    std::string group = found->weightGroup;
    if (id == "dense") {
      editor.setWeightGroup(node, "");
      return;
    }
    if (group.empty()) {
      group = found->name;
      for (int n = 2; editor.result().weightGroups.contains(group); ++n) group = found->name + "_" + std::to_string(n);
    }
    editor.setGroupPolicy(group, {.policy = id.toStdString()});
    editor.setWeightGroup(node, group);
  });
}

void InspectorController::editWeightParam(const QString& name, const ParamValue& value, bool isFinal) {
  if (selection_.size() != 1) return;
  const Node* node = findNode(*document_.current(), selection_.front());
  if (!node || node->weightGroup.empty()) return;
  const std::string group = node->weightGroup;
  document_.edit(tr("Set %1 to %2").arg(name, valueText(value)), "weights/" + name, [&](Editor& editor) {
    WeightGroup changed = editor.result().weightGroups.at(group);
    changed.params[name.toStdString()] = value;
    editor.setGroupPolicy(group, changed);
  });
  if (isFinal) document_.endMerge();
}

}  // namespace fw
