// Tokens that are found in the text itself.
#include "engine/io/tokenizer/added_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const Normalizer& normalizer) : tokens_(std::move(tokens)) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    std::string needle = tokens_[i].content;
    if (tokens_[i].isNormalized && normalizer) {
      AlignedText text(needle);
      normalizer(text);
      needle = text.text();
    }
    if (!needle.empty()) (tokens_[i].isNormalized ? normalized_ : raw_)[uint8_t(needle[0])].emplace_back(needle, i);
  }
  for (Needles* needles : {&raw_, &normalized_})
    for (auto& [first, list] : *needles)
      std::stable_sort(list.begin(), list.end(),
                       [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

Pieces AddedTokens::split(const std::string& text, const Normalizer& normalizer) const {
  Pieces out;
  for (Piece& piece : split(AlignedText(text), raw_)) {
    if (piece.tokens) {
      out.push_back(std::move(piece));
      continue;
    }
    if (normalizer) normalizer(piece.text);
    for (Piece& part : split(piece.text, normalized_)) out.push_back(std::move(part));
  }
  return out;
}

Pieces AddedTokens::split(const AlignedText& aligned, const Needles& needles) const {
  const std::string& text = aligned.text();
  Pieces out;
  size_t done = 0;
  const auto pass = [&](size_t end) {
    if (end > done) out.push_back({aligned.slice(done, end), {}});
  };
  for (size_t at = 0; !needles.empty() && at < text.size();) {
    const auto list = needles.find(uint8_t(text[at]));
    const AddedToken* found = nullptr;
    size_t length = 0;
    if (list != needles.end())
      for (const auto& [needle, index] : list->second)
        if (text.compare(at, needle.size(), needle) == 0) {
          found = &tokens_[index];
          length = needle.size();
          break;
        }
    if (!found) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + length;
    at = end;
    if (found->isWord) {
      size_t before = begin, after = end;
      const bool touchesLeft = begin > 0 && unicode::isWordLike(unicode::previous(text, before));
      const bool touchesRight = end < text.size() && unicode::isWordLike(unicode::next(text, after));
      if (touchesLeft || touchesRight) continue;
    }
    while (found->stripsLeft && begin > done) {
      size_t before = begin;
      if (!unicode::isWhitespace(unicode::previous(text, before))) break;
      begin = std::max(before, done);
    }
    while (found->stripsRight && end < text.size()) {
      size_t after = end;
      if (!unicode::isWhitespace(unicode::next(text, after))) break;
      end = after;
    }
    if (begin < done) continue;
    pass(begin);
    AlignedText part = aligned.slice(begin, end);
    Token token{found->id, part.text(), 0, part.text().size()};
    out.push_back({std::move(part), std::vector<Token>{std::move(token)}});
    done = end;
    at = std::max(at, end);
  }
  pass(text.size());
  return out;
}

std::vector<AddedToken> readAddedTokens(const SortedJson& json, const std::string& place) {
  std::vector<AddedToken> tokens;
  if (!json.is_array())
    throw Error(Code::File, text("[", place, "] 'added_tokens' is a ", json.type_name(), "; expected a list."));
  for (const SortedJson& entry : json) {
    AddedToken token;
    token.content = fields::textOf(entry, "content", place);
    token.id = fields::tokenId(fields::require(entry, "id", place), token.content, place);
    token.isWord = fields::flagOf(entry, "single_word", false, place);
    token.stripsLeft = fields::flagOf(entry, "lstrip", false, place);
    token.stripsRight = fields::flagOf(entry, "rstrip", false, place);
    token.isSpecial = fields::flagOf(entry, "special", false, place);
    token.isNormalized = fields::flagOf(entry, "normalized", !token.isSpecial, place);
    if (!token.content.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace fw
