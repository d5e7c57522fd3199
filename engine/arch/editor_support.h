// What the parts of the editor share.
#pragma once

#include <cmath>
#include <memory>
#include <string>

#include "engine/arch/architecture.h"
#include "engine/arch/names.h"
#include "engine/base/error.h"

namespace fw {

inline constexpr double kMaxCoordinate = 1e9;
inline constexpr size_t kMaxTextBytes = 100'000;  // of a label, a note or a parameter

/// A shared value about to be changed: a copy of its own unless this is the only owner. Snapshots that are published
/// keep theirs, because the document being edited shares with them.
template <class T>
T& own(std::shared_ptr<const T>& pointer) {
  if (pointer.use_count() != 1) pointer = std::make_shared<T>(*pointer);
  return const_cast<T&>(*pointer);
}

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  throw Error(Code::Graph, text(parts...));
}

inline bool isCoordinate(double value) { return std::isfinite(value) && std::abs(value) <= kMaxCoordinate; }

inline void requireText(const std::string& words, const char* place) {
  if (words.size() > kMaxTextBytes || !isUtf8(words))
    throw Error(Code::Parameter,
                text("[", place, "] the text is not UTF-8 or is longer than ", kMaxTextBytes, " bytes."));
}

/// Whether two containers hold the same but for the values of their promoted parameters, which may differ among copies.
bool sameInside(const Node& a, const Node& b);

inline bool isPort(const Node& node) { return node.block == kInBlock || node.block == kOutBlock; }

}  // namespace fw
