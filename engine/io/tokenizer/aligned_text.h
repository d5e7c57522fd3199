// A text under rewriting that remembers for each byte which bytes of the original it stands for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fw {

class Pattern;

/// [begin, end) in bytes.
struct ByteSpan {
  uint32_t begin = 0, end = 0;
  bool operator==(const ByteSpan&) const = default;
};

/// A character of a rewritten text. `change` 0 replaces one old character, +1 is new, -n replaces one and swallows the
/// n that follow.
struct Rewritten {
  char32_t c = 0;
  int change = 0;
};

/// What becomes of the matches of a split.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

/// Rewriting throws Code::Data where the text becomes many times longer than the original: a file may double it again
/// and again.
class AlignedText {
 public:
  AlignedText() = default;
  /// All of an original text of at most 2^32 - 1 bytes.
  explicit AlignedText(std::string_view original);

  const std::string& text() const { return text_; }
  bool isEmpty() const { return text_.empty(); }
  uint32_t originalBegin() const { return originalBegin_; }

  /// The bytes of the original for a range of this text; that of an empty one is its own place.
  ByteSpan original(size_t begin, size_t end) const;

  /// The text becomes these characters, the first `removed` old ones being dropped before them.
  void rewrite(const std::vector<Rewritten>& characters, size_t removed = 0);
  void keepIf(const std::function<bool(char32_t)>& isKept);
  void map(const std::function<char32_t(char32_t)>& mapped);
  /// Nothing happens to an empty text.
  void prepend(std::string_view front);
  void strip(bool left, bool right);
  void replace(const Pattern& pattern, std::string_view content);

  AlignedText slice(size_t begin, size_t end) const;
  std::vector<AlignedText> split(const Pattern& pattern, SplitBehavior behavior) const;

 private:
  /// Called before the text becomes `bytes` long.
  void requireRoom(size_t bytes) const;

  std::string text_;
  std::vector<ByteSpan> spans_;  // of each byte of text_
  uint32_t originalBegin_ = 0;
  size_t most_ = 0;  // bytes that the text may grow to
};

}  // namespace fw
