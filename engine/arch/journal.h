// Crash recovery: an append-only file of the snapshots of one document, so that kill -9 loses no edit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/arch/architecture.h"

namespace fw {

/// Writes one journal. Each snapshot is a line of its own (checksum, then JSON): the title and the part of the document
/// text that differs from the line before. append() survives the death of the process; sync() that of the machine (call
/// it every few seconds). The file is rewritten with the newest snapshot alone when it has grown far beyond it. Not
/// thread-safe.
class JournalWriter {
 public:
  /// Starts an empty journal at `path`, replacing what is there. `document` is the file that the user edits, "" where
  /// it has no name yet. Throws Code::File.
  JournalWriter(std::string path, std::string document);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// `time` in seconds since 1970. Throws Code::File (full disk); what was written before stays readable, and the next
  /// append works again where there is room.
  void append(const std::string& title, const Architecture& snapshot, int64_t time);
  void sync();
  /// After a save, or under another name: nothing to recover any more.
  void restart(std::string document);

  const std::string& path() const { return path_; }
  int64_t bytes() const { return bytes_; }

 private:
  void open(const std::string& content);
  std::string header() const;

  std::string path_, document_;
  std::string last_;  // document text of the newest line
  int64_t edits_ = 0, bytes_ = 0;
  int file_ = -1;
};

struct JournalContent {
  std::string document;  // the user's file, or ""
  int64_t edits = 0;     // since the journal began
  int64_t time = 0;      // of the newest snapshot
  std::string title;     // of the newest edit
  Architecture architecture;
  bool isTorn = false;  // the file ends within a line, or a line is damaged; what stands before it is good
};

/// The newest snapshot of a journal; nothing where it holds none. Throws Code::File when the file is missing or no
/// journal.
std::optional<JournalContent> readJournal(const std::string& path);

}  // namespace fw
