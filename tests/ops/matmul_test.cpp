// matmul: what the examples of the op do not say: sentences of errors, costs, and which products the gradients are.
#include "engine/ops/matmul.h"

#include <gtest/gtest.h>

#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "tests/support/expect_error.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using ir::Builder;
using ir::Value;

Value f32(Builder& builder, const std::string& name, const Shape& shape) {
  return builder.input(name, {DType::F32, shape});
}

TEST(MatmulOp, WrongCallsAreExplained) {
  Builder builder;
  const Value left = f32(builder, "left", {2, 5, 8}), right = f32(builder, "right", {6, 4}),
              weight = f32(builder, "weight", {3, 8}), vector = f32(builder, "vector", {8}),
              bias = f32(builder, "bias", {5}), seed = builder.input("seed", {DType::I64, {8, 3}});
  expectError([&] { ir::matmul(left, right); }, Code::Shape,
              "[matmul] inner sizes differ: left is [2,5,8], right is [6,4]; expected 8 and 8.");
  expectError([&] { ir::matmul(left, weight); }, Code::Shape,
              "[matmul] inner sizes differ: left is [2,5,8], right is [3,8]; expected 8 and 8.");
  expectError([&] { ir::matmul(left, weight, {.transposeA = true, .transposeB = true}); }, Code::Shape,
              "[matmul] inner sizes differ: left is [2,5,8] transposed, right is [3,8] transposed; expected 5 and 5.");
  expectError([&] { ir::matmul(left, vector); }, Code::Shape,
              "[matmul] left is [2,5,8], right is [8]; expected at least 2 dimensions.");
  expectError([&] { ir::matmul(left, seed); }, Code::Type, "[matmul] right is i64[8,3]; expected f32.");
  expectError([&] { ir::linear(left, weight, bias); }, Code::Shape, "[matmul] the bias is [5]; expected [3].");
  expectError([&] { ir::matmul(left, weight, {.transposeB = true, .addend = bias}); }, Code::Shape,
              "[matmul] the addend is [5]; expected [2,5,3].");
  expectError([&] { ir::linear(left, weight, {}, "tanh"); }, Code::Parameter,
              "[matmul] there is no activation 'tanh'; expected none, relu, gelu, gelu_tanh, silu or squared_relu.");
  expectError(
      [&] {
        ir::matmul(f32(builder, "three", {3, 4, 5}), f32(builder, "two", {2, 5, 4}));
      },
      Code::Shape, "[matmul] [3] and [2] do not broadcast: 3 and 2 differ.");
}

Cost costOfLast(const Builder& builder) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = graph.nodes.back();
  std::vector<ir::TensorType> inputs;
  for (const ir::ValueRef& ref : node.inputs) inputs.push_back(graph.type(ref));
  return costOf(*node.op, OpCall{inputs, node.attrs}, node.types);
}

TEST(MatmulOp, CostIsTheClosedForm) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 5, 8}), weight = f32(builder, "weight", {3, 8}),
              bias = f32(builder, "bias", {3});
  ir::linear(x, weight, bias);
  const Cost cost = costOfLast(builder);
  EXPECT_EQ(cost.macs, 2 * 5 * 8 * 3);
  EXPECT_EQ(cost.flops, 2 * 2 * 5 * 8 * 3 + 2 * 5 * 3);
  EXPECT_EQ(cost.bytesRead, 4 * (2 * 5 * 8 + 3 * 8 + 3));
  EXPECT_EQ(cost.bytesWritten, 4 * 2 * 5 * 3);
}

/// The matmul nodes behind the gradient of `wrt`, as "left x right -> result".
std::vector<std::string> productsBehind(Builder& builder, Value y, const std::vector<Value>& wrt) {
  const size_t first = builder.graph().nodes.size();
  ir::gradients(builder, {y}, wrt);
  std::vector<std::string> products;
  const ir::Graph& graph = builder.graph();
  for (size_t i = first; i < graph.nodes.size(); ++i) {
    const ir::Node& node = graph.nodes[i];
    if (node.op->name != "matmul") continue;
    products.push_back(
        text(graph.type(node.inputs[0]).shape, " x ", graph.type(node.inputs[1]).shape, " -> ", node.types[0].shape));
  }
  return products;
}

TEST(MatmulOp, GradientOfAWeightSumsTheBatchInsideOneProduct) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 5, 8}), weight = f32(builder, "weight", {3, 8});
  const std::vector<std::string> expected = {"[2,5,3] x [3,8] -> [2,5,8]", "[10,3] x [10,8] -> [3,8]"};
  EXPECT_EQ(productsBehind(builder, ir::linear(x, weight), {x, weight}), expected);
}

TEST(MatmulOp, NothingIsComputedForAGradientThatNobodyWants) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 5, 8}), weight = f32(builder, "weight", {3, 8});
  EXPECT_EQ(productsBehind(builder, ir::linear(x, weight), {weight}),
            (std::vector<std::string>{"[10,3] x [10,8] -> [3,8]"}));
}

TEST(MatmulOp, KeptPreActivationSparesTheSecondProduct) {
  Builder builder;
  const Value x = f32(builder, "x", {5, 8}), weight = f32(builder, "weight", {3, 8});
  const ir::Attrs attrs = {{"transpose_b", true}, {"activation", std::string("gelu")}, {"keep", true}};
  EXPECT_EQ(productsBehind(builder, builder.op("matmul", {x, weight}, attrs), {weight}).size(), 1u);
  EXPECT_EQ(productsBehind(builder, ir::linear(x, weight, {}, "gelu"), {weight}).size(), 2u);
}

TEST(MatmulOp, AddendMayBeReadAgain) {
  const Tensor x = Tensor::fromFloats({1, 2}, {1, 2}), weight = Tensor::fromFloats({1, 2}, {10, 100}),
               residual = Tensor::fromFloats({1, 1}, {7});
  const std::vector<Tensor> results =
      fw::testing::runGraph({x, weight, residual}, [](Builder&, const std::vector<Value>& in) -> std::vector<Value> {
        const Value once = in[2] + 0.0;
        return {ir::matmul(in[0], in[1], {.transposeB = true, .addend = once}), once + 1.0};
      });
  EXPECT_EQ(results[0].toFloats(), std::vector<float>{217});
  EXPECT_EQ(results[1].toFloats(), std::vector<float>{8});
}

}  // namespace
}  // namespace fw
