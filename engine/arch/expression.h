// Arithmetic in parameters: "=4*width" is four times the document's variable `width`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace fw {

/// The value of numbers, variables, + - * / ( ) and floor, ceil, round (one argument), min, max (two or more); without
/// the leading '='. Throws Code::Parameter with a sentence that names the spot.
double evaluate(std::string_view expression, const std::map<std::string, double>& variables);

/// The names that an expression uses; whatever can be read of one that is broken.
std::set<std::string> expressionVariables(std::string_view expression);

}  // namespace fw
