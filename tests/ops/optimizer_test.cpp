// adamw, sgd and sum_squares as ops: the decomposition against the formula in double, refusals, and steps in place.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/rng.h"
#include "engine/ir/autodiff.h"
#include "engine/ops/adamw.h"
#include "engine/ops/sgd.h"
#include "engine/ops/sum_squares.h"
#include "tests/support/expect_error.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using testing::runGraph;
using testing::runOp;
using Values = std::vector<ir::Value>;

Tensor randomFloats(const Shape& shape, uint64_t stream) {
  Rng rng(5, stream);
  std::vector<float> values(static_cast<size_t>(shape.count()));
  for (float& value : values) value = float(rng.normal());
  return Tensor::fromFloats(shape, values);
}

// The op's decomposition in its place.
std::vector<Tensor> runDecomposed(const std::string& op, const std::vector<Tensor>& inputs, const ir::Attrs& attrs) {
  return runGraph(inputs, [&](ir::Builder& builder, const Values& values) {
    return findOp(op).decompose(DecomposeCall{builder, values, attrs, nullptr});
  });
}

TEST(AdamwOp, KernelAndDecompositionFollowTheFormula) {
  const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0.1, rate = 0.01, scale = 0.5;
  const ir::Attrs attrs = {{"beta1", beta1}, {"beta2", beta2}, {"epsilon", epsilon}, {"decay", decay}};
  for (const int64_t step : {1, 2, 1000}) {
    const Shape shape = {3, 33};
    Tensor p = randomFloats(shape, 1), g = randomFloats(shape, 2), m = randomFloats(shape, 3),
           v = randomFloats(shape, 4);
    for (int64_t i = 0; i < v.count(); ++i) v.data()[i] = std::abs(v.data()[i]);
    const std::vector<Tensor> inputs = {
        p, g, m, v, Tensor::scalar(float(rate)), Tensor::scalarInt(step), Tensor::scalar(float(scale))};
    for (const std::vector<Tensor>& results : {runOp("adamw", inputs, attrs), runDecomposed("adamw", inputs, attrs)})
      for (int64_t i = 0; i < p.count(); ++i) {
        const double gi = scale * g.data()[i];
        const double mi = beta1 * m.data()[i] + (1 - beta1) * gi, vi = beta2 * v.data()[i] + (1 - beta2) * gi * gi;
        const double corrected = mi / (1 - std::pow(beta1, double(step)));
        const double size = std::sqrt(vi / (1 - std::pow(beta2, double(step)))) + epsilon;
        const double pi = p.data()[i] - rate * decay * p.data()[i] - rate * corrected / size;
        ASSERT_NEAR(results[0].data()[i], pi, 1e-6) << "step " << step;
        ASSERT_NEAR(results[1].data()[i], mi, 1e-6);
        ASSERT_NEAR(results[2].data()[i], vi, 1e-6);
      }
  }
}

TEST(SgdOp, KernelAndDecompositionFollowTheFormula) {
  for (const double momentum : {0.0, 0.9})
    for (const bool isNesterov : {false, true}) {
      if (isNesterov && momentum == 0) continue;
      const double decay = 0.1, rate = 0.05, scale = 2;
      const ir::Attrs attrs = {{"momentum", momentum}, {"decay", decay}, {"nesterov", isNesterov}};
      const Tensor p = randomFloats({63}, 5), g = randomFloats({63}, 6), b = randomFloats({63}, 7);
      std::vector<Tensor> inputs = {p, g, Tensor::scalar(float(rate)), Tensor::scalar(float(scale))};
      if (momentum > 0) inputs.push_back(b);
      for (const std::vector<Tensor>& results : {runOp("sgd", inputs, attrs), runDecomposed("sgd", inputs, attrs)}) {
        ASSERT_EQ(results.size(), momentum > 0 ? 2u : 1u);
        for (int64_t i = 0; i < p.count(); ++i) {
          const double gi = scale * g.data()[i] + decay * p.data()[i], bi = momentum * b.data()[i] + gi;
          const double update = momentum == 0 ? gi : isNesterov ? gi + momentum * bi : bi;
          ASSERT_NEAR(results[0].data()[i], p.data()[i] - rate * update, 1e-6);
          if (momentum > 0) {
            ASSERT_NEAR(results[1].data()[i], bi, 2e-6);
          }
        }
      }
    }
}

TEST(OptimizerDecompositions, KeepEverythingWhenTheScaleIsNotFinite) {
  const Tensor p = randomFloats({7}, 8), g = randomFloats({7}, 9), m = randomFloats({7}, 10), v = randomFloats({7}, 11);
  const Tensor rate = Tensor::scalar(0.1f), step = Tensor::scalarInt(1), scale = Tensor::scalar(NAN);
  const std::vector<Tensor> adamw = runDecomposed("adamw", {p, g, m, v, rate, step, scale},
                                                  {{"beta1", 0.9}, {"beta2", 0.9}, {"epsilon", 1e-8}, {"decay", 0.1}});
  EXPECT_EQ(adamw[0].toFloats(), p.toFloats());
  EXPECT_EQ(adamw[1].toFloats(), m.toFloats());
  EXPECT_EQ(adamw[2].toFloats(), v.toFloats());
  const std::vector<Tensor> sgd =
      runDecomposed("sgd", {p, g, rate, scale, m}, {{"momentum", 0.9}, {"decay", 0.1}, {"nesterov", true}});
  EXPECT_EQ(sgd[0].toFloats(), p.toFloats());
  EXPECT_EQ(sgd[1].toFloats(), m.toFloats());
}

TEST(SumSquaresOp, ValueAndGradient) {
  const Tensor x = randomFloats({7, 33}, 12);
  const std::vector<Tensor> results = runGraph({x}, [](ir::Builder& builder, const Values& in) {
    const ir::Value y = ir::sumSquares(in[0]);
    return Values{y, ir::gradients(builder, {y}, {in[0]})[0]};
  });
  double expected = 0;
  for (int64_t i = 0; i < x.count(); ++i) expected += double(x.data()[i]) * x.data()[i];
  EXPECT_FLOAT_EQ(results[0].data()[0], float(expected));
  for (int64_t i = 0; i < x.count(); ++i) EXPECT_EQ(results[1].data()[i], 2 * x.data()[i]);
}

TEST(OptimizerErrors, TypeRulesSayWhatTheyExpect) {
  const auto expectRefused = [](const std::string& op, const std::vector<Shape>& shapes, const ir::Attrs& attrs,
                                Code code, const std::string& sentence) {
    expectError(
        [&] {
          ir::Builder builder;
          Values values;
          for (size_t i = 0; i < shapes.size(); ++i)
            values.push_back(
                builder.input(text("in", i), {op == "adamw" && i == 5 ? DType::I64 : DType::F32, shapes[i]}));
          builder.ops(op, values, attrs);
        },
        code, sentence);
  };
  const ir::Attrs adamw = {{"beta1", 0.9}, {"beta2", 0.9}, {"epsilon", 1e-8}, {"decay", 0.0}};
  expectRefused("adamw", {{3}, {3}, {3}, {4}, {}, {}, {}}, adamw, Code::Shape,
                "[adamw] v is [4], the parameter is [3]; expected equal shapes.");
  expectRefused("adamw", {{3}, {3}, {3}, {3}, {2}, {}, {}}, adamw, Code::Shape,
                "[adamw] the learning rate is f32[2]; expected a scalar.");
  expectRefused("adamw", {{3}, {3}}, adamw, Code::Graph, "[adamw] got 2 inputs; expected 7.");
  ir::Attrs wrong = adamw;
  wrong.set("beta2", 1.0);
  expectRefused("adamw", {{3}, {3}, {3}, {3}, {}, {}, {}}, wrong, Code::Parameter,
                "[adamw] beta2 is 1; expected at least 0 and below 1.");
  expectRefused("sgd", {{3}, {3}, {}, {}}, {{"momentum", 0.9}, {"decay", 0.0}, {"nesterov", false}}, Code::Graph,
                "[sgd] got 4 inputs; expected 5.");
  expectRefused("sgd", {{3}, {3}, {}, {}}, {{"momentum", 0.0}, {"decay", 0.0}, {"nesterov", true}}, Code::Parameter,
                "[sgd] the momentum is 0; expected above 0 for Nesterov's form.");
  expectRefused("sgd", {{3}, {3}, {}, {}, {4}}, {{"momentum", 0.9}, {"decay", 0.0}, {"nesterov", false}}, Code::Shape,
                "[sgd] the buffer is [4], the parameter is [3]; expected equal shapes.");
}

}  // namespace
}  // namespace fw
