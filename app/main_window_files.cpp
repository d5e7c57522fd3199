// The main window: opening, saving, recovering, closing.
#include <QCloseEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QSettings>

#include "app/diff_window.h"
#include "app/main_window.h"
#include "app/recovery_dialog.h"
#include "engine/base/error.h"
#include "engine/io/tensor_table.h"
#include "engine/presets/preset.h"
#include "widgets/panels/notice_bar.h"
#include "widgets/panels/tensor_table.h"

namespace fw {
namespace {

constexpr int kMostRecent = 10;

}  // namespace

/// A place for another model: a tab of its own, unless the one that is shown is empty and untouched.
void MainWindow::takePlace() {
  if (document_->isOpen() && !document_->isUntouchedAt(document_->active())) {
    rememberPlace();
    canvas_->clearSelection();
    document_->add();
  } else if (document_->count() == 1) {
    training_->reset();  // the curves of a model that is in another tab stay
  }
  resetPanels();
}

/// Nothing that was computed is of this model.
void MainWindow::resetPanels() {
  similarity_->reset();
  measures_->reset();
  tradeOff_->reset();
}

void MainWindow::newDocument() {
  takePlace();
  resetPlaces();
  model_.clear();
  generate_->setModel(model_);
  document_->open(std::make_shared<const Architecture>(), {});
  canvas_->frameAll();
}

bool MainWindow::open(const QString& model) {
  try {
    if (const std::optional<TensorTable> table = openTensorTable(model.toStdString())) {
      showTable(model, *table);
      return true;
    }
    const OpenedModel opened = openModel(model.toStdString(), false);
    const int tab = opened.file.empty() ? -1 : tabOf(QString::fromStdString(opened.file));
    if (tab >= 0) {
      switchTab(tab);
      returnToDocument();
      if (document_->isModified()) {
        tell(tr("%1 is open already, with edits that are not saved.").arg(document_->title()));
        return true;
      }
      resetPanels();
    } else {
      takePlace();
    }
    model_ = model;
    generate_->setModel(model);
    applyPreset(model);
    resetPlaces(opened.architecture.get());
    if (opened.run) training_->remember(*opened.architecture, QString::fromStdString(opened.run->string()));
    document_->open(opened.architecture, QString::fromStdString(opened.file));
    canvas_->frameAll();
    if (!opened.file.empty() || !opened.family.empty()) remember(QFileInfo(model).absoluteFilePath());
    runBar_->setState(training_->runState());
    QStringList notes;
    for (const std::string& note : opened.notes) notes << QString::fromStdString(note);
    if (!notes.isEmpty()) tell(notes.join(' '));
    return true;
  } catch (const Error& error) {
    QMessageBox box(QMessageBox::Warning, tr("Not opened"), QString::fromStdString(error.what()), QMessageBox::Ok,
                    this);
    box.setTextFormat(Qt::PlainText);
    box.exec();
    return false;
  }
}

/// The tab in which a file is open; -1: none.
int MainWindow::tabOf(const QString& file) const {
  const QString path = QFileInfo(file).absoluteFilePath();
  for (int tab = 0; tab < document_->count(); ++tab)
    if (!document_->fileAt(tab).isEmpty() && QFileInfo(document_->fileAt(tab)).absoluteFilePath() == path) return tab;
  return -1;
}

void MainWindow::showTable(const QString& path, const TensorTable& table) {
  ui::TensorTableState state{.title = QFileInfo(path).fileName(), .reason = QString::fromStdString(table.reason)};
  for (const TensorRow& row : table.rows)
    state.rows.push_back({QString::fromStdString(row.name), QString::fromStdString(row.dtype), row.shape.dims(),
                          row.bytes, QString::fromStdString(row.file)});
  tensorTable_->setState(state);
  showPage(tensorTable_);
  setWindowTitle(state.title + " — Formwright");
  remember(QFileInfo(path).absoluteFilePath());
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

void MainWindow::fillRecentMenu(QMenu* menu) {
  menu->clear();
  const QStringList recent = QSettings().value("recent").toStringList();
  for (const QString& file : recent) {
    const QFileInfo info(file);
    QAction* action = menu->addAction(QString(info.fileName()).replace('&', "&&"));
    action->setToolTip(file);
    action->setStatusTip(file);
    if (!info.exists()) action->setText(tr("%1 (missing)").arg(action->text()));
    action->setEnabled(info.exists());
    connect(action, &QAction::triggered, this, [this, file] { open(file); });
  }
  menu->addSeparator();
  QAction* clear = menu->addAction(tr("&Clear the list"));
  clear->setEnabled(!recent.isEmpty());
  connect(clear, &QAction::triggered, this, [] { QSettings().remove("recent"); });
}

/// After the document's file has become another one, or was written.
void MainWindow::watchFile() {
  const QString file = document_->isOpen() ? document_->file() : QString();
  if (file == watch_.file()) return;
  watch_.watch(file);
  notice_->hide();
}

void MainWindow::tellFileChanged(bool isGone) {
  if (isGone) {
    document_->markUnsaved();
    notice_->tell(
        tr("%1 is no longer on disk. The model is still here; saving writes it again.").arg(document_->title()),
        {{tr("Close"), {}}});
    return;
  }
  notice_->tell(
      tr("Another program has changed %1.").arg(document_->title()),
      {{tr("Load it again"), [this] { reload(); }}, {tr("Keep what is here"), [this] { document_->markUnsaved(); }}});
}

/// The document as its file has it now, as one edit: undo brings the other one back.
void MainWindow::reload() {
  try {
    const OpenedModel opened = openModel(document_->file().toStdString(), false);
    document_->reload(opened.architecture);
  } catch (const Error& error) {
    tell(QString::fromStdString(error.what()));
  }
}

bool MainWindow::save() { return document_->file().isEmpty() ? saveAs() : write(document_->file()); }

bool MainWindow::saveAs() {
  QString file = QFileDialog::getSaveFileName(this, tr("Save model"),
                                              document_->file().isEmpty() ? "model.fw.json" : document_->file(),
                                              tr("Formwright models (*.fw.json)"));
  if (file.isEmpty()) return false;
  if (!file.endsWith(".json")) file += ".fw.json";
  return write(file);
}

bool MainWindow::write(const QString& file) {
  try {
    document_->save(file);
    watch_.accept();
    notice_->hide();
    remember(QFileInfo(file).absoluteFilePath());
    return true;
  } catch (const Error& error) {
    QMessageBox::warning(this, tr("Not saved"), QString::fromStdString(error.what()));
    return false;
  }
}

bool MainWindow::mayDiscard() {
  if (!document_->isModified()) return true;
  QMessageBox box(QMessageBox::Question, tr("Unsaved changes"), tr("Save the changes of %1?").arg(document_->title()),
                  QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
  box.setInformativeText(tr("They are lost otherwise."));
  box.setDefaultButton(QMessageBox::Save);
  switch (box.exec()) {
    case QMessageBox::Save:
      return save();
    case QMessageBox::Discard:
      return true;
    default:
      return false;
  }
}

void MainWindow::openDialog() {
  const QString file = QFileDialog::getOpenFileName(this, tr("Open model"), {},
                                                    tr("Models and tensors (*.fw.json *.safetensors);;All files (*)"));
  if (!file.isEmpty()) open(file);
}

void MainWindow::openFolderDialog() {
  const QString folder = QFileDialog::getExistingDirectory(this, tr("Open folder"), folders_.runs);
  if (!folder.isEmpty()) open(folder);
}

void MainWindow::compareDialog() {
  const QString file =
      QFileDialog::getOpenFileName(this, tr("Compare with"), {}, tr("Formwright models (*.fw.json);;All files (*)"));
  if (file.isEmpty()) return;
  try {
    const OpenedModel other = openModel(file.toStdString(), false);
    if (other.run) training_->remember(*other.architecture, QString::fromStdString(other.run->string()));
    compare(other.architecture, QFileInfo(file).fileName());
  } catch (const Error& error) {
    QMessageBox::warning(this, tr("Not opened"), QString::fromStdString(error.what()));
  }
}

/// Where nothing was saved, the model as it was opened.
void MainWindow::compareWithSaved() {
  const int saved = std::max(0, document_->savedEntry());
  compare(document_->history().entries()[size_t(saved)].snapshot,
          document_->savedEntry() >= 0 ? tr("saved") : tr("as opened"));
}

void MainWindow::compare(const ArchitecturePtr& before, const QString& name) {
  struct Trained {
    ArchitecturePtr model;
    QString name, run;                      // the folder; empty: none
    std::map<std::string, Tensor> weights;  // of an edit of what was trained
  };
  const auto trained = [this](const ArchitecturePtr& model, const QString& title) {
    return Trained{model, title, training_->runOf(*model), training_->weightsOf(*model)};
  };
  jobs_.start(
      "compare", tr("Compare"),
      [this, left = trained(before, name), right = trained(document_->current(), document_->title()),
       time = document_->time, setup = training_->setup](CancelToken cancel, const Progress&) -> JobRunner::Deliver {
        // Two runs of one task are compared on that, others on the run bar's.
        std::string task = setup.task;
        Params options = setup.taskOptions;
        if (!left.run.isEmpty() && !right.run.isEmpty()) {
          const TrainOptions a = readRun(left.run.toStdString()).options, b = readRun(right.run.toStdString()).options;
          if (a.task == b.task && a.taskOptions == b.taskOptions) task = a.task, options = a.taskOptions;
        }
        const auto side = [&](const Trained& of) {
          DiffWindow::Side made{.name = of.name, .facts = factsOf(of.model, time, cancel)};
          made.absence = tr("not trained");
          if (of.run.isEmpty() && of.weights.empty()) return made;
          constexpr int64_t kBatches = 8, kRows = 32;
          try {
            const auto weights = of.weights.empty() ? openModel(of.run.toStdString()).weights : of.weights;
            made.quality = evaluate(*of.model, weights, task, options, 1, kBatches, kRows, setup.device, cancel);
          } catch (const Error& error) {
            if (error.code() == Code::Cancelled) throw;
            made.absence = tr("not for this task");
          }
          return made;
        };
        DiffWindow::Side a = side(left), b = side(right);
        return [this, a = std::move(a), b = std::move(b), task] { (new DiffWindow(a, b, task, this))->show(); };
      },
      [this](const QString& sentence) {
        if (!sentence.isEmpty()) tell(sentence);
      });
}

void MainWindow::offerRecovery() {
  QStringList complaints;
  std::vector<LeftBehind> found = findLeftBehind(folders_.journals, complaints);
  for (const QString& complaint : complaints) tell(complaint);
  if (found.empty()) return;
  auto* dialog = new RecoveryDialog(std::move(found), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &RecoveryDialog::recovered, this,
          [this](const QString& file, const ArchitecturePtr& architecture, const QString& title) {
            takePlace();  // each in a tab of its own
            resetPlaces(architecture.get());
            model_.clear();
            generate_->setModel(model_);
            document_->recover(architecture, file, title);
            canvas_->frameAll();
          });
  dialog->open();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  for (int tab = 0; tab < document_->count(); ++tab) {
    if (!document_->isModifiedAt(tab)) continue;
    switchTab(tab);
    if (mayDiscard()) continue;
    event->ignore();
    return;
  }
  saveLayout();
  training_->stop();
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (const QString path = url.toLocalFile();
        path.endsWith(".json") || path.endsWith(".safetensors") || QFileInfo(path).isDir())
      event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) open(url.toLocalFile());
}

}  // namespace fw
