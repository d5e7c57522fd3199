// Windows at a position read from memory.
#include "kernels/dynamic_slice.h"

#include <numeric>

#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

template <class T>
std::vector<T> numbers(int64_t count, int start) {
  std::vector<T> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), T(start));
  return values;
}

template <class T>
void expectWindows(int64_t outer, int64_t size, int64_t length, int64_t inner) {
  for (int64_t position = 0; position + length <= size; ++position) {
    Guarded<T> x(numbers<T>(outer * size * inner, 1)), window(outer * length * inner);
    ASSERT_TRUE(cpu::dynamicSlice({2}, {x.data(), &position, window.data(), sizeof(T), outer, size, length, inner}));
    Guarded<T> update(numbers<T>(outer * length * inner, 90)), y(outer * size * inner), inPlace(x.values());
    ASSERT_TRUE(cpu::dynamicUpdateSlice(
        {2}, {x.data(), update.data(), &position, y.data(), sizeof(T), outer, size, length, inner}));
    ASSERT_TRUE(cpu::dynamicUpdateSlice(
        {2}, {inPlace.data(), update.data(), &position, inPlace.data(), sizeof(T), outer, size, length, inner}));
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t j = 0; j < size; ++j)
        for (int64_t i = 0; i < inner; ++i) {
          const int64_t at = (o * size + j) * inner + i, inWindow = (o * length + j - position) * inner + i;
          const bool isInside = j >= position && j < position + length;
          if (isInside) {
            ASSERT_EQ(window[inWindow], x[at]);
          }
          ASSERT_EQ(y[at], isInside ? update[inWindow] : x[at]);
          ASSERT_EQ(inPlace[at], y[at]);
        }
  }
}

TEST(DynamicSlice, ReadsAndWritesEveryWindow) {
  expectWindows<float>(1, 1, 1, 1);
  expectWindows<float>(3, 7, 2, 5);
  expectWindows<int64_t>(2, 9, 9, 3);
  expectWindows<uint16_t>(3, 33, 1, 7);
  expectWindows<uint8_t>(2, 7, 3, 3);
  expectWindows<float>(2, 5, 0, 3);
}

TEST(DynamicSlice, RefusesAWindowThatLeavesTheAxis) {
  Guarded<float> x(std::vector<float>(10, 1)), y(4), update(std::vector<float>(4, 2));
  for (const int64_t position : {int64_t(-1), int64_t(4), INT64_MAX, INT64_MIN}) {
    EXPECT_FALSE(cpu::dynamicSlice({1}, {x.data(), &position, y.data(), 4, 1, 5, 2, 2}));
    EXPECT_FALSE(cpu::dynamicUpdateSlice({1}, {x.data(), update.data(), &position, x.data(), 4, 1, 5, 2, 2}));
  }
  EXPECT_EQ(x.values(), std::vector<float>(10, 1));
  EXPECT_TRUE(y[0] != y[0]) << "something was written";
}

}  // namespace
}  // namespace fw::kernels
