// The open documents.
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
  if (!lowered.graph) return facts;
  for (const ir::ParameterInfo& parameter : lowered.graph->parameters)
    facts.weights.push_back({parameter.name, parameter.origin, lowered.graph->type({parameter.node, 0}).shape});
  facts.cost = cost(*snapshot, {.batch = options.dims.at("B"), .time = options.dims.at("T"), .withPeak = false});
  return facts;
}

DocumentController::DocumentController(JobRunner& jobs, const QString& journalFolder, QObject* parent)
    : QObject(parent), jobs_(jobs), journalFolder_(journalFolder) {
  add();
}

DocumentController::~DocumentController() = default;

void DocumentController::add() {
  auto made = std::make_unique<Held>();
  made->id = ++lastId_;
  if (!journalFolder_.isEmpty()) {
    made->journal = std::make_unique<RecoveryJournal>(journalFolder_);
    connect(made->journal.get(), &RecoveryJournal::failed, this, &DocumentController::refused);
  }
  held_.push_back(std::move(made));
  active_ = count() - 1;
}

void DocumentController::activate(int index) {
  if (index < 0 || index >= count() || index == active_) return;
  active_ = index;
  emit changed();
  check();
}

void DocumentController::close(int index) {
  if (count() < 2 || index < 0 || index >= count()) return;
  const bool wasActive = index == active_;
  held_.erase(held_.begin() + index);
  if (active_ > index || active_ == count()) --active_;
  if (!isOpen()) return;
  emit changed();
  if (wasActive) check();
}

QString DocumentController::titleAt(int index) const {
  const Held& of = *held_[size_t(index)];
  if (!of.file.isEmpty()) return QFileInfo(of.file).fileName();
  return of.history && !of.history->current()->name.empty() ? QString::fromStdString(of.history->current()->name)
                                                            : tr("Untitled");
}

bool DocumentController::isModifiedAt(int index) const {
  const Held& of = *held_[size_t(index)];
  return of.history && (of.history->isModified() || of.isRecovered);
}

bool DocumentController::isUntouchedAt(int index) const {
  const Held& of = *held_[size_t(index)];
  return !of.history || (of.file.isEmpty() && !of.isRecovered && of.history->entries().size() == 1 &&
                         of.history->current()->root->nodes.empty());
}

ArchitecturePtr DocumentController::currentAt(int index) const {
  const Held& of = *held_[size_t(index)];
  return of.history ? of.history->current() : nullptr;
}

void DocumentController::open(const ArchitecturePtr& architecture, const QString& file) {
  held().history = std::make_unique<History>(architecture, catalog());
  held().file = file;
  held().saved = file.isEmpty() ? nullptr : architecture;
  held().isRecovered = false;
  if (held().journal) held().journal->restart(file);
  held().facts = {};
  emit changed();
  check();
}

void DocumentController::recover(const ArchitecturePtr& architecture, const QString& file, const QString& title) {
  open(architecture, file);
  held().saved = nullptr;
  held().isRecovered = true;
  if (held().journal) {
    held().journal->append(title.toStdString(), architecture);
    held().journal->flush();
  }
  emit changed();
}

int DocumentController::savedEntry() const {
  const std::vector<History::Entry>& entries = held().history->entries();
  for (size_t i = 0; held().saved && i < entries.size(); ++i)
    if (entries[i].snapshot == held().saved) return int(i);
  return -1;
}

bool DocumentController::edit(const QString& title, const QString& mergeKey,
                              const std::function<void(Editor&)>& change) {
  try {
    const ArchitecturePtr before = current();
    held().history->edit(title.toStdString(), mergeKey.toStdString(), change);
    if (before == current()) return true;
  } catch (const Error& error) {
    emit refused(QString::fromStdString(error.what()));
    return false;
  }
  published();
  return true;
}

void DocumentController::undo() {
  held().history->undo();
  published();
}

void DocumentController::redo() {
  held().history->redo();
  published();
}

void DocumentController::goTo(int index) {
  held().history->goTo(size_t(index));
  published();
}

void DocumentController::published() {
  if (held().journal && isModified()) {
    held().journal->append(held().history->entries()[held().history->index()].title, current());
  } else if (held().journal) {
    held().journal->restart(held().file);  // undone back to what is on disk
  }
  emit changed();
  check();
}

void DocumentController::save(const QString& file) {
  saveDocument(*current(), file.toStdString());
  held().file = file;
  held().history->markSaved();
  held().saved = current();
  held().isRecovered = false;
  if (held().journal) held().journal->restart(file);
  emit changed();
}

void DocumentController::markUnsaved() {
  held().saved = nullptr;
  held().isRecovered = true;
  emit changed();
}

void DocumentController::reload(const ArchitecturePtr& architecture) {
  held().history->edit(tr("Load the file again").toStdString(), {},
                       [&](Editor& editor) { editor.replace(*architecture); });
  held().history->markSaved();
  held().saved = current();
  held().isRecovered = false;
  published();
}

void DocumentController::check() {
  jobs_.start(
      "check", tr("Check"),
      [this, snapshot = current(), time = time](CancelToken cancel, const Progress&) -> JobRunner::Deliver {
        DocumentFacts facts = factsOf(snapshot, time, cancel);
        return [this, facts = std::move(facts)]() mutable {
          if (!isOpen() || facts.snapshot != current()) return;  // another document is active
          held().facts = std::move(facts);
          emit factsChanged();
        };
      },
      nullptr, true);
}

}  // namespace fw
