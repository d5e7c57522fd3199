// One open document: its history, its file, its recovery journal, and what is known of it (problems, shapes, cost).
#pragma once

#include <QObject>
#include <memory>

#include "app/job_runner.h"
#include "app/recovery_journal.h"
#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// What checking a snapshot gave.
struct DocumentFacts {
  ArchitecturePtr snapshot;
  std::vector<Diagnostic> diagnostics;
  std::map<PortRef, ir::TensorType> types;
  std::map<NodeId, std::string> paths;
  std::vector<LayerInfo> layers;
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
  bool isOpen() const { return history_ != nullptr; }

  const ArchitecturePtr& current() const { return history_->current(); }
  const History& history() const { return *history_; }
  const DocumentFacts& facts() const { return facts_; }
  const QString& file() const { return file_; }
  QString title() const;
  bool isModified() const { return history_ && (history_->isModified() || isRecovered_); }
  /// Index of the history's entry that is on disk; -1: none.
  int savedEntry() const;
  RecoveryJournal* journal() { return journal_.get(); }

  /// Runs an edit; a refusal is told through refused().
  bool edit(const QString& title, const QString& mergeKey, const std::function<void(Editor&)>& change);
  void endMerge() { history_->endMerge(); }
  void undo();
  void redo();
  void goTo(int index);
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

  JobRunner& jobs_;
  std::unique_ptr<History> history_;
  std::unique_ptr<RecoveryJournal> journal_;
  QString file_;
  ArchitecturePtr saved_;  // the snapshot that the file holds
  DocumentFacts facts_;
  bool isRecovered_ = false;
};

}  // namespace fw
