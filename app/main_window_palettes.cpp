// The main window: what is searched by typing. Blocks of the model, commands, another block in place of the selected
// ones, the other end of a wire.
#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <QTimer>

#include "app/main_window.h"
#include "app/template_cards.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

constexpr int kPaletteTop = 90;  // from the window's upper edge

QString titleOf(const Node& node) {
  const BlockDef* block = catalog().find(node.block);
  return QString::fromStdString(!node.label.empty() ? node.label : block ? block->title : node.block);
}

/// Every action below a menu bar or a menu, submenus included.
void collectActions(const QList<QAction*>& from, std::vector<QAction*>& found) {
  for (QAction* action : from) {
    if (action->menu())
      collectActions(action->menu()->actions(), found);
    else if (!action->isSeparator() && action->isEnabled() && !action->text().isEmpty())
      found.push_back(action);
  }
}

ui::SearchPalette* openPalette(std::vector<ui::PaletteBlock> entries, QWidget& over, const QString& prompt) {
  auto* palette = new ui::SearchPalette(std::move(entries), {}, &over, prompt);
  palette->adjustSize();
  palette->popUp(over.mapToGlobal(QPoint((over.width() - palette->width()) / 2, kPaletteTop)));
  return palette;
}

}  // namespace

void MainWindow::findBlock() {
  if (!isDocumentShown_) return;
  const Architecture& model = *document_->current();
  std::vector<ui::PaletteBlock> entries;
  const std::function<void(const Graph&, const QString&)> walk = [&](const Graph& graph, const QString& outer) {
    for (const auto& [id, node] : graph.nodes) {
      const BlockDef* block = catalog().find(node->block);
      const QString path = outer + QString::fromStdString(node->name);
      ui::PaletteBlock entry;
      entry.id = QString::number(id);
      entry.title = titleOf(*node);
      entry.category = block ? QString::fromStdString(block->category) : QString();
      entry.detail = path;
      entry.synonyms = {path, QString::fromStdString(node->name)};
      QStringList params;
      for (const auto& [param, value] : node->params) params << QString::fromStdString(param + " " + toText(value));
      if (block) {
        entry.help = summaryText(*node, *block, model.variables);
        for (const std::string& synonym : block->synonyms) entry.synonyms << QString::fromStdString(synonym);
      }
      entry.synonyms << params;
      entries.push_back(std::move(entry));
      for (const auto& [name, body] : node->bodies) walk(*body, path + "/");
    }
  };
  walk(*model.root, {});
  for (size_t i = 0; i < document_->facts().weights.size(); ++i) {
    const WeightFact& weight = document_->facts().weights[i];
    if (weight.node == 0) continue;
    ui::PaletteBlock entry;
    entry.id = "weight:" + QString::number(i);
    entry.title = QString::fromStdString(weight.name);
    entry.detail = shapeText(weight.shape);
    entry.help = tr("A weight");
    entries.push_back(std::move(entry));
  }
  ui::SearchPalette* palette = openPalette(std::move(entries), *this, tr("Find a block, a parameter, a weight…"));
  connect(palette, &ui::SearchPalette::chosen, this, [this, weights = document_->facts().weights](const QString& id) {
    if (!id.startsWith("weight:")) return goTo(id.toLongLong());
    const WeightFact& weight = weights[id.mid(int(qstrlen("weight:"))).toULongLong()];
    goTo(weight.node);
    std::set<int> layers;  // the innermost that holds it
    for (size_t i = 0; i < document_->facts().layers.size(); ++i)
      if (weight.name.starts_with(document_->facts().layers[i].path + ".")) layers = {int(i)};
    selectLayers(layers);
  });
}

void MainWindow::openCommands() {
  std::vector<QAction*> actions;
  collectActions(menuBar()->actions(), actions);
  std::vector<ui::PaletteBlock> entries;
  for (size_t i = 0; i < actions.size(); ++i) {
    const QStringList parts = QString(actions[i]->text()).remove('&').split('\t');
    ui::PaletteBlock entry;
    entry.id = QString::number(i);
    entry.title = parts.front();
    entry.detail = parts.size() > 1 ? parts[1] : actions[i]->shortcut().toString(QKeySequence::NativeText);
    if (entry.detail.isEmpty()) entry.detail = " ";
    entry.help = actions[i]->statusTip();
    entries.push_back(std::move(entry));
  }
  ui::SearchPalette* palette = openPalette(std::move(entries), *this, tr("Search commands…"));
  connect(palette, &ui::SearchPalette::chosen, this, [actions](const QString& id) {
    QAction* action = actions[id.toULongLong()];
    QTimer::singleShot(0, action, [action] { action->trigger(); });  // when the palette is gone
  });
}

/// Another kind of block in place of the selected ones; parameters and wires that fit are kept.
void MainWindow::replaceBlocks() {
  const std::vector<ui::ItemId> selected = canvas_->selection();
  if (!isDocumentShown_ || selected.empty()) return;
  std::vector<ui::PaletteBlock> entries;
  for (const ui::BlockEntry& entry : paletteEntries())
    if (entry.id != kInBlock && entry.id != kOutBlock)
      entries.push_back({entry.id, entry.title, entry.category, entry.help, entry.synonyms, {}});
  ui::SearchPalette* palette = openPalette(std::move(entries), *this, tr("Replace by…"));
  connect(palette, &ui::SearchPalette::chosen, this, [this, selected](const QString& id) {
    const BlockDef* block = catalog().find(id.toStdString());
    if (!block) return;
    document_->edit(tr("Replace by %1").arg(QString::fromStdString(block->title)), {}, [&](Editor& editor) {
      for (const NodeId node : selected) editor.replaceBlock(node, block->id);
    });
  });
}

/// Parameters of the selected block that may become those of the composite around it; of a composite, those to give
/// back.
void MainWindow::promoteParam() {
  const std::vector<ui::ItemId> selected = canvas_->selection();
  GraphPath path;
  const Node* node =
      isDocumentShown_ && selected.size() == 1 ? findNode(*document_->current(), selected.front(), &path) : nullptr;
  const BlockDef* block = node ? catalog().find(node->block) : nullptr;
  if (!block) {
    tell(tr("Select one block to promote a parameter of it."));
    return;
  }
  const Node* around = path.empty() ? nullptr : findNode(*document_->current(), path.back().node);
  const BlockDef* aroundBlock = around ? catalog().find(around->block) : nullptr;
  std::vector<ui::PaletteBlock> entries;
  const auto add = [&](const QString& id, const QString& title, const QString& detail, const QString& help) {
    ui::PaletteBlock entry;
    entry.id = id;
    entry.title = title;
    entry.detail = detail;
    entry.help = help;
    entry.category = QString::fromStdString(block->category);
    entries.push_back(std::move(entry));
  };
  for (const auto& [name, targets] : node->promoted)
    add("-" + QString::fromStdString(name), tr("Give %1 back").arg(QString::fromStdString(name)), tr("promoted"),
        tr("It is a parameter of what is inside alone again."));
  if (aroundBlock && aroundBlock->body == BodyKind::Single) {
    const auto isPromoted = [&](const std::string& param) {
      return std::any_of(around->promoted.begin(), around->promoted.end(), [&](const auto& entry) {
        return std::find(entry.second.begin(), entry.second.end(), ParamRef{node->id, param}) != entry.second.end();
      });
    };
    const QString to = QString::fromStdString(around->label.empty() ? around->name : around->label);
    for (const auto& [name, targets] : node->promoted)
      if (!isPromoted(name)) add("+" + QString::fromStdString(name), QString::fromStdString(name), "→ " + to, {});
    for (const ParamDef& def : block->params)
      if (!isPromoted(def.name))
        add("+" + QString::fromStdString(def.name), QString::fromStdString(def.title.empty() ? def.name : def.title),
            "→ " + to, QString::fromStdString(def.helpText));
  }
  if (entries.empty()) {
    tell(tr("%1 lies in no composite, and has no promoted parameters.").arg(titleOf(*node)));
    return;
  }
  ui::SearchPalette* palette =
      openPalette(std::move(entries), *this, tr("Promote a parameter of %1…").arg(titleOf(*node)));
  connect(palette, &ui::SearchPalette::chosen, this, [this, id = node->id](const QString& choice) {
    const std::string name = choice.mid(1).toStdString();
    const bool isBack = choice.startsWith('-');
    document_->edit((isBack ? tr("Give %1 back") : tr("Promote %1")).arg(choice.mid(1)), {}, [&](Editor& editor) {
      if (isBack)
        editor.demote(id, name);
      else
        editor.promote(id, name);
    });
  });
}

/// Every wire that may be drawn from or to the selected block.
void MainWindow::wireByKeyboard() {
  const std::vector<ui::ItemId> selected = canvas_->selection();
  const ArchitecturePtr model = isDocumentShown_ ? document_->current() : nullptr;
  GraphPath path;
  const Node* node = model && selected.size() == 1 ? findNode(*model, selected.front(), &path) : nullptr;
  const BlockDef* block = node ? catalog().find(node->block) : nullptr;
  if (!block) {
    tell(tr("Select one block to wire it."));
    return;
  }
  const Graph& graph = *graphAt(*model, path);
  std::vector<Wire> wires;
  std::vector<ui::PaletteBlock> entries;
  const auto add = [&](const PortRef& own, bool isOutput) {
    for (const PortRef& other : connectablePorts(*model, catalog(), path, own, isOutput)) {
      const Node* far = graph.find(other.node);
      if (!far || far == node) continue;
      const Wire wire = isOutput ? Wire{own, other} : Wire{other, own};
      if (std::find(graph.wires.begin(), graph.wires.end(), wire) != graph.wires.end()) continue;
      ui::PaletteBlock entry;
      entry.id = QString::number(wires.size());
      entry.title = QString::fromStdString(own.port) + (isOutput ? " → " : " ← ") + titleOf(*far) + " · " +
                    QString::fromStdString(other.port);
      const BlockDef* kind = catalog().find(far->block);
      entry.category = kind ? QString::fromStdString(kind->category) : QString();
      entry.detail = QString::fromStdString(far->name);
      const auto taken =
          std::find_if(graph.wires.begin(), graph.wires.end(), [&](const Wire& each) { return each.to == wire.to; });
      if (taken != graph.wires.end())
        entry.help =
            tr("Takes the place of the wire from %1.").arg(QString::fromStdString(graph.find(taken->from.node)->name));
      wires.push_back(wire);
      entries.push_back(std::move(entry));
    }
  };
  const Ports ports = portsOf(*node, *block);
  for (const PortDef& port : ports.outputs) add({node->id, port.name}, true);
  for (const PortDef& port : ports.inputs) add({node->id, port.name}, false);
  ui::SearchPalette* palette = openPalette(std::move(entries), *this, tr("Wire %1 to…").arg(titleOf(*node)));
  connect(palette, &ui::SearchPalette::chosen, this, [this, path, wires](const QString& id) {
    const Wire& wire = wires[id.toULongLong()];
    document_->edit(tr("Connect"), {}, [&](Editor& editor) { editor.connect(path, wire.from, wire.to); });
  });
}

}  // namespace fw
