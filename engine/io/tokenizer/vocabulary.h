// Tokens and their ids, both ways. Memory follows the number of tokens, whatever their ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/json.h"

namespace fw {

class Vocabulary {
 public:
  /// A later token of the same text takes the place of the earlier; so does one of the same id on the way back.
  void add(const std::string& token, uint32_t id);

  std::optional<uint32_t> id(std::string_view token) const;
  /// nullptr: none.
  const std::string* token(uint32_t id) const;
  size_t count() const { return ids_.size(); }
  /// One more than the largest id.
  int64_t size() const { return size_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> ids_;
  std::unordered_map<uint32_t, const std::string*> tokens_;  // keys of ids_, whose places stay
  int64_t size_ = 0;
};

/// From an object of token: id. Throws Code::File.
Vocabulary readVocabulary(const SortedJson& json, const std::string& place);

}  // namespace fw
