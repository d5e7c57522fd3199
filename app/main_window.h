// The main window: canvas in the middle, panels around it, actions in menus and the tool bar.
#pragma once

#include <QMainWindow>
#include <QTimer>
#include <memory>

#include "app/appearance.h"
#include "app/canvas_controller.h"
#include "app/document_controller.h"
#include "app/file_watch.h"
#include "app/generate_controller.h"
#include "app/heat_controller.h"
#include "app/inspector_controller.h"
#include "app/measures_controller.h"
#include "app/scene_builder.h"
#include "app/shortcuts.h"
#include "app/similarity_controller.h"
#include "app/trade_off_controller.h"
#include "app/trail.h"
#include "app/training_controller.h"
#include "widgets/start/start_page.h"

class QDockWidget;
class QMenu;
class QToolBar;
class QStackedWidget;
class QTabBar;

namespace fw::ui {
class Breadcrumbs;
class HeatLegend;
class HistoryPanel;
class JobsPanel;
class NoticeBar;
class PalettePanel;
class ProblemsPanel;
class StatusLine;
class TensorTable;
}  // namespace fw::ui

namespace fw {

class TextView;
struct ExporterDef;
struct TensorTable;

/// Where the program keeps what is not the user's: journals and runs.
struct StateFolders {
  QString journals, runs;
  QString blocks = {};  // the user's own composites
  /// Under $XDG_STATE_HOME/formwright, ~/.local/state where it is not set; blocks under $XDG_DATA_HOME, ~/.local/share.
  static StateFolders standard();
};

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(const StateFolders& folders, QWidget* parent = nullptr);
  ~MainWindow() override;

  /// Preset id, file, run folder or Hugging Face folder, in a tab of its own unless an empty one is shown; what has
  /// tensors and is no model is shown as their table. A failure is told in a message and leaves the window as it was.
  bool open(const QString& model);
  void newDocument();
  void showStart();
  // Documents in tabs: main_window_tabs.cpp.
  /// An empty model in a tab of its own.
  void newTab();
  void switchTab(int index);
  /// Asks where it has edits that are not saved.
  void closeTab(int index);
  /// Asks about edits that a crash left behind, where there are some.
  void offerRecovery();

  Appearance& appearance() { return appearance_; }
  ui::NoticeBar& notice() { return *notice_; }
  Shortcuts& shortcuts() { return shortcuts_; }
  const BlockLibrary& library() const { return library_; }
  DocumentController& document() { return *document_; }
  JobRunner& jobs() { return jobs_; }
  TrainingController& training() { return *training_; }
  SimilarityController& similarity() { return *similarity_; }
  MeasuresController& measures() { return *measures_; }
  TradeOffController& tradeOff() { return *tradeOff_; }
  HeatController& heat() { return *heat_; }
  ui::CanvasView& canvas() { return *canvas_; }
  ui::RunBar& runBar() { return *runBar_; }
  ui::SimilarityPanel& similarityPanel() { return *similarityPanel_; }
  ui::MeasuresPanel& measuresPanel() { return *measuresPanel_; }
  ui::TradeOffPanel& tradeOffPanel() { return *tradeOffPanel_; }
  ui::TrainingPanel& trainingPanel() { return *trainingPanel_; }
  ui::GeneratePanel& generatePanel() { return *generatePanel_; }
  ui::TensorTable& tensorTable() { return *tensorTable_; }
  ui::PalettePanel& palette() { return *palette_; }
  ui::InspectorPanel& inspector() { return *inspectorPanel_; }
  ui::ProblemsPanel& problems() { return *problems_; }
  ui::HistoryPanel& history() { return *history_; }
  ui::StartPage& startPage() { return *start_; }
  ui::Breadcrumbs& breadcrumbs() { return *crumbs_; }
  QTabBar& tabs() { return *tabs_; }
  TextView& textView() { return *textView_; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  void makeDocks();
  void connectPanels();
  void connectTradeOff();
  void connectCanvas();
  QDockWidget* addDock(const QString& name, const QString& title, QWidget* content, Qt::DockWidgetArea area);
  void showScene();
  void showPage(QWidget* page);
  void showDocument();
  void resetLayout();
  void saveLayout();
  void showTitle();
  void showHistory();
  void showProblems();
  void showStatus(const QString& sentence = {});
  void jumpTo(const Diagnostic& diagnostic);
  void mend(int problem);
  void selectLayers(const std::set<int>& layers);
  void tidyUp();
  void tell(const QString& sentence);

  // Menus and the tool bar: main_window_actions.cpp.
  void makeActions();
  void makeFileMenu();
  void makeEditMenu();
  void makeModelMenu();
  void makeRunMenu();
  void makeViewMenu();
  void makeHelpMenu();
  void makeToolBar();
  QAction* addAction(QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                     const std::function<void()>& run);
  QAction* addDocumentAction(QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                             const std::function<void()>& run);
  void showContextMenu(const QPoint& global, NodeId item, int cell);
  void addCompositeActions(QMenu* menu);
  void addLayerActions(QMenu* menu, NodeId repeat, int layer);
  void addNote();
  void editNote(NodeId note);
  void addNoteActions(QMenu* menu, NodeId note);
  void addThemeActions(QMenu* menu);
  void showHelp(QString page = {});

  // What is searched by typing: main_window_palettes.cpp.
  void findBlock();
  void openCommands();
  void replaceBlocks();
  void promoteParam();
  void wireByKeyboard();

  // Composites and the user's library of them: main_window_composites.cpp.
  void fillPalettes();
  void saveToLibrary();
  void showPaletteMenu(const QString& id, const QPoint& global);
  void showParamMenu(NodeId node, const QString& param, const QPoint& global);
  const Node* selectedComposite() const;

  // Where one is: main_window_places.cpp.
  void resetPlaces(const Architecture* model = nullptr);
  void setFlow(ui::Flow flow);
  void showFlow();
  void enter(NodeId container);
  void showInside(NodeId container);
  void showPlace();
  void goTo(NodeId node);
  void showHeat();

  // Back and forward, bookmarks: main_window_bookmarks.cpp.
  static constexpr int kBookmarks = 9;
  void addTrailActions(QMenu* menu);
  Spot spot() const;
  void goTo(const Spot& spot);
  void step(bool isForward);
  void showTrail();
  void setMark(int number);
  std::optional<Spot> mark(int number) const;
  QString markText(int number) const;
  void jumpToMark(int number);

  void takePlace();
  void resetPanels();
  int tabOf(const QString& file) const;
  void returnToDocument();
  void makeTabs();
  void addTabActions(QMenu* menu);
  void showTabs();
  void rememberPlace();
  void fillCompareMenu(QMenu* menu);
  bool dropOnTab(const std::vector<ui::ItemId>& items, QPoint global);

  // Opening, saving, closing: main_window_files.cpp.
  void showTable(const QString& path, const TensorTable& table);
  void applyPreset(const QString& model);
  void remember(const QString& file);
  void fillRecentMenu(QMenu* menu);
  void addExportActions(QMenu* menu);
  void exportModel(const ExporterDef& exporter);
  void watchFile();
  void tellFileChanged(bool isGone);
  void reload();
  bool save();
  bool saveAs();
  bool write(const QString& file);
  bool mayDiscard();
  void openDialog();
  void openFolderDialog();
  void compareDialog();
  void compareWithSaved();
  /// Opens a window that shows `before` beside the model.
  void compare(const ArchitecturePtr& before, const QString& name);

  Appearance appearance_;
  StateFolders folders_;
  BlockLibrary library_;
  JobRunner jobs_;
  std::unique_ptr<DocumentController> document_;
  std::unique_ptr<TrainingController> training_;
  std::unique_ptr<SimilarityController> similarity_;
  std::unique_ptr<MeasuresController> measures_;
  std::unique_ptr<TradeOffController> tradeOff_;
  std::unique_ptr<GenerateController> generate_;
  std::unique_ptr<HeatController> heat_;
  std::unique_ptr<CanvasController> canvasController_;
  std::unique_ptr<InspectorController> inspectorController_;

  QStackedWidget* pages_;
  QTabBar* tabs_ = nullptr;
  ui::StartPage* start_;
  ui::CanvasView* canvas_;
  ui::Breadcrumbs* crumbs_;
  ui::HeatLegend* legend_;
  TextView* textView_;
  ui::RunBar* runBar_;
  ui::PalettePanel* palette_;
  ui::InspectorPanel* inspectorPanel_;
  ui::HistoryPanel* history_;
  ui::ProblemsPanel* problems_;
  ui::TrainingPanel* trainingPanel_;
  ui::SimilarityPanel* similarityPanel_;
  ui::MeasuresPanel* measuresPanel_;
  ui::TradeOffPanel* tradeOffPanel_;
  ui::GeneratePanel* generatePanel_;
  ui::TensorTable* tensorTable_;
  ui::NoticeBar* notice_;
  ui::JobsPanel* jobsPanel_;
  ui::StatusLine* status_;
  QToolBar* bar_;
  std::vector<QDockWidget*> docks_;
  class DockTitles* dockTitles_ = nullptr;
  QAction *undo_ = nullptr, *redo_ = nullptr, *addBlock_ = nullptr, *tidy_ = nullptr;
  std::vector<QAction*> documentActions_;  // make sense only while a document is shown
  std::vector<QAction*> contextActions_;   // nullptr: a line
  std::map<HeatMode, QAction*> heatActions_;
  QAction* measureHeat_ = nullptr;
  std::map<ui::Flow, QAction*> flowActions_;
  std::map<QAction*, std::function<bool()>> isFitting_;  // of the context menu: whether an action has sense
  std::unique_ptr<SceneOverlay> overlay_;
  Shortcuts shortcuts_;
  FileWatch watch_;                   // of the active document
  QByteArray defaultState_, layout_;  // of the docks: at first, and as the person left them
  class HelpWindow* help_ = nullptr;  // made when it is first asked for
  bool isDocumentShown_ = false;
  /// Where one was in a document when another one was turned to.
  struct Place {
    SceneOverlay overlay;
    ui::Camera camera;
    QString model;
    Trail trail;
    std::map<int, Spot> marks;
  };
  Trail trail_;
  std::map<int, Spot> marks_;  // bookmarks by number
  QAction *back_ = nullptr, *forward_ = nullptr;
  std::map<int, Place> places_;                      // by DocumentController::idAt()
  QString model_;                                    // whose weights the text panel takes
  QTimer sentenceTimer_;                             // takes a sentence out of the status line
  std::map<QString, ui::TemplateDiagram> diagrams_;  // by preset, as far as they are made
};

}  // namespace fw
