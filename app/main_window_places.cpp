// The main window: where one is. Into containers and out again, to a block, layers of a stack, colours by cost.
#include <QAction>
#include <QMenu>

#include "app/main_window.h"
#include "engine/workbench/workbench.h"
#include "widgets/panels/breadcrumbs.h"
#include "widgets/plots/heat_legend.h"

namespace fw {
namespace {

QString nameOf(const Node& node) { return QString::fromStdString(node.label.empty() ? node.name : node.label); }

}  // namespace

/// For another document: all of it is shown, no layer is selected; the colours stay.
void MainWindow::resetPlaces(const Architecture* model) {
  *overlay_ = {.wireStyle = overlay_->wireStyle, .flow = model ? flowOf(*model) : ui::Flow::Right};
  showFlow();
  trail_ = {};
  marks_.clear();
  heat_->forget();
  canvasController_->setEntered(0);
  canvasController_->setScope({});
  inspectorController_->setScope({});
}

/// Turns the model, which is laid out anew, and stays so when it is opened again.
void MainWindow::setFlow(ui::Flow flow) {
  if (isDocumentShown_ && overlay_->flow != flow) {
    overlay_->flow = flow;
    canvas_->clearSelection();
    showScene();
    tidyUp();
  }
  showFlow();
}

void MainWindow::showFlow() {
  for (const auto& [flow, action] : flowActions_) action->setChecked(overlay_->flow == flow);
}

/// Shows the inside of a container alone; 0: the whole model.
void MainWindow::enter(NodeId container) {
  if (overlay_->entered == container) return;
  trail_.leave(spot());
  const NodeId left = overlay_->entered;
  showInside(container);
  canvas_->frameAll();
  if (left != 0 && canvas_->geometry().slotOf(left) >= 0) canvas_->setSelection({left});
  showTrail();
}

void MainWindow::showInside(NodeId container) {
  overlay_->entered = container;
  canvasController_->setEntered(container);
  showPlace();
  showScene();
}

/// The way to the container that is shown; back to the model where that is gone.
void MainWindow::showPlace() {
  if (!document_->isOpen()) return;
  const Architecture& model = *document_->current();
  GraphPath path;
  const Node* entered = overlay_->entered == 0 ? nullptr : findNode(model, overlay_->entered, &path);
  if (overlay_->entered != 0 && (!entered || entered->bodies.empty())) {
    showInside(0);
    canvas_->frameAll();
    return;
  }
  QStringList names{model.name.empty() ? tr("Untitled") : QString::fromStdString(model.name)};
  for (const BodyRef& step : path)
    if (const Node* node = findNode(model, step.node)) names << nameOf(*node);
  if (entered) names << nameOf(*entered);
  crumbs_->setPath(names);
}

/// Selects a block and shows it, out of folded frames and other containers.
void MainWindow::goTo(NodeId node) {
  GraphPath path;
  if (!document_->isOpen() || !findNode(*document_->current(), node, &path)) return;
  trail_.leave(spot());
  bool isEntered = overlay_->entered == 0 || overlay_->entered == node;
  for (const BodyRef& step : path) {
    isEntered = isEntered || step.node == overlay_->entered;
    overlay_->collapsed.erase(step.node);
  }
  if (!isEntered) showInside(0);
  showScene();
  canvas_->setFocus();
  canvas_->reveal(node);
  showTrail();
}

/// Colours of blocks and layers, and what they mean.
void MainWindow::showHeat() {
  overlay_->heat = heat_->values();
  overlay_->time = heat_->time();
  for (const auto& [each, action] : heatActions_) action->setChecked(each == heat_->mode());
  measureHeat_->setEnabled(isDocumentShown_ && heat_->mode() >= HeatMode::Time);
  if (heat_->mode() == HeatMode::None) {
    legend_->show({}, {}, {});
  } else if (!overlay_->heat) {
    legend_->show(heatTitle(heat_->mode()), {}, {}, heat_->note(), heat_->explanation());
  } else {
    const HeatValues::Scale& scale =
        overlay_->heat->nodes.empty() ? overlay_->heat->layerScale : overlay_->heat->nodeScale;
    legend_->show(heatTitle(heat_->mode()), heatText(scale.low, heat_->mode()), heatText(scale.high, heat_->mode()),
                  heat_->note(), heat_->explanation());
  }
  showScene();
}

/// What can be done with one layer of a stack.
void MainWindow::addLayerActions(QMenu* menu, NodeId repeat, int layer) {
  const Node* node = findNode(*document_->current(), repeat);
  const BlockDef* block = node ? catalog().find(node->block) : nullptr;
  if (!block || block->body != BodyKind::Repeat) return;
  const auto add = [&](QMenu* to, const QString& text, const QString& title, const std::function<void(Editor&)>& edit) {
    QAction* action = to->addAction(text);
    connect(action, &QAction::triggered, this, [this, title, edit] { document_->edit(title, {}, edit); });
    return action;
  };
  const int shown = layer + 1;
  const std::vector<std::string> kinds = bodyNames(*node, *block);
  if (kinds.size() > 1) {
    QMenu* kind = menu->addMenu(tr("&Kind of layer %1").arg(shown));
    for (const std::string& letter : kinds) {
      QAction* action = add(kind, QString::fromStdString(letter), tr("Layer %1: %2").arg(shown).arg(letter.c_str()),
                            [=](Editor& editor) { editor.setLayerKind(repeat, {layer}, letter); });
      action->setCheckable(true);
      action->setChecked(layerBody(*node, *block, layer) == letter);
    }
  }
  const std::optional<int64_t> count = layerCount(*node, *block, document_->current()->variables);
  if (node->overrides.contains(layer))
    add(menu, tr("&Forget the settings of layer %1").arg(shown), tr("Forget the settings of layer %1").arg(shown),
        [=](Editor& editor) { editor.clearLayer(repeat, layer); });
  if (layer > 0 && count && layer < *count)
    add(menu, tr("&Split before layer %1").arg(shown), tr("Split before layer %1").arg(shown),
        [=](Editor& editor) { editor.splitRepeat(repeat, layer); });
  add(menu, tr("&Write the layers out"), tr("Write the layers out"), [=](Editor& editor) { editor.writeOut(repeat); });
}

}  // namespace fw
