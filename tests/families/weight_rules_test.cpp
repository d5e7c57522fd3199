// Tensors of checkpoints and the weights inside them: both ways, against plain loops.
#include <gtest/gtest.h>

#include <cstring>

#include "engine/io/huggingface.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

Tensor counted(const Shape& shape) {
  std::vector<float> values(size_t(shape.count()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(i) + 0.5f;
  return Tensor::fromFloats(shape, values);
}

void expectSameBytes(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.dtype, b.dtype);
  ASSERT_EQ(a.shape, b.shape);
  EXPECT_EQ(std::memcmp(a.memory.get(), b.memory.get(), size_t(a.bytes())), 0);
}

TEST(WeightRules, NamesMatchWithWholeNumbersOnly) {
  std::vector<std::string> numbers;
  EXPECT_TRUE(matchesName("model.layers.{}.mlp.experts.{}.w1", "model.layers.12.mlp.experts.3.w1", numbers));
  EXPECT_EQ(numbers, (std::vector<std::string>{"12", "3"}));
  EXPECT_EQ(filledName("layers.{}.mlp.{}.gate", numbers), "layers.12.mlp.3.gate");
  EXPECT_TRUE(matchesName("h.{}.w", "h.0.w", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h.01.w", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h..w", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h.-1.w", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h.1.weight", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h.1", numbers));
  EXPECT_FALSE(matchesName("h.{}.w", "h.12345678901.w", numbers));
}

TEST(WeightRules, PartsBelowEachOtherShareTheTensor) {
  const WeightRule rule{.tensor = "qkv.{}", .parts = {{"q.{}", 2}, {"k.{}", 1}, {"v.{}"}}};
  const Tensor tensor = counted({7, 3});
  const auto parts = partsOf(rule, {"5"}, tensor);
  ASSERT_EQ(parts.at("q.5").shape, (Shape{2, 3}));
  ASSERT_EQ(parts.at("k.5").shape, (Shape{1, 3}));
  ASSERT_EQ(parts.at("v.5").shape, (Shape{4, 3}));
  EXPECT_EQ(parts.at("q.5").data(), tensor.data());
  EXPECT_EQ(parts.at("k.5").data(), tensor.data() + 6);
  EXPECT_EQ(parts.at("v.5").data(), tensor.data() + 9);
  expectSameBytes(joinedParts(rule, {"5"}, parts), tensor);
}

TEST(WeightRules, TransposedPartsAreColumns) {
  const WeightRule rule{.tensor = "c_attn", .parts = {{"q", 33}, {"k", 33}, {"v", 1}}, .isTransposed = true};
  const Tensor tensor = counted({35, 67});
  const auto parts = partsOf(rule, {}, tensor);
  int64_t from = 0;
  for (const auto& [name, rows] : {std::pair{"q", 33}, std::pair{"k", 33}, std::pair{"v", 1}}) {
    const Tensor& part = parts.at(name);
    ASSERT_EQ(part.shape, (Shape{rows, 35}));
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < 35; ++c)
        ASSERT_EQ(part.data()[r * 35 + c], tensor.data()[c * 67 + from + r]) << name << " " << r << " " << c;
    from += rows;
  }
  expectSameBytes(joinedParts(rule, {}, parts), tensor);
}

TEST(WeightRules, GroupsAlternate) {
  const WeightRule rule{.tensor = "qkv", .parts = {{"q", 6}, {"k", 3}}, .groups = 3};
  const Tensor tensor = counted({9, 2});
  const auto parts = partsOf(rule, {}, tensor);
  for (int64_t head = 0; head < 3; ++head)
    for (int64_t column = 0; column < 2; ++column) {
      const float* group = tensor.data() + head * 6;  // two rows of q and one of k, of two columns
      EXPECT_EQ(parts.at("q").data()[(head * 2 + 0) * 2 + column], group[column]);
      EXPECT_EQ(parts.at("q").data()[(head * 2 + 1) * 2 + column], group[2 + column]);
      EXPECT_EQ(parts.at("k").data()[head * 2 + column], group[4 + column]);
    }
  expectSameBytes(joinedParts(rule, {}, parts), tensor);
}

TEST(WeightRules, SizesOfOneComeAndGo) {
  const WeightRule taken{.tensor = "p", .parts = {{"w"}}, .onesInFront = 1};
  const auto positions = partsOf(taken, {}, counted({1, 5, 2}));
  EXPECT_EQ(positions.at("w").shape, (Shape{5, 2}));
  expectSameBytes(joinedParts(taken, {}, positions), counted({1, 5, 2}));
  const WeightRule added{.tensor = "c", .parts = {{"w"}}, .onesInFront = -2};
  const auto token = partsOf(added, {}, counted({5}));
  EXPECT_EQ(token.at("w").shape, (Shape{1, 1, 5}));
  expectSameBytes(joinedParts(added, {}, token), counted({5}));
  expectError(
      [&] {
        partsOf(taken, {}, counted({5, 2}));
      },
      Code::File, "[p] the tensor is [5,2]; expected 1 sizes of 1 in front.");
}

TEST(WeightRules, SizesThatDoNotFitAreRefused) {
  const WeightRule rule{.tensor = "qkv", .parts = {{"q", 4}, {"k", 2}}};
  expectError([&] { partsOf(rule, {}, counted({7, 3})); }, Code::File, "[qkv] the tensor is [7,3]; expected 6 rows.");
  expectError([&] { partsOf(rule, {}, counted({5, 3})); }, Code::File, "[qkv] the tensor is [5,3]; expected 6 rows.");
  const WeightRule turned{.tensor = "w", .parts = {{"a"}}, .isTransposed = true};
  expectError([&] { partsOf(turned, {}, counted({7})); }, Code::File,
              "[w] the tensor is [7]; expected two dimensions.");
  const WeightRule grouped{.tensor = "g", .parts = {{"a", 4}, {"b"}}, .groups = 2};
  expectError(
      [&] {
        partsOf(grouped, {}, counted({7, 1}));
      },
      Code::File, "[g] the tensor is [7,1]; expected rows that are a multiple of 2.");
  expectError(
      [&] {
        joinedParts(rule, {}, {{"q", counted({4, 3})}});
      },
      Code::Data, "[k] there is no weight of this name.");
  expectError(
      [&] {
        joinedParts(rule, {}, {{"q", counted({4, 3})}, {"k", counted({2, 2})}});
      },
      Code::Data, "[k] the weight is [2,2]; expected 2 rows of 3.");
}

}  // namespace
}  // namespace fw
