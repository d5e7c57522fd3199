// The constants of an op's call: a small sorted map of typed values that can be hashed, compared and printed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/hash.h"

namespace fw::ir {

using Attr = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

class Attrs {
 public:
  using Entry = std::pair<std::string, Attr>;

  Attrs() = default;
  Attrs(std::initializer_list<Entry> entries);

  /// Adds or replaces.
  Attrs& set(const std::string& name, Attr value);
  /// nullptr when absent.
  const Attr* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // Each throws Code::Internal when the entry is absent or of another type.
  bool flag(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::vector<int64_t>& list(std::string_view name) const;
  const std::vector<double>& reals(std::string_view name) const;

  // The same with a value for absence.
  bool flag(std::string_view name, bool absent) const { return has(name) ? flag(name) : absent; }
  int64_t integer(std::string_view name, int64_t absent) const { return has(name) ? integer(name) : absent; }
  double real(std::string_view name, double absent) const { return has(name) ? real(name) : absent; }

  const std::vector<Entry>& entries() const { return entries_; }
  bool operator==(const Attrs&) const = default;
  void addTo(Hasher& hasher) const;
  /// "axis=1 keep=true"
  std::string toString() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace fw::ir
