// Look-up in block definitions and short forms of parameters.
#include "engine/arch/block.h"

#include <algorithm>
#include <charconv>

namespace fw {
namespace {

ParamDef makeParam(std::string name, ParamType type, ParamValue value) {
  ParamDef def;
  def.name = std::move(name);
  def.type = type;
  def.value = std::move(value);
  return def;
}

template <class Items>
auto findNamed(const Items& items, const std::string& name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

std::string toText(const ParamValue& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const int64_t* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const std::string* words = std::get_if<std::string>(&value)) return *words;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::get<double>(value)).ptr;
  return std::string(digits, end);
}

ParamDef intParam(std::string name, int64_t value) {
  return makeParam(std::move(name), ParamType::Int, value).range(1, 0x1p40);
}
ParamDef realParam(std::string name, double value) { return makeParam(std::move(name), ParamType::Real, value); }
ParamDef boolParam(std::string name, bool value) { return makeParam(std::move(name), ParamType::Bool, value); }
ParamDef textParam(std::string name, std::string value) {
  return makeParam(std::move(name), ParamType::Text, std::move(value));
}
ParamDef choiceParam(std::string name, std::string value, std::vector<std::string> choices) {
  ParamDef def = makeParam(std::move(name), ParamType::Choice, std::move(value));
  def.choices = std::move(choices);
  return def;
}

bool isVisible(const ParamDef& param, const Params& complete) {
  const std::string& condition = param.visibleWhen;
  const size_t equals = condition.find('=');
  if (equals == std::string::npos) return true;
  const bool isNegated = equals > 0 && condition[equals - 1] == '!';
  const auto entry = complete.find(condition.substr(0, isNegated ? equals - 1 : equals));
  if (entry == complete.end()) return true;
  const std::string value = toText(entry->second);
  bool isListed = false;
  for (size_t begin = equals + 1; begin <= condition.size();) {
    const size_t end = std::min(condition.find('|', begin), condition.size());
    isListed = isListed || condition.compare(begin, end - begin, value) == 0;
    begin = end + 1;
  }
  return isListed != isNegated;
}

const ParamDef* BlockDef::findParam(const std::string& wanted) const { return findNamed(params, wanted); }
const PortDef* BlockDef::findInput(const std::string& wanted) const { return findNamed(inputs, wanted); }
const PortDef* BlockDef::findOutput(const std::string& wanted) const { return findNamed(outputs, wanted); }

Catalog::Catalog(const std::vector<BlockDef>& blocks) : blocks_(&blocks) {
  for (const BlockDef& block : blocks) byId_.emplace(block.id, &block);
}

const BlockDef* Catalog::find(const std::string& id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? nullptr : found->second;
}

}  // namespace fw
