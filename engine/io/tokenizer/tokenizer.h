// Text to token ids and back, as a `tokenizer.json` of Hugging Face describes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fw {

/// One text as tokens. `offsets` are [begin, end) in code points of the text; tokens that were added (start, end of the
/// sequence) have [0, 0).
struct Encoding {
  struct Span {
    int64_t begin = 0, end = 0;
    bool operator==(const Span&) const = default;
  };
  std::vector<int64_t> ids;
  std::vector<std::string> tokens;  // as the vocabulary writes them
  std::vector<Span> offsets;
  std::vector<int64_t> typeIds;        // 0 and 1 tell the texts of a pair apart where the file says so
  std::vector<int64_t> attentionMask;  // 0: padding
};

/// Immutable; copies share; safe from any thread.
class Tokenizer {
 public:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  /// Bytes that are no UTF-8 count as U+FFFD. `hasSpecialTokens`: with what the file puts around a text ("[CLS]").
  /// Throws Code::Data where a regular expression of the file backtracks without end, and where a character is in no
  /// vocabulary and the file names no unknown token.
  Encoding encode(std::string_view text, bool hasSpecialTokens = true) const;
  /// Two texts as one sequence; offsets count in each from its own start.
  Encoding encodePair(std::string_view first, std::string_view second, bool hasSpecialTokens = true) const;
  /// One text or a pair, cut to a length and filled up to one where the file says so. Throws Code::Data where a text
  /// that is to be cut is too short for it.
  Encoding encodeFitted(std::string_view first, std::optional<std::string_view> second,
                        bool hasSpecialTokens = true) const;

  /// Ids that the vocabulary lacks are left out; special tokens too, unless asked for. May hold U+FFFD where the ids
  /// end inside a character.
  std::string decode(const std::vector<int64_t>& ids, bool hasSpecialTokens = false) const;

  /// Number of ids, added tokens included: one more than the largest.
  int64_t size() const;
  std::optional<int64_t> id(const std::string& token) const;
  /// As the vocabulary writes it; empty where there is none.
  std::string token(int64_t id) const;
  bool isSpecial(int64_t id) const;

  /// What the file asks for and encode() does not do but encodeFitted() does, a sentence each: truncation, padding.
  const std::vector<std::string>& notes() const;

 private:
  Encoding tokensOf(std::string_view text, int64_t typeId) const;
  Encoding made(std::string_view first, std::optional<std::string_view> second, bool hasSpecialTokens,
                bool isFitted) const;

  std::shared_ptr<const Parts> parts_;
};

/// Reads a `tokenizer.json`: BPE, WordPiece, WordLevel and Unigram with the normalisers, pre-tokenisers,
/// post-processors, truncation, padding and decoders of the library `tokenizers`. Throws Code::File
/// "[tokenizer.json] normalizer.type is 'Foo'; ..." for what is broken or not known.
Tokenizer loadTokenizer(const std::string& path);

/// The same from text; `place` opens each sentence.
Tokenizer parseTokenizer(std::string_view json, const std::string& place);

/// Text from ids that come one after the other: characters are given out when they are whole.
class TokenStream {
 public:
  explicit TokenStream(Tokenizer tokenizer) : tokenizer_(std::move(tokenizer)) {}
  /// The text that `id` adds; empty while a character is incomplete.
  std::string push(int64_t id);
  /// What is left.
  std::string finish();

 private:
  Tokenizer tokenizer_;
  std::vector<int64_t> ids_;  // the latest
  std::string shown_;         // what was given out of their text
};

}  // namespace fw
