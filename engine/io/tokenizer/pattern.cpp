// Regular expressions with limits, literals, kinds of characters.
#include "engine/io/tokenizer/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

// Honest patterns take a few steps a character; at this limit a match has run for less than a second.
constexpr uint32_t kMatchLimit = 5'000'000;
constexpr uint32_t kHeapLimitKiB = 64 * 1024;
constexpr size_t kPatternBytes = 1 << 16;

/// `\s` and `\w` as the Unicode properties that Oniguruma means by them, in which PCRE2 differs.
std::string translated(const std::string& source) {
  std::string out;
  bool isInClass = false;
  for (size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\\' && i + 1 < source.size()) {
      const char escaped = source[++i];
      const std::string word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
      if (escaped == 's')
        out += "\\p{White_Space}";
      else if (escaped == 'S')
        out += "\\P{White_Space}";
      else if (escaped == 'w')
        out += isInClass ? word : "[" + word + "]";
      else if (escaped == 'W' && !isInClass)
        out += "[^" + word + "]";
      else
        out += {c, escaped};
      continue;
    }
    if (c == '[') isInClass = true;
    if (c == ']') isInClass = false;
    out += c;
  }
  return out;
}

std::string message(int code) {
  unsigned char buffer[256];
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

struct Regex {
  std::string source, place;
  std::shared_ptr<pcre2_code> code;
  std::shared_ptr<pcre2_match_context> context;

  std::vector<Pattern::Piece> find(std::string_view text) const {
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
        pcre2_match_data_create_from_pattern(code.get(), nullptr), pcre2_match_data_free);
    std::vector<Pattern::Piece> matches;
    const auto* subject = reinterpret_cast<const unsigned char*>(text.data());
    for (size_t at = 0; at <= text.size();) {
      int found = pcre2_match(code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK, data.get(), context.get());
      // The compiled form has a small stack; the interpreter takes memory up to its limit.
      if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data.get(),
                            context.get());
      if (found == PCRE2_ERROR_NOMATCH) break;
      if (found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT || found == PCRE2_ERROR_DEPTHLIMIT)
        throw Error(Code::Data,
                    fw::text("[", place, "] the pattern '", source,
                             "' backtracks without end on this text; stopped after ", kMatchLimit, " steps."));
      if (found < 0)
        throw Error(Code::Data, fw::text("[", place, "] the pattern '", source, "' failed: ", message(found), "."));
      const size_t* bounds = pcre2_get_ovector_pointer(data.get());
      if (bounds[1] > bounds[0]) {
        matches.push_back({bounds[0], bounds[1], true});
        at = bounds[1];
      } else if (at < text.size()) {
        at = bounds[1] < text.size() ? bounds[1] : at;
        unicode::next(text, at);
      } else {
        break;
      }
    }
    return matches;
  }
};

}  // namespace

Pattern Pattern::regex(const std::string& source, const std::string& place) {
  if (source.size() > kPatternBytes)
    throw Error(Code::File, fw::text("[", place, "] a pattern has ", source.size(), " bytes; at most ", kPatternBytes,
                                     " are read."));
  const std::string ours = translated(source);
  int code = 0;
  size_t offset = 0;
  Regex regex{.source = source.size() > 100 ? source.substr(0, 100) + "..." : source, .place = place};
  regex.code.reset(
      pcre2_compile(reinterpret_cast<const unsigned char*>(ours.data()), ours.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr),
      pcre2_code_free);
  if (!regex.code)
    throw Error(Code::File, fw::text("[", place, "] the pattern '", regex.source,
                                     "' is no regular expression: ", message(code), "."));
  pcre2_jit_compile(regex.code.get(), PCRE2_JIT_COMPLETE);  // without it the interpreter runs
  regex.context.reset(pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(regex.context.get(), kMatchLimit);
  pcre2_set_heap_limit(regex.context.get(), kHeapLimitKiB);
  return Pattern([regex](std::string_view text) { return regex.find(text); });
}

Pattern Pattern::literal(const std::string& wanted) {
  return Pattern([wanted](std::string_view text) {
    std::vector<Piece> matches;
    if (wanted.empty()) return matches;
    for (size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + wanted.size()))
      matches.push_back({at, at + wanted.size(), true});
    return matches;
  });
}

Pattern Pattern::characters(bool (*isMatch)(char32_t)) {
  return Pattern([isMatch](std::string_view text) {
    std::vector<Piece> matches;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if (isMatch(unicode::next(text, at))) matches.push_back({begin, at, true});
    }
    return matches;
  });
}

Pattern Pattern::inverted() const {
  Pattern other = *this;
  other.isInverted_ = !isInverted_;
  return other;
}

std::vector<Pattern::Piece> Pattern::pieces(std::string_view text) const {
  std::vector<Piece> all;
  size_t at = 0;
  for (const Piece& match : find_(text)) {
    if (match.begin > at) all.push_back({at, match.begin, false});
    all.push_back(match);
    at = match.end;
  }
  if (at < text.size()) all.push_back({at, text.size(), false});
  if (isInverted_)
    for (Piece& piece : all) piece.isMatch = !piece.isMatch;
  return all;
}

}  // namespace fw
