// Tokens that are found in the text itself before anything cuts it: "<s>", "[MASK]".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/io/tokenizer/parts.h"

namespace fw {

struct AddedToken {
  uint32_t id = 0;
  std::string content;
  bool isWord = false;       // only where no word character touches it
  bool stripsLeft = false;   // takes the blanks before it
  bool stripsRight = false;  // and behind it
  bool isNormalized = true;  // found in the normalised text
  bool isSpecial = false;    // left out when decoding
};

class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(std::vector<AddedToken> tokens, const Normalizer& normalizer);

  /// The text as pieces: those found are done, the others normalised.
  Pieces split(const std::string& text, const Normalizer& normalizer) const;
  const std::vector<AddedToken>& all() const { return tokens_; }

 private:
  /// What to look for, by its first byte the longest first.
  using Needles = std::map<uint8_t, std::vector<std::pair<std::string, size_t>>>;
  Pieces split(const AlignedText& text, const Needles& needles) const;

  std::vector<AddedToken> tokens_;
  Needles raw_, normalized_;
};

std::vector<AddedToken> readAddedTokens(const SortedJson& json, const std::string& place);

}  // namespace fw
