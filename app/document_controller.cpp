// One open document.
#include "app/document_controller.h"

#include <QFileInfo>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/blocks/lowering.h"

namespace fw {

DocumentFacts factsOf(const ArchitecturePtr& snapshot, int64_t time, const CancelToken& cancel) {
  const LowerOptions options{.mode = Mode::Prefill,
                             .dims = {{"B", smallestBatch(*snapshot)}, {"T", longestTime(*snapshot, time)}}};
  LowerResult lowered = lower(*snapshot, catalog(), options);
  throwIfCancelled(cancel);
  DocumentFacts facts{.snapshot = snapshot,
                      .diagnostics = std::move(lowered.diagnostics),
                      .types = std::move(lowered.types),
                      .paths = std::move(lowered.paths),
                      .layers = std::move(lowered.layers)};
  if (lowered.graph)
    facts.cost = cost(*snapshot, {.batch = options.dims.at("B"), .time = options.dims.at("T"), .withPeak = false});
  return facts;
}

DocumentController::DocumentController(JobRunner& jobs, const QString& journalFolder, QObject* parent)
    : QObject(parent), jobs_(jobs) {
  if (journalFolder.isEmpty()) return;
  journal_ = std::make_unique<RecoveryJournal>(journalFolder);
  connect(journal_.get(), &RecoveryJournal::failed, this, &DocumentController::refused);
}

DocumentController::~DocumentController() = default;

QString DocumentController::title() const {
  if (!file_.isEmpty()) return QFileInfo(file_).fileName();
  return isOpen() && !current()->name.empty() ? QString::fromStdString(current()->name) : tr("Untitled");
}

void DocumentController::open(const ArchitecturePtr& architecture, const QString& file) {
  history_ = std::make_unique<History>(architecture, catalog());
  file_ = file;
  saved_ = file.isEmpty() ? nullptr : architecture;
  isRecovered_ = false;
  if (journal_) journal_->restart(file);
  facts_ = {};
  emit changed();
  check();
}

void DocumentController::recover(const ArchitecturePtr& architecture, const QString& file, const QString& title) {
  open(architecture, file);
  saved_ = nullptr;
  isRecovered_ = true;
  if (journal_) {
    journal_->append(title.toStdString(), architecture);
    journal_->flush();
  }
  emit changed();
}

int DocumentController::savedEntry() const {
  const std::vector<History::Entry>& entries = history_->entries();
  for (size_t i = 0; saved_ && i < entries.size(); ++i)
    if (entries[i].snapshot == saved_) return int(i);
  return -1;
}

bool DocumentController::edit(const QString& title, const QString& mergeKey,
                              const std::function<void(Editor&)>& change) {
  try {
    const ArchitecturePtr before = current();
    history_->edit(title.toStdString(), mergeKey.toStdString(), change);
    if (before == current()) return true;
  } catch (const Error& error) {
    emit refused(QString::fromStdString(error.what()));
    return false;
  }
  published();
  return true;
}

void DocumentController::undo() {
  history_->undo();
  published();
}

void DocumentController::redo() {
  history_->redo();
  published();
}

void DocumentController::goTo(int index) {
  history_->goTo(size_t(index));
  published();
}

void DocumentController::published() {
  if (journal_ && isModified())
    journal_->append(history_->entries()[history_->index()].title, current());
  else if (journal_)
    journal_->restart(file_);  // undone back to what is on disk
  emit changed();
  check();
}

void DocumentController::save(const QString& file) {
  saveDocument(*current(), file.toStdString());
  file_ = file;
  history_->markSaved();
  saved_ = current();
  isRecovered_ = false;
  if (journal_) journal_->restart(file);
  emit changed();
}

void DocumentController::check() {
  jobs_.start(
      "check", tr("Check"),
      [this, snapshot = current(), time = time](CancelToken cancel, const Progress&) -> JobRunner::Deliver {
        DocumentFacts facts = factsOf(snapshot, time, cancel);
        return [this, facts = std::move(facts)]() mutable {
          facts_ = std::move(facts);
          emit factsChanged();
        };
      },
      nullptr, true);
}

}  // namespace fw
