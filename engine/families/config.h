// The config.json of a checkpoint: read by key and synonym, and remembering which keys were read.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/json.h"

namespace fw {

/// A view of one JSON object; inner objects share the record of what was read. Every function throws Code::File
/// "[config.json] hidden_size is missing." or "... is 'abc'; expected a whole number." A key that is null is missing.
class ModelConfig {
 public:
  using Keys = std::initializer_list<const char*>;  // synonyms; the first one that is there holds

  /// `json` must be an object; `place` opens each sentence.
  ModelConfig(Json json, std::string place);

  bool has(Keys keys) const { return find(keys) != nullptr; }
  /// At least 0 and at most 2^30.
  int64_t integer(Keys keys) const;
  int64_t integer(Keys keys, int64_t fallback) const;
  /// Finite.
  double real(Keys keys) const;
  double real(Keys keys, double fallback) const;
  bool flag(Keys keys, bool fallback) const;
  std::string text(Keys keys, const std::string& fallback) const;
  /// Empty where the key is missing.
  std::vector<std::string> texts(Keys keys) const;
  std::vector<int64_t> integers(Keys keys) const;
  std::vector<double> reals(Keys keys) const;
  bool isObject(Keys keys) const;
  bool isText(Keys keys) const;
  /// An inner object; an empty one where the key is missing.
  ModelConfig inner(const char* key) const;
  /// The key has been looked after, whatever its value.
  void ignore(Keys keys) const;

  /// Keys that nobody has read, "vision_config.dropout" for inner ones, in the order of the file.
  std::vector<std::string> unread() const;
  const Json& json() const { return *at_; }
  const std::string& place() const { return place_; }
  [[noreturn]] void fail(const std::string& sentence) const;

 private:
  ModelConfig() = default;
  const Json* find(Keys keys, std::string* name = nullptr) const;
  const Json& require(Keys keys, std::string* name) const;
  int64_t toInteger(const Json& value, const std::string& name) const;
  double toReal(const Json& value, const std::string& name) const;

  std::shared_ptr<const Json> whole_;
  const Json* at_ = nullptr;
  std::string place_, prefix_;
  std::shared_ptr<std::set<std::string>> read_;
};

}  // namespace fw
