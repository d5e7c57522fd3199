// What the start page and the palette say of presets and blocks.
#include "app/template_cards.h"

#include <QObject>
#include <algorithm>

#include "app/scene_builder.h"
#include "engine/blocks/policy.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"
#include "widgets/canvas/scene.h"

namespace fw {

std::vector<ui::TemplateCard> templateCards() {
  std::vector<ui::TemplateCard> templates, others;
  for (const PresetDef& preset : allPresets())
    (preset.isTemplate ? templates : others)
        .push_back({.id = QString::fromStdString(preset.id),
                    .title = QString::fromStdString(preset.title),
                    .description = QString::fromStdString(preset.help),
                    .footer = preset.isTemplate ? QObject::tr("Trains in a minute on two cores")
                                                : QString::fromStdString(preset.family)});
  templates.insert(templates.end(), others.begin(), others.end());
  return templates;
}

ui::TemplateDiagram diagramOf(const Architecture& architecture) {
  ui::TemplateDiagram diagram;
  const auto categories = [](const Graph& graph) {
    std::vector<std::pair<NodeId, QString>> found;
    for (const auto& [id, node] : graph.nodes) {
      const BlockDef* block = catalog().find(node->block);
      if (block && node->block != kInBlock && node->block != kOutBlock &&
          !node->block.starts_with("structure.residual"))
        found.emplace_back(id, QString::fromStdString(block->category));
    }
    return found;
  };
  bool isAfter = false;
  for (const auto& [id, category] : categories(*architecture.root)) {
    const Node& node = *architecture.root->nodes.at(id);
    const BlockDef* block = catalog().find(node.block);
    if (block->body == BodyKind::None) {
      (isAfter ? diagram.after : diagram.before) << category;
      continue;
    }
    isAfter = true;
    for (const std::string& lane : laneNames(node)) {
      QStringList inside;
      for (const auto& [inner, innerCategory] : categories(*node.bodies.at(lane))) inside << innerCategory;
      diagram.lanes.push_back(inside);
    }
    if (block->body == BodyKind::Repeat)
      diagram.repeat = int(std::get<int64_t>(paramValue(node, *block, "count", architecture.variables)));
  }
  return diagram;
}

std::vector<ui::BlockEntry> paletteEntries() {
  std::vector<ui::BlockEntry> entries;
  for (const BlockDef& block : allBlocks()) {
    QStringList synonyms;
    for (const std::string& synonym : block.synonyms) synonyms << QString::fromStdString(synonym);
    entries.push_back({QString::fromStdString(block.id), QString::fromStdString(block.title),
                       QString::fromStdString(block.category), synonyms, QString::fromStdString(block.help)});
  }
  return entries;
}

std::vector<ui::BlockEntry> policyEntries() {
  std::vector<ui::BlockEntry> entries;
  for (const WeightPolicyDef& policy : allWeightPolicies())
    entries.push_back({ui::policyPrefix + QString::fromStdString(policy.id),
                       QString::fromStdString(policy.title),
                       QObject::tr("weights"),
                       {QObject::tr("share weights"), QString::fromStdString(policy.id)},
                       QObject::tr("%1 Drop it on a block or a Repeat, or choose it for the selected blocks.")
                           .arg(QString::fromStdString(policy.help))});
  return entries;
}

std::vector<ui::BlockEntry> libraryEntries(const BlockLibrary& library) {
  std::vector<ui::BlockEntry> entries;
  for (const QString& name : library.names())
    entries.push_back({libraryId(name), name, QObject::tr("my blocks"), {}, QObject::tr("A composite of yours.")});
  return entries;
}

}  // namespace fw
