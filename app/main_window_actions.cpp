// The main window: menus, the tool bar, the context menu of the canvas.
#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QMenuBar>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QSettings>
#include <QToolBar>

#include "app/help_window.h"
#include "app/main_window.h"
#include "app/text_view.h"
#include "widgets/icons.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/problems_panel.h"
#include "widgets/theme.h"

namespace fw {

QAction* MainWindow::addAction(QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                               const std::function<void()>& run) {
  QAction* action = menu->addAction(text);
  action->setShortcut(keys);
  action->setStatusTip(tip);
  action->setToolTip(tip);
  if (run) connect(action, &QAction::triggered, this, run);
  shortcuts_.add(action);
  return action;
}

QAction* MainWindow::addDocumentAction(QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                                       const std::function<void()>& run) {
  QAction* action = addAction(menu, text, keys, tip, run);
  documentActions_.push_back(action);
  return action;
}

void MainWindow::makeActions() {
  makeFileMenu();
  makeEditMenu();
  makeModelMenu();
  makeRunMenu();
  makeViewMenu();
  makeHelpMenu();
  makeToolBar();
  shortcuts_.onCanvasKeys = [this] { canvas_->setKeyChanges(shortcuts_.canvasChanges()); };
  shortcuts_.load();
}

void MainWindow::makeFileMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&File"));
  addAction(menu, tr("&New"), QKeySequence::New, tr("An empty model"), [this] { newDocument(); });
  addAction(menu, tr("&Open…"), QKeySequence::Open, tr("Open a model file"), [this] { openDialog(); });
  addAction(menu, tr("Open &folder…"), {}, tr("Open the folder of a training run or of a Hugging Face model"),
            [this] { openFolderDialog(); });
  QMenu* recent = menu->addMenu(tr("Open &recent"));
  connect(recent, &QMenu::aboutToShow, this, [this, recent] { fillRecentMenu(recent); });
  addAction(menu, tr("S&tart page"), {}, tr("Templates and recent models"), [this] { showStart(); });
  menu->addSeparator();
  addTabActions(menu);
  menu->addSeparator();
  addDocumentAction(menu, tr("&Save"), QKeySequence::Save, tr("Write the model to its file"), [this] { save(); });
  addDocumentAction(menu, tr("Save &as…"), Qt::CTRL | Qt::SHIFT | Qt::Key_S, tr("Write the model to another file"),
                    [this] { saveAs(); });
  addExportActions(menu);
  menu->addSeparator();
  addDocumentAction(menu, tr("&Compare with…"), {}, tr("Another model beside this one"), [this] { compareDialog(); });
  QMenu* tabs = menu->addMenu(tr("Compare with ta&b"));
  connect(tabs, &QMenu::aboutToShow, this, [this, tabs] { fillCompareMenu(tabs); });
  addDocumentAction(menu, tr("Compare with the saved &version"), {}, tr("What has changed since it was saved"),
                    [this] { compareWithSaved(); });
  menu->addSeparator();
  addAction(menu, tr("&Quit"), QKeySequence::Quit, tr("Close the window"), [this] { close(); });
}

// The keys after a tab belong to the canvas, which takes them while it has the focus: a field may use them too.
void MainWindow::makeEditMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Edit"));
  undo_ =
      addAction(menu, tr("&Undo"), QKeySequence::Undo, tr("Take the last edit back"), [this] { document_->undo(); });
  redo_ = addAction(menu, tr("&Redo"), QKeySequence::Redo, tr("Do the edit again"), [this] { document_->redo(); });
  undo_->setIcon(ui::icon(ui::Icon::Undo));
  redo_->setIcon(ui::icon(ui::Icon::Redo));
  const auto add = [this, menu](const QString& text, const QString& tip, const std::function<void()>& run) {
    contextActions_.push_back(addDocumentAction(menu, text, {}, tip, run));
  };
  const auto addLine = [this, menu] {
    menu->addSeparator();
    contextActions_.push_back(nullptr);
  };
  addLine();
  add(tr("Cu&t\tCtrl+X"), tr("Copy the selected blocks and delete them"), [this] { canvas_->cutSelection(); });
  add(tr("&Copy\tCtrl+C"), tr("Copy the selected blocks as text"), [this] { canvas_->copySelection(); });
  add(tr("&Paste\tCtrl+V"), tr("Paste blocks"), [this] { canvas_->paste(); });
  add(tr("Paste with &wires\tCtrl+Shift+V"), tr("Paste blocks and wire their inputs as they were"),
      [this] { canvas_->paste(true); });
  add(tr("&Duplicate\tCtrl+D"), tr("Copy the selected blocks beside themselves"),
      [this] { canvas_->duplicateSelection(); });
  addLine();
  add(tr("D&elete\tDel"), tr("Delete the selected blocks and wires"), [this] { canvas_->deleteSelection(); });
  add(tr("Delete and &join\tCtrl+Del"), tr("Delete the selected blocks and join the wires around them"),
      [this] { canvas_->deleteSelection(true); });
  menu->addSeparator();
  QMenu* align = menu->addMenu(tr("Ali&gn"));
  const std::pair<QString, Qt::Alignment> edges[] = {{tr("&Top\tShift+W"), Qt::AlignTop},
                                                     {tr("&Left\tShift+A"), Qt::AlignLeft},
                                                     {tr("&Bottom\tShift+S"), Qt::AlignBottom},
                                                     {tr("&Right\tShift+D"), Qt::AlignRight},
                                                     {tr("&Middles side by side"), Qt::AlignVCenter},
                                                     {tr("Mi&ddles one below the other"), Qt::AlignHCenter}};
  for (const auto& [title, edge] : edges)
    addDocumentAction(align, title, {}, tr("The selected blocks on one line"),
                      [this, edge = edge] { canvas_->alignSelection(edge); });
  addDocumentAction(align, tr("&Equal gaps side by side"), {}, tr("The same gap between the selected blocks"),
                    [this] { canvas_->distributeSelection(Qt::Horizontal); });
  addDocumentAction(align, tr("Equal &gaps one below the other"), {}, tr("The same gap between the selected blocks"),
                    [this] { canvas_->distributeSelection(Qt::Vertical); });
  addDocumentAction(menu, tr("Select &all\tCtrl+A"), {}, tr("Select every block"), [this] { canvas_->selectAll(); });
}

void MainWindow::makeModelMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Model"));
  const auto add = [this, menu](const QString& text, const QKeySequence& keys, const QString& tip,
                                const std::function<void()>& run) {
    contextActions_.push_back(addDocumentAction(menu, text, keys, tip, run));
  };
  addBlock_ = addDocumentAction(menu, tr("&Add block…\tTab"), {}, tr("Search a block and add it"),
                                [this] { canvas_->openPalette(canvas_->rect().center()); });
  addBlock_->setIcon(ui::icon(ui::Icon::Plus));
  contextActions_.push_back(nullptr);
  add(tr("&Mute\tM"), {}, tr("Let the stream pass the selected blocks, or no longer"),
      [this] { canvas_->toggleMuted(); });
  add(tr("Pi&n\tP"), {}, tr("Tidy up leaves the selected blocks where they are, or no longer"),
      [this] { canvas_->togglePinned(); });
  add(tr("&Replace by…"), Qt::Key_R, tr("Another block in the place of the selected ones, with their wires"),
      [this] { replaceBlocks(); });
  add(tr("&Wire…"), Qt::Key_W, tr("Draw a wire of the selected block by keyboard"), [this] { wireByKeyboard(); });
  add(tr("Pull &out\tE"), {}, tr("Take the selected blocks out of their wires and join what is left"),
      [this] { canvas_->pullOutSelection(); });
  QAction* tidy = addDocumentAction(menu, tr("&Tidy up"), Qt::CTRL | Qt::Key_L,
                                    tr("Lay out the selected blocks, or all of them"), [this] { tidyUp(); });
  tidy->setIcon(ui::icon(ui::Icon::Tidy));
  tidy_ = tidy;
  menu->addSeparator();
  add(tr("&Group"), Qt::CTRL | Qt::Key_G, tr("Put the selected blocks into a group"),
      [this] { canvasController_->collapse(canvas_->selection(), "structure.group"); });
  add(tr("&Repeat"), Qt::CTRL | Qt::SHIFT | Qt::Key_R, tr("Make the selected blocks the inside of a Repeat"),
      [this] { canvasController_->collapse(canvas_->selection(), "structure.repeat"); });
  add(tr("&Ungroup"), Qt::CTRL | Qt::SHIFT | Qt::Key_G, tr("Put the inside of the selected group in its place"),
      [this] { canvasController_->expand(canvas_->selection()); });
  menu->addSeparator();
  addCompositeActions(menu);
  addDocumentAction(menu, tr("&Note…"), Qt::SHIFT | Qt::Key_N,
                    tr("A titled rectangle behind the selected blocks, which moves them along"), [this] { addNote(); });
  contextActions_.push_back(documentActions_.back());
  menu->addSeparator();
  addDocumentAction(menu, tr("Next &problem"), Qt::Key_F8, tr("Jump to the next problem"),
                    [this] { problems_->next(); });
  addDocumentAction(menu, tr("Pre&vious problem"), Qt::SHIFT | Qt::Key_F8, tr("Jump to the problem before"),
                    [this] { problems_->previous(); });
}

void MainWindow::makeRunMenu() {
  QMenu* run = menuBar()->addMenu(tr("&Run"));
  addDocumentAction(run, tr("&Train"), Qt::Key_F5, tr("Train the model on the chosen task"),
                    [this] { training_->start(); });
  addDocumentAction(run, tr("&Stop"), Qt::SHIFT | Qt::Key_F5, tr("Stop the training; a checkpoint stays"),
                    [this] { training_->stop(); });
  QMenu* analyse = menuBar()->addMenu(tr("&Analyse"));
  addDocumentAction(analyse, tr("&Layer similarity"), Qt::Key_F6, tr("How redundant the layers are"),
                    [this] { similarity_->compute(); });
  addDocumentAction(analyse, tr("&Measures"), Qt::SHIFT | Qt::Key_F6,
                    tr("Sparsity, attention, comparisons of representations: the choice stands in the panel"), [this] {
                      auto* dock = findChild<QDockWidget*>("MeasuresDock");
                      dock->show();
                      dock->raise();
                      measures_->compute();
                    });
  addDocumentAction(analyse, tr("&Trade-off"), Qt::CTRL | Qt::Key_F6,
                    tr("What the model costs on a device, and trained models against each other"), [this] {
                      auto* dock = findChild<QDockWidget*>("TradeOffDock");
                      dock->show();
                      dock->raise();
                      tradeOff_->compute();
                    });
}

void MainWindow::makeViewMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&View"));
  addDocumentAction(menu, tr("Show &all\tHome"), {}, tr("Fit the whole model into the canvas"),
                    [this] { canvas_->frameAll(); });
  addDocumentAction(menu, tr("Show &selection\tF"), {}, tr("Fit the selected blocks into the canvas"),
                    [this] { canvas_->frameSelection(); });
  QMenu* wires = menu->addMenu(tr("&Wires"));
  auto* styles = new QActionGroup(this);
  const std::pair<ui::WireStyle, QString> wireStyles[] = {{ui::WireStyle::Curved, tr("&Curved")},
                                                          {ui::WireStyle::Square, tr("&Square")},
                                                          {ui::WireStyle::Straight, tr("S&traight")}};
  for (const auto& [style, title] : wireStyles) {
    QAction* action = addDocumentAction(wires, title, {}, tr("How wires are drawn"), [this, style = style] {
      overlay_->wireStyle = style;
      QSettings().setValue("canvas/wires", int(style));
      showScene();
    });
    action->setCheckable(true);
    action->setActionGroup(styles);
    action->setChecked(int(style) == QSettings().value("canvas/wires").toInt());
    if (action->isChecked()) overlay_->wireStyle = style;
  }
  QMenu* flows = menu->addMenu(tr("F&low"));
  auto* flowGroup = new QActionGroup(this);
  const std::pair<ui::Flow, QString> flowTitles[] = {{ui::Flow::Right, tr("From &left to right")},
                                                     {ui::Flow::Down, tr("From &top to bottom")}};
  for (const auto& [flow, title] : flowTitles) {
    QAction* action = addDocumentAction(flows, title, {}, tr("Turns the model and lays it out anew"),
                                        [this, flow = flow] { setFlow(flow); });
    action->setCheckable(true);
    action->setActionGroup(flowGroup);
    action->setChecked(flow == ui::Flow::Right);
    flowActions_[flow] = action;
  }
  addDocumentAction(menu, tr("&100 %\tCtrl+1"), {}, tr("One to one"), [this] { canvas_->zoomToActualSize(); });
  addDocumentAction(menu, tr("&Find…"), QKeySequence::Find, tr("A block of the model, by name, kind or parameter"),
                    [this] { findBlock(); });
  addDocumentAction(menu, tr("Search the &palette"), Qt::CTRL | Qt::SHIFT | Qt::Key_F, tr("A block to add"), [this] {
    docks_.front()->show();
    docks_.front()->raise();
    palette_->focusSearch();
  });
  addAction(menu, tr("&Commands…"), Qt::CTRL | Qt::SHIFT | Qt::Key_P, tr("Search all that the menus offer"),
            [this] { openCommands(); });
  addDocumentAction(menu, tr("&Text"), Qt::Key_F4, tr("The model as text"), [this] {
    auto* dock = qobject_cast<QDockWidget*>(textView_->parentWidget());
    dock->show();
    dock->raise();
    textView_->editor()->setFocus();
  });
  menu->addSeparator();
  QMenu* heat = menu->addMenu(tr("&Colour by"));
  for (const HeatMode mode : kHeatModes) {
    QAction* action =
        addDocumentAction(heat, heatTitle(mode), {}, heatHelp(mode), [this, mode] { heat_->setMode(mode); });
    action->setCheckable(true);
    action->setChecked(mode == HeatMode::None);
    heatActions_[mode] = action;
    if (mode == HeatMode::None || mode == HeatMode::Bytes) heat->addSeparator();
  }
  heat->addSeparator();
  measureHeat_ = addDocumentAction(heat, tr("Measure &again"), Qt::SHIFT | Qt::Key_H,
                                   tr("Time, similarity, sparsity or gradients of the model as it is now"),
                                   [this] { heat_->measure(); });
  addDocumentAction(menu, tr("Ne&xt colouring"), Qt::Key_H,
                    tr("Parameters, FLOPs, bytes, time, similarity, sparsity, gradients, kind of block"),
                    [this] { heat_->next(); });
  addDocumentAction(menu, tr("&Enter\tReturn"), {}, tr("Show only the inside of the selected container"), [this] {
    const std::vector<ui::ItemId> selected = canvas_->selection();
    const Node* node = selected.size() == 1 ? findNode(*document_->current(), selected.front()) : nullptr;
    if (node && !node->bodies.empty()) enter(node->id);
  });
  addDocumentAction(menu, tr("Lea&ve\tBackspace"), {}, tr("Back to what is around the container"),
                    [this] { canvasController_->leaveContainer(); });
  addTrailActions(menu);
  menu->addSeparator();
  for (QDockWidget* dock : docks_) {
    menu->addAction(dock->toggleViewAction());
    documentActions_.push_back(dock->toggleViewAction());
  }
  menu->addSeparator();
  addThemeActions(menu);
  addDocumentAction(menu, tr("&Reset layout"), {}, tr("Panels where they were at first"), [this] { resetLayout(); });
}

void MainWindow::makeHelpMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Help"));
  addAction(menu, tr("&Help"), QKeySequence::HelpContents, tr("Pages about the program, and one for each block"),
            [this] { showHelp(); });
  addAction(menu, tr("Chan&ge keys…"), {}, tr("Which keys do what"), [this] {
    auto* dialog = new ShortcutsDialog(shortcuts_, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
  });
  addAction(menu, tr("&Keys and gestures"), {}, tr("What the canvas does"), [this] { showHelp("canvas"); });
  menu->addSeparator();
  addAction(menu, tr("&About Formwright"), {}, tr("Version and licence"), [this] {
    QMessageBox::about(this, tr("About Formwright"),
                       tr("Formwright 0.1.0\n\nDesign, run, train, measure and export transformer-like models.\n\nFree "
                          "software under the GNU General Public License, version 3 or later."));
  });
}

void MainWindow::makeToolBar() {
  bar_ = new QToolBar(tr("Run"), this);
  bar_->setObjectName("RunToolBar");
  bar_->setMovable(false);
  bar_->addAction(undo_);
  bar_->addAction(redo_);
  bar_->addAction(addBlock_);
  bar_->addAction(tidy_);
  runBar_ = new ui::RunBar;
  runBar_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  bar_->addWidget(runBar_);
  addToolBar(Qt::TopToolBarArea, bar_);
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

void MainWindow::showContextMenu(const QPoint& global, NodeId item, int cell) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->setObjectName("canvasMenu");
  QAction* add = menu->addAction(tr("&Add block…\tTab"));
  connect(add, &QAction::triggered, this, [this, global] { canvas_->openPalette(canvas_->mapFromGlobal(global)); });
  if (item != 0 && document_->current()->frames.contains(item)) {
    menu->clear();
    addNoteActions(menu, item);
    menu->popup(global);
    return;
  }
  if (cell >= 0) {
    menu->clear();
    addLayerActions(menu, item, cell);
    menu->popup(global);
    return;
  }
  const bool hasWire = !canvas_->selectedWires().empty();
  for (QAction* action : contextActions_) {
    if (!action)
      menu->addSeparator();
    else if (const auto fits = isFitting_.find(action); fits != isFitting_.end() && !fits->second())
      continue;
    else if (item != 0 || hasWire || action->text().contains("Ctrl+V"))
      menu->addAction(action);
  }
  menu->popup(global);
}

/// Without a page, that of the selected block, or the first.
void MainWindow::showHelp(QString page) {
  if (!help_) help_ = new HelpWindow(this);
  const std::vector<ui::ItemId> selected = canvas_->selection();
  if (page.isEmpty() && isDocumentShown_ && selected.size() == 1)
    if (const Node* node = findNode(*document_->current(), selected.front()))
      page = QString::fromStdString(node->block);
  help_->showPage(page);
  help_->show();
  help_->raise();
  help_->activateWindow();
}

void MainWindow::addThemeActions(QMenu* menu) {
  QMenu* themes = menu->addMenu(tr("The&me"));
  auto* choices = new QActionGroup(this);
  const std::tuple<ThemeChoice, QString, QString> all[] = {
      {ThemeChoice::Desktop, tr("As the &desktop"), tr("Dark or light, as the desktop is")},
      {ThemeChoice::Dark, tr("D&ark theme"), tr("Light on dark")},
      {ThemeChoice::Light, tr("&Light theme"), tr("Dark on light")}};
  for (const auto& [choice, title, tip] : all) {
    QAction* action = addAction(themes, title, {}, tip, [this, choice = choice] { appearance_.setTheme(choice); });
    action->setCheckable(true);
    action->setActionGroup(choices);
    action->setChecked(choice == appearance_.theme());
  }
  QAction* motion = addAction(menu, tr("Reduce m&otion"), {}, tr("The view jumps where it would glide"), {});
  motion->setCheckable(true);
  motion->setChecked(appearance_.reducesMotion());
  connect(motion, &QAction::toggled, &appearance_, &Appearance::setReducesMotion);
}

}  // namespace fw
