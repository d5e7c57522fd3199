// Members of JSON objects that a tokenizer file must or may have, each mistake a sentence.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/base/json.h"

namespace fw::fields {

/// The member, or nullptr where it is absent or null. Throws Code::File where `json` is no object.
const SortedJson* find(const SortedJson& json, const char* name, const std::string& place);
/// Throws Code::File "[tokenizer.json] model.vocab is missing." `place` ends with the path: "[tokenizer.json] model".
const SortedJson& require(const SortedJson& json, const char* name, const std::string& place);

std::string textOf(const SortedJson& json, const char* name, const std::string& place);
std::string textOf(const SortedJson& json, const char* name, const std::string& absent, const std::string& place);
bool flagOf(const SortedJson& json, const char* name, bool absent, const std::string& place);
int64_t integerOf(const SortedJson& json, const char* name, int64_t absent, const std::string& place);
/// The character of a text of one character.
char32_t characterOf(const SortedJson& json, const char* name, char32_t absent, const std::string& place);

/// A member that is a list; throws where it is missing or something else.
const SortedJson& listOf(const SortedJson& json, const char* name, const std::string& place);

/// A token id: an integer in [0, 2^31).
uint32_t tokenId(const SortedJson& json, const std::string& what, const std::string& place);

}  // namespace fw::fields
