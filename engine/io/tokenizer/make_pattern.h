// Patterns as tokenizer files write them: {"String": "x"} or {"Regex": "x"}.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/io/tokenizer/pattern.h"

namespace fw {

/// Throws Code::File.
Pattern makePattern(const SortedJson& json, const std::string& place);

}  // namespace fw
