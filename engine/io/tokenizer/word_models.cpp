// Models of whole words: WordPiece (longest piece first; Schuster and Nakajima, "Japanese and Korean voice search",
// 2012) and WordLevel (a table).
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"
#include "engine/io/tokenizer/parts.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw {
namespace {

class WordModel : public TokenModel {
 public:
  WordModel(const SortedJson& json, const std::string& place, const std::string& unknown)
      : place_(place),
        vocabulary_(readVocabulary(fields::require(json, "vocab", place), place)),
        unknown_(fields::textOf(json, "unk_token", unknown, place)) {}
  const Vocabulary& vocabulary() const override { return vocabulary_; }

 protected:
  Token unknownToken(std::string_view piece) const {
    const auto id = vocabulary_.id(unknown_);
    if (!id)
      throw Error(Code::Data, text("[", place_, "] the unknown token '", unknown_, "' is not in the vocabulary."));
    return {*id, unknown_, 0, piece.size()};
  }

  std::string place_;
  Vocabulary vocabulary_;
  std::string unknown_;
};

class WordPiece : public WordModel {
 public:
  WordPiece(const SortedJson& json, const std::string& place)
      : WordModel(json, place, "[UNK]"),
        prefix_(fields::textOf(json, "continuing_subword_prefix", "##", place)),
        most_(fields::integerOf(json, "max_input_chars_per_word", 100, place)) {}

  std::vector<Token> tokens(std::string_view piece) const override {
    if (piece.empty()) return {};
    if (int64_t(unicode::codePoints(piece).size()) > most_) return {unknownToken(piece)};
    std::vector<Token> out;
    std::string key;
    for (size_t begin = 0; begin < piece.size();) {
      size_t end = piece.size();
      std::optional<uint32_t> id;
      while (begin < end) {
        key.assign(begin > 0 ? prefix_ : "");
        key += piece.substr(begin, end - begin);
        if ((id = vocabulary_.id(key))) break;
        unicode::previous(piece, end);
      }
      if (!id) return {unknownToken(piece)};
      out.push_back({*id, key, begin, end});
      begin = end;
    }
    return out;
  }

 private:
  std::string prefix_;
  int64_t most_;
};

class WordLevel : public WordModel {
 public:
  WordLevel(const SortedJson& json, const std::string& place) : WordModel(json, place, "<unk>") {}

  std::vector<Token> tokens(std::string_view piece) const override {
    if (const auto id = vocabulary_.id(piece)) return {{*id, std::string(piece), 0, piece.size()}};
    return {unknownToken(piece)};
  }
};

}  // namespace

std::unique_ptr<TokenModel> makeWordPiece(const SortedJson& json, const std::string& place) {
  return std::make_unique<WordPiece>(json, place);
}

std::unique_ptr<TokenModel> makeWordLevel(const SortedJson& json, const std::string& place) {
  return std::make_unique<WordLevel>(json, place);
}

}  // namespace fw
