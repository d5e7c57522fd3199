// Tells when another program changes the file of a document.
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>
#include <optional>

namespace fw {

class FileWatch : public QObject {
  Q_OBJECT
 public:
  explicit FileWatch(QObject* parent = nullptr);
  /// Watches a file; what it holds now counts as known. An empty path watches nothing.
  void watch(const QString& file);
  const QString& file() const { return file_; }
  /// What the file holds now counts as known: it was just written or read.
  void accept();

 signals:
  /// The bytes of the file are others than those known, or it is gone. Once for each change.
  void changed(bool isGone);

 private:
  void look();
  std::optional<QByteArray> digest() const;  // none: there is no file

  QString file_;
  std::optional<QByteArray> known_;
  QFileSystemWatcher watcher_;
  QTimer soon_;  // a program that writes a file anew takes it away first
};

}  // namespace fw
