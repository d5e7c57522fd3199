// The normaliser that SentencePiece compiles: a double array of byte strings, each with its replacement.
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

std::string fromBase64(const std::string& text, const std::string& place) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+') value = 62;
    if (c == '/') value = 63;
    if (value < 0) throw Error(Code::File, fw::text("[", place, "] 'precompiled_charsmap' is not base64."));
    bits = bits << 6 | uint32_t(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += char(bits >> count & 255);
    }
  }
  return out;
}

class CharsMap {
 public:
  CharsMap(const std::string& bytes, const std::string& place) {
    uint32_t trieBytes = 0;
    if (bytes.size() >= 4) std::memcpy(&trieBytes, bytes.data(), 4);
    if (bytes.size() < 4 || trieBytes % 4 != 0 || trieBytes > bytes.size() - 4 || trieBytes == 0)
      throw Error(Code::File, text("[", place, "] 'precompiled_charsmap' claims a table of ", trieBytes,
                                   " bytes but has ", bytes.size(), "."));
    units_.resize(trieBytes / 4);
    std::memcpy(units_.data(), bytes.data() + 4, trieBytes);
    replacements_ = unicode::repaired(std::string_view(bytes).substr(4 + trieBytes));
    if (replacements_.size() != bytes.size() - 4 - trieBytes)
      throw Error(Code::File, text("[", place, "] the texts of 'precompiled_charsmap' are not UTF-8."));
  }

  /// The replacement for the shortest entry that `key` begins with.
  std::optional<std::string_view> find(std::string_view key) const {
    size_t node = offset(units_[0]);
    for (const char c : key) {
      node ^= uint8_t(c);
      if (c == 0 || node >= units_.size() || (units_[node] & 0x800000FF) != uint8_t(c)) return std::nullopt;
      const bool hasLeaf = units_[node] >> 8 & 1;
      node ^= offset(units_[node]);
      if (!hasLeaf) continue;
      if (node >= units_.size()) return std::nullopt;
      const size_t begin = units_[node] & 0x7FFFFFFF;
      if (begin >= replacements_.size()) return std::nullopt;
      const size_t end = replacements_.find('\0', begin);
      return std::string_view(replacements_).substr(begin, end == std::string::npos ? end : end - begin);
    }
    return std::nullopt;
  }

 private:
  static size_t offset(uint32_t unit) { return size_t(unit >> 10) << ((unit & 512) >> 6); }

  std::vector<uint32_t> units_;
  std::string replacements_;
};

/// A replacement takes the places of what it replaces one by one; the surplus on either side falls to its end.
void replaceBy(std::vector<Rewritten>& out, std::string_view old, std::string_view replacement) {
  const std::vector<char32_t> characters = unicode::codePoints(replacement);
  const int surplus = int(characters.size()) - int(unicode::codePoints(old).size());
  for (const char32_t c : characters) out.push_back({c, 0});
  for (int i = 0; i < surplus && i < int(out.size()); ++i) out[out.size() - 1 - size_t(i)].change = 1;
  if (surplus < 0 && !out.empty()) out.back().change += surplus;
}

}  // namespace

Normalizer makePrecompiled(const SortedJson& json, const std::string& place) {
  const std::string encoded = fields::textOf(json, "precompiled_charsmap", "", place);
  if (encoded.empty()) return {};
  const auto map = std::make_shared<const CharsMap>(fromBase64(encoded, place), place);
  return [map](AlignedText& text) {
    std::vector<Rewritten> out;
    bool isChanged = false;
    size_t begin = 0;
    const std::string& old = text.text();
    for (const size_t end : unicode::graphemeEnds(old)) {
      const std::string_view grapheme = std::string_view(old).substr(begin, end - begin);
      begin = end;
      // SentencePiece itself looks up whole graphemes only up to this length.
      const auto whole = grapheme.size() < 6 ? map->find(grapheme) : std::nullopt;
      if (whole) {
        replaceBy(out, grapheme, *whole);
        isChanged = true;
        continue;
      }
      for (size_t at = 0; at < grapheme.size();) {
        const size_t from = at;
        const char32_t c = unicode::next(grapheme, at);
        const std::string_view part = grapheme.substr(from, at - from);
        if (const auto one = map->find(part)) {
          replaceBy(out, part, *one);
          isChanged = true;
        } else {
          out.push_back({c, 0});
        }
      }
    }
    if (isChanged) text.rewrite(out);
  };
}

}  // namespace fw
