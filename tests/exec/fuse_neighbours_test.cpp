// Neighbours fused: the same values as one op after another, and only where nothing else needs what disappears.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/matmul.h"
#include "engine/ops/rms_norm.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

std::map<std::string, std::vector<float>> run(const ir::Graph& graph) {
  ir::verify(graph);
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  Store store(*backend);
  Executor executor(std::make_shared<const Plan>(
                        makePlan(std::make_shared<const ir::Graph>(graph), {.threads = 2, .guardBytes = 64})),
                    store);
  executor.setGuarded(true);
  Rng rng(7);
  for (const ir::InputInfo& input : graph.inputs) {
    const Shape& shape = graph.type({input.node, 0}).shape;
    std::vector<float> values(size_t(shape.count()));
    for (float& value : values) value = float(rng.normal());
    executor.setInput(input.name, Tensor::fromFloats(shape, values));
  }
  executor.run();
  std::map<std::string, std::vector<float>> outputs;
  for (const ir::OutputInfo& output : graph.outputs) outputs[output.name] = executor.output(output.name).toFloats();
  return outputs;
}

std::multiset<std::string> opsOf(const ir::Graph& graph) {
  std::multiset<std::string> names;
  for (const ir::Node& node : graph.nodes)
    if (node.op->infer) names.insert(node.op->name);
  return names;
}

/// The ops of the fused graph, after checking that it computes what `graph` does.
std::multiset<std::string> fuse(const ir::Graph& graph) {
  const ir::Graph fused = withFusedNeighbours(graph);
  const auto expected = run(graph), got = run(fused);
  EXPECT_EQ(got.size(), expected.size());
  for (const auto& [name, values] : expected)
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(got.at(name)[i], values[i], 2e-5 * (1 + std::fabs(values[i]))) << name << " " << i;
  return opsOf(fused);
}

ir::TensorType floats(Shape shape) { return {DType::F32, std::move(shape)}; }

TEST(FuseNeighbours, ProductTakesItsActivation) {
  for (const char* activation : {"relu", "gelu", "gelu_tanh", "silu", "squared_relu"}) {
    ir::Builder b;
    const ir::Value x = b.input("x", floats({33, 7})), w = b.input("w", floats({5, 7})),
                    bias = b.input("b", floats({5}));
    b.output("y", b.op(activation, {ir::linear(x, w, bias)}));
    EXPECT_EQ(fuse(b.finish()), (std::multiset<std::string>{"matmul"})) << activation;
  }
}

TEST(FuseNeighbours, ActivationWhoseArgumentTheGradientReadsStays) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({3, 33, 7})), w = b.input("w", floats({63, 7}));
  const ir::Value z = ir::linear(x, w), y = b.op("gelu", {z});
  const std::vector<ir::Value> gradients = ir::gradients(b, {ir::sum(ir::square(y), {0, 1, 2})}, {x, w});
  b.output("y", y);
  b.output("dx", gradients[0]);
  b.output("dw", gradients[1]);
  const std::multiset<std::string> ops = fuse(b.finish());
  EXPECT_EQ(ops.count("gelu"), 1u);
  EXPECT_EQ(ops.count("gelu_gradient"), 1u);
}

/// The gradient asks for the argument of the activation, which the forward product can give along.
TEST(FuseNeighbours, ProductThatTheGradientRepeatsIsComputedOnce) {
  for (const bool isFirst : {true, false}) {
    ir::Builder b;
    const ir::Value x = b.input("x", floats({33, 7})), w = b.input("w", floats({5, 7})),
                    bias = b.input("b", floats({5}));
    if (!isFirst) b.output("early", ir::linear(x, w, bias));
    const ir::Value y = ir::linear(x, w, bias, "gelu");
    const std::vector<ir::Value> gradients = ir::gradients(b, {ir::sum(ir::square(y), {0, 1})}, {x, w, bias});
    b.output("y", y);
    b.output("dx", gradients[0]);
    b.output("dw", gradients[1]);
    b.output("db", gradients[2]);
    const ir::Graph graph = ir::withoutDuplicates(b.finish());
    EXPECT_EQ(opsOf(graph).count("matmul"), 4u);
    EXPECT_EQ(fuse(graph).count("matmul"), 3u);
  }
}

TEST(FuseNeighbours, ProductsThatDifferStayTwo) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({7, 7})), w = b.input("w", floats({7, 7})), bias = b.input("b", floats({7}));
  b.output("y", ir::linear(x, w, bias, "relu"));
  b.output("other_bias", ir::linear(x, w));
  b.output("other_side", ir::matmul(x, w, {.bias = bias}));
  b.output("other_order", ir::linear(w, x, bias));
  EXPECT_EQ(fuse(b.finish()).count("matmul"), 4u);
}

/// The addend is one of several results of its op.
TEST(FuseNeighbours, ProductAddsToOneOfSeveralResults) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({33, 7})), dy = b.input("dy", floats({33, 7})), g = b.input("g", floats({7})),
                  w = b.input("w", floats({7, 7}));
  const std::vector<ir::Value> gradients =
      b.ops("rms_norm_gradient", {x, dy, g}, {{"epsilon", 1e-5}, {"weight", true}, {"bias", false}, {"carry", false}});
  b.output("dg", gradients[1]);
  b.output("sum", gradients[0] + ir::linear(ir::square(gradients[0]), w));
  EXPECT_EQ(fuse(b.finish()).count("add"), 0u);
}

TEST(FuseNeighbours, ProductAddsToWhatIsReadForTheLastTime) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({33, 7})), w = b.input("w", floats({5, 7})), v = b.input("v", floats({5, 7}));
  b.output("y", ir::linear(x, w) + ir::linear(x, v));
  EXPECT_EQ(fuse(b.finish()), (std::multiset<std::string>{"matmul", "matmul"}));
}

TEST(FuseNeighbours, ProductDoesNotAddToWhatIsReadLater) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({33, 7})), w = b.input("w", floats({7, 7}));
  const ir::Value h = ir::square(x);
  const ir::Value sum = h + ir::linear(x, w);
  b.output("y", sum * h);
  b.output("z", ir::linear(x, w, {}, "none") + x);  // an input's memory is the caller's
  EXPECT_EQ(fuse(b.finish()).count("add"), 2u);
}

TEST(FuseNeighbours, NormTakesTheSumBeforeIt) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({3, 11, 33})), r = b.input("r", floats({3, 11, 33}));
  const ir::Value w = b.input("w", floats({33})), bias = b.input("b", floats({33}));
  const ir::Value h = x + r, y = ir::layerNorm(h, w, bias);
  const ir::Value g = y + h, z = ir::rmsNorm(g, w, 1e-5);
  b.output("g", g);
  b.output("z", z);
  EXPECT_EQ(fuse(b.finish()), (std::multiset<std::string>{"add_layer_norm", "add_rms_norm"}));
}

TEST(FuseNeighbours, SumThatIsReadBeforeItsNormStays) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({11, 33})), r = b.input("r", floats({11, 33})),
                  w = b.input("w", floats({33}));
  const ir::Value h = x + r;
  b.output("early", ir::square(h));
  b.output("y", ir::rmsNorm(h, w, 1e-5));
  EXPECT_EQ(fuse(b.finish()).count("add"), 1u);
}

/// A pre-norm residual layer: the gradient that flows past the norm becomes its carry.
TEST(FuseNeighbours, GradientOfNormCarriesTheResidual) {
  ir::Builder b;
  const ir::Value x = b.input("x", floats({33, 7})), w = b.input("w", floats({7, 7})), g = b.input("g", floats({7}));
  const ir::Value y = x + ir::linear(ir::layerNorm(x, g, {}), w, {}, "none");
  const std::vector<ir::Value> gradients = ir::gradients(b, {ir::sum(ir::square(y), {0, 1})}, {x, w, g});
  for (size_t i = 0; i < 3; ++i) b.output("d" + std::to_string(i), gradients[i]);
  const ir::Graph graph = b.finish();
  const std::multiset<std::string> before = opsOf(graph), after = fuse(graph);
  EXPECT_EQ(before.count("add"), 2u);
  EXPECT_EQ(after.count("add"), 1u);
}

}  // namespace
}  // namespace fw
