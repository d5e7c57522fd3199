// Attention, rotary embedding, caches and scans as ops: what they mean together, exact costs, and the sentences of
// errors.
#include "engine/ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/base/rng.h"
#include "engine/ops/cache_update.h"
#include "engine/ops/concat.h"
#include "engine/ops/rotary.h"
#include "engine/ops/selective_scan.h"
#include "engine/ops/slice.h"
#include "tests/support/expect_error.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using testing::runGraph;
using Values = std::vector<ir::Value>;

Tensor normals(const Shape& shape, uint64_t stream) {
  Rng rng(3, stream);
  std::vector<float> values(static_cast<size_t>(shape.count()));
  for (float& value : values) value = float(rng.normal());
  return Tensor::fromFloats(shape, values);
}

void expectNear(const Tensor& got, const Tensor& expected, double tolerance) {
  ASSERT_EQ(got.shape, expected.shape);
  for (int64_t i = 0; i < got.count(); ++i)
    ASSERT_NEAR(got.data()[i], expected.data()[i], tolerance) << "element " << i;
}

// Weights e^1 and e^0 of the values 1 and 0, by hand.
TEST(Attention, TwoKeysByHand) {
  const Tensor q = Tensor::fromFloats({1, 1, 1, 1}, {1}), k = Tensor::fromFloats({1, 2, 1, 1}, {1, 0});
  const std::vector<Tensor> results = runGraph({q, k, k}, [](ir::Builder&, const Values& in) {
    const ir::AttentionResult r = ir::attentionWithLogSumExp(in[0], in[1], in[2]);
    return Values{r.out, r.logSumExp};
  });
  EXPECT_NEAR(results[0].data()[0], 0.7310585786, 1e-6);
  EXPECT_NEAR(results[1].data()[0], 1.3132616875, 1e-6);
}

TEST(Attention, AQueryThatSeesNoKeyGivesZero) {
  // Three queries at the end of one key: the first two stand before it.
  const std::vector<Tensor> results =
      runGraph({normals({1, 3, 1, 4}, 1), normals({1, 1, 1, 4}, 2), normals({1, 1, 1, 4}, 3)},
               [](ir::Builder&, const Values& in) {
                 const ir::AttentionResult r = ir::attentionWithLogSumExp(in[0], in[1], in[2], {.isCausal = true});
                 return Values{r.out, r.logSumExp};
               });
  for (int64_t i = 0; i < 8; ++i) EXPECT_EQ(results[0].data()[i], 0);
  EXPECT_NE(results[0].data()[8], 0);
  EXPECT_EQ(results[1].data()[1], -INFINITY);
}

// Rotary embedding, cache and attention, token by token, give what the whole sequence gives.
TEST(Attention, StepwiseWithACacheEqualsTheWhole) {
  constexpr int64_t T = 20, cacheSize = 33;
  const Tensor q = normals({2, T, 4, 8}, 1), k = normals({2, T, 2, 8}, 2), v = normals({2, T, 2, 8}, 3);
  const std::vector<double> frequencies = ir::rotaryFrequencies(100, 8);
  const Tensor whole = runGraph({q, k, v}, [&](ir::Builder&, const Values& in) {
    return Values{ir::attention(ir::rotary(in[0], frequencies), ir::rotary(in[1], frequencies), in[2],
                                {.isCausal = true, .windowLeft = 9})};
  })[0];
  std::vector<float> nothing(size_t(2 * cacheSize * 2 * 8), std::nanf(""));
  Tensor keys = Tensor::fromFloats({2, cacheSize, 2, 8}, nothing),
         values = Tensor::fromFloats({2, cacheSize, 2, 8}, nothing);
  for (int64_t t = 0; t < T;) {
    const int64_t count = t == 0 ? 7 : 1;
    const auto rows = [&](ir::Value x) { return ir::slice(x, 1, t, t + count); };
    const std::vector<Tensor> step =
        runGraph({q, k, v, keys, values, Tensor::scalarInt(t)}, [&](ir::Builder&, const Values& in) {
          const ir::Value turned = ir::rotary(rows(in[1]), frequencies, {.position = in[5]});
          const ir::Value cachedKeys = ir::cacheUpdate(in[3], turned, in[5]);
          const ir::Value cachedValues = ir::cacheUpdate(in[4], rows(in[2]), in[5]);
          return Values{ir::attention(ir::rotary(rows(in[0]), frequencies, {.position = in[5]}), cachedKeys,
                                      cachedValues, {.isCausal = true, .windowLeft = 9, .position = in[5]}),
                        cachedKeys, cachedValues};
        });
    const Tensor expected = runGraph({whole}, [&](ir::Builder&, const Values& in) { return Values{rows(in[0])}; })[0];
    expectNear(step[0], expected, 1e-5);
    keys = step[1];
    values = step[2];
    t += count;
  }
}

TEST(Attention, PackedEqualsApart) {
  const Tensor q = normals({1, 12, 2, 4}, 1), k = normals({1, 12, 2, 4}, 2), v = normals({1, 12, 2, 4}, 3);
  const Tensor packed = runGraph({q, k, v, Tensor::fromInts({3}, {0, 5, 12})}, [](ir::Builder&, const Values& in) {
    return Values{ir::attention(in[0], in[1], in[2], {.isCausal = true, .offsets = in[3]})};
  })[0];
  const Tensor apart = runGraph({q, k, v}, [](ir::Builder&, const Values& in) {
    Values parts;
    for (const auto& [begin, end] : {std::pair(0, 5), std::pair(5, 12)})
      parts.push_back(ir::attention(ir::slice(in[0], 1, begin, end), ir::slice(in[1], 1, begin, end),
                                    ir::slice(in[2], 1, begin, end), {.isCausal = true}));
    return Values{ir::concat(parts, 1)};
  })[0];
  expectNear(packed, apart, 1e-6);
}

TEST(Attention, CostCountsThePairsThatAreSeen) {
  const auto macs = [](int64_t T, int64_t S, int64_t left, int64_t right) {
    const std::vector<ir::TensorType> types = {
        {DType::F32, {2, T, 4, 8}}, {DType::F32, {2, S, 2, 8}}, {DType::F32, {2, S, 2, 5}}};
    const ir::Attrs attrs = {{"scale", 1.0}, {"window_left", left}, {"window_right", right}};
    return findOp("attention").cost(OpCall{types, attrs}).macs;
  };
  for (const auto& [T, S] :
       {std::pair<int64_t, int64_t>(1, 1), std::pair<int64_t, int64_t>(7, 9), std::pair<int64_t, int64_t>(9, 7)})
    for (const int64_t left : {-1, 0, 3, 50})
      for (const int64_t right : {-1, 0, 2, 50}) {
        int64_t pairs = 0;
        for (int64_t i = 0; i < T; ++i)
          for (int64_t j = 0; j < S; ++j)
            pairs += (left < 0 || j >= i + S - T - left) && (right < 0 || j <= i + S - T + right);
        EXPECT_EQ(macs(T, S, left, right), double(pairs * 2 * 4 * (8 + 5)))
            << T << " " << S << " " << left << " " << right;
      }
}

TEST(AttentionError, Sentences) {
  const auto expect = [](const std::vector<Shape>& shapes, Code code, const std::string& sentence,
                         const std::function<void(ir::Builder&, ir::AttentionOptions&)>& change = nullptr) {
    ir::Builder builder;
    Values in;
    for (size_t i = 0; i < 3; ++i) in.push_back(builder.input(text("x", i), {DType::F32, shapes[i]}));
    ir::AttentionOptions options;
    if (change) change(builder, options);
    expectError([&] { ir::attention(in[0], in[1], in[2], options); }, code, sentence);
  };
  expect({{2, 5, 8}, {2, 5, 4, 8}, {2, 5, 4, 8}}, Code::Shape,
         "[attention] q is [2,5,8]; expected 4 dimensions: batch, time, heads, width.");
  expect({{2, 5, 4, 8}, {3, 5, 4, 8}, {2, 5, 4, 8}}, Code::Shape,
         "[attention] batches differ: q is [2,5,4,8], k is [3,5,4,8], v is [2,5,4,8].");
  expect({{2, 5, 4, 8}, {2, 6, 4, 8}, {2, 5, 4, 8}}, Code::Shape,
         "[attention] k is [2,6,4,8] and v is [2,5,4,8]; expected equal times and heads.");
  expect({{2, 5, 4, 8}, {2, 5, 4, 6}, {2, 5, 4, 6}}, Code::Shape,
         "[attention] widths of the heads differ: q is [2,5,4,8], k is [2,5,4,6]; expected equal ones of at least 1.");
  expect({{2, 5, 4, 8}, {2, 5, 3, 8}, {2, 5, 3, 8}}, Code::Shape,
         "[attention] 4 query heads share 3 key heads; expected a multiple.");
  const std::vector<Shape> right = {{2, 5, 4, 8}, {2, 7, 2, 8}, {2, 7, 2, 8}};
  expect(right, Code::Shape, "[attention] bias is [4,5,7]; expected [2,4,5,7], the first three sizes or 1.",
         [](ir::Builder& b, ir::AttentionOptions& o) {
           o.bias = b.constant(0, {4, 5, 7});
         });
  expect(right, Code::Parameter, "[attention] there are 3 slopes; expected one for each of 4 heads.",
         [](ir::Builder&, ir::AttentionOptions& o) {
           o.slopes = {1, 2, 3};
         });
  expect(right, Code::Type, "[attention] the position is f32[]; expected i64.",
         [](ir::Builder& b, ir::AttentionOptions& o) { o.position = b.constant(0); });
  expect(right, Code::Shape, "[attention] the batch is 2 but sequences are packed; expected a batch of 1.",
         [](ir::Builder& b, ir::AttentionOptions& o) { o.offsets = b.constant(0, {3}, DType::I64); });
}

TEST(AttentionError, WhenRunning) {
  const Tensor q = normals({1, 2, 1, 4}, 1), k = normals({1, 5, 1, 4}, 2);
  const auto run = [&](const Tensor& position) {
    runGraph({q, k, k, position}, [](ir::Builder&, const Values& in) {
      return Values{ir::attention(in[0], in[1], in[2], {.position = in[3]})};
    });
  };
  run(Tensor::scalarInt(3));
  expectError([&] { run(Tensor::scalarInt(4)); }, Code::Data,
              "[attention] 2 queries from position 4 on do not lie among 5 keys.");
  expectError([&] { run(Tensor::fromInts({1}, {-1})); }, Code::Data,
              "[attention] 2 queries from position -1 on do not lie among 5 keys.");
  expectError(
      [&] {
        runGraph({k, k, k, Tensor::fromInts({3}, {0, 4, 3})}, [](ir::Builder&, const Values& in) {
          return Values{ir::attention(in[0], in[1], in[2], {.offsets = in[3]})};
        });
      },
      Code::Data, "[attention] offset 3 at position 2 is outside 4 to 5.");
}

TEST(CacheUpdateError, RowsThatDoNotFit) {
  expectError(
      [] {
        runGraph({normals({1, 5, 4}, 1), normals({1, 2, 4}, 2), Tensor::scalarInt(4)},
                 [](ir::Builder&, const Values& in) { return Values{ir::cacheUpdate(in[0], in[1], in[2])}; });
      },
      Code::Data, "[cache_update] 2 rows from position 4 on do not fit into a cache of 5.");
}

TEST(RotaryError, MoreThanAHeadHas) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {1, 2, 3, 4}});
  expectError([&] { ir::rotary(x, ir::rotaryFrequencies(10, 6)); }, Code::Shape,
              "[rotary] 6 elements are to be turned, but a head of x [1,2,3,4] has 4.");
}

// Scores depend on the distance of positions alone.
TEST(Rotary, ScoresDependOnDistances) {
  const Tensor q = normals({1, 5, 1, 8}, 1), k = normals({1, 5, 1, 8}, 2), v = normals({1, 5, 1, 3}, 3);
  const auto at = [&](int64_t position) {
    return runGraph({q, k, v, Tensor::scalarInt(position)}, [](ir::Builder&, const Values& in) {
      const std::vector<double> frequencies = ir::rotaryFrequencies(10000, 8);
      return Values{ir::attention(ir::rotary(in[0], frequencies, {.position = in[3]}),
                                  ir::rotary(in[1], frequencies, {.position = in[3]}), in[2])};
    })[0];
  };
  expectNear(at(100), at(0), 2e-5);
}

// Golden value of the specification: one channel, two states.
TEST(SelectiveScan, GoldenValueAndStepsInTurn) {
  const Tensor a = Tensor::fromFloats({1, 2}, {-1, -2}), skip = Tensor::fromFloats({1}, {1});
  const std::vector<float> x = {1, -2, 0.5f}, delta = {0.5f, 0.1f, 1}, b = {1, 0.5f, 0.2f, -1, 0.3f, 0.3f},
                           c = {1, 1, 0.5f, -0.5f, 2, 0};
  const std::vector<double> expected = {1.75, -1.996132, 1.103441};
  Tensor state = Tensor::fromFloats({1, 1, 2}, {0, 0});
  for (size_t t = 0; t < 3; ++t) {
    const std::vector<Tensor> step =
        runGraph({Tensor::fromFloats({1, 1, 1}, {x[t]}), Tensor::fromFloats({1, 1, 1}, {delta[t]}), a,
                  Tensor::fromFloats({1, 1, 2}, {b[2 * t], b[2 * t + 1]}),
                  Tensor::fromFloats({1, 1, 2}, {c[2 * t], c[2 * t + 1]}), skip, state},
                 [](ir::Builder&, const Values& in) {
                   const ir::SelectiveScanResult r = ir::selectiveScan(in[0], in[1], in[2], in[3], in[4], in[5], in[6]);
                   return Values{r.y, r.lastState};
                 });
    EXPECT_NEAR(step[0].data()[0], expected[t], 1e-6);
    state = step[1];
  }
  EXPECT_NEAR(state.data()[0], 0.301720, 1e-6);
  EXPECT_NEAR(state.data()[1], 0.204768, 1e-6);
}

TEST(SelectiveScanError, Sentences) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {2, 5, 3}}), a = builder.input("a", {DType::F32, {4, 2}});
  expectError([&] { ir::selectiveScan(x, x, a, x, x); }, Code::Shape,
              "[selective_scan] a is [4,2]; expected a row of states for each of the 3 channels of x [2,5,3].");
  const ir::Value right = builder.input("right", {DType::F32, {3, 2}});
  expectError([&] { ir::selectiveScan(x, x, right, x, x); }, Code::Shape,
              "[selective_scan] b is [2,5,3]; expected [2,5,2].");
}

}  // namespace
}  // namespace fw
