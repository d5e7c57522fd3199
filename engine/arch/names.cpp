// What may be a name in a document.
#include "engine/arch/names.h"

#include <algorithm>
#include <charconv>

namespace fw {
namespace {

constexpr size_t kMaxNameBytes = 100;
constexpr int64_t kHighestNumber = 1'000'000'000;  // a number above is part of the name

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

template <class Test>
bool isName(std::string_view name, Test test) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), test);
}

/// Bytes of the UTF-8 character at the beginning of `bytes`; 0 where there is none.
size_t utf8Length(std::string_view bytes) {
  const auto at = [&](size_t i) { return i < bytes.size() ? uint8_t(bytes[i]) : uint8_t(0); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const bool isOverlong = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
  const bool isSurrogate = first == 0xed && at(1) >= 0xa0;
  const bool isBeyondUnicode = first == 0xf4 && at(1) >= 0x90;
  return isOverlong || isSurrogate || isBeyondUnicode ? 0 : length;
}

/// "norm" of "norm_3", short enough for a number behind it.
std::string stemOf(const std::string& name) {
  const size_t underscore = name.rfind('_');
  const bool isNumbered = underscore != std::string::npos && underscore > 0 && underscore + 1 < name.size() &&
                          std::all_of(name.begin() + std::ptrdiff_t(underscore) + 1, name.end(), isDigit);
  return name.substr(0, std::min(isNumbered ? underscore : name.size(), kMaxNameBytes - 12));
}

}  // namespace

bool isIdentifier(std::string_view name) {
  return isName(name, [](char c) { return isLetter(c) || isDigit(c) || c == '_' || c == '-'; });
}

bool isBlockId(std::string_view name) {
  return isName(name, [](char c) { return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '.'; }) &&
         name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos;
}

bool isVariableName(std::string_view name) {
  return isName(name, [](char c) { return isLetter(c) || isDigit(c) || c == '_'; }) && !isDigit(name.front());
}

bool isBodyName(std::string_view name) {
  return isName(name, [](char c) {
    return c > ' ' && c < 127 && std::string_view("'\"/\\.,").find(c) == std::string_view::npos;
  });
}

bool isUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = utf8Length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string inQuotes(std::string_view name) {
  constexpr size_t kShown = 60;
  std::string out = "'";
  while (!name.empty()) {
    if (out.size() > kShown) {
      out += "...";
      break;
    }
    const size_t length = utf8Length(name);
    const bool isControl = length <= 1 && (uint8_t(name.front()) < ' ' || uint8_t(name.front()) >= 127);
    if (isControl) {
      out += '?';
    } else {
      out += name.substr(0, length);
    }
    name.remove_prefix(std::max<size_t>(length, 1));
  }
  return out + "'";
}

std::string freeName(const Graph& graph, const std::string& wish) {
  const std::string stem = stemOf(wish) + "_";
  bool isTaken = false;
  int64_t highest = 1;
  for (const auto& [id, node] : graph.nodes) {
    isTaken = isTaken || node->name == wish;
    if (node->name.compare(0, stem.size(), stem) != 0) continue;
    const std::string_view digits = std::string_view(node->name).substr(stem.size());
    int64_t number = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    if (end == digits.data() + digits.size() && number < kHighestNumber) highest = std::max(highest, number);
  }
  return isTaken ? stem + std::to_string(highest + 1) : wish;
}

NamePool::NamePool(const Graph& graph) {
  for (const auto& [id, node] : graph.nodes) taken_.insert(node->name);
}

std::string NamePool::take(const std::string& wish) {
  if (taken_.insert(wish).second) return wish;
  const std::string stem = stemOf(wish);
  int& number = next_.try_emplace(stem, 2).first->second;
  while (true) {
    std::string name = stem + "_" + std::to_string(number++);
    if (taken_.insert(name).second) return name;
  }
}

}  // namespace fw
