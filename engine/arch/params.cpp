// Values of parameters: defaults, expressions, types and ranges.
#include "engine/arch/params.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/arch/architecture.h"
#include "engine/arch/expression.h"
#include "engine/arch/names.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr double kExactIntegers = 0x1p53;

bool isNumeric(const ParamDef& def) { return def.type == ParamType::Int || def.type == ParamType::Real; }

bool isExpression(const ParamValue& value) {
  const std::string* words = std::get_if<std::string>(&value);
  return words && !words->empty() && words->front() == '=';
}

std::string shown(const ParamValue& value) {
  return std::holds_alternative<std::string>(value) ? inQuotes(std::get<std::string>(value)) : toText(value);
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// Divisions such as 8/3*width are off by a rounding error where the exact result is whole.
std::optional<int64_t> wholeNumber(double value) {
  const double whole = std::round(value);
  if (std::abs(value - whole) > 1e-12 * std::max(1.0, std::abs(value)) || std::abs(whole) > kExactIntegers) return {};
  return int64_t(whole);
}

double asDouble(const ParamValue& value) {
  return std::holds_alternative<int64_t>(value) ? double(std::get<int64_t>(value)) : std::get<double>(value);
}

ParamValue numberFor(const ParamDef& def, double value) {
  if (def.type == ParamType::Int) return int64_t(value);
  return value;
}

ResolvedParam refused(const ParamDef& def, std::string problem) { return {def.value, std::move(problem), def.value}; }

bool hasMinimum(const ParamDef& def) { return def.minimum > -1e300; }
bool hasMaximum(const ParamDef& def) { return def.maximum < 1e300; }

std::string rangeText(const ParamDef& def) {
  const bool hasLow = hasMinimum(def), hasHigh = hasMaximum(def);
  const std::string low = toText(numberFor(def, hasLow ? def.minimum : 0));
  const std::string high = toText(numberFor(def, hasHigh ? def.maximum : 0));
  if (hasLow && hasHigh) return text("expected ", low, " to ", high);
  return hasLow ? text("expected at least ", low) : text("expected at most ", high);
}

/// Range and divisibility of a number of the right type.
ResolvedParam inRange(const ParamDef& def, ParamValue value) {
  const double number = asDouble(value);
  if ((hasMinimum(def) && number < def.minimum) || (hasMaximum(def) && number > def.maximum))
    return {value, text(toText(value), " is too ", number < def.minimum ? "small" : "large", "; ", rangeText(def)),
            numberFor(def, std::clamp(number, def.minimum, def.maximum))};
  const int64_t* whole = std::get_if<int64_t>(&value);
  if (def.mustBeOdd && whole && *whole % 2 == 0)
    return {value, text(*whole, " is even; expected an odd number"), *whole + (double(*whole) < def.maximum ? 1 : -1)};
  if (def.mustBePowerOfTwo && whole && (*whole < 1 || (*whole & (*whole - 1)) != 0)) {
    int64_t power = 1;
    while (power <= *whole / 2) power *= 2;
    return {value, text(*whole, " is not a power of two"), power};
  }
  return {std::move(value), "", {}};
}

}  // namespace

std::string expectation(const ParamDef& def) {
  switch (def.type) {
    case ParamType::Int:
      return "a whole number";
    case ParamType::Real:
      return "a number";
    case ParamType::Bool:
      return "true or false";
    case ParamType::Choice:
      return "one of " + join(def.choices);
    case ParamType::Text:
      return "a text";
  }
  return "";
}

std::optional<ParamValue> normalizedParam(const ParamDef& def, const ParamValue& value) {
  if (isNumeric(def)) {
    if (isExpression(value)) return value;
    if (std::holds_alternative<bool>(value) || std::holds_alternative<std::string>(value)) return {};
    if (!std::isfinite(asDouble(value))) return {};
    if (def.type == ParamType::Real) return asDouble(value);
    if (std::holds_alternative<int64_t>(value)) return value;
    const double number = std::get<double>(value);
    if (number != std::floor(number) || std::abs(number) > kExactIntegers) return {};
    return int64_t(number);
  }
  if (def.type == ParamType::Bool) return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
  return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
}

ResolvedParam resolveParam(const ParamDef& def, const ParamValue* own, const std::map<std::string, double>& variables) {
  const ParamValue& value = own ? *own : def.value;
  if (isNumeric(def) && isExpression(value)) {
    const std::string& source = std::get<std::string>(value);
    double number = 0;
    try {
      number = evaluate(std::string_view(source).substr(1), variables);
    } catch (const Error& error) {
      std::string problem = error.what();
      problem.erase(0, std::string("[expression] ").size());
      problem.pop_back();
      return refused(def, problem);
    }
    if (def.type == ParamType::Real) return inRange(def, number);
    const std::optional<int64_t> whole = wholeNumber(number);
    if (!whole) return refused(def, text(inQuotes(source), " is ", toText(number), "; expected a whole number"));
    return inRange(def, *whole);
  }
  const std::optional<ParamValue> normal = normalizedParam(def, value);
  if (!normal) {
    if (isNumeric(def) && std::holds_alternative<std::string>(value))
      return refused(def, shown(value) + " is not a number");
    return refused(def, text(shown(value), " is not ", expectation(def)));
  }
  if (isNumeric(def)) return inRange(def, *normal);
  if (def.type == ParamType::Choice &&
      std::find(def.choices.begin(), def.choices.end(), std::get<std::string>(*normal)) == def.choices.end())
    return refused(def, text(shown(value), " is no choice; expected ", expectation(def)));
  return {*normal, "", {}};
}

ParamValue paramValue(const Node& node, const BlockDef& block, const std::string& param,
                      const std::map<std::string, double>& variables) {
  const ParamDef* def = block.findParam(param);
  if (!def)
    throw Error(Code::Parameter, text("[", node.name, ".", param, "] block '", block.id, "' has no such parameter."));
  const auto own = node.params.find(param);
  ResolvedParam resolved = resolveParam(*def, own == node.params.end() ? nullptr : &own->second, variables);
  if (!resolved.problem.empty())
    throw Error(Code::Parameter, text("[", node.name, ".", param, "] ", resolved.problem, "."));
  return std::move(resolved.value);
}

std::vector<ParamRef> targetsOfParam(const Node& node, const std::string& param) {
  const auto promoted = node.promoted.find(param);
  if (promoted == node.promoted.end()) return {{node.id, param}};
  std::map<NodeId, const Node*> inside;
  const std::function<void(const Node&)> collect = [&](const Node& container) {
    for (const auto& [name, body] : container.bodies)
      for (const auto& [id, inner] : body->nodes) {
        inside[id] = inner.get();
        collect(*inner);
      }
  };
  collect(node);
  std::vector<ParamRef> found;
  for (const ParamRef& target : promoted->second) {
    const auto inner = inside.find(target.node);
    if (inner == inside.end()) continue;
    for (const ParamRef& each : targetsOfParam(*inner->second, target.param))
      if (std::find(found.begin(), found.end(), each) == found.end()) found.push_back(each);
  }
  return found;
}

std::optional<ParamRef> sourceOfParam(const Node& node, const std::string& param) {
  const std::vector<ParamRef> targets = targetsOfParam(node, param);
  return targets.empty() ? std::nullopt : std::optional(targets.front());
}

std::optional<int64_t> layerCount(const Node& repeat, const BlockDef& block,
                                  const std::map<std::string, double>& variables) {
  const ParamDef* def = block.findParam("count");
  if (!def) return {};
  const auto own = repeat.params.find("count");
  const ResolvedParam count = resolveParam(*def, own == repeat.params.end() ? nullptr : &own->second, variables);
  const int64_t* layers = std::get_if<int64_t>(&count.value);
  return count.problem.empty() && layers && *layers <= kMaxLayers ? std::optional(*layers) : std::nullopt;
}

Params completeParams(const Node& node, const BlockDef& block, const std::map<std::string, double>& variables) {
  Params complete;
  for (const ParamDef& def : block.params) complete[def.name] = paramValue(node, block, def.name, variables);
  return complete;
}

Params completeOptions(const std::string& id, const std::vector<ParamDef>& params, const Params& given) {
  const BlockDef holder{.id = id, .params = params};
  for (const auto& [name, value] : given) {
    if (holder.findParam(name)) continue;
    std::string known;
    for (const ParamDef& param : params) known += (known.empty() ? "" : ", ") + param.name;
    throw Error(Code::Usage,
                text("[", id, "] has no option '", name, "'", known.empty() ? "." : "; it has: " + known + "."));
  }
  try {
    return completeParams(Node{.name = id, .params = given}, holder, {});
  } catch (const Error& error) {
    throw Error(Code::Usage, error.what());
  }
}

}  // namespace fw
