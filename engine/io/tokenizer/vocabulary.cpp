// Tokens and their ids.
#include "engine/io/tokenizer/vocabulary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"

namespace fw {

void Vocabulary::add(const std::string& token, uint32_t id) {
  const auto at = ids_.insert_or_assign(token, id).first;
  tokens_[id] = &at->first;
  size_ = std::max(size_, int64_t(id) + 1);
}

std::optional<uint32_t> Vocabulary::id(std::string_view token) const {
  const auto at = ids_.find(token);
  if (at == ids_.end()) return std::nullopt;
  return at->second;
}

const std::string* Vocabulary::token(uint32_t id) const {
  const auto at = tokens_.find(id);
  return at == tokens_.end() ? nullptr : at->second;
}

Vocabulary readVocabulary(const SortedJson& json, const std::string& place) {
  if (!json.is_object())
    throw Error(Code::File, text("[", place, "] 'vocab' is a ", json.type_name(), "; expected an object."));
  Vocabulary vocabulary;
  for (auto member = json.begin(); member != json.end(); ++member)
    vocabulary.add(member.key(), fields::tokenId(*member, member.key(), place));
  return vocabulary;
}

}  // namespace fw
