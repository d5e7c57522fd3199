// What a tokenizer is made of, each made from its object in `tokenizer.json`. Inside of engine/io/tokenizer only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/io/tokenizer/aligned_text.h"
#include "engine/io/tokenizer/tokenizer.h"
#include "engine/io/tokenizer/vocabulary.h"

namespace fw {

/// A token inside a piece of text: `begin` and `end` are bytes of the piece.
struct Token {
  uint32_t id = 0;
  std::string text;
  size_t begin = 0, end = 0;
};

/// A part of the text; with tokens when it is done.
struct Piece {
  AlignedText text;
  std::optional<std::vector<Token>> tokens;
};
using Pieces = std::vector<Piece>;

using Normalizer = std::function<void(AlignedText&)>;
/// Splits and rewrites the pieces that have no tokens yet.
using PreTokenizer = std::function<void(Pieces&)>;
/// Takes one text or two; what it leaves is joined. An empty `apply` does nothing.
struct PostProcessor {
  std::function<void(std::vector<Encoding>&, bool hasSpecialTokens)> apply;
  int64_t addedToOne = 0, addedToPair = 0;  // special tokens that it puts around one text, around two
  int64_t size = 0;                         // one more than the largest id of those
};

/// How a file cuts texts that are too long and fills up those that are too short.
struct Fitting {
  /// Cuts one text or two so that they have room for `added` special tokens.
  std::function<void(std::vector<Encoding>&, int64_t added)> cut;
  std::function<void(Encoding&)> pad;
};
using Decoder = std::function<void(std::vector<std::string>&)>;

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual std::vector<Token> tokens(std::string_view piece) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
};

// Each throws Code::File with a sentence that opens with `place`. An empty function does nothing.
Normalizer makeNormalizer(const SortedJson& json, const std::string& place);
PreTokenizer makePreTokenizer(const SortedJson& json, const std::string& place);
PostProcessor makePostProcessor(const SortedJson& json, const std::string& place);
Fitting makeFitting(const SortedJson* truncation, const SortedJson* padding, const std::string& place);
Decoder makeDecoder(const SortedJson& json, const std::string& place);
std::unique_ptr<TokenModel> makeTokenModel(const SortedJson& json, const std::string& place);

std::unique_ptr<TokenModel> makeBpe(const SortedJson& json, const std::string& place);
std::unique_ptr<TokenModel> makeWordPiece(const SortedJson& json, const std::string& place);
std::unique_ptr<TokenModel> makeWordLevel(const SortedJson& json, const std::string& place);
std::unique_ptr<TokenModel> makeUnigram(const SortedJson& json, const std::string& place);

/// The normaliser of SentencePiece: a table of replacements in base64.
Normalizer makePrecompiled(const SortedJson& json, const std::string& place);

/// The character that byte-level tokenizers write for a byte, and back (-1: none).
char32_t byteToCharacter(uint8_t byte);
int characterToByte(char32_t c);
/// Each character becomes its bytes, written as one character each.
void toBytes(AlignedText& text);

/// Replaces the text of every piece without tokens by what `split` makes of it; empty ones vanish.
void splitPieces(Pieces& pieces, const std::function<std::vector<AlignedText>(AlignedText&)>& split);

}  // namespace fw
