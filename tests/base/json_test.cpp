// JSON with limits: what is refused, and how the sentence reads.
#include "engine/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"

namespace fw {
namespace {

std::string nested(int levels) { return std::string(size_t(levels), '[') + std::string(size_t(levels), ']'); }

std::string errorOf(const std::string& bytes, const JsonLimits& limits = {}) {
  try {
    parseJson(bytes, "model.fw.json", limits);
  } catch (const Error& error) {
    EXPECT_EQ(int(error.code()), int(Code::File));
    return error.what();
  }
  return "accepted";
}

TEST(Json, KeepsTheOrderOfTheFileAndSortsOnWriting) {
  const Json json = parseJson(R"({"b": 1, "a": {"d": [1, {"y": 0, "x": 1}], "c": null}})", "x");
  EXPECT_EQ(json.begin().key(), "b");
  EXPECT_EQ(toSortedText(json), R"({
  "a": {
    "c": null,
    "d": [
      1,
      {
        "x": 1,
        "y": 0
      }
    ]
  },
  "b": 1
}
)");
}

TEST(Json, NumbersSurviveTheRoundTrip) {
  const std::string numbers = "[0.1, 1e+300, -9223372036854775808, 18446744073709551615, 3.0]\n";
  EXPECT_EQ(toSortedText(parseJson(numbers, "x")), numbers);
}

TEST(Json, ListsOfScalarsStandOnOneLine) {
  EXPECT_EQ(toSortedText(parseJson(R"({"flat": [1,"a",null], "empty": [[], {}], "none": {}})", "x")), R"({
  "empty": [
    [],
    {}
  ],
  "flat": [1, "a", null],
  "none": {}
}
)");
}

TEST(JsonError, NamesLineAndColumn) {
  const std::string sentence = errorOf("{\n  \"a\": 1,\n  \"b\": ]\n}");
  EXPECT_EQ(sentence.rfind("[model.fw.json] broken JSON at line 3, column 8: ", 0), 0u) << sentence;
}

TEST(JsonError, EmptyAndTruncatedTextIsBroken) {
  EXPECT_NE(errorOf("").find("broken JSON at line 1, column 1"), std::string::npos) << errorOf("");
  EXPECT_NE(errorOf("{\"a\": [1, 2").find("broken JSON at line 1, column 12"), std::string::npos)
      << errorOf("{\"a\": [1, 2");
}

/// Lists, objects and scalars count alike, keys do not.
TEST(JsonError, MoreValuesThanTheLimit) {
  EXPECT_EQ(errorOf(R"([1, "a", null, true, {"k": 2.5}])", {.values = 7}), "accepted");
  EXPECT_EQ(errorOf(R"([1, "a", null, true, {"k": 2.5}])", {.values = 6}), "[model.fw.json] holds more than 6 values.");
  std::string bomb = "[[]";
  while (bomb.size() < 3 * (size_t(1) << 22)) bomb += ",[]";
  EXPECT_EQ(errorOf(bomb + "]"), "[model.fw.json] holds more than 4194304 values.");
}

TEST(JsonError, NumbersBeyondDouble) {
  EXPECT_EQ(errorOf("[1e308]"), "accepted");
  EXPECT_EQ(errorOf("[1, -1e999]"), "[model.fw.json] a number is too large; expected at most 1.8e308.");
}

TEST(Json, SortedJsonIsReadAndWrittenAlike) {
  const std::string text = R"({"b": [1, {"z": 0.5, "y": "ü"}], "a": {"d": 18446744073709551615, "c": null}})";
  EXPECT_EQ(toSortedText(parseSortedJson(text, "x")), toSortedText(parseJson(text, "x")));
  EXPECT_EQ(parseSortedJson(text, "x").begin().key(), "a");
  expectError([] { parseSortedJson(R"({"a": 1, "a": 1})", "x"); }, Code::File,
              "[x] the key 'a' stands twice in one object.");
  expectError([] { parseSortedJson(nested(300), "x"); }, Code::File, "[x] nested deeper than 256 levels.");
}

/// Millions of steps where the work grows with the size, thousands of millions where it grows with its square.
TEST(Json, LargeTextTakesTimeInProportion) {
  std::string list = "[0", object = "{\"k\":0";
  for (int i = 0; i < 200'000; ++i) {
    list += ",{}";
    object += ",\"k" + std::to_string(i) + "\":[]";
  }
  EXPECT_EQ(parseJson(list + "]", "x").size(), 200'001u);
  EXPECT_EQ(parseSortedJson(object + "}", "x").size(), 200'001u);
}

TEST(JsonError, RefusesDepthSizeAndRepeatedKeys) {
  EXPECT_EQ(errorOf(nested(8), {.depth = 8}), "accepted");
  EXPECT_EQ(errorOf(nested(10), {.depth = 8}), "[model.fw.json] nested deeper than 8 levels.");
  EXPECT_EQ(errorOf(nested(1000000)), "[model.fw.json] nested deeper than 256 levels.");
  EXPECT_EQ(errorOf("[1, 2]", {.bytes = 5}), "[model.fw.json] the text has 6 bytes; at most 5 are read.");
  EXPECT_EQ(errorOf(R"({"a": {"k": 1}, "b": {"k": 2}})"), "accepted");
  EXPECT_EQ(errorOf(R"({"a": 1, "b": {"a": 1, "a": 2}})"), "[model.fw.json] the key 'a' stands twice in one object.");
}

}  // namespace
}  // namespace fw
