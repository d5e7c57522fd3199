// The composites that a person keeps.
#include "app/block_library.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace fw {
namespace {

constexpr auto kSuffix = ".fwblock.json";
constexpr auto kPrefix = "user:";
constexpr int kMostLetters = 80;
constexpr size_t kMostBytes = size_t(1) << 26;

std::string sentence(const char* before, const QString& name, const char* after) {
  return before + name.toStdString() + after;
}

}  // namespace

QString libraryId(const QString& name) { return kPrefix + name; }

QString nameInLibrary(const QString& id) { return id.startsWith(kPrefix) ? id.mid(int(qstrlen(kPrefix))) : QString(); }

QString BlockLibrary::path(const QString& name) const {
  const bool isName = !name.trimmed().isEmpty() && name == name.trimmed() && name.size() <= kMostLetters &&
                      !name.startsWith('.') && !name.contains('/') && !name.contains('\\') && !name.contains(QChar(0));
  if (!isName)
    throw Error(Code::File,
                sentence("[library] '", name, "' is no name; expected up to 80 letters, no '/' and no '.' first."));
  if (folder_.isEmpty()) throw Error(Code::File, "[library] there is no folder for blocks.");
  return folder_ + "/" + name + kSuffix;
}

QStringList BlockLibrary::names() const {
  QStringList names;
  if (folder_.isEmpty()) return names;
  for (const QFileInfo& info : QDir(folder_).entryInfoList({QString("*") + kSuffix}, QDir::Files, QDir::Name))
    names << info.fileName().chopped(int(qstrlen(kSuffix)));
  return names;
}

bool BlockLibrary::has(const QString& name) const { return names().contains(name); }

std::string BlockLibrary::text(const QString& name) const { return readFile(path(name).toStdString(), kMostBytes); }

void BlockLibrary::save(const QString& name, const std::string& text) const {
  const QString file = path(name);
  if (!QDir().mkpath(folder_)) throw Error(Code::File, "[library] the folder for blocks cannot be made.");
  writeFileAtomically(file.toStdString(), text);
}

void BlockLibrary::rename(const QString& from, const QString& to) const {
  if (from == to) return;
  if (QFile::exists(path(to))) throw Error(Code::File, sentence("[library] there is a block '", to, "' already."));
  if (!QFile::rename(path(from), path(to)))
    throw Error(Code::File, sentence("[library] '", from, "' cannot be renamed."));
}

void BlockLibrary::remove(const QString& name) const {
  if (!QFile::remove(path(name))) throw Error(Code::File, sentence("[library] '", name, "' cannot be deleted."));
}

}  // namespace fw
