// Arithmetic in parameters, by recursive descent:
//   sum = product {("+" | "-") product}    product = factor {("*" | "/") factor}
//   factor = ("+" | "-") factor | number | variable | function "(" sum {"," sum} ")" | "(" sum ")"
#include "engine/arch/expression.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/arch/names.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr size_t kMaxLength = 1000;
constexpr int kMaxDepth = 100;

bool isNameStart(char c) { return isVariableName(std::string_view(&c, 1)); }
bool isNamePart(char c) { return isNameStart(c) || (c >= '0' && c <= '9'); }

struct Function {
  const char* name;
  bool takesList;
  double (*apply)(const std::vector<double>&);
};

const Function* findFunction(std::string_view name) {
  static const Function kFunctions[] = {
      {"floor", false, [](const std::vector<double>& x) { return std::floor(x[0]); }},
      {"ceil", false, [](const std::vector<double>& x) { return std::ceil(x[0]); }},
      {"round", false, [](const std::vector<double>& x) { return std::round(x[0]); }},
      {"min", true, [](const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); }},
      {"max", true, [](const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); }},
  };
  const auto* found =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Function& f) { return f.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

class Parser {
 public:
  Parser(std::string_view source, const std::map<std::string, double>& variables)
      : source_(source), variables_(variables) {}

  double parse() {
    if (source_.size() > kMaxLength) fail(text("it is longer than ", kMaxLength, " characters"));
    const double value = sum();
    skipSpace();
    if (at_ < source_.size()) fail(text("an operator was expected ", here()));
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& fact) const {
    throw Error(Code::Parameter, text("[expression] ", inQuotes(source_), " has no value: ", fact, "."));
  }

  std::string here() const {
    return at_ < source_.size() ? text("at ", inQuotes(source_.substr(at_))) : std::string("at the end");
  }

  void skipSpace() {
    while (at_ < source_.size() && source_[at_] == ' ') ++at_;
  }

  bool accept(char c) {
    skipSpace();
    if (at_ >= source_.size() || source_[at_] != c) return false;
    ++at_;
    return true;
  }

  double finite(double value) const {
    if (!std::isfinite(value)) fail("it is too large");
    return value;
  }

  double sum() {
    if (++depth_ > kMaxDepth) fail("it is nested too deep");
    double value = product();
    while (true) {
      if (accept('+')) {
        value = finite(value + product());
      } else if (accept('-')) {
        value = finite(value - product());
      } else {
        --depth_;
        return value;
      }
    }
  }

  double product() {
    double value = factor();
    while (true) {
      if (accept('*')) {
        value = finite(value * factor());
      } else if (accept('/')) {
        const double divisor = factor();
        if (divisor == 0) fail("it divides by zero");
        value = finite(value / divisor);
      } else {
        return value;
      }
    }
  }

  double factor() {
    double sign = 1;
    while (true) {
      if (accept('-')) {
        sign = -sign;
      } else if (!accept('+')) {
        break;
      }
    }
    if (accept('(')) {
      const double value = sum();
      if (!accept(')')) fail(text("')' was expected ", here()));
      return sign * value;
    }
    if (at_ < source_.size() && isNameStart(source_[at_])) return sign * named();
    return sign * number();
  }

  double number() {
    double value = 0;
    const char* begin = source_.data() + at_;
    const bool startsLikeOne =
        at_ < source_.size() && (source_[at_] == '.' || (source_[at_] >= '0' && source_[at_] <= '9'));
    if (!startsLikeOne) fail(text("a number or a variable was expected ", here()));
    const auto result = std::from_chars(begin, source_.data() + source_.size(), value);
    if (result.ec == std::errc::result_out_of_range) fail("it is too large");
    if (result.ec != std::errc()) fail(text("a number or a variable was expected ", here()));
    at_ += size_t(result.ptr - begin);
    return value;
  }

  double named() {
    const size_t begin = at_;
    while (at_ < source_.size() && isNamePart(source_[at_])) ++at_;
    const std::string name(source_.substr(begin, at_ - begin));
    if (accept('(')) return call(name);
    const auto variable = variables_.find(name);
    if (variable != variables_.end()) return variable->second;
    std::string known;
    for (const auto& [other, value] : variables_) known += (known.empty() ? "" : ", ") + other;
    fail(text("there is no variable ", inQuotes(name), known.empty() ? "" : "; the document has ", known));
  }

  double call(const std::string& name) {
    const Function* function = findFunction(name);
    if (!function) fail(text("there is no function ", inQuotes(name), "; expected floor, ceil, round, min or max"));
    std::vector<double> arguments = {sum()};
    while (accept(',')) arguments.push_back(sum());
    if (!accept(')')) fail(text("')' was expected ", here()));
    if (!function->takesList && arguments.size() != 1) fail(text(inQuotes(name), " takes one number"));
    if (function->takesList && arguments.size() < 2) fail(text(inQuotes(name), " takes two numbers or more"));
    return function->apply(arguments);
  }

  std::string_view source_;
  const std::map<std::string, double>& variables_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

double evaluate(std::string_view expression, const std::map<std::string, double>& variables) {
  return Parser(expression, variables).parse();
}

std::set<std::string> expressionVariables(std::string_view expression) {
  std::set<std::string> names;
  for (size_t i = 0; i < expression.size();) {
    if (!isNamePart(expression[i]) && expression[i] != '.') {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < expression.size() && (isNamePart(expression[end]) || expression[end] == '.')) ++end;
    const std::string word(expression.substr(i, end - i));
    const size_t next = expression.find_first_not_of(' ', end);
    const bool isCall = next != std::string_view::npos && expression[next] == '(';
    if (isVariableName(word) && !isCall) names.insert(word);
    i = end;
  }
  return names;
}

}  // namespace fw
