// Patterns as tokenizer files write them.
#include "engine/io/tokenizer/make_pattern.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/io/tokenizer/json_fields.h"

namespace fw {

Pattern makePattern(const SortedJson& json, const std::string& place) {
  if (json.is_string()) return Pattern::literal(json.get<std::string>());
  if (fields::find(json, "String", place)) return Pattern::literal(fields::textOf(json, "String", place));
  if (fields::find(json, "Regex", place)) return Pattern::regex(fields::textOf(json, "Regex", place), place);
  throw Error(Code::File, text("[", place, "] a pattern has neither 'String' nor 'Regex'."));
}

}  // namespace fw
