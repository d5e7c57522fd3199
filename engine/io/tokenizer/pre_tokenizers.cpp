// Pre-tokenisers: where a text is cut before the model sees it.
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/make_pattern.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

// How GPT-2 cuts: contractions, words, numbers, the rest, blanks.
constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

SplitBehavior behaviorOf(const SortedJson& json, const std::string& place, const char* absent) {
  static const std::map<std::string, SplitBehavior> known = {{"Removed", SplitBehavior::Removed},
                                                             {"Isolated", SplitBehavior::Isolated},
                                                             {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
                                                             {"MergedWithNext", SplitBehavior::MergedWithNext},
                                                             {"Contiguous", SplitBehavior::Contiguous}};
  const std::string name = fields::textOf(json, "behavior", absent, place);
  const auto at = known.find(name);
  if (at == known.end())
    throw Error(Code::File, text("[", place, "] 'behavior' is '", name,
                                 "'; expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous."));
  return at->second;
}

PreTokenizer splitter(Pattern pattern, SplitBehavior behavior) {
  return [pattern = std::move(pattern), behavior](Pieces& pieces) {
    splitPieces(pieces, [&](AlignedText& text) { return text.split(pattern, behavior); });
  };
}

PreTokenizer byteLevel(const SortedJson& json, const std::string& place) {
  const bool hasPrefix = fields::flagOf(json, "add_prefix_space", true, place);
  const bool isSplit = fields::flagOf(json, "use_regex", true, place);
  const Pattern pattern = Pattern::regex(kGpt2, place);
  return [=](Pieces& pieces) {
    splitPieces(pieces, [&](AlignedText& text) {
      if (hasPrefix && !text.text().starts_with(' ')) text.prepend(" ");
      return isSplit ? text.split(pattern, SplitBehavior::Isolated) : std::vector<AlignedText>{text};
    });
    for (Piece& piece : pieces)
      if (!piece.tokens) toBytes(piece.text);
  };
}

PreTokenizer metaspace(const SortedJson& json, const std::string& place) {
  const std::string mark = unicode::toUtf8(fields::characterOf(json, "replacement", U'\u2581', place));
  const bool isPrepended = fields::flagOf(json, "add_prefix_space", true, place);
  const std::string scheme = fields::textOf(json, "prepend_scheme", isPrepended ? "always" : "never", place);
  if (scheme != "always" && scheme != "first" && scheme != "never")
    throw Error(Code::File, text("[", place, "] 'prepend_scheme' is '", scheme, "'; expected always, first or never."));
  const bool isSplit = fields::flagOf(json, "split", true, place);
  const Pattern space = Pattern::literal(" "), marks = Pattern::literal(mark);
  return [=](Pieces& pieces) {
    splitPieces(pieces, [&](AlignedText& text) {
      text.replace(space, mark);
      const bool isWanted = scheme == "always" || (scheme == "first" && text.originalBegin() == 0);
      if (isWanted && !text.text().starts_with(mark)) text.prepend(mark);
      return isSplit ? text.split(marks, SplitBehavior::MergedWithNext) : std::vector<AlignedText>{text};
    });
  };
}

PreTokenizer bert() {
  const Pattern blanks = Pattern::characters(unicode::isWhitespace);
  const Pattern marks = Pattern::characters(unicode::isPunctuation);
  return [=](Pieces& pieces) {
    splitPieces(pieces, [&](AlignedText& text) { return text.split(blanks, SplitBehavior::Removed); });
    splitPieces(pieces, [&](AlignedText& text) { return text.split(marks, SplitBehavior::Isolated); });
  };
}

/// Parts of `length` characters.
PreTokenizer fixedLength(int64_t length) {
  return [length](Pieces& pieces) {
    splitPieces(pieces, [&](AlignedText& text) {
      std::vector<AlignedText> parts;
      for (size_t at = 0; at < text.text().size();) {
        const size_t begin = at;
        for (int64_t i = 0; i < length && at < text.text().size(); ++i) unicode::next(text.text(), at);
        parts.push_back(text.slice(begin, at));
      }
      return parts;
    });
  };
}

}  // namespace

char32_t byteToCharacter(uint8_t byte) {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> out{};
    char32_t spare = 256;  // bytes without a visible character of Latin-1 are counted on from here
    for (int b = 0; b < 256; ++b) {
      const bool isVisible = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      out[size_t(b)] = isVisible ? char32_t(b) : spare++;
    }
    return out;
  }();
  return table[byte];
}

int characterToByte(char32_t c) {
  static const std::array<int, 512> table = [] {
    std::array<int, 512> out;
    out.fill(-1);
    for (int b = 0; b < 256; ++b) out[byteToCharacter(uint8_t(b))] = b;
    return out;
  }();
  return c < table.size() ? table[c] : -1;
}

void toBytes(AlignedText& text) {
  std::vector<Rewritten> out;
  for (size_t at = 0; at < text.text().size();) {
    const size_t begin = at;
    unicode::next(text.text(), at);
    for (size_t i = begin; i < at; ++i) out.push_back({byteToCharacter(uint8_t(text.text()[i])), i > begin ? 1 : 0});
  }
  text.rewrite(out);
}

void splitPieces(Pieces& pieces, const std::function<std::vector<AlignedText>(AlignedText&)>& split) {
  Pieces out;
  for (Piece& piece : pieces) {
    if (piece.tokens) {
      out.push_back(std::move(piece));
      continue;
    }
    for (AlignedText& part : split(piece.text))
      if (!part.isEmpty()) out.push_back({std::move(part), {}});
  }
  pieces = std::move(out);
}

PreTokenizer makePreTokenizer(const SortedJson& json, const std::string& place) {
  if (json.is_null()) return {};
  const std::string type = fields::textOf(json, "type", place);
  if (type == "Sequence") {
    std::vector<PreTokenizer> steps;
    for (const SortedJson& step : fields::listOf(json, "pretokenizers", place))
      if (PreTokenizer made = makePreTokenizer(step, place)) steps.push_back(std::move(made));
    return [steps](Pieces& pieces) {
      for (const PreTokenizer& step : steps) step(pieces);
    };
  }
  if (type == "ByteLevel") return byteLevel(json, place);
  if (type == "Metaspace") return metaspace(json, place);
  if (type == "BertPreTokenizer") return bert();
  if (type == "WhitespaceSplit") return splitter(Pattern::characters(unicode::isWhitespace), SplitBehavior::Removed);
  if (type == "Whitespace") {
    const std::string word = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control})";
    return splitter(Pattern::regex("[" + word + "]+|[^" + word + R"(\s]+)", place).inverted(), SplitBehavior::Removed);
  }
  if (type == "Punctuation")
    return splitter(Pattern::characters(unicode::isPunctuation), behaviorOf(json, place, "Isolated"));
  if (type == "Digits")
    return splitter(Pattern::characters(unicode::isNumeric), fields::flagOf(json, "individual_digits", false, place)
                                                                 ? SplitBehavior::Isolated
                                                                 : SplitBehavior::Contiguous);
  if (type == "Split") {
    const Pattern pattern = makePattern(fields::require(json, "pattern", place), place);
    const bool isInverted = fields::flagOf(json, "invert", false, place);
    return splitter(isInverted ? pattern.inverted() : pattern, behaviorOf(json, place, "Isolated"));
  }
  if (type == "CharDelimiterSplit") {
    const char32_t mark = fields::characterOf(json, "delimiter", U' ', place);
    return splitter(Pattern::literal(unicode::toUtf8(mark)), SplitBehavior::Removed);
  }
  if (type == "FixedLength") {
    const int64_t length = fields::integerOf(json, "length", 5, place);
    if (length < 1) throw Error(Code::File, text("[", place, "] 'length' is ", length, "; expected at least 1."));
    return fixedLength(length);
  }
  throw Error(Code::File,
              text("[", place, "] the pre-tokeniser '", type,
                   "' is not known; known are Sequence, ByteLevel, Metaspace, BertPreTokenizer, Whitespace, "
                   "WhitespaceSplit, Punctuation, Digits, Split, CharDelimiterSplit, FixedLength."));
}

}  // namespace fw
