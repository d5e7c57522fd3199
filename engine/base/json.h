// JSON read with limits: nothing from a file is trusted.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace fw {

/// Keeps keys in file order; looking one up takes time in proportion to their number.
using Json = nlohmann::ordered_json;
/// Sorts keys: for objects with thousands of them.
using SortedJson = nlohmann::json;

struct JsonLimits {
  size_t bytes = size_t(1) << 28;
  int depth = 256;
  int64_t values = int64_t(1) << 22;  // "[],[],[]": in memory, a value takes up to fifty times its text
};

/// Parses `bytes`; `place` (a file's name) opens each sentence. Throws Code::File with line and column on broken text,
/// above the limits, and where an object repeats a key.
Json parseJson(std::string_view bytes, const std::string& place, const JsonLimits& limits = {});

SortedJson parseSortedJson(std::string_view bytes, const std::string& place, const JsonLimits& limits = {});

/// Reads and parses a file. Throws Code::File.
Json readJsonFile(const std::string& path, const JsonLimits& limits = {});

/// Two-space indentation, keys sorted at every level, lists without objects or lists inside on one line, a newline at
/// the end.
std::string toSortedText(const Json& json);
std::string toSortedText(const SortedJson& json);

}  // namespace fw
