// One open document.
#include "app/document_controller.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QUuid>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/blocks/lowering.h"

namespace fw {

namespace {
constexpr int kSyncEvery = 4000;  // milliseconds between writes that outlive a power cut
}

DocumentController::DocumentController(JobRunner& jobs, const QString& journalFolder, QObject* parent)
    : QObject(parent), jobs_(jobs) {
  if (!journalFolder.isEmpty()) {
    QDir().mkpath(journalFolder);
    journalPath_ = journalFolder + "/" + QUuid::createUuid().toString(QUuid::WithoutBraces) + ".journal";
  }
  syncTimer_.setInterval(kSyncEvery);
  connect(&syncTimer_, &QTimer::timeout, this, [this] {
    if (journal_) journal_->sync();
  });
}

DocumentController::~DocumentController() {
  journal_.reset();
  if (!journalPath_.isEmpty()) QFile::remove(journalPath_);
}

QString DocumentController::title() const {
  if (!file_.isEmpty()) return QFileInfo(file_).fileName();
  return isOpen() && !current()->name.empty() ? QString::fromStdString(current()->name) : tr("Untitled");
}

void DocumentController::open(const ArchitecturePtr& architecture, const QString& file, const QString& title) {
  history_ = std::make_unique<History>(architecture, catalog());
  Q_UNUSED(title);
  file_ = file;
  isRecovered_ = false;
  journal_.reset();
  if (!journalPath_.isEmpty()) {
    try {
      journal_ = std::make_unique<JournalWriter>(journalPath_.toStdString(), file.toStdString());
      syncTimer_.start();
    } catch (const Error& error) {
      emit refused(tr("Edits cannot be recovered after a crash: %1").arg(QString::fromStdString(error.what())));
    }
  }
  facts_ = {};
  emit changed();
  check();
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
  if (journal_) {
    try {
      journal_->append(history_->entries()[history_->index()].title, *current(), QDateTime::currentSecsSinceEpoch());
    } catch (const Error& error) {
      emit refused(QString::fromStdString(error.what()));
    }
  }
  emit changed();
  check();
}

void DocumentController::save(const QString& file) {
  saveDocument(*current(), file.toStdString());
  file_ = file;
  history_->markSaved();
  isRecovered_ = false;
  if (journal_) journal_->restart(file.toStdString());
  emit changed();
}

void DocumentController::check() {
  const ArchitecturePtr snapshot = current();
  const LowerOptions options{.mode = Mode::Prefill, .dims = {{"B", batch()}, {"T", longestTime(*snapshot, time)}}};
  jobs_.start(
      "check", tr("Check"),
      [this, snapshot, options](CancelToken cancel, const Progress&) -> JobRunner::Deliver {
        LowerResult lowered = lower(*snapshot, catalog(), options);
        throwIfCancelled(cancel);
        DocumentFacts facts{.snapshot = snapshot,
                            .diagnostics = std::move(lowered.diagnostics),
                            .types = std::move(lowered.types),
                            .paths = std::move(lowered.paths),
                            .layers = std::move(lowered.layers)};
        if (lowered.graph)
          facts.cost =
              cost(*snapshot, {.batch = options.dims.at("B"), .time = options.dims.at("T"), .withPeak = false});
        return [this, facts = std::move(facts)]() mutable {
          facts_ = std::move(facts);
          emit factsChanged();
        };
      },
      nullptr, true);
}

}  // namespace fw
