// A text under rewriting that remembers where it came from.
#include "engine/io/tokenizer/aligned_text.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/io/tokenizer/pattern.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

// A character has at most 18 after compatibility decomposition; the constant is for what is put before short texts.
constexpr size_t kMostGrowth = 64, kMostAdded = size_t(1) << 20;

}  // namespace

AlignedText::AlignedText(std::string_view original)
    : text_(original), most_(kMostGrowth * original.size() + kMostAdded) {
  if (original.size() >= UINT32_MAX)
    throw Error(Code::Data, fw::text("[tokenizer] the text has ", original.size(), " bytes; expected less than 4 GB."));
  spans_.reserve(text_.size());
  for (size_t at = 0; at < text_.size();) {
    const uint32_t begin = uint32_t(at);
    unicode::next(text_, at);
    spans_.resize(at, ByteSpan{begin, uint32_t(at)});
  }
}

ByteSpan AlignedText::original(size_t begin, size_t end) const {
  begin = std::min(begin, text_.size());
  end = std::min(end, text_.size());
  if (begin >= end) return {uint32_t(originalBegin_ + begin), uint32_t(originalBegin_ + begin)};
  return {spans_[begin].begin, spans_[end - 1].end};
}

void AlignedText::requireRoom(size_t bytes) const {
  if (bytes > most_)
    throw Error(Code::Data, fw::text("[tokenizer] the normaliser makes ", bytes, " bytes of a text of ",
                                     (most_ - kMostAdded) / kMostGrowth, "; expected at most ", most_, "."));
}

void AlignedText::rewrite(const std::vector<Rewritten>& characters, size_t removed) {
  requireRoom(characters.size());
  std::string text;
  std::vector<ByteSpan> spans;
  text.reserve(text_.size());
  spans.reserve(text_.size());
  size_t old = 0;
  const auto skip = [&](size_t count) {
    for (; count > 0 && old < text_.size(); --count) unicode::next(text_, old);
  };
  skip(removed);
  for (const Rewritten& character : characters) {
    ByteSpan span{originalBegin_, originalBegin_};
    if (character.change > 0 && old > 0) span = spans_[old - 1];
    if (character.change <= 0) {
      if (old < spans_.size()) span = spans_[old];
      skip(size_t(1 - character.change));
    }
    unicode::append(text, character.c);
    spans.resize(text.size(), span);
  }
  text_ = std::move(text);
  spans_ = std::move(spans);
}

void AlignedText::keepIf(const std::function<bool(char32_t)>& isKept) {
  std::string text;
  std::vector<ByteSpan> spans;
  for (size_t at = 0; at < text_.size();) {
    const ByteSpan span = spans_[at];
    const char32_t c = unicode::next(text_, at);
    if (!isKept(c)) continue;
    unicode::append(text, c);
    spans.resize(text.size(), span);
  }
  text_ = std::move(text);
  spans_ = std::move(spans);
}

void AlignedText::map(const std::function<char32_t(char32_t)>& mapped) {
  std::vector<Rewritten> characters;
  for (size_t at = 0; at < text_.size();) characters.push_back({mapped(unicode::next(text_, at)), 0});
  rewrite(characters);
}

void AlignedText::prepend(std::string_view front) {
  if (text_.empty()) return;
  size_t first = 0;
  unicode::next(text_, first);
  requireRoom(text_.size() + front.size());
  const ByteSpan span = spans_[0];
  text_.insert(0, front);
  spans_.insert(spans_.begin(), front.size(), span);
}

void AlignedText::strip(bool left, bool right) {
  size_t begin = 0, end = text_.size();
  while (left && begin < end) {
    size_t after = begin;
    if (!unicode::isWhitespace(unicode::next(text_, after))) break;
    begin = after;
  }
  while (right && end > begin) {
    size_t before = end;
    if (!unicode::isWhitespace(unicode::previous(text_, before))) break;
    end = before;
  }
  text_ = text_.substr(begin, end - begin);
  spans_ = std::vector<ByteSpan>(spans_.begin() + ptrdiff_t(begin), spans_.begin() + ptrdiff_t(end));
}

void AlignedText::replace(const Pattern& pattern, std::string_view content) {
  const std::vector<Pattern::Piece> pieces = pattern.pieces(text_);
  std::string text;
  std::vector<ByteSpan> spans;
  for (const Pattern::Piece& piece : pieces) {
    if (piece.isMatch) {
      const ByteSpan span = piece.end > 0 ? spans_[piece.end - 1] : ByteSpan{originalBegin_, originalBegin_};
      requireRoom(text.size() + content.size());
      text += content;
      spans.resize(text.size(), span);
    } else {
      text.append(text_, piece.begin, piece.end - piece.begin);
      spans.insert(spans.end(), spans_.begin() + ptrdiff_t(piece.begin), spans_.begin() + ptrdiff_t(piece.end));
    }
  }
  text_ = std::move(text);
  spans_ = std::move(spans);
}

AlignedText AlignedText::slice(size_t begin, size_t end) const {
  AlignedText part;
  part.text_ = text_.substr(begin, end - begin);
  part.spans_.assign(spans_.begin() + ptrdiff_t(begin), spans_.begin() + ptrdiff_t(end));
  part.originalBegin_ = original(begin, end).begin;
  part.most_ = most_;
  return part;
}

std::vector<AlignedText> AlignedText::split(const Pattern& pattern, SplitBehavior behavior) const {
  std::vector<Pattern::Piece> pieces = pattern.pieces(text_);
  std::vector<ByteSpan> kept;
  const bool isBackwards = behavior == SplitBehavior::MergedWithNext;
  if (isBackwards) std::reverse(pieces.begin(), pieces.end());
  bool wasMatch = false;
  for (const Pattern::Piece& piece : pieces) {
    const ByteSpan span{uint32_t(piece.begin), uint32_t(piece.end)};
    const bool isMatch = piece.isMatch;
    bool isMerged = false;
    switch (behavior) {
      case SplitBehavior::Removed:
        if (isMatch) continue;
        break;
      case SplitBehavior::Isolated:
        break;
      case SplitBehavior::Contiguous:
        isMerged = isMatch == wasMatch;
        break;
      case SplitBehavior::MergedWithPrevious:
      case SplitBehavior::MergedWithNext:
        isMerged = isMatch && !wasMatch;
        break;
    }
    wasMatch = isMatch;
    if (isMerged && !kept.empty())
      kept.back() = isBackwards ? ByteSpan{span.begin, kept.back().end} : ByteSpan{kept.back().begin, span.end};
    else
      kept.push_back(span);
  }
  if (isBackwards) std::reverse(kept.begin(), kept.end());
  std::vector<AlignedText> parts;
  for (const ByteSpan& span : kept)
    if (span.begin < span.end) parts.push_back(slice(span.begin, span.end));
  return parts;
}

}  // namespace fw
