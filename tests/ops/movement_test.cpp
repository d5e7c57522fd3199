// Ops that move elements: each against a plain rule "which element of the input stands here", for every dtype; and
// their gradients as transposes: the dot products <f(x), dy> and <x, df(dy)> are equal for a linear f.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/rng.h"
#include "engine/ir/autodiff.h"
#include "engine/ops/concat.h"
#include "engine/ops/dropout.h"
#include "engine/ops/dynamic_slice.h"
#include "engine/ops/dynamic_update_slice.h"
#include "engine/ops/embedding.h"
#include "engine/ops/flip.h"
#include "engine/ops/gather.h"
#include "engine/ops/index_add.h"
#include "engine/ops/pad.h"
#include "engine/ops/reshape.h"
#include "engine/ops/scatter_add.h"
#include "engine/ops/slice.h"
#include "engine/ops/take.h"
#include "engine/ops/top_k.h"
#include "engine/ops/transpose.h"
#include "tests/support/expect_error.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using testing::runGraph;
using testing::runOp;
using Index = std::vector<int64_t>;
using Values = std::vector<ir::Value>;

const std::vector<DType> allTypes = {DType::F32, DType::F16, DType::BF16, DType::I8,
                                     DType::I32, DType::I64, DType::Bool};

// Small whole numbers, exact in every dtype.
Tensor numbered(DType dtype, const Shape& shape) {
  Tensor tensor = Tensor::make(dtype, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const int64_t value = dtype == DType::Bool ? i * 7 % 3 == 0 : i * 7 % 101;
    switch (dtype) {
      case DType::F32:
        tensor.data<float>()[i] = float(value);
        break;
      case DType::F16:
        tensor.data<uint16_t>()[i] = floatToHalf(float(value));
        break;
      case DType::BF16:
        tensor.data<uint16_t>()[i] = floatToBfloat(float(value));
        break;
      case DType::I8:
        tensor.data<int8_t>()[i] = int8_t(value);
        break;
      case DType::I32:
        tensor.data<int32_t>()[i] = int32_t(value);
        break;
      case DType::I64:
        tensor.data<int64_t>()[i] = value;
        break;
      case DType::Bool:
        tensor.data<uint8_t>()[i] = uint8_t(value);
        break;
    }
  }
  return tensor;
}

Tensor randomFloats(const Shape& shape, uint64_t stream) {
  Rng rng(1, stream);
  std::vector<float> values(static_cast<size_t>(shape.count()));
  for (float& value : values) value = float(rng.normal());
  return Tensor::fromFloats(shape, values);
}

Tensor randomIndices(const Shape& shape, int64_t bound, uint64_t stream) {
  Rng rng(2, stream);
  std::vector<int64_t> values(static_cast<size_t>(shape.count()));
  for (int64_t& value : values) value = rng.below(bound);
  return Tensor::fromInts(shape, values);
}

int64_t flat(const Shape& shape, const Index& index) {
  int64_t at = 0;
  for (int i = 0; i < shape.rank(); ++i) at = at * shape[i] + index[size_t(i)];
  return at;
}

Index unflat(const Shape& shape, int64_t at) {
  Index index(static_cast<size_t>(shape.rank()));
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[size_t(i)] = at % shape[i];
    at /= shape[i];
  }
  return index;
}

// y[i] = x[source(i)], or `absent` where the source has no entries although x has a rank.
void expectMoved(const Tensor& y, const Tensor& x, const std::function<Index(Index)>& source, double absent = 0) {
  const std::vector<double> got = y.toDoubles(), from = x.toDoubles();
  for (int64_t i = 0; i < y.count(); ++i) {
    const Index index = source(unflat(y.shape, i));
    const bool isAbsent = index.empty() && x.shape.rank() > 0;
    ASSERT_EQ(got[size_t(i)], isAbsent ? absent : from[size_t(flat(x.shape, index))])
        << "element " << i << " of " << y.shape;
  }
}

TEST(Transpose, PutsDimensionsInOrder) {
  const std::vector<std::pair<Shape, Index>> cases = {{{33, 7}, {1, 0}},
                                                      {{64, 96}, {1, 0}},
                                                      {{2, 9, 3, 5}, {0, 2, 1, 3}},
                                                      {{3, 7, 5}, {2, 0, 1}},
                                                      {{2, 3, 63, 4}, {0, 1, 3, 2}},
                                                      {{1, 5, 1}, {2, 1, 0}},
                                                      {{0, 3}, {1, 0}},
                                                      {{}, {}}};
  for (const DType dtype : allTypes)
    for (const auto& [shape, permutation] : cases) {
      const Tensor x = numbered(dtype, shape), y = runOp("transpose", {x}, {{"permutation", permutation}})[0];
      for (int i = 0; i < shape.rank(); ++i) ASSERT_EQ(y.shape[i], shape[int(permutation[size_t(i)])]);
      expectMoved(y, x, [&](const Index& at) {
        Index index(at.size());
        for (size_t i = 0; i < at.size(); ++i) index[size_t(permutation[i])] = at[i];
        return index;
      });
    }
}

TEST(Slice, TakesABox) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {7, 33, 5});
    const Tensor y = runGraph({x}, [](ir::Builder&, const Values& in) {
      return Values{ir::slice(in[0], {2, 1, 0}, {7, 32, 5}, {1, 3, 2})};
    })[0];
    ASSERT_EQ(y.shape, (Shape{5, 11, 3}));
    expectMoved(y, x, [](const Index& at) { return Index{at[0] + 2, at[1] * 3 + 1, at[2] * 2}; });
    const Tensor tail =
        runGraph({x}, [](ir::Builder&, const Values& in) { return Values{ir::slice(in[0], 1, -3, 33)}; })[0];
    ASSERT_EQ(tail.shape, (Shape{7, 3, 5}));
    expectMoved(tail, x, [](const Index& at) { return Index{at[0], at[1] + 30, at[2]}; });
  }
}

TEST(Pad, SurroundsAndSeparates) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 5});
    const Tensor y = runGraph({x}, [](ir::Builder&, const Values& in) {
      return Values{ir::pad(in[0], {1, 2}, {0, 1}, {2, 1}, 1)};
    })[0];
    ASSERT_EQ(y.shape, (Shape{8, 12}));
    expectMoved(
        y, x,
        [](const Index& at) {
          const int64_t r = at[0] - 1, c = at[1] - 2;
          return r >= 0 && r % 3 == 0 && c >= 0 && c % 2 == 0 && c / 2 < 5 ? Index{r / 3, c / 2} : Index{};
        },
        1);
  }
}

TEST(Flip, Reverses) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 7, 5});
    const Tensor y = runGraph({x}, [](ir::Builder&, const Values& in) { return Values{ir::flip(in[0], {0, -1})}; })[0];
    expectMoved(y, x, [](const Index& at) { return Index{2 - at[0], at[1], 4 - at[2]}; });
  }
}

TEST(Concat, Joins) {
  for (const DType dtype : allTypes)
    for (const int axis : {0, 1, 2}) {
      std::vector<Tensor> parts;
      for (const int64_t size : {3, 1, 0, 33}) parts.push_back(numbered(dtype, Shape{2, 3, 5}.with(axis, size)));
      const Tensor y = runOp("concat", parts, {{"axis", int64_t(axis)}})[0];
      ASSERT_EQ(y.shape, (Shape{2, 3, 5}.with(axis, 37)));
      const std::vector<double> got = y.toDoubles();
      for (int64_t i = 0; i < y.count(); ++i) {
        Index at = unflat(y.shape, i);
        size_t part = 0;
        for (; at[size_t(axis)] >= parts[part].shape[axis]; ++part) at[size_t(axis)] -= parts[part].shape[axis];
        ASSERT_EQ(got[size_t(i)], parts[part].toDoubles()[size_t(flat(parts[part].shape, at))]);
      }
    }
}

TEST(Gather, PicksForEveryDtype) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 7, 5}), indices = randomIndices({3, 9, 5}, 7, 1);
    const Tensor y = runOp("gather", {x, indices}, {{"axis", int64_t(1)}})[0];
    expectMoved(y, x, [&](const Index& at) {
      return Index{at[0], indices.data<int64_t>()[flat(indices.shape, at)], at[2]};
    });
  }
}

TEST(Take, PicksForEveryDtype) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 7, 5}), indices = randomIndices({2, 9}, 7, 2);
    const Tensor y = runOp("take", {x, indices}, {{"axis", int64_t(1)}})[0];
    ASSERT_EQ(y.shape, (Shape{3, 2, 9, 5}));
    expectMoved(y, x, [&](const Index& at) { return Index{at[0], indices.data<int64_t>()[at[1] * 9 + at[2]], at[3]}; });
    const Tensor table = numbered(dtype, {7, 5});
    const Tensor rows = runOp("embedding", {table, indices})[0];
    ASSERT_EQ(rows.shape, (Shape{2, 9, 5}));
    expectMoved(rows, table, [&](const Index& at) { return Index{indices.data<int64_t>()[at[0] * 9 + at[1]], at[2]}; });
  }
}

TEST(DynamicSlice, MovesTheWindowForEveryDtype) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 9, 5}), update = numbered(dtype, {3, 2, 5}), position = Tensor::scalarInt(6);
    const Tensor window = runOp("dynamic_slice", {x, position}, {{"axis", int64_t(1)}, {"length", int64_t(2)}})[0];
    expectMoved(window, x, [](const Index& at) { return Index{at[0], at[1] + 6, at[2]}; });
    const Tensor y = runOp("dynamic_update_slice", {x, update, position}, {{"axis", int64_t(1)}})[0];
    const std::vector<double> got = y.toDoubles(), old = x.toDoubles(), fresh = update.toDoubles();
    for (int64_t i = 0; i < y.count(); ++i) {
      const Index at = unflat(y.shape, i);
      const bool isInside = at[1] == 6 || at[1] == 7;
      ASSERT_EQ(got[size_t(i)],
                isInside ? fresh[size_t(flat(update.shape, {at[0], at[1] - 6, at[2]}))] : old[size_t(i)]);
    }
  }
}

TEST(Reshape, KeepsTheBytesAsAnOutputToo) {
  for (const DType dtype : allTypes) {
    const Tensor x = numbered(dtype, {3, 4, 5});
    const std::vector<Tensor> y = runGraph({x}, [](ir::Builder&, const Values& in) {
      return Values{ir::reshape(in[0], Index{-1, 6}), ir::reshape(ir::flip(in[0], {0}), Shape{60})};
    });
    ASSERT_EQ(y[0].shape, (Shape{10, 6}));
    EXPECT_EQ(y[0].toDoubles(), x.toDoubles());
    expectMoved(y[1], x, [](const Index& at) { return Index{2 - at[0] / 20, at[0] / 5 % 4, at[0] % 5}; });
  }
}

// For f linear in its first `count` inputs.
void expectTranspose(const std::vector<Tensor>& inputs, size_t count,
                     const std::function<ir::Value(const Values&)>& f) {
  const Tensor y = runGraph(inputs, [&](ir::Builder&, const Values& in) { return Values{f(in)}; })[0];
  const Tensor dy = randomFloats(y.shape, 99);
  std::vector<Tensor> all = inputs;
  all.push_back(dy);
  const std::vector<Tensor> grads = runGraph(all, [&](ir::Builder& builder, const Values& in) {
    return ir::gradients(builder, {f(in)}, Values(in.begin(), in.begin() + int64_t(count)), {in.back()});
  });
  double forward = 0, backward = 0, magnitude = 0;
  for (int64_t i = 0; i < y.count(); ++i) forward += double(y.data()[i]) * dy.data()[i];
  for (size_t n = 0; n < count; ++n) {
    ASSERT_EQ(grads[n].shape, inputs[n].shape);
    for (int64_t i = 0; i < grads[n].count(); ++i) {
      backward += double(inputs[n].data()[i]) * grads[n].data()[i];
      magnitude += std::abs(double(inputs[n].data()[i]) * grads[n].data()[i]);
    }
  }
  EXPECT_GT(magnitude, 1e-3);
  EXPECT_NEAR(forward, backward, 1e-6 * magnitude);
}

TEST(Movement, GradientsAreTransposes) {
  const Tensor x = randomFloats({3, 7, 5}, 1);
  expectTranspose({x}, 1, [](const Values& in) { return ir::transpose(in[0], {2, 0, 1}); });
  expectTranspose({x}, 1, [](const Values& in) { return ir::swapAxes(in[0], -1, -2); });
  expectTranspose({x}, 1, [](const Values& in) { return ir::slice(in[0], {1, 0, 2}, {3, 7, 3}, {1, 3, 1}); });
  expectTranspose({x}, 1, [](const Values& in) { return ir::pad(in[0], {1, 0, 2}, {0, 4, 1}, {2, 0, 1}); });
  expectTranspose({x}, 1, [](const Values& in) { return ir::flip(in[0], {1, 2}); });
  expectTranspose({x}, 1, [](const Values& in) { return ir::reshape(in[0], Index{5, -1}); });
  expectTranspose({x, randomFloats({3, 1, 5}, 2), randomFloats({3, 33, 5}, 3)}, 3, [](const Values& in) {
    return ir::concat({in[1], in[0], in[2]}, 1);
  });
  expectTranspose({x, Tensor::scalarInt(3)}, 1, [](const Values& in) { return ir::dynamicSlice(in[0], in[1], 1, 4); });
  expectTranspose({x, randomFloats({3, 2, 5}, 4), Tensor::scalarInt(5)}, 2,
                  [](const Values& in) { return ir::dynamicUpdateSlice(in[0], in[1], in[2], 1); });
  expectTranspose({x, randomIndices({3, 33, 5}, 7, 5)}, 1,
                  [](const Values& in) { return ir::gather(in[0], in[1], 1); });
  expectTranspose({x, randomFloats({3, 33, 5}, 6), randomIndices({3, 33, 5}, 7, 7)}, 2,
                  [](const Values& in) { return ir::scatterAdd(in[0], in[2], in[1], 1); });
  expectTranspose({x, randomIndices({4, 5}, 7, 8)}, 1, [](const Values& in) { return ir::take(in[0], in[1], 1); });
  expectTranspose({x, randomFloats({3, 4, 5, 5}, 9), randomIndices({4, 5}, 7, 10)}, 2,
                  [](const Values& in) { return ir::indexAdd(in[0], in[2], in[1], 1); });
  expectTranspose({randomFloats({33, 7}, 11), randomIndices({3, 63}, 33, 12)}, 1,
                  [](const Values& in) { return ir::embedding(in[0], in[1]); });
  expectTranspose({x, Tensor::scalarInt(9)}, 1, [](const Values& in) { return ir::dropout(in[0], in[1], 0.3, 4); });
}

TEST(TopK, GradientGoesToThePlaces) {
  const Tensor x = Tensor::fromFloats({2, 4}, {1, 5, 3, 5, -1, -4, -2, -3}),
               dy = Tensor::fromFloats({2, 2}, {10, 20, 30, 40});
  const std::vector<Tensor> results = runGraph({x, dy}, [](ir::Builder& builder, const Values& in) {
    const ir::TopK top = ir::topK(in[0], 2);
    return Values{top.values, top.indices, ir::gradients(builder, {top.values}, {in[0]}, {in[1]})[0]};
  });
  EXPECT_EQ(results[0].toFloats(), (std::vector<float>{5, 5, -1, -2}));
  EXPECT_EQ(results[1].toDoubles(), (std::vector<double>{1, 3, 0, 2}));
  EXPECT_EQ(results[2].toFloats(), (std::vector<float>{0, 10, 0, 20, 30, 0, 40, 0}));
}

TEST(Embedding, GradientOfAGradientIsTheEmbedding) {
  const Tensor table = randomFloats({7, 3}, 20), tokens = randomIndices({5}, 7, 21), dy = randomFloats({5, 3}, 22),
               ddtable = randomFloats({7, 3}, 23);
  const Tensor second = runGraph({table, tokens, dy, ddtable}, [](ir::Builder& builder, const Values& in) {
    const ir::Value gradient = ir::gradients(builder, {ir::embedding(in[0], in[1])}, {in[0]}, {in[2]})[0];
    return ir::gradients(builder, {gradient}, {in[2]}, {in[3]});
  })[0];
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t d = 0; d < 3; ++d)
      EXPECT_EQ(second.data()[i * 3 + d], ddtable.data()[tokens.data<int64_t>()[i] * 3 + d]);
}

// ---- What must fail, with the exact sentence.

TEST(MovementErrors, StrayIndicesNameTheirPlace) {
  const Tensor x = randomFloats({64, 3}, 1);
  expectError(
      [&] {
        runOp("embedding", {x, Tensor::fromInts({5}, {0, 63, 1, 70, 2})});
      },
      Code::Data, "[embedding] token 70 at position 3 is outside the vocabulary of 64.");
  expectError(
      [&] {
        runOp("embedding", {x, Tensor::fromInts({2, 2}, {0, 1, -1, 2})});
      },
      Code::Data, "[embedding] token -1 at position [1,0] is outside the vocabulary of 64.");
  expectError(
      [&] {
        runOp("embedding", {x, Tensor::scalarInt(64)});
      },
      Code::Data, "[embedding] token 64 is outside the vocabulary of 64.");
  expectError(
      [&] {
        runOp("embedding_gradient", {Tensor::fromInts({1}, {7}), randomFloats({1, 3}, 2)},
              {{"vocabulary", int64_t(7)}});
      },
      Code::Data, "[embedding_gradient] token 7 at position 0 is outside the vocabulary of 7.");
  expectError(
      [&] {
        runOp("take", {x, Tensor::fromInts({2}, {0, 3})}, {{"axis", int64_t(1)}});
      },
      Code::Data, "[take] index 3 at position 1 is outside axis 1 of size 3.");
  expectError(
      [&] {
        runOp("index_add", {x, Tensor::fromInts({1}, {99}), randomFloats({1, 3}, 3)}, {{"axis", int64_t(0)}});
      },
      Code::Data, "[index_add] index 99 at position 0 is outside axis 0 of size 64.");
  expectError(
      [&] {
        runOp("gather", {x, Tensor::fromInts({1, 3}, {0, 1, 64})}, {{"axis", int64_t(0)}});
      },
      Code::Data, "[gather] index 64 at position [0,2] is outside axis 0 of size 64.");
  expectError(
      [&] {
        runOp("scatter_add", {x, Tensor::fromInts({1, 3}, {0, -5, 6}), randomFloats({1, 3}, 4)},
              {{"axis", int64_t(0)}});
      },
      Code::Data, "[scatter_add] index -5 at position [0,1] is outside axis 0 of size 64.");
  expectError(
      [&] {
        runOp("one_hot", {Tensor::fromInts({2}, {0, 5})}, {{"depth", int64_t(5)}});
      },
      Code::Data, "[one_hot] index 5 at position 1 is outside the depth of 5.");
  expectError(
      [&] {
        runOp("dynamic_slice", {x, Tensor::scalarInt(63)}, {{"axis", int64_t(0)}, {"length", int64_t(2)}});
      },
      Code::Data, "[dynamic_slice] 2 elements from position 63 on do not lie in axis 0 of size 64.");
  expectError(
      [&] {
        runOp("dynamic_update_slice", {x, randomFloats({2, 3}, 5), Tensor::scalarInt(-1)}, {{"axis", int64_t(0)}});
      },
      Code::Data, "[dynamic_update_slice] 2 elements from position -1 on do not lie in axis 0 of size 64.");
}

void expectRefused(const std::string& op, const std::vector<ir::TensorType>& inputs, const ir::Attrs& attrs, Code code,
                   const std::string& sentence) {
  expectError(
      [&] {
        ir::Builder builder;
        Values values;
        for (size_t i = 0; i < inputs.size(); ++i) values.push_back(builder.input(text("in", i), inputs[i]));
        builder.ops(op, values, attrs);
      },
      code, sentence);
}

TEST(MovementErrors, TypeRulesSayWhatTheyExpect) {
  const ir::TensorType x = {DType::F32, {2, 5}}, indices = {DType::I64, {3}}, scalar = {DType::I64, {}};
  const ir::Attrs axis0 = {{"axis", int64_t(0)}};
  expectRefused("gather", {x}, axis0, Code::Graph, "[gather] got 1 inputs; expected 2.");
  expectRefused("gather", {x, x}, axis0, Code::Type, "[gather] indices are f32[2,5]; expected i64.");
  expectRefused("gather", {x, indices}, axis0, Code::Shape,
                "[gather] indices are [3], x is [2,5]; expected equal sizes except along axis 0.");
  expectRefused("gather", {x, indices}, {{"axis", int64_t(2)}}, Code::Shape,
                "[gather] axis 2 does not exist in [2,5]; expected -2 to 1.");
  expectRefused("take", {scalar, indices}, axis0, Code::Shape, "[take] a scalar has no axis 0.");
  expectRefused("scatter_add", {x, {DType::I64, {2, 5}}, {DType::F32, {2, 4}}}, axis0, Code::Shape,
                "[scatter_add] updates are [2,4], indices are [2,5]; expected equal shapes.");
  expectRefused("index_add", {x, indices, x}, axis0, Code::Shape,
                "[index_add] updates are [2,5], x is [2,5], indices are [3]; expected the indices' sizes in the place "
                "of axis 0.");
  expectRefused("embedding", {{DType::F32, {5}}, indices}, {}, Code::Shape,
                "[embedding] the table is [5]; expected [V,D].");
  expectRefused("embedding_gradient", {indices, x}, {{"vocabulary", int64_t(4)}}, Code::Shape,
                "[embedding_gradient] dy is [2,5], tokens are [3]; expected the tokens' shape and a last dimension.");
  expectRefused("top_k", {x}, {{"k", int64_t(6)}}, Code::Parameter,
                "[top_k] k is 6, the last axis has 5 elements; expected 0 to 5.");
  expectRefused("argmax", {{DType::F32, {2, 0}}}, {{"axis", int64_t(1)}}, Code::Shape,
                "[argmax] axis 1 of [2,0] is empty.");
  expectRefused("one_hot", {indices}, {{"depth", int64_t(0)}}, Code::Parameter,
                "[one_hot] depth is 0; expected at least 1.");
  expectRefused("concat", {x, {DType::F32, {3, 4}}}, axis0, Code::Shape,
                "[concat] input 1 is [3,4], input 0 is [2,5]; expected equal sizes except along axis 0.");
  expectRefused("concat", {x, {DType::I64, {2, 5}}}, axis0, Code::Type,
                "[concat] input 1 is i64[2,5], input 0 is f32[2,5]; expected one dtype.");
  expectRefused(
      "slice", {x}, {{"starts", Index{0, 2}}, {"stops", Index{2, 6}}, {"steps", Index{1, 1}}}, Code::Parameter,
      "[slice] 2:6:1 does not fit axis 1 of [2,5]; expected 0 <= start <= stop <= 5 and a step of at least 1.");
  expectRefused("slice", {x}, {{"starts", Index{0}}, {"stops", Index{2}}, {"steps", Index{1}}}, Code::Parameter,
                "[slice] got 1 starts, 1 stops and 1 steps for [2,5]; expected 2 of each.");
  expectRefused("pad", {x}, {{"low", Index{0, -1}}, {"high", Index{0, 0}}, {"interior", Index{0, 0}}, {"value", 0.0}},
                Code::Parameter, "[pad] widths -1, 0 and 0 of axis 1; expected none below 0.");
  expectRefused("transpose", {x}, {{"permutation", Index{0, 0}}}, Code::Parameter,
                "[transpose] dimension 0 at place 1 of the order for [2,5]; expected each of 0 to 1 once.");
  expectRefused("transpose", {x}, {{"permutation", Index{0}}}, Code::Parameter,
                "[transpose] got 1 dimensions for [2,5]; expected 2.");
  expectRefused("reshape", {x}, {{"shape", Index{3, 4}}}, Code::Shape,
                "[reshape] [2,5] has 10 elements, [3,4] has 12; expected equal counts.");
  expectRefused("flip", {x}, {{"axes", Index{0, -2}}}, Code::Parameter,
                "[flip] axis 0 stands twice; expected it once.");
  expectRefused("dynamic_slice", {x, indices}, {{"axis", int64_t(0)}, {"length", int64_t(1)}}, Code::Shape,
                "[dynamic_slice] the position is i64[3]; expected a scalar.");
  expectRefused("dynamic_slice", {x, scalar}, {{"axis", int64_t(0)}, {"length", int64_t(3)}}, Code::Parameter,
                "[dynamic_slice] length is 3, axis 0 has 2 elements; expected 0 to 2.");
  expectRefused("dynamic_update_slice", {x, {DType::F32, {3, 5}}, scalar}, axis0, Code::Shape,
                "[dynamic_update_slice] the update is [3,5], x is [2,5]; expected equal sizes except along axis 0, "
                "where at most 2.");
  expectRefused("dropout", {x, scalar}, {{"rate", 1.0}, {"stream", int64_t(0)}}, Code::Parameter,
                "[dropout] the rate is 1; expected at least 0 and below 1.");
  expectRefused("constant", {}, {{"shape", Index{3}}, {"dtype", std::string("f33")}, {"value", 0.0}}, Code::Type,
                "[constant] there is no dtype 'f33'.");
  expectRefused(
      "iota", {},
      {{"shape", Index{3}}, {"axis", int64_t(0)}, {"dtype", std::string("bool")}, {"start", 0.0}, {"step", 1.0}},
      Code::Type, "[iota] cannot count in bool; expected f32, i32 or i64.");
}

}  // namespace
}  // namespace fw
