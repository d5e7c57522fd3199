// The main window: what is where, and what follows when something changes.
#include "app/main_window.h"

#include <QAction>
#include <QDir>
#include <QDockWidget>
#include <QFileInfo>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QToolBar>
#include <QVBoxLayout>

#include "app/device_text.h"
#include "app/dock_titles.h"
#include "app/panel_files.h"
#include "app/template_cards.h"
#include "app/text_view.h"
#include "app/tidy.h"
#include "engine/arch/fix.h"
#include "engine/base/error.h"
#include "engine/exec/backend.h"
#include "engine/presets/preset.h"
#include "widgets/number_format.h"
#include "widgets/panels/breadcrumbs.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/jobs_panel.h"
#include "widgets/panels/notice_bar.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/problems_panel.h"
#include "widgets/panels/status_line.h"
#include "widgets/panels/tensor_table.h"
#include "widgets/plots/heat_legend.h"
#include "widgets/plots/plot.h"

namespace fw {
namespace {

constexpr int kStateVersion = 4;       // of the arrangement of docks
constexpr int kSentenceShown = 12000;  // milliseconds that a sentence stands in the status line

}  // namespace

StateFolders StateFolders::standard() {
  QString base = qEnvironmentVariable("XDG_STATE_HOME");
  if (base.isEmpty()) base = QDir::homePath() + "/.local/state";
  base += "/formwright";
  QString data = qEnvironmentVariable("XDG_DATA_HOME");
  if (data.isEmpty()) data = QDir::homePath() + "/.local/share";
  return {base + "/journals", base + "/runs", data + "/formwright/blocks"};
}

MainWindow::MainWindow(const StateFolders& folders, QWidget* parent)
    : QMainWindow(parent), folders_(folders), library_(folders.blocks), overlay_(std::make_unique<SceneOverlay>()) {
  setObjectName("MainWindow");
  resize(QSize(1600, 1000).boundedTo(screen()->availableSize()));
  setAcceptDrops(true);
  setDockOptions(AllowNestedDocks | AllowTabbedDocks);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);

  dockTitles_ = new DockTitles(*this);
  document_ = std::make_unique<DocumentController>(jobs_, folders.journals);
  training_ = std::make_unique<TrainingController>(jobs_, *document_, folders.runs);
  similarity_ = std::make_unique<SimilarityController>(jobs_, *document_, *training_);
  measures_ = std::make_unique<MeasuresController>(jobs_, *document_, *training_);
  tradeOff_ = std::make_unique<TradeOffController>(jobs_, *document_, *training_, folders.runs);
  generate_ = std::make_unique<GenerateController>(jobs_, *document_, *training_);
  heat_ = std::make_unique<HeatController>(jobs_, *document_, *training_);

  pages_ = new QStackedWidget;
  start_ = new ui::StartPage;
  auto* canvasPage = new QWidget;
  auto* column = new QVBoxLayout(canvasPage);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  crumbs_ = new ui::Breadcrumbs;
  legend_ = new ui::HeatLegend;
  crumbs_->addWidget(legend_);
  canvas_ = new ui::CanvasView;
  makeTabs();
  notice_ = new ui::NoticeBar;
  column->addWidget(notice_);
  column->addWidget(crumbs_);
  column->addWidget(canvas_, 1);
  pages_->addWidget(start_);
  pages_->addWidget(canvasPage);
  tensorTable_ = new ui::TensorTable;
  pages_->addWidget(tensorTable_);
  auto* middle = new QWidget;
  auto* rows = new QVBoxLayout(middle);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  rows->addWidget(tabs_);
  rows->addWidget(pages_, 1);
  setCentralWidget(middle);

  canvasController_ = std::make_unique<CanvasController>(*document_, *canvas_, library_);
  canvasController_->onDropOutside = [this](const std::vector<ui::ItemId>& items, QPoint global) {
    return dropOnTab(items, global);
  };
  makeDocks();
  inspectorController_ = std::make_unique<InspectorController>(*document_, *inspectorPanel_);
  makeActions();
  connectPanels();
  connectCanvas();

  connect(document_.get(), &DocumentController::changed, this, [this] {
    showDocument();
    showHeat();
    showTitle();
    showHistory();
    showPlace();
    watchFile();
    textView_->setModel(document_->current());
    inspectorController_->refresh();
    similarity_->markStale();
    measures_->markStale();
    tradeOff_->markStale();
  });
  connect(document_.get(), &DocumentController::factsChanged, this, [this] {
    showHeat();
    showTitle();
    showProblems();
    inspectorController_->refresh();
    runBar_->setState(training_->runState());
  });
  connect(document_.get(), &DocumentController::refused, this, &MainWindow::tell);
  connect(&watch_, &FileWatch::changed, this, &MainWindow::tellFileChanged);
  sentenceTimer_.setSingleShot(true);
  connect(&sentenceTimer_, &QTimer::timeout, this, [this] { showStatus(); });

  runBar_->setState(training_->runState());
  trainingPanel_->setState(training_->state());
  similarityPanel_->setState(similarity_->state());
  measuresPanel_->setState(measures_->state());
  tradeOffPanel_->setState(tradeOff_->state());
  generatePanel_->setState(generate_->state());
  jobsPanel_->setState({.panel = {ui::PanelPhase::Empty, tr("Nothing is running."), {}, -1}});
  showStatus();
  defaultState_ = saveState(kStateVersion);
  layout_ = QSettings().value("window/state").toByteArray();
  restoreGeometry(QSettings().value("window/geometry").toByteArray());
  showStart();
}

MainWindow::~MainWindow() { jobs_.stop(); }

QDockWidget* MainWindow::addDock(const QString& name, const QString& title, QWidget* content, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget(title, this);
  dock->setObjectName(name);
  dock->setWidget(content);
  content->setAccessibleName(title);
  addDockWidget(area, dock);
  docks_.push_back(dock);
  dockTitles_->add(dock);
  return dock;
}

void MainWindow::makeDocks() {
  palette_ = new ui::PalettePanel;
  fillPalettes();
  inspectorPanel_ = new ui::InspectorPanel;
  history_ = new ui::HistoryPanel;
  problems_ = new ui::ProblemsPanel;
  trainingPanel_ = new ui::TrainingPanel;
  similarityPanel_ = new ui::SimilarityPanel;
  measuresPanel_ = new ui::MeasuresPanel;
  tradeOffPanel_ = new ui::TradeOffPanel;
  generatePanel_ = new ui::GeneratePanel;
  jobsPanel_ = new ui::JobsPanel;
  textView_ = new TextView;
  status_ = new ui::StatusLine;
  statusBar()->addWidget(status_, 1);
  statusBar()->setSizeGripEnabled(false);

  QDockWidget* blocks = addDock("PaletteDock", tr("Blocks"), palette_, Qt::LeftDockWidgetArea);
  QDockWidget* inspector = addDock("InspectorDock", tr("Inspector"), inspectorPanel_, Qt::RightDockWidgetArea);
  QDockWidget* history = addDock("HistoryDock", tr("History"), history_, Qt::RightDockWidgetArea);
  QDockWidget* training = addDock("TrainingDock", tr("Training"), trainingPanel_, Qt::BottomDockWidgetArea);
  QDockWidget* problems = addDock("ProblemsDock", tr("Problems"), problems_, Qt::BottomDockWidgetArea);
  QDockWidget* jobs = addDock("JobsDock", tr("Jobs"), jobsPanel_, Qt::BottomDockWidgetArea);
  QDockWidget* similarity = addDock("SimilarityDock", tr("Redundancy"), similarityPanel_, Qt::BottomDockWidgetArea);
  QDockWidget* measures = addDock("MeasuresDock", tr("Measures"), measuresPanel_, Qt::BottomDockWidgetArea);
  QDockWidget* text = addDock("TextDock", tr("Text"), textView_, Qt::BottomDockWidgetArea);
  splitDockWidget(training, similarity, Qt::Horizontal);
  tabifyDockWidget(similarity, measures);
  QDockWidget* tradeOff = addDock("TradeOffDock", tr("Trade-off"), tradeOffPanel_, Qt::BottomDockWidgetArea);
  tabifyDockWidget(measures, tradeOff);
  QDockWidget* generate = addDock("GenerateDock", tr("Generate"), generatePanel_, Qt::BottomDockWidgetArea);
  tabifyDockWidget(training, generate);
  tabifyDockWidget(generate, problems);
  tabifyDockWidget(problems, jobs);
  tabifyDockWidget(similarity, text);
  similarity->raise();
  training->raise();
  resizeDocks({blocks, inspector}, {232, 270}, Qt::Horizontal);
  resizeDocks({inspector, history}, {560, 240}, Qt::Vertical);
  resizeDocks({training, similarity}, {380, 720}, Qt::Horizontal);
  resizeDocks({training, similarity}, {390, 390}, Qt::Vertical);
}

void MainWindow::connectPanels() {
  connect(palette_, &ui::PalettePanel::blockActivated, canvasController_.get(), &CanvasController::addBlockAtCenter);
  connect(palette_, &ui::PalettePanel::menuRequested, this, &MainWindow::showPaletteMenu);
  connect(inspectorController_.get(), &InspectorController::paramMenuRequested, this, &MainWindow::showParamMenu);
  connect(history_, &ui::HistoryPanel::goToRequested, this, [this](int index) { document_->goTo(index); });
  connect(problems_, &ui::ProblemsPanel::jumpRequested, this, [this](int index) {
    if (size_t(index) < document_->facts().diagnostics.size()) jumpTo(document_->facts().diagnostics[size_t(index)]);
  });
  connect(problems_, &ui::ProblemsPanel::fixRequested, this, &MainWindow::mend);
  connect(trainingPanel_, &ui::TrainingPanel::actionRequested, this, [this] { training_->start(); });
  connect(similarityPanel_, &ui::SimilarityPanel::actionRequested, this, [this] { similarity_->compute(); });
  connectFiles(*similarityPanel_, *similarity_);
  connectFiles(*measuresPanel_, *measures_);
  connectFiles(*trainingPanel_, *training_);
  connectTradeOff();
  connect(similarityPanel_, &ui::SimilarityPanel::layersSelected, this, &MainWindow::selectLayers);
  connect(similarityPanel_, &ui::SimilarityPanel::dropRequested, this,
          [this](const QString& ranking, const std::vector<ui::DropPick>& picks, bool isIterative) {
            similarity_->drop(ranking, picks, isIterative);
          });
  connect(measuresPanel_, &ui::MeasuresPanel::analysisChosen, measures_.get(), &MeasuresController::choose);
  connect(measuresPanel_, &ui::MeasuresPanel::optionEdited, measures_.get(), &MeasuresController::setOption);
  connect(measuresPanel_, &ui::MeasuresPanel::actionRequested, this, [this] { measures_->compute(); });
  connect(measuresPanel_, &ui::MeasuresPanel::stepsRequested, measures_.get(), &MeasuresController::computeSteps);
  connect(measuresPanel_, &ui::MeasuresPanel::forkRequested, measures_.get(), &MeasuresController::fork);
  connect(measuresPanel_, &ui::MeasuresPanel::pruneRequested, measures_.get(), &MeasuresController::prune);
  connect(measuresPanel_, &ui::MeasuresPanel::mixtureRequested, measures_.get(), &MeasuresController::mixHidden);
  connectRecordings(*measuresPanel_, *measures_);
  connect(measuresPanel_, &ui::MeasuresPanel::layersSelected, this, &MainWindow::selectLayers);
  connect(measures_.get(), &MeasuresController::changed, this,
          [this] { measuresPanel_->setState(measures_->state()); });
  connect(generatePanel_, &ui::GeneratePanel::generateRequested, generate_.get(), &GenerateController::generate);
  connect(generatePanel_, &ui::GeneratePanel::stopRequested, generate_.get(), &GenerateController::stop);
  connect(generate_.get(), &GenerateController::changed, this,
          [this] { generatePanel_->setState(generate_->state()); });
  connect(jobsPanel_, &ui::JobsPanel::cancelRequested, this,
          [this](const QString& key) { key == "train" ? training_->stop() : jobs_.cancel(key); });
  connect(start_, &ui::StartPage::newRequested, this, &MainWindow::newDocument);
  connect(start_, &ui::StartPage::openRequested, this, &MainWindow::openDialog);
  connect(start_, &ui::StartPage::openFolderRequested, this, &MainWindow::openFolderDialog);
  connect(start_, &ui::StartPage::templateChosen, this, [this](const QString& model) { open(model); });
  connect(start_, &ui::StartPage::recentChosen, this, [this](const QString& model) { open(model); });
  connect(start_, &ui::StartPage::clearRecentRequested, this, [this] {
    QSettings().remove("recent");
    showStart();
  });
  connect(training_.get(), &TrainingController::changed, this, [this] {
    runBar_->setState(training_->runState());
    trainingPanel_->setState(training_->state());
  });
  connect(similarity_.get(), &SimilarityController::changed, this, [this] {
    similarityPanel_->setState(similarity_->state());
    overlay_->layerHeat = similarity_->heat();
    if (document_->isOpen()) showScene();
  });
  connect(heat_.get(), &HeatController::changed, this, &MainWindow::showHeat);
  connect(legend_, &ui::HeatLegend::noteClicked, heat_.get(), &HeatController::measure);
  connect(&jobs_, &JobRunner::jobsChanged, this, [this] {
    ui::JobsState state;
    state.jobs = jobs_.entries();
    state.panel = state.jobs.empty() ? ui::PanelState{ui::PanelPhase::Empty, tr("Nothing is running."), {}, -1}
                                     : ui::PanelState{ui::PanelPhase::Ready, {}, {}, -1};
    jobsPanel_->setState(state);
  });
}

void MainWindow::connectTradeOff() {
  connectFiles(*tradeOffPanel_, *tradeOff_);
  connect(tradeOff_.get(), &TradeOffController::changed, this,
          [this] { tradeOffPanel_->setState(tradeOff_->state()); });
  connect(tradeOffPanel_, &ui::TradeOffPanel::analysisChosen, tradeOff_.get(), &TradeOffController::choose);
  connect(tradeOffPanel_, &ui::TradeOffPanel::optionEdited, tradeOff_.get(), &TradeOffController::setOption);
  connect(tradeOffPanel_, &ui::TradeOffPanel::actionRequested, this, [this] { tradeOff_->compute(); });
  connect(tradeOffPanel_, &ui::TradeOffPanel::calibrationRequested, this, [this] { tradeOff_->compute(true); });
  connect(tradeOffPanel_, &ui::TradeOffPanel::openRequested, this, [this](const QString& model) { open(model); });
  connect(tradeOffPanel_, &ui::TradeOffPanel::compareRequested, this, [this](const QString& run) {
    try {
      const OpenedModel other = openModel(run.toStdString(), false);
      if (other.run) training_->remember(*other.architecture, run);
      compare(other.architecture, QFileInfo(run).fileName());
    } catch (const Error& error) {
      tell(QString::fromStdString(error.what()));
    }
  });
  connect(tradeOffPanel_, &ui::TradeOffPanel::nodeChosen, this, [this](qint64 node) {
    if (findNode(*document_->current(), node)) goTo(node);
  });
}

void MainWindow::connectCanvas() {
  connect(crumbs_, &ui::Breadcrumbs::stepChosen, this, [this](int depth) {
    GraphPath path;
    if (overlay_->entered != 0) findNode(*document_->current(), overlay_->entered, &path);
    enter(depth == 0 || size_t(depth) > path.size() ? 0 : path[size_t(depth) - 1].node);
  });
  connect(canvasController_.get(), &CanvasController::enterRequested, this, &MainWindow::enter);
  connect(canvasController_.get(), &CanvasController::noteOpened, this, &MainWindow::editNote);
  connect(textView_, &TextView::edited, this, [this](const ArchitecturePtr& model) {
    document_->edit(tr("Edit the text"), "text", [&](Editor& editor) { editor.replace(*model); });
  });
  connect(canvas_, &ui::CanvasView::selectionChanged, this, [this] {
    const std::vector<ui::ItemId> items = canvas_->selection();
    inspectorController_->setSelection({items.begin(), items.end()});
  });
  connect(canvasController_.get(), &CanvasController::collapseRequested, this, [this](qint64 frame, bool isCollapsed) {
    if (isCollapsed)
      overlay_->collapsed.insert(frame);
    else
      overlay_->collapsed.erase(frame);
    showScene();
  });
  connect(canvasController_.get(), &CanvasController::inspectRequested, this, [this] { inspectorPanel_->setFocus(); });
  connect(canvasController_.get(), &CanvasController::contextMenuRequested, this, &MainWindow::showContextMenu);
  connect(canvasController_.get(), &CanvasController::cellClicked, this,
          [this](qint64 frame, int cell, Qt::KeyboardModifiers modifiers) {
            std::set<int> clicked;
            for (size_t i = 0; i < document_->facts().layers.size(); ++i) {
              const LayerInfo& layer = document_->facts().layers[i];
              if (layer.repeat == frame && layer.index == cell) clicked.insert(int(i));
            }
            std::set<int> layers = modifiers & Qt::ControlModifier ? overlay_->selectedLayers : std::set<int>{};
            if (overlay_->selectedLayers == clicked) return selectLayers({});  // the only one, once more
            for (const int layer : clicked)
              if (!layers.insert(layer).second) layers.erase(layer);
            selectLayers(layers);
          });
}

/// A page that shows no document: the panels around it go.
void MainWindow::showPage(QWidget* page) {
  pages_->setCurrentWidget(page);
  if (isDocumentShown_) layout_ = saveState(kStateVersion);
  isDocumentShown_ = false;
  for (QDockWidget* dock : docks_) dock->hide();
  bar_->hide();
  for (QAction* action : documentActions_) action->setEnabled(false);
  undo_->setEnabled(false);
  redo_->setEnabled(false);
}

void MainWindow::showStart() {
  ui::StartState state;
  state.panel.phase = ui::PanelPhase::Ready;
  state.templates = templateCards();
  bool isComplete = true;
  for (ui::TemplateCard& card : state.templates) {
    const auto known = diagrams_.find(card.id);
    isComplete = isComplete && known != diagrams_.end();
    if (known != diagrams_.end()) card.diagram = known->second;
  }
  for (const QString& path : QSettings().value("recent").toStringList()) {
    const QFileInfo info(path);
    state.recent.push_back(
        {path, info.fileName(),
         info.exists() ? QLocale().toString(info.lastModified(), QLocale::ShortFormat) : tr("missing"), info.exists()});
  }
  start_->setState(state);
  showPage(start_);
  showTabs();
  setWindowTitle(tr("Formwright"));
  if (isComplete) return;
  // Building the presets takes longer than the page should.
  jobs_.start(
      "start", tr("Start page"),
      [this](CancelToken cancel, const Progress&) -> JobRunner::Deliver {
        std::map<QString, ui::TemplateDiagram> made;
        for (const PresetDef& preset : allPresets()) {
          throwIfCancelled(cancel);
          made[QString::fromStdString(preset.id)] = diagramOf(preset.make(catalog()));
        }
        return [this, made = std::move(made)] {
          diagrams_ = made;
          for (const auto& [id, diagram] : diagrams_) start_->setDiagram(id, diagram);
        };
      },
      nullptr, true);
}

/// From the start page to the canvas with its panels.
void MainWindow::showDocument() {
  if (isDocumentShown_) return;
  isDocumentShown_ = true;
  pages_->setCurrentIndex(1);
  if (layout_.isEmpty() || !restoreState(layout_, kStateVersion)) resetLayout();
  bar_->show();
  for (QAction* action : documentActions_) action->setEnabled(true);
  showTrail();
  canvas_->setFocus();
}

void MainWindow::resetLayout() {
  restoreState(defaultState_, kStateVersion);
  for (QDockWidget* dock : docks_) dock->show();
}

void MainWindow::saveLayout() {
  QSettings settings;
  settings.setValue("window/geometry", saveGeometry());
  if (isDocumentShown_) layout_ = saveState(kStateVersion);
  if (!layout_.isEmpty()) settings.setValue("window/state", layout_);
}

void MainWindow::showScene() {
  if (document_->isOpen()) canvas_->setScene(buildScene(*document_->current(), document_->facts(), *overlay_));
}

void MainWindow::showTitle() {
  setWindowTitle(document_->title() + "[*] — Formwright");
  showTabs();
  setWindowModified(document_->isModified());
  undo_->setEnabled(document_->history().canUndo());
  redo_->setEnabled(document_->history().canRedo());
  QStringList facts;
  if (document_->facts().cost)
    facts << tr("%1 parameters").arg(ui::formatCount(document_->facts().cost->parametersUnique))
          << ui::formatFlops(document_->facts().cost->flops);
  const int64_t problems = std::count_if(document_->facts().diagnostics.begin(), document_->facts().diagnostics.end(),
                                         [](const Diagnostic& d) { return d.severity != Severity::Info; });
  facts << (problems == 0 ? tr("no problems") : ui::counted(problems, tr("1 problem"), tr("%1 problems")));
  crumbs_->setFacts(facts.join(" · "));
}

void MainWindow::showHistory() {
  ui::HistoryState state;
  state.panel.phase = ui::PanelPhase::Ready;
  for (const History::Entry& entry : document_->history().entries())
    state.entries << (entry.title.empty() ? tr("Open") : QString::fromStdString(entry.title));
  state.current = int(document_->history().index());
  state.saved = document_->savedEntry();
  history_->setState(state);
}

void MainWindow::showProblems() {
  ui::ProblemsState state;
  for (const Diagnostic& diagnostic : document_->facts().diagnostics)
    state.problems.push_back(
        {diagnostic.severity, QString::fromStdString(diagnostic.text),
         QString::fromStdString(pathText(*document_->current(), diagnostic.place.graph, diagnostic.place.node)),
         diagnostic.fixes.empty() ? QString() : QString::fromStdString(diagnostic.fixes.front().title)});
  state.panel = state.problems.empty() ? ui::PanelState{ui::PanelPhase::Empty, tr("No problems."), {}, -1}
                                       : ui::PanelState{ui::PanelPhase::Ready, {}, {}, -1};
  problems_->setState(state);
}

void MainWindow::showStatus(const QString& sentence) {
  if (!sentence.isEmpty()) {
    status_->setState({ui::Tone::Warning, sentence, {}});
    return;
  }
  QStringList parts;
  for (const DeviceInfo& device : listDevices()) {
    if (device.id == "null") continue;
    parts << deviceText(device);
  }
  status_->setState({ui::Tone::Good, parts.join(" · "), {}});
}

void MainWindow::tell(const QString& sentence) {
  showStatus(sentence);
  sentenceTimer_.start(kSentenceShown);
}

void MainWindow::jumpTo(const Diagnostic& diagnostic) {
  if (diagnostic.place.node == 0) return;
  goTo(diagnostic.place.node);
  if (!diagnostic.place.param.empty()) inspectorPanel_->focusParam(QString::fromStdString(diagnostic.place.param));
}

/// Applies the first mend that a problem offers.
void MainWindow::mend(int problem) {
  const std::vector<Diagnostic>& diagnostics = document_->facts().diagnostics;
  if (problem < 0 || size_t(problem) >= diagnostics.size() || diagnostics[size_t(problem)].fixes.empty()) return;
  const Fix fix = diagnostics[size_t(problem)].fixes.front();
  document_->edit(QString::fromStdString(fix.title), {}, [&](Editor& editor) { applyFix(editor, fix); });
}

/// Lays out what is selected, or everything; one step of undo.
void MainWindow::tidyUp() {
  if (!isDocumentShown_) return;
  const ArchitecturePtr snapshot = document_->current();
  const std::vector<ui::ItemId> selected = canvas_->selection();
  const std::set<NodeId> only =
      selected.size() > 1 ? std::set<NodeId>(selected.begin(), selected.end()) : std::set<NodeId>{};
  std::set<NodeId> pinned;
  for (const auto& [node, position] : snapshot->layout)
    if (position.isPinned) pinned.insert(node);
  const auto metrics = std::make_shared<const ui::FontMetrics>();
  jobs_.start(
      "tidy", tr("Tidy up"),
      [this, snapshot, scene = canvas_->scene(), metrics, only, pinned](CancelToken cancel,
                                                                        const Progress&) -> JobRunner::Deliver {
        const std::map<NodeId, Position> moved = tidyPositions(*scene, *metrics, only, pinned, cancel);
        return [this, snapshot, moved] {
          if (document_->current() != snapshot || moved.empty()) return;  // it was edited meanwhile
          document_->edit(tr("Tidy up"), {}, [&](Editor& editor) {
            for (const auto& [node, position] : moved) editor.move(node, position);
          });
          canvas_->frameAll();
        };
      },
      [this](const QString& sentence) {
        if (!sentence.isEmpty()) tell(sentence);
      });
}

void MainWindow::selectLayers(const std::set<int>& layers) {
  overlay_->selectedLayers = layers;
  similarityPanel_->setSelectedLayers(layers);
  LayerScope scope;
  for (const int layer : layers)
    if (size_t(layer) < document_->facts().layers.size()) {
      const LayerInfo& info = document_->facts().layers[size_t(layer)];
      scope.layers.insert({info.repeat, info.index});
    }
  inspectorController_->setScope(scope);
  canvasController_->setScope(scope);
  showScene();
}

}  // namespace fw
