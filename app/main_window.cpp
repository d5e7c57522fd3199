// The main window.
#include "app/main_window.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QLockFile>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QSettings>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QStatusBar>
#include <QToolBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "engine/exec/backend.h"
#include "engine/presets/preset.h"
#include "widgets/icons.h"
#include "widgets/number_format.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/jobs_panel.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/problems_panel.h"
#include "widgets/panels/status_line.h"
#include "widgets/plots/plot.h"
#include "widgets/start/start_page.h"
#include "widgets/theme.h"

namespace fw {
namespace {

constexpr int kStateVersion = 1;  // of the arrangement of docks
constexpr int kMostRecent = 10;

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

/// A preset in miniature: the categories of its blocks along the wires.
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

}  // namespace

StateFolders StateFolders::standard() {
  QString base = qEnvironmentVariable("XDG_STATE_HOME");
  if (base.isEmpty()) base = QDir::homePath() + "/.local/state";
  base += "/formwright";
  return {base + "/journals", base + "/runs"};
}

MainWindow::MainWindow(const StateFolders& folders, QWidget* parent)
    : QMainWindow(parent), folders_(folders), overlay_(std::make_unique<SceneOverlay>()) {
  setObjectName("MainWindow");
  resize(1600, 1000);
  setAcceptDrops(true);
  setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);

  document_ = std::make_unique<DocumentController>(jobs_, folders.journals);
  training_ = std::make_unique<TrainingController>(jobs_, *document_, folders.runs);
  similarity_ = std::make_unique<SimilarityController>(jobs_, *document_, *training_);

  pages_ = new QStackedWidget;
  start_ = new ui::StartPage;
  auto* canvasPage = new QWidget;
  auto* column = new QVBoxLayout(canvasPage);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  crumbs_ = new QLabel;
  crumbs_->setContentsMargins(16, 6, 16, 6);
  crumbs_->setTextFormat(Qt::PlainText);
  canvas_ = new ui::CanvasView;
  column->addWidget(crumbs_);
  column->addWidget(canvas_, 1);
  pages_->addWidget(start_);
  pages_->addWidget(canvasPage);
  setCentralWidget(pages_);

  canvasController_ = std::make_unique<CanvasController>(*document_, *canvas_);
  makeDocks();
  inspectorController_ = std::make_unique<InspectorController>(*document_, *inspectorPanel_);
  makeActions();

  connect(document_.get(), &DocumentController::changed, this, [this] {
    showScene();
    showTitle();
    showHistory();
    inspectorController_->refresh();
    similarity_->markStale();
  });
  connect(document_.get(), &DocumentController::factsChanged, this, [this] {
    showScene();
    showTitle();
    showProblems();
    inspectorController_->refresh();
    runBar_->setState(training_->runState());
  });
  connect(document_.get(), &DocumentController::refused, this, &MainWindow::tell);
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
  connect(canvasController_.get(), &CanvasController::cellClicked, this,
          [this](qint64 frame, int cell, Qt::KeyboardModifiers modifiers) {
            std::set<int> layers = modifiers & Qt::ControlModifier ? overlay_->selectedLayers : std::set<int>{};
            for (size_t i = 0; i < document_->facts().layers.size(); ++i) {
              const LayerInfo& layer = document_->facts().layers[i];
              if (layer.repeat == frame && layer.index == cell && !layers.insert(int(i)).second) layers.erase(int(i));
            }
            selectLayers(layers);
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
  connect(&jobs_, &JobRunner::jobsChanged, this, [this] {
    ui::JobsState state;
    state.jobs = jobs_.entries();
    state.panel = state.jobs.empty() ? ui::PanelState{ui::PanelPhase::Empty, tr("Nothing is running."), {}, -1}
                                     : ui::PanelState{ui::PanelPhase::Ready, {}, {}, -1};
    jobsPanel_->setState(state);
  });

  runBar_->setState(training_->runState());
  trainingPanel_->setState(training_->state());
  similarityPanel_->setState(similarity_->state());
  jobsPanel_->setState({.panel = {ui::PanelPhase::Empty, tr("Nothing is running."), {}, -1}});
  showStatus();
  showStart();
  defaultState_ = saveState(kStateVersion);
  QSettings settings;
  restoreGeometry(settings.value("window/geometry").toByteArray());
  restoreState(settings.value("window/state").toByteArray(), kStateVersion);
}

MainWindow::~MainWindow() = default;

QDockWidget* MainWindow::addDock(const QString& name, const QString& title, QWidget* content, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget(title, this);
  dock->setObjectName(name);
  dock->setWidget(content);
  content->setAccessibleName(title);
  addDockWidget(area, dock);
  docks_.push_back(dock);
  return dock;
}

void MainWindow::makeDocks() {
  palette_ = new ui::PalettePanel;
  palette_->setState({.panel = {ui::PanelPhase::Ready, {}, {}, -1}, .blocks = paletteEntries()});
  inspectorPanel_ = new ui::InspectorPanel;
  history_ = new ui::HistoryPanel;
  problems_ = new ui::ProblemsPanel;
  trainingPanel_ = new ui::TrainingPanel;
  similarityPanel_ = new ui::SimilarityPanel;
  jobsPanel_ = new ui::JobsPanel;
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
  splitDockWidget(training, similarity, Qt::Horizontal);
  tabifyDockWidget(training, problems);
  tabifyDockWidget(problems, jobs);
  training->raise();
  resizeDocks({blocks, inspector}, {232, 270}, Qt::Horizontal);
  resizeDocks({inspector, history}, {560, 240}, Qt::Vertical);
  resizeDocks({training, similarity}, {380, 720}, Qt::Horizontal);
  resizeDocks({training, similarity}, {390, 390}, Qt::Vertical);

  connect(palette_, &ui::PalettePanel::blockActivated, canvasController_.get(), &CanvasController::addBlockAtCenter);
  connect(history_, &ui::HistoryPanel::goToRequested, this, [this](int index) { document_->goTo(index); });
  connect(problems_, &ui::ProblemsPanel::jumpRequested, this, [this](int index) {
    if (size_t(index) < document_->facts().diagnostics.size()) jumpTo(document_->facts().diagnostics[size_t(index)]);
  });
  connect(trainingPanel_, &ui::TrainingPanel::actionRequested, this, [this] { training_->start(); });
  connect(similarityPanel_, &ui::SimilarityPanel::actionRequested, this, [this] { similarity_->compute(); });
  connect(similarityPanel_, &ui::SimilarityPanel::layersSelected, this, &MainWindow::selectLayers);
  connect(similarityPanel_, &ui::SimilarityPanel::dropRequested, this,
          [this](const QString& part, const std::vector<int>& layers) { similarity_->drop(part, layers); });
  connect(jobsPanel_, &ui::JobsPanel::cancelRequested, this,
          [this](const QString& key) { key == "train" ? training_->stop() : jobs_.cancel(key); });
  connect(start_, &ui::StartPage::newRequested, this, &MainWindow::newDocument);
  connect(start_, &ui::StartPage::openRequested, this, &MainWindow::openDialog);
  connect(start_, &ui::StartPage::templateChosen, this, [this](const QString& id) { open(id); });
  connect(start_, &ui::StartPage::recentChosen, this, [this](const QString& path) { open(path); });
  connect(start_, &ui::StartPage::clearRecentRequested, this, [this] {
    QSettings().remove("recent");
    showStart();
  });

  std::vector<ui::PaletteBlock> blocksOf;
  for (const ui::BlockEntry& entry : paletteEntries())
    blocksOf.push_back({entry.id, entry.title, entry.category, entry.help, entry.synonyms});
  canvas_->setBlocks(std::move(blocksOf));
}

QAction* MainWindow::addAction(QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                               const std::function<void()>& run) {
  QAction* action = menu->addAction(text);
  action->setShortcut(keys);
  action->setStatusTip(tip);
  action->setToolTip(tip);
  connect(action, &QAction::triggered, this, run);
  return action;
}

void MainWindow::makeActions() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  QMenu* edit = menuBar()->addMenu(tr("&Edit"));
  QMenu* model = menuBar()->addMenu(tr("&Model"));
  QMenu* run = menuBar()->addMenu(tr("&Run"));
  QMenu* analyse = menuBar()->addMenu(tr("&Analyse"));
  viewMenu_ = menuBar()->addMenu(tr("&View"));
  QMenu* help = menuBar()->addMenu(tr("&Help"));

  addAction(file, tr("&New"), QKeySequence::New, tr("An empty model"), [this] {
    if (mayDiscard()) newDocument();
  });
  addAction(file, tr("&Open..."), QKeySequence::Open, tr("Open a model"), [this] { openDialog(); });
  addAction(file, tr("&Start page"), {}, tr("Templates and recent models"), [this] {
    if (mayDiscard()) showStart();
  });
  documentActions_.push_back(
      addAction(file, tr("&Save"), QKeySequence::Save, tr("Write the model to its file"), [this] { save(); }));
  documentActions_.push_back(addAction(file, tr("Save &as..."), QKeySequence::SaveAs,
                                       tr("Write the model to another file"), [this] { saveAs(); }));
  file->addSeparator();
  addAction(file, tr("&Quit"), QKeySequence::Quit, tr("Close the window"), [this] { close(); });

  undo_ =
      addAction(edit, tr("&Undo"), QKeySequence::Undo, tr("Take the last edit back"), [this] { document_->undo(); });
  redo_ = addAction(edit, tr("&Redo"), QKeySequence::Redo, tr("Do the edit again"), [this] { document_->redo(); });
  undo_->setIcon(ui::icon(ui::Icon::Undo));
  redo_->setIcon(ui::icon(ui::Icon::Redo));
  edit->addSeparator();
  const auto onCanvas = [this, edit](const QString& text, const QString& tip, const std::function<void()>& run) {
    documentActions_.push_back(addAction(edit, text, {}, tip, run));
  };
  onCanvas(tr("Cu&t\tCtrl+X"), tr("Copy the selected blocks and delete them"), [this] { canvas_->cutSelection(); });
  onCanvas(tr("&Copy\tCtrl+C"), tr("Copy the selected blocks as text"), [this] { canvas_->copySelection(); });
  onCanvas(tr("&Paste\tCtrl+V"), tr("Paste blocks"), [this] { canvas_->paste(); });
  onCanvas(tr("&Duplicate\tCtrl+D"), tr("Copy the selected blocks beside themselves"),
           [this] { canvas_->duplicateSelection(); });
  onCanvas(tr("D&elete\tDel"), tr("Delete the selected blocks and wires"), [this] { canvas_->deleteSelection(); });
  onCanvas(tr("Select &all\tCtrl+A"), tr("Select every block"), [this] { canvas_->selectAll(); });

  documentActions_.push_back(addAction(model, tr("&Add block...\tTab"), {}, tr("Search a block and add it"),
                                       [this] { canvas_->openPalette(canvas_->rect().center()); }));
  documentActions_.push_back(addAction(model, tr("&Mute\tM"), {}, tr("Let the stream pass the selected blocks"),
                                       [this] { canvas_->toggleMuted(); }));
  documentActions_.push_back(
      addAction(model, tr("Next &problem"), Qt::Key_F8, tr("Jump to the next problem"), [this] { problems_->next(); }));
  documentActions_.push_back(addAction(run, tr("&Train"), Qt::Key_F5, tr("Train the model on the chosen task"),
                                       [this] { training_->start(); }));
  documentActions_.push_back(addAction(run, tr("&Stop"), Qt::SHIFT | Qt::Key_F5,
                                       tr("Stop the training; a checkpoint stays"), [this] { training_->stop(); }));
  documentActions_.push_back(addAction(analyse, tr("&Layer similarity"), Qt::Key_F6, tr("How redundant the layers are"),
                                       [this] { similarity_->compute(); }));

  addAction(viewMenu_, tr("Show &all\tHome"), {}, tr("Fit the whole model into the canvas"),
            [this] { canvas_->frameAll(); });
  addAction(viewMenu_, tr("Show &selection\tF"), {}, tr("Fit the selected blocks into the canvas"),
            [this] { canvas_->frameSelection(); });
  addAction(viewMenu_, tr("&100 %\tCtrl+1"), {}, tr("One to one"), [this] { canvas_->zoomToActualSize(); });
  viewMenu_->addSeparator();
  for (QDockWidget* dock : docks_) viewMenu_->addAction(dock->toggleViewAction());
  viewMenu_->addSeparator();
  addAction(viewMenu_, tr("&Dark theme"), {}, tr("Light on dark"), [this] { setTheme(true); });
  addAction(viewMenu_, tr("&Light theme"), {}, tr("Dark on light"), [this] { setTheme(false); });
  addAction(viewMenu_, tr("&Reset layout"), {}, tr("Panels where they were at first"),
            [this] { restoreState(defaultState_, kStateVersion); });
  addAction(help, tr("&About Formwright"), {}, tr("Version and licence"), [this] {
    QMessageBox::about(this, tr("About Formwright"),
                       tr("Formwright 0.1.0\n\nDesign, run, train, measure and export transformer-like models.\n\nFree "
                          "software under the GNU General Public License, version 3 or later."));
  });

  auto* bar = new QToolBar(tr("Run"), this);
  bar->setObjectName("RunToolBar");
  bar->setMovable(false);
  bar->addAction(undo_);
  bar->addAction(redo_);
  runBar_ = new ui::RunBar;
  runBar_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  bar->addWidget(runBar_);
  addToolBar(Qt::TopToolBarArea, bar);
  connect(runBar_, &ui::RunBar::trainRequested, this, [this] { training_->start(); });
  connect(runBar_, &ui::RunBar::pauseRequested, this, [this] { training_->pause(); });
  connect(runBar_, &ui::RunBar::resumeRequested, this, [this] { training_->resume(); });
  connect(runBar_, &ui::RunBar::stopRequested, this, [this] { training_->stop(); });
  connect(runBar_, &ui::RunBar::taskChosen, this, [this](const QString& id) {
    training_->setup.task = id.toStdString();
    training_->setup.taskOptions.clear();
    runBar_->setState(training_->runState());
  });
  connect(runBar_, &ui::RunBar::deviceChosen, this, [this](const QString& id) {
    training_->setup.device = id.toStdString();
    runBar_->setState(training_->runState());
  });
  connect(runBar_, &ui::RunBar::stepsChosen, this, [this](qint64 steps) {
    training_->setup.steps = steps;
    runBar_->setState(training_->runState());
  });
}

void MainWindow::showStart() {
  ui::StartState state;
  state.panel.phase = ui::PanelPhase::Ready;
  for (const PresetDef& preset : allPresets()) {
    ui::TemplateCard card{.id = QString::fromStdString(preset.id),
                          .title = QString::fromStdString(preset.title),
                          .description = QString::fromStdString(preset.help)};
    const Architecture architecture = preset.make(catalog());
    card.diagram = diagramOf(architecture);
    card.footer = preset.isTemplate ? tr("Trains in a minute on two cores") : QString::fromStdString(preset.family);
    if (preset.isTemplate)
      state.templates.insert(
          state.templates.begin() +
              std::count_if(state.templates.begin(), state.templates.end(),
                            [](const ui::TemplateCard& c) { return findPreset(c.id.toStdString())->isTemplate; }),
          std::move(card));
    else
      state.templates.push_back(std::move(card));
  }
  for (const QString& path : QSettings().value("recent").toStringList()) {
    const QFileInfo info(path);
    state.recent.push_back(
        {path, info.fileName(),
         info.exists() ? QLocale().toString(info.lastModified(), QLocale::ShortFormat) : tr("missing"), info.exists()});
  }
  start_->setState(state);
  pages_->setCurrentWidget(start_);
  for (QDockWidget* dock : docks_) dock->hide();
  runBar_->hide();
  for (QAction* action : documentActions_) action->setEnabled(false);
  undo_->setEnabled(false);
  redo_->setEnabled(false);
  wasShown_ = false;
  setWindowTitle(tr("Formwright"));
}

void MainWindow::newDocument() {
  training_->reset();
  similarity_->reset();
  document_->open(std::make_shared<const Architecture>(), {}, tr("Untitled"));
}

bool MainWindow::open(const QString& model) {
  try {
    const OpenedModel opened = openModel(model.toStdString());
    training_->reset();
    similarity_->reset();
    applyPreset(model);
    *overlay_ = {};
    document_->open(opened.architecture, QString::fromStdString(opened.file), QString::fromStdString(opened.name));
    canvas_->frameAll();
    if (!opened.file.empty()) remember(QFileInfo(model).absoluteFilePath());
    runBar_->setState(training_->runState());
    return true;
  } catch (const Error& error) {
    tell(QString::fromStdString(error.what()));
    return false;
  }
}

void MainWindow::applyPreset(const QString& model) {
  const PresetDef* preset = findPreset(model.toStdString());
  if (!preset || preset->task.empty()) return;
  training_->setup.task = preset->task;
  training_->setup.taskOptions = preset->taskOptions;
  if (preset->steps > 0) training_->setup.steps = preset->steps;
  if (preset->batch > 0) training_->setup.batch = preset->batch;
  training_->setup.learningRate = preset->learningRate;
}

void MainWindow::remember(const QString& file) {
  QSettings settings;
  QStringList recent = settings.value("recent").toStringList();
  recent.removeAll(file);
  recent.prepend(file);
  settings.setValue("recent", recent.mid(0, kMostRecent));
}

void MainWindow::showScene() {
  if (!document_->isOpen()) return;
  if (!wasShown_) {
    wasShown_ = true;
    pages_->setCurrentIndex(1);
    for (QDockWidget* dock : docks_) dock->show();
    runBar_->show();
    for (QAction* action : documentActions_) action->setEnabled(true);
  }
  canvas_->setScene(buildScene(*document_->current(), document_->facts(), *overlay_));
}

void MainWindow::showTitle() {
  setWindowTitle(document_->title() + "[*] — Formwright");
  setWindowModified(document_->isModified());
  undo_->setEnabled(document_->history().canUndo());
  redo_->setEnabled(document_->history().canRedo());
  QStringList facts;
  if (document_->facts().cost)
    facts << tr("%1 parameters").arg(ui::formatCount(document_->facts().cost->parametersUnique))
          << ui::formatFlops(document_->facts().cost->flops);
  const int64_t problems = std::count_if(document_->facts().diagnostics.begin(), document_->facts().diagnostics.end(),
                                         [](const Diagnostic& d) { return d.severity != Severity::Info; });
  facts << tr("%n problems", nullptr, int(problems));
  crumbs_->setText(
      QString::fromStdString(document_->current()->name.empty() ? "Untitled" : document_->current()->name) + "     " +
      facts.join(" · "));
}

void MainWindow::showHistory() {
  ui::HistoryState state;
  state.panel.phase = ui::PanelPhase::Ready;
  for (const History::Entry& entry : document_->history().entries())
    state.entries << (entry.title.empty() ? tr("Open") : QString::fromStdString(entry.title));
  state.current = int(document_->history().index());
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
    parts << (device.absence.empty()
                  ? tr("%1, %n threads, %2 free", nullptr, device.threads)
                        .arg(QString::fromStdString(device.name), ui::formatBytes(double(device.memoryBytes)))
                  : QString::fromStdString(device.name + ": " + device.absence));
  }
  status_->setState({ui::Tone::Good, parts.join(" · "), {}});
}

void MainWindow::tell(const QString& sentence) { showStatus(sentence); }

void MainWindow::jumpTo(const Diagnostic& diagnostic) {
  if (diagnostic.place.node == 0) return;
  canvas_->reveal(diagnostic.place.node);
  if (!diagnostic.place.param.empty()) inspectorPanel_->focusParam(QString::fromStdString(diagnostic.place.param));
}

void MainWindow::selectLayers(const std::set<int>& layers) {
  overlay_->selectedLayers = layers;
  similarityPanel_->setSelectedLayers(layers);
  showScene();
}

bool MainWindow::save() {
  if (document_->file().isEmpty()) return saveAs();
  try {
    document_->save(document_->file());
    remember(QFileInfo(document_->file()).absoluteFilePath());
    return true;
  } catch (const Error& error) {
    QMessageBox::warning(this, tr("Not saved"), QString::fromStdString(error.what()));
    return false;
  }
}

bool MainWindow::saveAs() {
  QString file = QFileDialog::getSaveFileName(this, tr("Save model"),
                                              document_->file().isEmpty() ? "model.fw.json" : document_->file(),
                                              tr("Formwright models (*.fw.json)"));
  if (file.isEmpty()) return false;
  if (!file.endsWith(".json")) file += ".fw.json";
  try {
    document_->save(file);
    remember(QFileInfo(file).absoluteFilePath());
    return true;
  } catch (const Error& error) {
    QMessageBox::warning(this, tr("Not saved"), QString::fromStdString(error.what()));
    return false;
  }
}

bool MainWindow::mayDiscard() {
  if (!document_->isModified()) return true;
  const auto answer =
      QMessageBox::question(this, tr("Unsaved changes"), tr("Save the changes of %1?").arg(document_->title()),
                            QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel);
  if (answer == QMessageBox::Save) return save();
  return answer == QMessageBox::Discard;
}

void MainWindow::openDialog() {
  if (!mayDiscard()) return;
  const QString file =
      QFileDialog::getOpenFileName(this, tr("Open model"), {}, tr("Formwright models (*.fw.json);;All files (*)"));
  if (!file.isEmpty()) open(file);
}

void MainWindow::setTheme(bool isDark) {
  QSettings().setValue("theme/dark", isDark);
  ui::applyTheme(*qApp, isDark ? ui::Theme::dark() : ui::Theme::light());
}

void MainWindow::offerRecovery() {
  // A journal that another running window still writes is younger than the machine's pause; that one is left alone.
  for (const QFileInfo& info : QDir(folders_.journals).entryInfoList({"*.journal"}, QDir::Files, QDir::Time)) {
    QLockFile lock(info.absoluteFilePath() + ".lock");
    try {
      const std::optional<JournalContent> content = readJournal(info.absoluteFilePath().toStdString());
      if (!content || content->edits == 0) {
        continue;
      }
      const QString name =
          content->document.empty() ? tr("an unsaved model") : QString::fromStdString(content->document);
      const auto answer = QMessageBox::question(
          this, tr("Recover edits?"),
          tr("Formwright ended before %1 was saved.\n%n edits, the last at %2: %3", nullptr, int(content->edits))
              .arg(name, QLocale().toString(QDateTime::fromSecsSinceEpoch(content->time), QLocale::ShortFormat),
                   QString::fromStdString(content->title)),
          QMessageBox::Yes | QMessageBox::No);
      QFile::remove(info.absoluteFilePath());
      if (answer != QMessageBox::Yes) continue;
      document_->open(std::make_shared<const Architecture>(content->architecture),
                      QString::fromStdString(content->document), name);
      document_->setRecovered();
      showTitle();
      return;
    } catch (const Error& error) {
      tell(QString::fromStdString(error.what()));
    }
  }
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!mayDiscard()) {
    event->ignore();
    return;
  }
  QSettings settings;
  settings.setValue("window/geometry", saveGeometry());
  if (wasShown_) settings.setValue("window/state", saveState(kStateVersion));
  training_->stop();
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile() && url.toLocalFile().endsWith(".json")) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile() && mayDiscard()) {
      open(url.toLocalFile());
      return;
    }
}

}  // namespace fw
