// The open documents, each with its history, its file, its recovery journal, and what is known of it (problems, shapes,
// cost); one of them is the active one, which everything else is about.
#pragma once

#include <QObject>
#include <memory>

#include "app/job_runner.h"
#include "app/recovery_journal.h"
#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// A tensor that a model is made of.
struct WeightFact {
  std::string name;  // "layers.3.attention.q.weight"
  NodeId node = 0;
  Shape shape;
};

/// What checking a snapshot gave.
struct DocumentFacts {
  ArchitecturePtr snapshot;
  std::vector<Diagnostic> diagnostics;
  std::map<PortRef, ir::TensorType> types;
  std::map<NodeId, std::string> paths;
  std::vector<LayerInfo> layers;
  std::vector<WeightFact> weights;
  std::optional<CostReport> cost;
};

/// Checks a snapshot, with `time` tokens where it takes as many. Any thread.
DocumentFacts factsOf(const ArchitecturePtr& snapshot, int64_t time, const CancelToken& cancel = {});

class DocumentController : public QObject {
  Q_OBJECT
 public:
  DocumentController(JobRunner& jobs, const QString& journalFolder, QObject* parent = nullptr);
  ~DocumentController() override;

  /// Replaces the document; its first snapshot is the history's first entry.
  void open(const ArchitecturePtr& architecture, const QString& file);
  /// What a crash left behind: differs from its file until it is saved. Back in a journal when this returns.
  void recover(const ArchitecturePtr& architecture, const QString& file, const QString& title);
  bool isOpen() const { return held().history != nullptr; }

  // ---- several documents

  int count() const { return int(held_.size()); }
  int active() const { return active_; }
  /// A number that a document keeps while it is open.
  int idAt(int index) const { return held_[size_t(index)]->id; }
  QString titleAt(int index) const;
  bool isModifiedAt(int index) const;
  ArchitecturePtr currentAt(int index) const;
  const QString& fileAt(int index) const { return held_[size_t(index)]->file; }
  /// Nothing is open there, or an empty model that nobody has changed.
  bool isUntouchedAt(int index) const;
  /// A place for one more, which is active, and shows nothing until something is opened in it.
  void add();
  void activate(int index);
  /// Forgets a document and its journal; the last one cannot go.
  void close(int index);

  // ---- the active one

  const ArchitecturePtr& current() const { return held().history->current(); }
  const History& history() const { return *held().history; }
  const DocumentFacts& facts() const { return held().facts; }
  const QString& file() const { return held().file; }
  QString title() const { return titleAt(active_); }
  bool isModified() const { return isModifiedAt(active_); }
  /// Index of the history's entry that is on disk; -1: none.
  int savedEntry() const;
  RecoveryJournal* journal() { return held().journal.get(); }

  /// Runs an edit; a refusal is told through refused().
  bool edit(const QString& title, const QString& mergeKey, const std::function<void(Editor&)>& change);
  void endMerge() {
    if (isOpen()) held().history->endMerge();
  }
  void undo();
  void redo();
  void goTo(int index);
  /// Its file holds something else now, or is gone.
  void markUnsaved();
  /// What its file holds now, as an edit.
  void reload(const ArchitecturePtr& architecture);
  /// Throws fw::Error; the file on disk is then as before.
  void save(const QString& file);

  /// Sizes at which shapes and cost are shown.
  int64_t batch() const { return smallestBatch(*current()); }
  int64_t time = 128;

 signals:
  void changed();
  void factsChanged();
  void refused(const QString& sentence);

 private:
  void published();
  void check();

  struct Held {
    int id = 0;
    std::unique_ptr<History> history;  // none: nothing is open in this place
    std::unique_ptr<RecoveryJournal> journal;
    QString file;
    ArchitecturePtr saved;  // the snapshot that the file holds
    DocumentFacts facts;
    bool isRecovered = false;
  };
  Held& held() { return *held_[size_t(active_)]; }
  const Held& held() const { return *held_[size_t(active_)]; }

  JobRunner& jobs_;
  QString journalFolder_;
  std::vector<std::unique_ptr<Held>> held_;
  int active_ = 0, lastId_ = 0;
};

}  // namespace fw
