// The main window: canvas in the middle, panels around it, actions in menus and the tool bar.
#pragma once

#include <QMainWindow>
#include <memory>

#include "app/canvas_controller.h"
#include "app/document_controller.h"
#include "app/inspector_controller.h"
#include "app/scene_builder.h"
#include "app/similarity_controller.h"
#include "app/training_controller.h"

class QDockWidget;
class QStackedWidget;

namespace fw::ui {
class HistoryPanel;
class JobsPanel;
class PalettePanel;
class ProblemsPanel;
class StartPage;
class StatusLine;
}  // namespace fw::ui

namespace fw {

/// Where the program keeps what is not the user's: journals and runs.
struct StateFolders {
  QString journals, runs;
  /// Under $XDG_STATE_HOME/formwright, ~/.local/state where it is not set.
  static StateFolders standard();
};

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(const StateFolders& folders, QWidget* parent = nullptr);
  ~MainWindow() override;

  /// Preset id, file or run folder; a failure is told in a message and leaves the window as it was.
  bool open(const QString& model);
  void newDocument();
  void showStart();
  /// Offers what a crash left behind.
  void offerRecovery();

  DocumentController& document() { return *document_; }
  TrainingController& training() { return *training_; }
  SimilarityController& similarity() { return *similarity_; }
  ui::CanvasView& canvas() { return *canvas_; }
  ui::RunBar& runBar() { return *runBar_; }
  ui::SimilarityPanel& similarityPanel() { return *similarityPanel_; }
  ui::TrainingPanel& trainingPanel() { return *trainingPanel_; }
  ui::PalettePanel& palette() { return *palette_; }
  ui::InspectorPanel& inspector() { return *inspectorPanel_; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void makeDocks();
  void makeActions();
  QDockWidget* addDock(const QString& name, const QString& title, QWidget* content, Qt::DockWidgetArea area);
  QAction* addAction(class QMenu* menu, const QString& text, const QKeySequence& keys, const QString& tip,
                     const std::function<void()>& run);
  void showScene();
  void showTitle();
  void showHistory();
  void showProblems();
  void showStatus(const QString& sentence = {});
  void applyPreset(const QString& model);
  void remember(const QString& file);
  void jumpTo(const Diagnostic& diagnostic);
  void selectLayers(const std::set<int>& layers);
  bool save();
  bool saveAs();
  bool mayDiscard();
  void openDialog();
  void setTheme(bool isDark);
  void tell(const QString& sentence);

  StateFolders folders_;
  JobRunner jobs_;
  std::unique_ptr<DocumentController> document_;
  std::unique_ptr<TrainingController> training_;
  std::unique_ptr<SimilarityController> similarity_;
  std::unique_ptr<CanvasController> canvasController_;
  std::unique_ptr<InspectorController> inspectorController_;

  QStackedWidget* pages_;
  ui::StartPage* start_;
  ui::CanvasView* canvas_;
  class QLabel* crumbs_;
  ui::RunBar* runBar_;
  ui::PalettePanel* palette_;
  ui::InspectorPanel* inspectorPanel_;
  ui::HistoryPanel* history_;
  ui::ProblemsPanel* problems_;
  ui::TrainingPanel* trainingPanel_;
  ui::SimilarityPanel* similarityPanel_;
  ui::JobsPanel* jobsPanel_;
  ui::StatusLine* status_;
  std::vector<QDockWidget*> docks_;
  QMenu* viewMenu_ = nullptr;
  QAction *undo_ = nullptr, *redo_ = nullptr;
  std::vector<QAction*> documentActions_;
  std::unique_ptr<SceneOverlay> overlay_;
  QByteArray defaultState_;
  bool wasShown_ = false;
};

}  // namespace fw
