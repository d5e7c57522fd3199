// JSON read with limits.
#include "engine/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
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

template <class AnyJson>
std::string scalarText(const AnyJson& json) {
  return json.dump(-1, ' ', false, AnyJson::error_handler_t::replace);
}

template <class AnyJson>
void appendSorted(std::string& out, const AnyJson& json, size_t indent) {
  const std::string margin = "\n" + std::string(indent + 2, ' '), lastMargin = "\n" + std::string(indent, ' ');
  if (!json.is_structured() || json.empty()) {
    out += scalarText(json);
  } else if (json.is_array()) {
    const bool isFlat =
        std::none_of(json.begin(), json.end(), [](const AnyJson& item) { return item.is_structured(); });
    out += '[';
    for (size_t i = 0; i < json.size(); ++i) {
      if (i > 0) out += isFlat ? ", " : ",";
      if (!isFlat) out += margin;
      appendSorted(out, json[i], indent + 2);
    }
    out += isFlat ? "]" : lastMargin + "]";
  } else {
    std::vector<std::pair<std::string_view, const AnyJson*>> members;
    for (auto member = json.begin(); member != json.end(); ++member) members.emplace_back(member.key(), &*member);
    std::sort(members.begin(), members.end());
    out += '{';
    const char* separator = "";
    for (const auto& [key, value] : members) {
      out += separator + margin + scalarText(AnyJson(key)) + ": ";
      separator = ",";
      appendSorted(out, *value, indent + 2);
    }
    out += lastMargin + "}";
  }
}

/// Walks a text without building anything and refuses depth, abundance and repeated keys; broken text ends the walk.
class Check : public nlohmann::json_sax<Json> {
 public:
  Check(const std::string& place, const JsonLimits& limits) : place_(place), limits_(limits) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(size_t) override { return open(); }
  bool start_array(size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      throw Error(Code::File, text("[", place_, "] the key '", name, "' stands twice in one object."));
    return true;
  }
  bool parse_error(size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  bool count() {
    if (++values_ > limits_.values)
      throw Error(Code::File, text("[", place_, "] holds more than ", limits_.values, " values."));
    return true;
  }
  bool open() {
    keys_.emplace_back();
    if (int(keys_.size()) > limits_.depth)
      throw Error(Code::File, text("[", place_, "] nested deeper than ", limits_.depth, " levels."));
    return count();
  }
  bool close() {
    keys_.pop_back();
    return true;
  }

  const std::string& place_;
  const JsonLimits& limits_;
  int64_t values_ = 0;
  std::vector<std::unordered_set<std::string>> keys_;
};

/// The library's own hook for checks while it builds takes time that grows with the square of a list's length.
template <class AnyJson>
AnyJson parse(std::string_view bytes, const std::string& place, const JsonLimits& limits) {
  if (bytes.size() > limits.bytes)
    throw Error(Code::File,
                text("[", place, "] the text has ", bytes.size(), " bytes; at most ", limits.bytes, " are read."));
  Check check(place, limits);
  Json::sax_parse(bytes.begin(), bytes.end(), &check);
  try {
    return AnyJson::parse(bytes.begin(), bytes.end());
  } catch (const typename AnyJson::parse_error& error) {
    const size_t offset = error.byte > 0 ? error.byte - 1 : 0;
    const std::string what = error.what();
    const size_t colon = what.find(": ");
    std::string reason = colon == std::string::npos ? what : what.substr(colon + 2);
    // What was read last is then no text that could be shown.
    if (reason.find("ill-formed UTF-8") != std::string::npos) reason.erase(reason.find("; last read"));
    throw Error(Code::File, text("[", place, "] broken JSON at ", position(bytes, offset), ": ", reason, "."));
  } catch (const typename AnyJson::out_of_range&) {
    throw Error(Code::File, text("[", place, "] a number is too large; expected at most 1.8e308."));
  }
}

}  // namespace

Json parseJson(std::string_view bytes, const std::string& place, const JsonLimits& limits) {
  return parse<Json>(bytes, place, limits);
}

SortedJson parseSortedJson(std::string_view bytes, const std::string& place, const JsonLimits& limits) {
  return parse<SortedJson>(bytes, place, limits);
}

Json readJsonFile(const std::string& path, const JsonLimits& limits) {
  return parseJson(readFile(path, limits.bytes), path, limits);
}

std::string toSortedText(const Json& json) {
  std::string out;
  appendSorted(out, json, 0);
  return out + "\n";
}

std::string toSortedText(const SortedJson& json) {
  std::string out;
  appendSorted(out, json, 0);
  return out + "\n";
}

}  // namespace fw
