// Normalisers: what happens to a text before it is cut.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/make_pattern.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

using Characters = std::vector<Rewritten>;

/// Full decomposition, marks in canonical order. (Unicode Standard Annex 15.)
Characters decomposed(const std::string& text, bool isCompatible) {
  Characters out;
  size_t firstMark = 0;
  const auto order = [&] {
    std::stable_sort(out.begin() + ptrdiff_t(firstMark), out.end(), [](const Rewritten& a, const Rewritten& b) {
      return unicode::combiningClass(a.c) < unicode::combiningClass(b.c);
    });
    firstMark = out.size();
  };
  for (size_t at = 0; at < text.size();) {
    int change = 0;
    for (const char32_t c : unicode::decomposition(unicode::next(text, at), isCompatible)) {
      if (unicode::combiningClass(c) == 0) order();
      out.push_back({c, std::exchange(change, 1)});
    }
  }
  order();
  return out;
}

/// Canonical composition of a decomposed text. What joins the starter adds to its change: each of the two took part.
Characters composed(const Characters& decomposed) {
  Characters out;
  ptrdiff_t starter = -1;
  int lastClass = -1;  // of what stands between the starter and the next character; -1: nothing
  for (const Rewritten& next : decomposed) {
    const int combining = unicode::combiningClass(next.c);
    const bool isBlocked = lastClass >= 0 && lastClass >= combining;
    if (starter >= 0 && !isBlocked) {
      if (const char32_t pair = unicode::composed(out[size_t(starter)].c, next.c)) {
        out[size_t(starter)] = {pair, out[size_t(starter)].change + next.change - 1};
        continue;
      }
    }
    if (combining == 0) {
      starter = ptrdiff_t(out.size());
      lastClass = -1;
    } else {
      lastClass = combining;
    }
    out.push_back(next);
  }
  return out;
}

void lower(AlignedText& text) {
  Characters out;
  for (size_t at = 0; at < text.text().size();) {
    int change = 0;
    for (const char32_t c : unicode::lowerCase(unicode::next(text.text(), at)))
      out.push_back({c, std::exchange(change, 1)});
  }
  text.rewrite(out);
}

Normalizer bert(const SortedJson& json, const std::string& place) {
  const bool isCleaned = fields::flagOf(json, "clean_text", true, place);
  const bool isChineseApart = fields::flagOf(json, "handle_chinese_chars", true, place);
  const bool isLower = fields::flagOf(json, "lowercase", true, place);
  const bool isAccentless = fields::flagOf(json, "strip_accents", isLower, place);
  return [=](AlignedText& text) {
    if (isCleaned) {
      const auto isBlank = [](char32_t c) { return c == '\t' || c == '\n' || c == '\r'; };
      text.keepIf([&](char32_t c) { return c != 0 && c != 0xFFFD && (isBlank(c) || !unicode::isOther(c)); });
      text.map([&](char32_t c) { return isBlank(c) || unicode::isWhitespace(c) ? U' ' : c; });
    }
    if (isChineseApart) {
      Characters out;
      for (size_t at = 0; at < text.text().size();) {
        const char32_t c = unicode::next(text.text(), at);
        if (unicode::isChinese(c))
          out.insert(out.end(), {{U' ', 0}, {c, 1}, {U' ', 1}});
        else
          out.push_back({c, 0});
      }
      text.rewrite(out);
    }
    if (isAccentless) {
      text.rewrite(decomposed(text.text(), false));
      text.keepIf([](char32_t c) { return !unicode::isNonspacingMark(c); });
    }
    if (isLower) lower(text);
  };
}

/// The clean-up of the Moses scripts that SentencePiece calls nmt.
Normalizer nmt() {
  return [](AlignedText& text) {
    text.keepIf([](char32_t c) {
      return !((c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F ||
               c == 0x9F);
    });
    text.map([](char32_t c) {
      const bool isBlank = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
                           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF ||
                           c == 0xFFFD;
      return isBlank ? U' ' : c;
    });
  };
}

}  // namespace

Normalizer makeNormalizer(const SortedJson& json, const std::string& place) {
  if (json.is_null()) return {};
  const std::string type = fields::textOf(json, "type", place);
  if (type == "Sequence") {
    std::vector<Normalizer> steps;
    for (const SortedJson& step : fields::listOf(json, "normalizers", place))
      if (Normalizer made = makeNormalizer(step, place)) steps.push_back(std::move(made));
    return [steps](AlignedText& text) {
      for (const Normalizer& step : steps) step(text);
    };
  }
  if (type == "NFD") return [](AlignedText& text) { text.rewrite(decomposed(text.text(), false)); };
  if (type == "NFKD") return [](AlignedText& text) { text.rewrite(decomposed(text.text(), true)); };
  if (type == "NFC") return [](AlignedText& text) { text.rewrite(composed(decomposed(text.text(), false))); };
  if (type == "NFKC") return [](AlignedText& text) { text.rewrite(composed(decomposed(text.text(), true))); };
  if (type == "Lowercase") return lower;
  if (type == "StripAccents")
    return [](AlignedText& text) { text.keepIf([](char32_t c) { return !unicode::isMark(c); }); };
  if (type == "Strip") {
    const bool left = fields::flagOf(json, "strip_left", true, place);
    const bool right = fields::flagOf(json, "strip_right", true, place);
    return [left, right](AlignedText& text) { text.strip(left, right); };
  }
  if (type == "Prepend") {
    const std::string front = fields::textOf(json, "prepend", place);
    return [front](AlignedText& text) { text.prepend(front); };
  }
  if (type == "Replace") {
    const Pattern pattern = makePattern(fields::require(json, "pattern", place), place);
    const std::string content = fields::textOf(json, "content", place);
    return [pattern, content](AlignedText& text) { text.replace(pattern, content); };
  }
  if (type == "BertNormalizer") return bert(json, place);
  if (type == "Nmt") return nmt();
  if (type == "ByteLevel") return toBytes;
  if (type == "Precompiled") return makePrecompiled(json, place);
  throw Error(Code::File, text("[", place, "] the normaliser '", type,
                               "' is not known; known are Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, "
                               "Strip, Prepend, Replace, BertNormalizer, Nmt, ByteLevel, Precompiled."));
}

}  // namespace fw
