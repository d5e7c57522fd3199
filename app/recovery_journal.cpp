// The recovery journal of one open document.
#include "app/recovery_journal.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QUuid>
#include <algorithm>
#include <chrono>

#include "engine/base/error.h"

namespace fw {
namespace {

constexpr std::chrono::seconds kSyncEvery(4);  // between writes that outlive a power cut
constexpr const char* kLockSuffix = ".lock";

QString newJournal(const QString& folder) {
  QDir().mkpath(folder);
  return folder + "/" + QUuid::createUuid().toString(QUuid::WithoutBraces) + ".journal";
}

}  // namespace

RecoveryJournal::RecoveryJournal(const QString& folder, QObject* parent)
    : QObject(parent), path_(newJournal(folder)), lock_(path_ + kLockSuffix) {
  lock_.setStaleLockTime(0);  // old age makes no lock stale, only the death of its owner
  lock_.tryLock(0);
  thread_ = std::jthread([this](std::stop_token stop) { write(std::move(stop)); });
}

RecoveryJournal::~RecoveryJournal() {
  thread_.request_stop();
  thread_.join();
  writer_.reset();
  QFile::remove(path_);
}

void RecoveryJournal::restart(const QString& document) {
  {
    const std::lock_guard guard(mutex_);
    waiting_.clear();  // of no use any more
    waiting_.push_back({.document = document.toStdString()});
  }
  changed_.notify_all();
}

void RecoveryJournal::append(const std::string& title, const ArchitecturePtr& snapshot) {
  {
    const std::lock_guard guard(mutex_);
    // Each snapshot is whole: one that the disk has not taken yet gives way to the next.
    if (!waiting_.empty() && waiting_.back().snapshot) waiting_.pop_back();
    waiting_.push_back({{}, title, snapshot, QDateTime::currentSecsSinceEpoch()});
  }
  changed_.notify_all();
}

void RecoveryJournal::flush() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return waiting_.empty() && !isWriting_; });
}

void RecoveryJournal::write(std::stop_token stop) {
  using Clock = std::chrono::steady_clock;
  bool isSynced = true;
  Clock::time_point due = Clock::now();  // of the next sync
  std::unique_lock guard(mutex_);
  while (!stop.stop_requested()) {
    const bool hasWork =
        changed_.wait_for(guard, stop, isSynced ? kSyncEvery : std::max(due - Clock::now(), Clock::duration()),
                          [this] { return !waiting_.empty(); });
    // Also while edits keep coming.
    if (!isSynced && writer_ && Clock::now() >= due) {
      isSynced = true;
      guard.unlock();
      try {
        writer_->sync();
      } catch (const Error& error) {
        emit failed(QString::fromStdString(error.what()));
      }
      guard.lock();
    }
    if (!hasWork || waiting_.empty()) continue;
    const Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    isWriting_ = true;
    guard.unlock();
    write(entry);
    if (isSynced) due = Clock::now() + kSyncEvery;
    isSynced = false;
    guard.lock();
    isWriting_ = false;
    changed_.notify_all();
  }
}

void RecoveryJournal::write(const Entry& entry) {
  try {
    if (entry.document && writer_)
      writer_->restart(*entry.document);
    else if (entry.document)
      writer_ = std::make_unique<JournalWriter>(path_.toStdString(), *entry.document);
    else if (writer_)
      writer_->append(entry.title, *entry.snapshot, entry.time);
  } catch (const Error& error) {
    emit failed(tr("Edits cannot be recovered after a crash: %1").arg(QString::fromStdString(error.what())));
  }
}

std::vector<LeftBehind> findLeftBehind(const QString& folder, QStringList& complaints) {
  std::vector<LeftBehind> found;
  for (const QFileInfo& info : QDir(folder).entryInfoList({"*.journal"}, QDir::Files, QDir::Time)) {
    auto lock = std::make_unique<QLockFile>(info.absoluteFilePath() + kLockSuffix);
    lock->setStaleLockTime(0);
    if (!lock->tryLock(0)) continue;  // its owner lives
    try {
      std::optional<JournalContent> content = readJournal(info.absoluteFilePath().toStdString());
      if (content && content->edits > 0)
        found.push_back({info.absoluteFilePath(), std::move(*content), std::move(lock)});
      else
        QFile::remove(info.absoluteFilePath());
    } catch (const Error& error) {
      complaints << QString::fromStdString(error.what());
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const LeftBehind& a, const LeftBehind& b) { return a.content.time > b.content.time; });
  return found;
}

void discard(LeftBehind& left) {
  QFile::remove(left.path);
  left.lock.reset();
}

}  // namespace fw
