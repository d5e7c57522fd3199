// One parameter of one node: its value, or what is wrong with it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/arch/block.h"

namespace fw {

struct ResolvedParam {
  ParamValue value;
  std::string problem;             // "0 is too small; expected at least 1", or ""
  std::optional<ParamValue> mend;  // a value that would do
};

/// `own` null: the default. Expressions are resolved with `variables`.
ResolvedParam resolveParam(const ParamDef& def, const ParamValue* own, const std::map<std::string, double>& variables);

/// "a whole number", "a number", "true or false", "one of a, b", "a text".
std::string expectation(const ParamDef& def);

/// The value in the form that documents keep for this type of parameter (8.0 becomes 8 for Int), or nothing where it
/// can never be one. Ranges are not looked at; texts that start with '=' pass for numbers.
std::optional<ParamValue> normalizedParam(const ParamDef& def, const ParamValue& value);

}  // namespace fw
