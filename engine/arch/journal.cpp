// Crash recovery. Line 1 is the header, each further line "checksum json", json being
//   {"edit": number, "time": seconds, "title": text, "head": bytes, "tail": bytes, "middle": text}
// The document text is the first `head` bytes of the one before, `middle`, and its last `tail` bytes.
#include "engine/arch/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"

namespace fw {
namespace {

constexpr const char* kFormat = "formwright-journal";
constexpr int kVersion = 1;
constexpr int64_t kMinCompaction = 4 << 20;  // bytes; smaller journals are left as they are
constexpr int64_t kCompactionRatio = 8;      // of the file to its newest document
constexpr size_t kChecksumDigits = 32;

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(Code::File, text("[", path, "] ", what, ": ", std::strerror(errno), "."));
}

std::string line(const Json& json) {
  const std::string body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return Hasher().add(body).finish().toString() + " " + body + "\n";
}

/// The JSON of a line without its end; nothing where the checksum does not fit.
std::optional<Json> parseLine(std::string_view bytes) {
  if (bytes.size() <= kChecksumDigits || bytes[kChecksumDigits] != ' ') return {};
  const std::string_view body = bytes.substr(kChecksumDigits + 1);
  if (Hasher().add(body).finish().toString() != bytes.substr(0, kChecksumDigits)) return {};
  Json json = Json::parse(body, nullptr, false);
  return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

/// Moves a cut to the start of a UTF-8 character: JSON texts hold whole ones.
bool isInsideCharacter(const std::string& words, size_t at) {
  return at < words.size() && (uint8_t(words[at]) & 0xc0) == 0x80;
}

Json change(const std::string& before, const std::string& after) {
  const size_t shorter = std::min(before.size(), after.size());
  size_t head = size_t(std::mismatch(before.begin(), before.begin() + std::ptrdiff_t(shorter), after.begin()).first -
                       before.begin());
  while (head > 0 && (isInsideCharacter(before, head) || isInsideCharacter(after, head))) --head;
  size_t tail = 0;
  while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  while (tail > 0 && isInsideCharacter(after, after.size() - tail)) --tail;
  return {{"head", head}, {"tail", tail}, {"middle", after.substr(head, after.size() - head - tail)}};
}

/// The text after a change; nothing where the change does not fit.
std::optional<std::string> changed(const std::string& before, const Json& record) {
  const auto head = record.find("head"), tail = record.find("tail"), middle = record.find("middle");
  const bool isComplete = head != record.end() && tail != record.end() && middle != record.end() &&
                          head->is_number_unsigned() && tail->is_number_unsigned() && middle->is_string();
  if (!isComplete || head->get<size_t>() > before.size() || tail->get<size_t>() > before.size() - head->get<size_t>())
    return {};
  return before.substr(0, head->get<size_t>()) + middle->get<std::string>() +
         before.substr(before.size() - tail->get<size_t>());
}

}  // namespace

JournalWriter::JournalWriter(std::string path, std::string document)
    : path_(std::move(path)), document_(std::move(document)) {
  open(header());
}

JournalWriter::~JournalWriter() {
  if (file_ >= 0) ::close(file_);
}

std::string JournalWriter::header() const {
  return line({{"format", kFormat}, {"version", kVersion}, {"document", document_}});
}

/// Replaces the file by `content` and goes on behind it.
void JournalWriter::open(const std::string& content) {
  writeFileAtomically(path_, content);
  const int file = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) fail(path_, "cannot be opened");
  if (file_ >= 0) ::close(file_);
  file_ = file;
  bytes_ = int64_t(content.size());
}

void JournalWriter::append(const std::string& title, const Architecture& snapshot, int64_t time) {
  std::string now = toDocumentText(snapshot);
  const auto record = [&](const std::string& before) {
    Json json = change(before, now);
    json["edit"] = edits_ + 1;
    json["time"] = time;
    json["title"] = title;
    return line(json);
  };
  std::string bytes = record(last_);
  if (bytes_ + int64_t(bytes.size()) > std::max(kMinCompaction, kCompactionRatio * int64_t(now.size()))) {
    open(header() + record(""));
  } else {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t put = ::write(file_, bytes.data() + done, bytes.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const int cause = errno;
        // A torn line would hide all that follow it.
        if (::ftruncate(file_, bytes_) != 0) fail(path_, "cannot be mended after a failed write");
        errno = cause;
        fail(path_, "cannot be written");
      }
      done += size_t(put);
    }
    bytes_ += int64_t(bytes.size());
  }
  last_ = std::move(now);
  ++edits_;
}

void JournalWriter::sync() {
  if (::fdatasync(file_) != 0) fail(path_, "cannot be written");
}

void JournalWriter::restart(std::string document) {
  document_ = std::move(document);
  last_.clear();
  edits_ = 0;
  open(header());
}

std::optional<JournalContent> readJournal(const std::string& path) {
  const std::string bytes = readFile(path);
  const size_t firstEnd = std::min(bytes.find('\n'), bytes.size());
  const std::optional<Json> header = parseLine(std::string_view(bytes).substr(0, firstEnd));
  if (!header || header->value("format", Json()) != kFormat)
    throw Error(Code::File, text("[", path, "] this is no Formwright journal."));
  if (header->value("version", Json()) != kVersion)
    throw Error(Code::File, text("[", path, "] the journal has version ", header->value("version", Json()).dump(),
                                 "; this program reads version ", kVersion, "."));
  JournalContent content;
  content.document = header->value("document", std::string());
  std::string document;
  for (size_t begin = firstEnd + 1; begin < bytes.size();) {
    const size_t end = bytes.find('\n', begin);
    const std::optional<Json> record =
        end == std::string::npos ? std::nullopt : parseLine(std::string_view(bytes).substr(begin, end - begin));
    std::optional<std::string> next = record ? changed(document, *record) : std::nullopt;
    if (!next) {
      content.isTorn = true;
      break;
    }
    document = std::move(*next);
    content.edits = record->value("edit", int64_t(0));
    content.time = record->value("time", int64_t(0));
    content.title = record->value("title", std::string());
    begin = end + 1;
  }
  if (document.empty()) return {};
  content.architecture = fromDocumentText(document, path);
  return content;
}

}  // namespace fw
