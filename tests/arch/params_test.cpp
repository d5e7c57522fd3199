// Values of parameters.
#include "engine/arch/params.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

const std::map<std::string, double> kVariables = {{"width", 64}, {"rate", 0.5}};

std::string problem(const ParamDef& def, const ParamValue& value) {
  return resolveParam(def, &value, kVariables).problem;
}
ParamValue mend(const ParamDef& def, const ParamValue& value) {
  return resolveParam(def, &value, kVariables).mend.value();
}

Node attention(Params params) {
  Node node;
  node.name = "attention";
  node.block = "attention.multi_head";
  node.params = std::move(params);
  return node;
}

TEST(Params, TextOfValues) {
  EXPECT_EQ(toText(true), "true");
  EXPECT_EQ(toText(int64_t(-8)), "-8");
  EXPECT_EQ(toText(0.1), "0.1");
  EXPECT_EQ(toText(1e-5), "1e-05");
  EXPECT_EQ(toText("causal"), "causal");
}

TEST(Params, OwnValueDefaultAndExpression) {
  const BlockDef& block = *smallCatalog().find("attention.multi_head");
  EXPECT_EQ(paramValue(attention({}), block, "heads", {}), ParamValue(int64_t(8)));
  EXPECT_EQ(paramValue(attention({{"heads", 4}}), block, "heads", {}), ParamValue(int64_t(4)));
  EXPECT_EQ(paramValue(attention({{"heads", 4.0}}), block, "heads", {}), ParamValue(int64_t(4)));
  EXPECT_EQ(paramValue(attention({{"heads", "=width/4"}}), block, "heads", kVariables), ParamValue(int64_t(16)));
  const BlockDef& norm = *smallCatalog().find("norm.layer");
  Node node;
  node.params = {{"epsilon", "=rate/2"}};
  EXPECT_EQ(paramValue(node, norm, "epsilon", kVariables), ParamValue(0.25));
  node.params = {{"epsilon", 1}};
  EXPECT_EQ(paramValue(node, norm, "epsilon", {}), ParamValue(1.0));
}

TEST(Params, WholeNumbersComeOutWhole) {
  const ParamDef def = intParam("n", 1);
  for (int64_t width : {3, 12, 192, 768, 4095, 12288}) {
    const std::string expression = "=8/3*" + std::to_string(width * 3);
    const ParamValue value = expression;
    EXPECT_EQ(resolveParam(def, &value, {}).value, ParamValue(int64_t(8 * width))) << expression;
  }
  EXPECT_EQ(problem(def, "=width/3"), "'=width/3' is 21.333333333333332; expected a whole number");
  EXPECT_EQ(problem(def, "=1e30"), "'=1e30' is 1e+30; expected a whole number");
}

TEST(ParamsError, Sentences) {
  const BlockDef& block = *smallCatalog().find("attention.multi_head");
  const auto expect = [&](const char* param, const ParamValue& value, const std::string& sentence) {
    expectError([&] { paramValue(attention({{param, value}}), block, param, kVariables); }, Code::Parameter, sentence);
  };
  expect("heads", "abc", "[attention.heads] 'abc' is not a number.");
  expect("heads", "", "[attention.heads] '' is not a number.");
  expect("heads", true, "[attention.heads] true is not a whole number.");
  expect("heads", 2.5, "[attention.heads] 2.5 is not a whole number.");
  expect("heads", 0, "[attention.heads] 0 is too small; expected 1 to 64.");
  expect("heads", INT64_MAX, "[attention.heads] 9223372036854775807 is too large; expected 1 to 64.");
  expect("heads", 6, "[attention.heads] 6 is not a power of two.");
  expect("heads", "=4*widht",
         "[attention.heads] '4*widht' has no value: there is no variable 'widht'; the document has rate, width.");
  expect("heads", "=width*2", "[attention.heads] 128 is too large; expected 1 to 64.");
  expect("window", 8, "[attention.window] 8 is even; expected an odd number.");
  expect("groups", 0, "[attention.groups] 0 is too small; expected 1 to 1099511627776.");
  expect("groups", int64_t(1) << 41, "[attention.groups] 2199023255552 is too large; expected 1 to 1099511627776.");
  expect("mask", "triangle", "[attention.mask] 'triangle' is no choice; expected one of causal, none, sliding.");
  expect("mask", 3, "[attention.mask] 3 is not one of causal, none, sliding.");
  expect("rope", 1, "[attention.rope] 1 is not true or false.");
  expect("note", 1, "[attention.note] 1 is not a text.");
  expectError([&] { paramValue(attention({}), block, "depth", {}); }, Code::Parameter,
              "[attention.depth] block 'attention.multi_head' has no such parameter.");
}

TEST(ParamsError, RealNumbers) {
  const ParamDef def = realParam("p", 0.5);
  EXPECT_EQ(problem(def, -1e308), "");
  EXPECT_EQ(problem(def, std::nan("")), "nan is not a number");
  EXPECT_EQ(problem(def, INFINITY), "inf is not a number");
  EXPECT_EQ(problem(realParam("p", 0.5).range(0, 1), 1.5), "1.5 is too large; expected 0 to 1");
  EXPECT_EQ(problem(realParam("p", 0.5).range(0, 1e300), -1), "-1 is too small; expected at least 0");
  EXPECT_EQ(problem(realParam("p", 0.5).range(-1e300, 0), 1), "1 is too large; expected at most 0");
}

TEST(Params, MendsAreValid) {
  const ParamDef heads = intParam("heads", 8).range(1, 64).powerOfTwo();
  EXPECT_EQ(mend(heads, 0), ParamValue(int64_t(1)));
  EXPECT_EQ(mend(heads, 100), ParamValue(int64_t(64)));
  EXPECT_EQ(mend(heads, 63), ParamValue(int64_t(32)));
  EXPECT_EQ(mend(heads, "abc"), ParamValue(int64_t(8)));
  const ParamDef window = intParam("window", 7).odd().range(1, 8);
  EXPECT_EQ(mend(window, 4), ParamValue(int64_t(5)));
  EXPECT_EQ(mend(window, 8), ParamValue(int64_t(7)));
  EXPECT_EQ(mend(choiceParam("c", "a", {"a", "b"}), "z"), ParamValue("a"));
  EXPECT_EQ(problem(intParam("n", 2).range(-1e300, 1e300).powerOfTwo(), INT64_MAX),
            "9223372036854775807 is not a power of two");
}

TEST(Params, Visibility) {
  const auto visible = [](const char* condition, const char* value) {
    return isVisible(intParam("n", 1).when(condition), {{"mask", value}, {"flag", true}, {"n", 3}});
  };
  EXPECT_TRUE(visible("", "a"));
  EXPECT_TRUE(visible("mask=a", "a"));
  EXPECT_FALSE(visible("mask=a", "b"));
  EXPECT_FALSE(visible("mask=a", "ab"));
  EXPECT_TRUE(visible("mask=a|b", "b"));
  EXPECT_FALSE(visible("mask=a|b", "c"));
  EXPECT_FALSE(visible("mask!=a", "a"));
  EXPECT_TRUE(visible("mask!=a", "b"));
  EXPECT_FALSE(visible("mask!=a|b", "b"));
  EXPECT_TRUE(visible("flag=true", "a"));
  EXPECT_TRUE(visible("n=3", "a"));
  EXPECT_FALSE(visible("n=4", "a"));
}

TEST(Params, CompleteHasEveryOne) {
  const Params complete = completeParams(attention({{"heads", 4}}), *smallCatalog().find("attention.multi_head"), {});
  const Params expected = {{"heads", int64_t(4)},  {"groups", int64_t(1)}, {"mask", "causal"},
                           {"window", int64_t(7)}, {"rope", false},        {"note", ""}};
  EXPECT_EQ(complete, expected);
}

TEST(Params, Catalog) {
  EXPECT_EQ(smallCatalog().find("norm.layer")->name, "norm");
  EXPECT_EQ(smallCatalog().find("norm"), nullptr);
  const BlockDef& block = *smallCatalog().find("attention.multi_head");
  EXPECT_EQ(block.findInput("mask")->kind, PortKind::Mask);
  EXPECT_EQ(block.findInput("y"), nullptr);
  EXPECT_NE(block.findOutput("y"), nullptr);
  EXPECT_EQ(block.findParam("nothing"), nullptr);
}

}  // namespace
}  // namespace fw
