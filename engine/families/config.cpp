// The config.json of a checkpoint.
#include "engine/families/config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace fw {
namespace {

std::string shown(const Json& value) {
  std::string dumped = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (dumped.size() > 40) dumped = dumped.substr(0, 40) + "...";
  return dumped;
}

}  // namespace

ModelConfig::ModelConfig(Json json, std::string place)
    : whole_(std::make_shared<const Json>(std::move(json))),
      at_(whole_.get()),
      place_(std::move(place)),
      read_(std::make_shared<std::set<std::string>>()) {
  if (!at_->is_object()) fail("is no JSON object.");
}

void ModelConfig::fail(const std::string& sentence) const { throw Error(Code::File, "[" + place_ + "] " + sentence); }

const Json* ModelConfig::find(Keys keys, std::string* name) const {
  const Json* found = nullptr;
  for (const char* key : keys) {
    const auto at = at_->find(key);
    if (at == at_->end()) continue;
    read_->insert(prefix_ + key);
    if (found || at->is_null()) continue;
    found = &*at;
    if (name) *name = prefix_ + key;
  }
  return found;
}

const Json& ModelConfig::require(Keys keys, std::string* name) const {
  const Json* found = find(keys, name);
  if (!found) fail(fw::text(prefix_, *keys.begin(), " is missing."));
  return *found;
}

int64_t ModelConfig::toInteger(const Json& value, const std::string& name) const {
  constexpr int64_t most = int64_t(1) << 30;  // a product of two fits
  const bool isWhole =
      value.is_number_integer() || (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
  const double number = isWhole ? value.get<double>() : -1;
  if (!(number >= 0 && number <= double(most)))
    fail(fw::text(name, " is ", shown(value), "; expected a whole number from 0 to ", most, "."));
  return int64_t(number);
}

double ModelConfig::toReal(const Json& value, const std::string& name) const {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    fail(fw::text(name, " is ", shown(value), "; expected a number."));
  return value.get<double>();
}

int64_t ModelConfig::integer(Keys keys) const {
  std::string name;
  const Json& value = require(keys, &name);
  return toInteger(value, name);
}

int64_t ModelConfig::integer(Keys keys, int64_t fallback) const {
  std::string name;
  const Json* value = find(keys, &name);
  return value ? toInteger(*value, name) : fallback;
}

double ModelConfig::real(Keys keys) const {
  std::string name;
  const Json& value = require(keys, &name);
  return toReal(value, name);
}

double ModelConfig::real(Keys keys, double fallback) const {
  std::string name;
  const Json* value = find(keys, &name);
  return value ? toReal(*value, name) : fallback;
}

bool ModelConfig::flag(Keys keys, bool fallback) const {
  std::string name;
  const Json* value = find(keys, &name);
  if (!value) return fallback;
  if (!value->is_boolean()) fail(fw::text(name, " is ", shown(*value), "; expected true or false."));
  return value->get<bool>();
}

std::string ModelConfig::text(Keys keys, const std::string& fallback) const {
  std::string name;
  const Json* value = find(keys, &name);
  if (!value) return fallback;
  if (!value->is_string()) fail(fw::text(name, " is ", shown(*value), "; expected a text."));
  return value->get<std::string>();
}

std::vector<std::string> ModelConfig::texts(Keys keys) const {
  std::string name;
  const Json* value = find(keys, &name);
  std::vector<std::string> list;
  if (!value) return list;
  if (!value->is_array()) fail(fw::text(name, " is ", shown(*value), "; expected a list of texts."));
  for (const Json& item : *value) {
    if (!item.is_string()) fail(fw::text(name, " holds ", shown(item), "; expected texts."));
    list.push_back(item.get<std::string>());
  }
  return list;
}

std::vector<int64_t> ModelConfig::integers(Keys keys) const {
  std::string name;
  const Json* value = find(keys, &name);
  std::vector<int64_t> list;
  if (!value) return list;
  if (!value->is_array()) fail(fw::text(name, " is ", shown(*value), "; expected a list of whole numbers."));
  for (const Json& item : *value) list.push_back(toInteger(item, name));
  return list;
}

std::vector<double> ModelConfig::reals(Keys keys) const {
  std::string name;
  const Json* value = find(keys, &name);
  std::vector<double> list;
  if (!value) return list;
  if (!value->is_array()) fail(fw::text(name, " is ", shown(*value), "; expected a list of numbers."));
  for (const Json& item : *value) list.push_back(toReal(item, name));
  return list;
}

bool ModelConfig::isObject(Keys keys) const {
  const Json* value = find(keys);
  return value && value->is_object();
}

bool ModelConfig::isText(Keys keys) const {
  const Json* value = find(keys);
  return value && value->is_string();
}

ModelConfig ModelConfig::inner(const char* key) const {
  static const Json none = Json::object();
  ModelConfig view = *this;
  std::string name;
  const Json* value = find({key}, &name);
  if (value && !value->is_object()) fail(fw::text(name, " is ", shown(*value), "; expected an object."));
  view.at_ = value ? value : &none;
  view.prefix_ = prefix_ + key + ".";
  return view;
}

void ModelConfig::ignore(Keys keys) const { find(keys); }

std::vector<std::string> ModelConfig::unread() const {
  std::vector<std::string> names;
  for (const auto& [key, value] : whole_->items()) {
    if (!read_->contains(key)) {
      names.push_back(key);
      continue;
    }
    if (!value.is_object()) continue;
    const std::string prefix = key + ".";
    const auto inside = read_->lower_bound(prefix);
    const bool wasOpened = inside != read_->end() && inside->starts_with(prefix);
    if (!wasOpened) continue;
    for (const auto& [name, ignored] : value.items())
      if (!read_->contains(prefix + name)) names.push_back(prefix + name);
  }
  return names;
}

}  // namespace fw
