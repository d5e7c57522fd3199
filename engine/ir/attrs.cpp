// The constants of an op's call.
#include "engine/ir/attrs.h"

#include <algorithm>

#include "engine/base/error.h"

namespace fw::ir {
namespace {

template <class T>
const T& get(const Attrs& attrs, std::string_view name, const char* type) {
  const Attr* attr = attrs.find(name);
  if (!attr) throw Error(Code::Internal, fw::text("[attrs] '", name, "' is missing in {", attrs.toString(), "}."));
  const T* value = std::get_if<T>(attr);
  if (!value)
    throw Error(Code::Internal, fw::text("[attrs] '", name, "' is not ", type, " in {", attrs.toString(), "}."));
  return *value;
}

template <class T>
std::string join(const std::vector<T>& values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) out += (i ? "," : "") + fw::text(values[i]);
  return out + "]";
}

std::string toText(const Attr& attr) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>)
          return value ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::string>)
          return value;
        else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, double>)
          return fw::text(value);
        else
          return join(value);
      },
      attr);
}

}  // namespace

Attrs::Attrs(std::initializer_list<Entry> entries) {
  for (const Entry& entry : entries) set(entry.first, entry.second);
}

Attrs& Attrs::set(const std::string& name, Attr value) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), name,
                                   [](const Entry& e, const std::string& n) { return e.first < n; });
  if (at != entries_.end() && at->first == name)
    at->second = std::move(value);
  else
    entries_.insert(at, {name, std::move(value)});
  return *this;
}

const Attr* Attrs::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

bool Attrs::flag(std::string_view name) const { return get<bool>(*this, name, "a flag"); }
int64_t Attrs::integer(std::string_view name) const { return get<int64_t>(*this, name, "an integer"); }
double Attrs::real(std::string_view name) const { return get<double>(*this, name, "a real number"); }
const std::string& Attrs::text(std::string_view name) const { return get<std::string>(*this, name, "a text"); }
const std::vector<int64_t>& Attrs::list(std::string_view name) const {
  return get<std::vector<int64_t>>(*this, name, "a list of integers");
}
const std::vector<double>& Attrs::reals(std::string_view name) const {
  return get<std::vector<double>>(*this, name, "a list of reals");
}

void Attrs::addTo(Hasher& hasher) const {
  hasher.add(int64_t(entries_.size()));
  for (const auto& [name, attr] : entries_) {
    hasher.add(name).add(int64_t(attr.index()));
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string>)
            hasher.add(std::string_view(value));
          else if constexpr (std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<double>>) {
            hasher.add(int64_t(value.size()));
            for (const auto x : value) hasher.add(x);
          } else
            hasher.add(value);
        },
        attr);
  }
}

std::string Attrs::toString() const {
  std::string out;
  for (const auto& [name, attr] : entries_) out += (out.empty() ? "" : " ") + name + "=" + toText(attr);
  return out;
}

}  // namespace fw::ir
