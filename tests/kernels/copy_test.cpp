// Strided copies against one loop over every index of the box.
#include "kernels/copy.h"

#include <algorithm>
#include <numeric>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

std::vector<int64_t> rowMajor(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0; stride *= sizes[i]) strides[i] = stride;
  return strides;
}

int64_t product(const std::vector<int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
}

CopyArgs argsOf(const void* from, void* to, int64_t elementSize, const std::vector<int64_t>& sizes,
                const std::vector<int64_t>& fromStrides, const std::vector<int64_t>& toStrides) {
  CopyArgs args = {from, to, elementSize, int(sizes.size()), {}, {}, {}};
  std::copy(sizes.begin(), sizes.end(), args.sizes);
  std::copy(fromStrides.begin(), fromStrides.end(), args.fromStrides);
  std::copy(toStrides.begin(), toStrides.end(), args.toStrides);
  return args;
}

// The copy one element at a time, on bytes.
void copyPlainly(const CopyArgs& args) {
  int64_t count = 1;
  for (int i = 0; i < args.rank; ++i) count *= args.sizes[i];
  for (int64_t n = 0; n < count; ++n) {
    int64_t from = 0, to = 0, rest = n;
    for (int i = args.rank - 1; i >= 0; --i) {
      from += rest % args.sizes[i] * args.fromStrides[i];
      to += rest % args.sizes[i] * args.toStrides[i];
      rest /= args.sizes[i];
    }
    std::memcpy(static_cast<char*>(args.to) + to * args.elementSize,
                static_cast<const char*>(args.from) + from * args.elementSize, size_t(args.elementSize));
  }
}

std::vector<uint8_t> randomBytes(int64_t count) {
  Rng rng(7, uint64_t(count));
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (uint8_t& byte : bytes) byte = uint8_t(rng.bits());
  return bytes;
}

// y = x with its dimensions permuted.
void expectTransposed(const std::vector<int64_t>& shape, const std::vector<int>& permutation, int64_t elementSize) {
  const std::vector<int64_t> strides = rowMajor(shape);
  std::vector<int64_t> sizes, fromStrides;
  for (int axis : permutation) {
    sizes.push_back(shape[size_t(axis)]);
    fromStrides.push_back(strides[size_t(axis)]);
  }
  const int64_t bytes = product(shape) * elementSize;
  Guarded<uint8_t> x(randomBytes(bytes)), expected(bytes);
  copyPlainly(argsOf(x.data(), expected.data(), elementSize, sizes, fromStrides, rowMajor(sizes)));
  testing::forEachTarget([&] {
    for (int threads : {1, 3}) {
      Guarded<uint8_t> y(bytes);
      cpu::copyStrided({threads}, argsOf(x.data(), y.data(), elementSize, sizes, fromStrides, rowMajor(sizes)));
      ASSERT_EQ(y.values(), expected.values())
          << ::testing::PrintToString(shape) << " by " << ::testing::PrintToString(permutation) << ", elements of "
          << elementSize;
    }
  });
}

TEST(Copy, TransposesMatrices) {
  for (int64_t size : {1, 2, 4, 8})
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {1, 1}, {1, 7}, {7, 1}, {3, 7}, {8, 8}, {16, 33}, {33, 63}, {63, 129}, {130, 64}, {257, 31}})
      expectTransposed(shape, {1, 0}, size);
}

TEST(Copy, PermutesThreeDimensions) {
  std::vector<int> permutation = {0, 1, 2};
  do {
    for (int64_t size : {1, 2, 4, 8})
      for (const auto& shape :
           std::vector<std::vector<int64_t>>{{1, 3, 7}, {3, 1, 33}, {5, 7, 2}, {7, 33, 4}, {3, 17, 9}})
        expectTransposed(shape, permutation, size);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
}

TEST(Copy, PermutesFourDimensions) {
  std::vector<int> permutation = {0, 1, 2, 3};
  do {
    expectTransposed({3, 7, 5, 9}, permutation, 4);
    expectTransposed({2, 33, 3, 16}, permutation, 4);
    expectTransposed({2, 3, 7, 2}, permutation, 2);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
}

TEST(Copy, PermutesManyDimensions) {
  expectTransposed({2, 3, 1, 2, 3, 2, 1, 5}, {7, 2, 5, 0, 4, 1, 3, 6}, 4);
  expectTransposed({2, 3, 2, 2, 3, 2, 3, 5}, {0, 3, 2, 1, 6, 5, 4, 7}, 8);
}

TEST(Copy, CopiesLargeRowsInPieces) {
  expectTransposed({2, 3, 70000}, {1, 0, 2}, 4);
  expectTransposed({300001}, {0}, 1);
}

TEST(Copy, CopiesOneElementAndNone) {
  Guarded<int32_t> x(std::vector<int32_t>{42}), y(1);
  cpu::copyStrided({1}, argsOf(x.data(), y.data(), 4, {}, {}, {}));
  EXPECT_EQ(y[0], 42);
  cpu::copyStrided({1}, argsOf(nullptr, nullptr, 4, {3, 0, 2}, {0, 2, 1}, {0, 2, 1}));
}

// Steps, reversed dimensions, gaps in the target.
TEST(Copy, FollowsAnyStrides) {
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    const int rank = 1 + int(rng.below(4));
    const int64_t elementSize = int64_t(1) << rng.below(4);
    std::vector<int64_t> sizes, fromStrides, toStrides;
    int64_t fromCount = 1, toCount = 1, fromStart = 0;
    for (int i = 0; i < rank; ++i) sizes.push_back(1 + rng.below(9));
    for (int i = rank - 1; i >= 0; --i) {
      const int64_t fromStep = 1 + rng.below(3), toStep = 1 + rng.below(2);
      const bool isReversed = rng.below(3) == 0;
      fromStrides.insert(fromStrides.begin(), (isReversed ? -1 : 1) * fromStep * fromCount);
      toStrides.insert(toStrides.begin(), toStep * toCount);
      if (isReversed) fromStart += (sizes[size_t(i)] - 1) * fromStep * fromCount;
      fromCount *= fromStep * sizes[size_t(i)];
      toCount *= toStep * sizes[size_t(i)];
    }
    Guarded<uint8_t> x(randomBytes(fromCount * elementSize)), y(toCount * elementSize), expected(toCount * elementSize);
    copyPlainly(
        argsOf(x.data() + fromStart * elementSize, expected.data(), elementSize, sizes, fromStrides, toStrides));
    cpu::copyStrided({2},
                     argsOf(x.data() + fromStart * elementSize, y.data(), elementSize, sizes, fromStrides, toStrides));
    ASSERT_EQ(y.values(), expected.values()) << "round " << round;  // bytes between the elements stay as they were
  }
}

TEST(Copy, RepeatsAlongStrideZero) {
  Guarded<float> x(std::vector<float>{1, 2, 3}), y(12);
  cpu::copyStrided({1}, argsOf(x.data(), y.data(), 4, {2, 3, 2}, {0, 1, 0}, {6, 2, 1}));
  EXPECT_EQ(y.values(), (std::vector<float>{1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3}));
}

TEST(Copy, FillsByElementSize) {
  const auto expectFilled = [](auto value, int64_t count) {
    using T = decltype(value);
    Guarded<T> y(count);
    cpu::fill({2}, {y.data(), sizeof(T), count, &value});
    EXPECT_EQ(y.values(), std::vector<T>(size_t(count), value));
  };
  for (int64_t count : {0, 1, 3, 33, 100003}) {
    expectFilled(int8_t(-3), count);
    expectFilled(int16_t(1234), count);
    expectFilled(-2.5f, count);
    expectFilled(int64_t(1) << 40, count);
  }
}

TEST(Copy, CopiesBytes) {
  for (int64_t count : {0, 1, 63, 65537, 200001}) {
    Guarded<uint8_t> x(randomBytes(count)), y(count);
    cpu::copyBytes({2}, x.data(), y.data(), count);
    EXPECT_EQ(y.values(), x.values());
  }
}

}  // namespace
}  // namespace fw::kernels
