// Shapes and element types: sizes, overflow, broadcasting.
#include "engine/base/shape.h"

#include <gtest/gtest.h>

#include "engine/base/dtype.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

TEST(Shape, CountsAndIndexesFromBothEnds) {
  const Shape shape{2, 3, 7};
  EXPECT_EQ(shape.count(), 42);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[-1], 7);
  EXPECT_EQ(shape.axis(-3), 0);
  EXPECT_EQ(shape.product(1, 3), 21);
  EXPECT_EQ(shape.toString(), "[2,3,7]");
  EXPECT_EQ(shape.without(1), (Shape{2, 7}));
  EXPECT_EQ(shape.with(-1, 33), (Shape{2, 3, 33}));
  EXPECT_EQ(shape.dims(), (std::vector<int64_t>{2, 3, 7}));
}

TEST(Shape, OfRankZeroHasOneElement) {
  EXPECT_EQ(Shape{}.count(), 1);
  EXPECT_EQ(Shape{}.toString(), "[]");
  EXPECT_EQ((Shape{3, 0, 5}).count(), 0);
}

TEST(Shape, DiffersByRankAsWellAsBySize) {
  EXPECT_NE((Shape{3}), (Shape{3, 1}));
  EXPECT_NE((Shape{3, 1}), (Shape{3}));
  EXPECT_NE((Shape{3, 1}), (Shape{1, 3}));
}

TEST(ShapeError, NamesWhatIsWrong) {
  expectError([] { (Shape{2, 3})[2]; }, Code::Shape, "[shape] [2,3] has no dimension 2.");
  expectError([] { (Shape{2, 3})[-3]; }, Code::Shape, "[shape] [2,3] has no dimension -3.");
  expectError([] { Shape{2, -1}; }, Code::Shape, "[shape] a size is negative: -1.");
  expectError([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }, Code::Shape, "[shape] a tensor has at most 8 dimensions.");
}

TEST(ShapeError, CountDoesNotOverflow) {
  const int64_t big = int64_t(1) << 31;
  EXPECT_EQ((Shape{big, big}).count(), int64_t(1) << 62);
  expectError(
      [=] {
        (Shape{big, big, 2}).count();
      },
      Code::Shape, "[shape] 4611686018427387904 x 2 is more than any machine can hold.");
}

TEST(Broadcast, FollowsTheTrailingDimensions) {
  EXPECT_EQ(broadcast({4, 1, 7}, {3, 1}, "add"), (Shape{4, 3, 7}));
  EXPECT_EQ(broadcast({}, {3, 5}, "add"), (Shape{3, 5}));
  EXPECT_EQ(broadcast({0}, {1}, "add"), (Shape{0}));
  expectError(
      [] {
        broadcast({2, 3}, {2, 4}, "add");
      },
      Code::Shape, "[add] [2,3] and [2,4] do not broadcast: 3 and 4 differ.");
}

TEST(Broadcast, StridesStandStillWhereTheSizeIsOne) {
  EXPECT_EQ(broadcastStrides({4, 1, 7}, {4, 3, 7}), (std::vector<int64_t>{7, 0, 1}));
  EXPECT_EQ(broadcastStrides({3, 1}, {4, 3, 7}), (std::vector<int64_t>{0, 1, 0}));
}

TEST(DType, NamesGoBothWays) {
  const std::vector<std::pair<std::string, int64_t>> expected = {{"f32", 4}, {"f16", 2}, {"bf16", 2}, {"i8", 1},
                                                                 {"i32", 4}, {"i64", 8}, {"bool", 1}};
  for (const auto& [word, bytes] : expected) {
    const std::optional<DType> type = dtypeFromName(word);
    ASSERT_TRUE(type) << word;
    EXPECT_EQ(name(*type), word);
    EXPECT_EQ(byteSize(*type), bytes) << word;
  }
  EXPECT_FALSE(dtypeFromName("f64"));
}

}  // namespace
}  // namespace fw
