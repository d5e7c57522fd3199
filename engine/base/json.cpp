// JSON read with limits.
#include "engine/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace fw {
namespace {

std::string position(std::string_view bytes, size_t offset) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < offset && i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return text("line ", line, ", column ", column);
}

std::string scalarText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void appendSorted(std::string& out, const Json& json, size_t indent) {
  const std::string margin = "\n" + std::string(indent + 2, ' '), lastMargin = "\n" + std::string(indent, ' ');
  if (!json.is_structured() || json.empty()) {
    out += scalarText(json);
  } else if (json.is_array()) {
    const bool isFlat = std::none_of(json.begin(), json.end(), [](const Json& item) { return item.is_structured(); });
    out += '[';
    for (size_t i = 0; i < json.size(); ++i) {
      if (i > 0) out += isFlat ? ", " : ",";
      if (!isFlat) out += margin;
      appendSorted(out, json[i], indent + 2);
    }
    out += isFlat ? "]" : lastMargin + "]";
  } else {
    std::vector<std::pair<std::string_view, const Json*>> members;
    for (auto member = json.begin(); member != json.end(); ++member) members.emplace_back(member.key(), &*member);
    std::sort(members.begin(), members.end());
    out += '{';
    const char* separator = "";
    for (const auto& [key, value] : members) {
      out += separator + margin + scalarText(Json(key)) + ": ";
      separator = ",";
      appendSorted(out, *value, indent + 2);
    }
    out += lastMargin + "}";
  }
}

}  // namespace

Json parseJson(std::string_view bytes, const std::string& place, const JsonLimits& limits) {
  if (bytes.size() > limits.bytes)
    throw Error(Code::File,
                text("[", place, "] the text has ", bytes.size(), " bytes; at most ", limits.bytes, " are read."));
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth > limits.depth)
      throw Error(Code::File, text("[", place, "] nested deeper than ", limits.depth, " levels."));
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second)
      throw Error(Code::File,
                  text("[", place, "] the key '", parsed.get<std::string>(), "' stands twice in one object."));
    return true;
  };
  try {
    return Json::parse(bytes.begin(), bytes.end(), check);
  } catch (const Json::parse_error& error) {
    const size_t offset = error.byte > 0 ? error.byte - 1 : 0;
    const std::string what = error.what();
    const size_t colon = what.find(": ");
    std::string reason = colon == std::string::npos ? what : what.substr(colon + 2);
    throw Error(Code::File, text("[", place, "] broken JSON at ", position(bytes, offset), ": ", reason, "."));
  } catch (const Json::out_of_range&) {
    throw Error(Code::File, text("[", place, "] a number is too large; expected at most 1.8e308."));
  }
}

Json readJsonFile(const std::string& path, const JsonLimits& limits) {
  return parseJson(readFile(path, limits.bytes), path, limits);
}

std::string toSortedText(const Json& json) {
  std::string out;
  appendSorted(out, json, 0);
  return out + "\n";
}

}  // namespace fw
