// The composites that a person keeps: one file each in a folder, with the text that the clipboard has.
#pragma once

#include <QString>
#include <QStringList>
#include <string>

namespace fw {

class BlockLibrary {
 public:
  /// `folder` is made when something is saved; empty: there is no library, and saving is refused.
  explicit BlockLibrary(QString folder) : folder_(std::move(folder)) {}

  QStringList names() const;  // in alphabetical order
  /// What copyText() gave. Throws Code::File.
  std::string text(const QString& name) const;
  /// Replaces what has the name. Throws Code::File, for a name that cannot be a file's too.
  void save(const QString& name, const std::string& text) const;
  /// Refused where `to` is taken.
  void rename(const QString& from, const QString& to) const;
  void remove(const QString& name) const;
  bool has(const QString& name) const;

 private:
  QString path(const QString& name) const;

  QString folder_;
};

/// The id under which the palettes offer one, and back: "" where it is no such id.
QString libraryId(const QString& name);
QString nameInLibrary(const QString& id);

}  // namespace fw
