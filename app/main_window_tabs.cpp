// The main window: several documents in tabs.
#include <QAction>
#include <QMenu>
#include <QTabBar>

#include "app/main_window.h"

namespace fw {

void MainWindow::makeTabs() {
  tabs_ = new QTabBar;
  tabs_->setObjectName("documentTabs");
  tabs_->setAccessibleName(tr("Open models"));
  tabs_->setDocumentMode(true);
  tabs_->setTabsClosable(true);
  tabs_->setExpanding(false);
  tabs_->setDrawBase(false);
  tabs_->setElideMode(Qt::ElideMiddle);
  tabs_->setFocusPolicy(Qt::NoFocus);
  tabs_->setContextMenuPolicy(Qt::CustomContextMenu);
  tabs_->hide();
  connect(tabs_, &QTabBar::currentChanged, this, &MainWindow::switchTab);
  connect(tabs_, &QTabBar::tabBarClicked, this, [this](int tab) {
    if (tab == document_->active()) returnToDocument();
  });
  connect(tabs_, &QTabBar::tabCloseRequested, this, &MainWindow::closeTab);
  connect(tabs_, &QWidget::customContextMenuRequested, this, [this](const QPoint& at) {
    const int tab = tabs_->tabAt(at);
    if (tab < 0) return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (tab != document_->active())
      connect(menu->addAction(tr("&Compare with the model that is shown")), &QAction::triggered, this,
              [this, tab] { compare(document_->currentAt(tab), document_->titleAt(tab)); });
    connect(menu->addAction(tr("C&lose")), &QAction::triggered, this, [this, tab] { closeTab(tab); });
    menu->popup(tabs_->mapToGlobal(at));
  });
}

void MainWindow::addTabActions(QMenu* menu) {
  const auto step = [this](int by) { switchTab((document_->active() + by + document_->count()) % document_->count()); };
  addDocumentAction(menu, tr("New &tab"), QKeySequence::AddTab, tr("An empty model beside this one"),
                    [this] { newTab(); });
  addDocumentAction(menu, tr("Ne&xt tab"), Qt::CTRL | Qt::Key_Tab, tr("The next open model"), [step] { step(1); });
  addDocumentAction(menu, tr("&Previous tab"), Qt::CTRL | Qt::SHIFT | Qt::Key_Tab, tr("The open model before"),
                    [step] { step(-1); });
  addDocumentAction(menu, tr("&Close tab"), QKeySequence::Close, tr("Close this model"),
                    [this] { closeTab(document_->active()); });
}

void MainWindow::showTabs() {
  const QSignalBlocker quiet(tabs_);
  while (tabs_->count() > document_->count()) tabs_->removeTab(tabs_->count() - 1);
  while (tabs_->count() < document_->count()) tabs_->addTab({});
  for (int tab = 0; tab < document_->count(); ++tab) {
    tabs_->setTabText(tab, document_->titleAt(tab).replace('&', "&&") + (document_->isModifiedAt(tab) ? " *" : ""));
    tabs_->setTabToolTip(tab, document_->titleAt(tab));
  }
  tabs_->setCurrentIndex(document_->active());
  const bool isAlone = document_->count() == 1;
  tabs_->setVisible(!isAlone || (!isDocumentShown_ && !document_->isUntouchedAt(0)));
}

void MainWindow::rememberPlace() {
  if (!document_->isOpen()) return;
  places_[document_->idAt(document_->active())] = {*overlay_, canvas_->camera(), model_, trail_, marks_};
}

void MainWindow::newTab() {
  if (document_->isOpen() && document_->isUntouchedAt(document_->active())) {
    rememberPlace();
    document_->add();
  }
  newDocument();
}

/// From another page to the model whose tab is chosen.
void MainWindow::returnToDocument() {
  if (isDocumentShown_ || !document_->isOpen()) return;
  showDocument();
  showScene();
  showTitle();
}

void MainWindow::switchTab(int index) {
  if (index < 0 || index >= document_->count() || index == document_->active()) return;
  rememberPlace();
  canvas_->clearSelection();
  document_->endMerge();
  const auto known = places_.find(document_->idAt(index));
  const bool isKnown = known != places_.end();
  const Place place = isKnown ? known->second : Place{};
  const SceneOverlay before = *overlay_;
  *overlay_ = place.overlay;
  overlay_->heat.reset();
  overlay_->time.reset();
  overlay_->wireStyle = before.wireStyle;  // is the window's
  showFlow();
  canvasController_->setEntered(overlay_->entered);
  canvasController_->setScope({});
  inspectorController_->setScope({});
  overlay_->selectedLayers.clear();
  overlay_->layerHeat.clear();
  model_ = place.model;
  trail_ = place.trail;
  marks_ = place.marks;
  document_->activate(index);
  similarity_->reset();
  measures_->reset();
  tradeOff_->reset();
  generate_->setModel(model_);
  heat_->setMode(heat_->mode());
  if (isKnown)
    canvas_->setCamera(place.camera);
  else
    canvas_->frameAll();
}

void MainWindow::closeTab(int index) {
  if (index < 0 || index >= document_->count()) return;
  if (document_->isModifiedAt(index)) {
    switchTab(index);
    if (!mayDiscard()) return;
  }
  if (document_->count() == 1) {
    newDocument();  // in another tab, and this one goes
    canvas_->clearSelection();
  }
  places_.erase(document_->idAt(index));
  if (index == document_->active()) {
    switchTab(index > 0 ? index - 1 : 1);
    places_.erase(document_->idAt(index));
  }
  document_->close(index);
  if (document_->count() == 1 && document_->isUntouchedAt(0)) showStart();
}

void MainWindow::fillCompareMenu(QMenu* menu) {
  menu->clear();
  for (int tab = 0; tab < document_->count(); ++tab) {
    if (tab == document_->active() || !document_->currentAt(tab)) continue;
    connect(menu->addAction(document_->titleAt(tab)), &QAction::triggered, this,
            [this, tab] { compare(document_->currentAt(tab), document_->titleAt(tab)); });
  }
  if (menu->isEmpty()) menu->addAction(tr("No other model is open"))->setEnabled(false);
}

/// Copies items into the document of the tab at a point of the screen; false where there is none.
bool MainWindow::dropOnTab(const std::vector<ui::ItemId>& items, QPoint global) {
  const int tab = tabs_->isVisible() ? tabs_->tabAt(tabs_->mapFromGlobal(global)) : -1;
  if (tab < 0 || tab == document_->active()) return false;
  std::vector<NodeId> nodes;
  GraphPath path;
  for (const ui::ItemId item : items)
    if (findNode(*document_->current(), item, &path)) nodes.push_back(item);
  if (nodes.empty()) return false;
  const std::string text = copyText(*document_->current(), path, nodes);
  switchTab(tab);
  canvasController_->pasteText(text, canvas_->placeAtCursor(), false);
  return true;
}

}  // namespace fw
