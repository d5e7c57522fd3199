// Tells when another program changes the file of a document.
#include "app/file_watch.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>

namespace fw {

namespace {
constexpr int kSettled = 150;  // milliseconds without a further change
}

FileWatch::FileWatch(QObject* parent) : QObject(parent) {
  soon_.setSingleShot(true);
  soon_.setInterval(kSettled);
  connect(&soon_, &QTimer::timeout, this, &FileWatch::look);
  const auto wait = [this] { soon_.start(); };
  connect(&watcher_, &QFileSystemWatcher::fileChanged, this, wait);
  connect(&watcher_, &QFileSystemWatcher::directoryChanged, this, wait);
}

void FileWatch::watch(const QString& file) {
  if (file != file_) {
    if (!watcher_.files().isEmpty()) watcher_.removePaths(watcher_.files());
    if (!watcher_.directories().isEmpty()) watcher_.removePaths(watcher_.directories());
    file_ = file;
    // The folder too: a file that is replaced by another one of its name is watched no longer.
    if (!file.isEmpty() && QFileInfo(file).isFile()) watcher_.addPaths({file, QFileInfo(file).absolutePath()});
  }
  accept();
}

void FileWatch::accept() {
  soon_.stop();
  known_ = digest();
}

std::optional<QByteArray> FileWatch::digest() const {
  QFile file(file_);
  if (file_.isEmpty() || !QFileInfo(file_).isFile() || !file.open(QIODevice::ReadOnly)) return std::nullopt;
  QCryptographicHash hash(QCryptographicHash::Sha1);
  hash.addData(&file);
  return hash.result();
}

void FileWatch::look() {
  if (file_.isEmpty()) return;
  if (QFileInfo(file_).isFile() && !watcher_.files().contains(file_)) watcher_.addPath(file_);
  const std::optional<QByteArray> now = digest();
  if (now == known_) return;
  known_ = now;
  emit changed(!now);
}

}  // namespace fw
