// Arithmetic in parameters.
#include "engine/arch/expression.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fw {
namespace {

const std::map<std::string, double> kVariables = {{"width", 768}, {"depth", 12}, {"_r2", 0.5}};

double value(const char* expression) { return evaluate(expression, kVariables); }

void expectProblem(const std::string& expression, const std::string& problem) {
  expectError([&] { evaluate(expression, kVariables); }, Code::Parameter, "[expression] " + problem);
}

TEST(Expression, FollowsTheRulesOfArithmetic) {
  EXPECT_EQ(value("4*width"), 3072);
  EXPECT_EQ(value("2+3*4"), 14);
  EXPECT_EQ(value("(2+3)*4"), 20);
  EXPECT_EQ(value("20-3-2"), 15);
  EXPECT_EQ(value("64/4/2"), 8);
  EXPECT_EQ(value("7/2"), 3.5);
  EXPECT_EQ(value("2*-3"), -6);
  EXPECT_EQ(value("--3"), 3);
  EXPECT_EQ(value("-(depth-20)*2"), 16);
  EXPECT_EQ(value(" 1.5e2 + .5 "), 150.5);
  EXPECT_EQ(value("width*_r2"), 384);
}

TEST(Expression, HasTheFiveFunctions) {
  EXPECT_EQ(value("floor(7/2)"), 3);
  EXPECT_EQ(value("ceil(7/2)"), 4);
  EXPECT_EQ(value("round(2.4)"), 2);
  EXPECT_EQ(value("round(2.5)"), 3);
  EXPECT_EQ(value("min(3, width, 5)"), 3);
  EXPECT_EQ(value("max(3, 4 + 5)"), 9);
  EXPECT_EQ(value("256*ceil(8/3*width/256)"), 2048);
  EXPECT_EQ(value("max(min(1,2),floor(9.9))"), 9);
}

TEST(ExpressionError, NamesTheSpot) {
  expectProblem("", "'' has no value: a number or a variable was expected at the end.");
  expectProblem("4*", "'4*' has no value: a number or a variable was expected at the end.");
  expectProblem("4**2", "'4**2' has no value: a number or a variable was expected at '*2'.");
  expectProblem("4 width", "'4 width' has no value: an operator was expected at 'width'.");
  expectProblem("(1+2", "'(1+2' has no value: ')' was expected at the end.");
  expectProblem("1+2)", "'1+2)' has no value: an operator was expected at ')'.");
  expectProblem("4*widht", "'4*widht' has no value: there is no variable 'widht'; the document has _r2, depth, width.");
  expectProblem("sin(1)",
                "'sin(1)' has no value: there is no function 'sin'; expected floor, ceil, round, min or max.");
  expectProblem("floor(1,2)", "'floor(1,2)' has no value: 'floor' takes one number.");
  expectProblem("max(1)", "'max(1)' has no value: 'max' takes two numbers or more.");
  expectProblem("1/(depth-12)", "'1/(depth-12)' has no value: it divides by zero.");
  expectProblem("1e308*10", "'1e308*10' has no value: it is too large.");
  expectProblem("1e999", "'1e999' has no value: it is too large.");
  expectProblem("0x10", "'0x10' has no value: an operator was expected at 'x10'.");
  expectProblem("inf", "'inf' has no value: there is no variable 'inf'; the document has _r2, depth, width.");
  expectError([] { evaluate("a", {}); }, Code::Parameter, "[expression] 'a' has no value: there is no variable 'a'.");
}

TEST(ExpressionError, BoundsLengthAndDepth) {
  EXPECT_EQ(evaluate(std::string(99, '(') + "1" + std::string(99, ')'), {}), 1);
  const std::string deep = std::string(400, '(') + "1" + std::string(400, ')');
  expectProblem(deep, "'" + std::string(60, '(') + "...' has no value: it is nested too deep.");
  EXPECT_EQ(evaluate(std::string(999, '-') + "1", {}), -1);
  expectProblem(std::string(1001, '1'),
                "'" + std::string(60, '1') + "...' has no value: it is longer than 1000 characters.");
}

TEST(Expression, ListsItsVariables) {
  EXPECT_EQ(expressionVariables("4*width + max(depth, 2e3*k)"), (std::set<std::string>{"depth", "k", "width"}));
  EXPECT_EQ(expressionVariables("floor (7)"), std::set<std::string>{});
  EXPECT_EQ(expressionVariables("4**broken("), std::set<std::string>{});
  EXPECT_EQ(expressionVariables("ok + ("), std::set<std::string>{"ok"});
}

}  // namespace
}  // namespace fw
