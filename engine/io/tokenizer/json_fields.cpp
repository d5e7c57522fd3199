// Members of JSON objects of a tokenizer file.
#include "engine/io/tokenizer/json_fields.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/unicode.h"

namespace fw::fields {
namespace {

[[noreturn]] void wrong(const std::string& place, const char* name, const SortedJson& value, const char* expected) {
  throw Error(Code::File, text("[", place, "] '", name, "' is a ", value.type_name(), "; expected ", expected, "."));
}

}  // namespace

const SortedJson* find(const SortedJson& json, const char* name, const std::string& place) {
  if (!json.is_object())
    throw Error(Code::File, text("[", place, "] is a ", json.type_name(), "; expected an object."));
  const auto at = json.find(name);
  return at == json.end() || at->is_null() ? nullptr : &*at;
}

const SortedJson& require(const SortedJson& json, const char* name, const std::string& place) {
  if (const SortedJson* found = find(json, name, place)) return *found;
  throw Error(Code::File, text("[", place, "] '", name, "' is missing."));
}

std::string textOf(const SortedJson& json, const char* name, const std::string& place) {
  const SortedJson& value = require(json, name, place);
  if (!value.is_string()) wrong(place, name, value, "a text");
  return value.get<std::string>();
}

std::string textOf(const SortedJson& json, const char* name, const std::string& absent, const std::string& place) {
  return find(json, name, place) ? textOf(json, name, place) : absent;
}

bool flagOf(const SortedJson& json, const char* name, bool absent, const std::string& place) {
  const SortedJson* value = find(json, name, place);
  if (!value) return absent;
  if (!value->is_boolean()) wrong(place, name, *value, "true or false");
  return value->get<bool>();
}

int64_t integerOf(const SortedJson& json, const char* name, int64_t absent, const std::string& place) {
  const SortedJson* value = find(json, name, place);
  if (!value) return absent;
  if (!value->is_number_integer()) wrong(place, name, *value, "a whole number");
  if (value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX))
    throw Error(Code::File, text("[", place, "] '", name, "' is ", value->get<uint64_t>(), ", which is too large."));
  return value->get<int64_t>();
}

char32_t characterOf(const SortedJson& json, const char* name, char32_t absent, const std::string& place) {
  if (!find(json, name, place)) return absent;
  const std::vector<char32_t> characters = unicode::codePoints(textOf(json, name, place));
  if (characters.size() != 1)
    throw Error(Code::File, text("[", place, "] '", name, "' has ", characters.size(), " characters; expected one."));
  return characters[0];
}

const SortedJson& listOf(const SortedJson& json, const char* name, const std::string& place) {
  const SortedJson& value = require(json, name, place);
  if (!value.is_array()) wrong(place, name, value, "a list");
  return value;
}

uint32_t tokenId(const SortedJson& json, const std::string& what, const std::string& place) {
  const bool isId = json.is_number_integer() && (json.is_number_unsigned() || json.get<int64_t>() >= 0) &&
                    json.get<uint64_t>() < (uint64_t(1) << 31);
  if (!isId)
    throw Error(Code::File, text("[", place, "] the id of '", what, "' is ", json.dump(),
                                 "; expected a whole number from 0 to 2147483647."));
  return json.get<uint32_t>();
}

}  // namespace fw::fields
