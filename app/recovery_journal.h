// The recovery journal of one open document: written by a thread of its own, locked while its owner lives.
#pragma once

#include <QLockFile>
#include <QObject>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/arch/journal.h"

namespace fw {

/// Every call returns at once; the interface thread never waits for the disk.
class RecoveryJournal : public QObject {
  Q_OBJECT
 public:
  /// A new journal in `folder`, which is made where it is missing. Nothing is written before restart().
  explicit RecoveryJournal(const QString& folder, QObject* parent = nullptr);
  /// Removes the journal: its owner ends in order.
  ~RecoveryJournal() override;

  /// Nothing to recover any more: another document (`document` is its file, or ""), or a save.
  void restart(const QString& document);
  void append(const std::string& title, const ArchitecturePtr& snapshot);
  /// Waits until everything is written; for tests.
  void flush();
  const QString& path() const { return path_; }

 signals:
  /// The journal cannot be written: a sentence.
  void failed(const QString& sentence);

 private:
  struct Entry {
    std::optional<std::string> document;  // a restart
    std::string title;
    ArchitecturePtr snapshot;
    int64_t time = 0;
  };
  void write(std::stop_token stop);
  void write(const Entry& entry);

  QString path_;
  QLockFile lock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Entry> waiting_;
  bool isWriting_ = false;
  std::unique_ptr<JournalWriter> writer_;  // of the thread
  std::jthread thread_;
};

/// A journal whose owner ended without removing it. Holding it keeps other windows from offering it too.
struct LeftBehind {
  QString path;
  JournalContent content;
  std::unique_ptr<QLockFile> lock;
};

/// The journals in `folder` that no living program owns and that hold edits, newest first. Those without edits are
/// removed; sentences about unreadable ones, which stay, are added to `complaints`.
std::vector<LeftBehind> findLeftBehind(const QString& folder, QStringList& complaints);

/// Deletes a journal and its lock.
void discard(LeftBehind& left);

}  // namespace fw
