// Convolution and pooling ops: sentences of errors and costs; and conv1d against plain loops through its gradient.
#include <gtest/gtest.h>

#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ops/causal_conv1d.h"
#include "engine/ops/conv1d.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/pool2d.h"
#include "tests/support/expect_error.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using ir::Builder;
using ir::Value;

Value f32(Builder& builder, const std::string& name, const Shape& shape) {
  return builder.input(name, {DType::F32, shape});
}

TEST(Conv2dOp, WrongCallsAreExplained) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 6, 5, 5}), weight = f32(builder, "weight", {4, 6, 3, 3}),
              bias = f32(builder, "bias", {3}), flat = f32(builder, "flat", {6, 5, 5}),
              large = f32(builder, "large", {4, 6, 7, 3});
  expectError([&] { ir::conv2d(flat, weight); }, Code::Shape, "[conv2d] x is [6,5,5]; expected [N,C,H,W].");
  expectError([&] { ir::conv2d(x, flat); }, Code::Shape,
              "[conv2d] the weight is [6,5,5]; expected [O,C/groups,height,width].");
  expectError([&] { ir::conv2d(x, weight, bias); }, Code::Shape, "[conv2d] the bias is [3]; expected [4].");
  expectError([&] { ir::conv2d(x, weight, {}, {.groups = 4}); }, Code::Shape,
              "[conv2d] 6 channels and 4 outputs do not divide into 4 groups.");
  expectError([&] { ir::conv2d(x, weight, {}, {.groups = 2}); }, Code::Shape,
              "[conv2d] the weight takes 6 channels a group; expected 3 of the 6 channels of x.");
  expectError([&] { ir::conv2d(x, large); }, Code::Shape,
              "[conv2d] a kernel that reaches over 7 does not fit into a height of 5 with its padding.");
  expectError(
      [&] {
        ir::conv2d(x, weight, {}, {.dilations = {1, 3}});
      },
      Code::Shape, "[conv2d] a kernel that reaches over 7 does not fit into a width of 5 with its padding.");
  expectError(
      [&] {
        ir::conv2d(x, weight, {}, {.strides = {0, 1}});
      },
      Code::Parameter, "[conv2d] strides [0,1]; expected 2 whole numbers from 1.");
  expectError(
      [&] {
        ir::conv2d(x, weight, {}, {.padding = {1, 1}});
      },
      Code::Parameter, "[conv2d] padding [1,1]; expected 4 whole numbers from 0.");
  expectError([&] { ir::conv2dInputGradient(x, weight, 5, 5, {}); }, Code::Shape,
              "[conv2d_input_gradient] dy is [2,6,5,5]; expected [2,4,3,3].");
}

TEST(Conv1dOp, WrongCallsAreExplained) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 6, 5}), weight = f32(builder, "weight", {4, 6, 3}),
              image = f32(builder, "image", {2, 6, 5, 5});
  expectError([&] { ir::conv1d(image, weight); }, Code::Shape, "[conv1d] x is [2,6,5,5]; expected [N,C,T].");
  expectError([&] { ir::conv1d(x, image); }, Code::Shape, "[conv1d] the weight is [2,6,5,5]; expected [O,C/groups,K].");
  expectError([&] { ir::conv1d(x, weight, {}, {.stride = 0}); }, Code::Parameter,
              "[conv1d] the stride is 0, the dilation 1; expected at least 1.");
}

TEST(CausalConv1dOp, WrongCallsAreExplained) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 7, 5}), weight = f32(builder, "weight", {5, 4}),
              other = f32(builder, "other", {6, 4}), history = f32(builder, "history", {2, 4, 5}),
              wide = f32(builder, "wide", {5, 65}), bias = f32(builder, "bias", {5});
  expectError([&] { ir::causalConv1d(weight, weight); }, Code::Shape, "[causal_conv1d] x is [5,4]; expected [B,T,D].");
  expectError([&] { ir::causalConv1d(x, other); }, Code::Shape, "[causal_conv1d] the weight is [6,4]; expected [5,K].");
  expectError([&] { ir::causalConv1d(x, wide); }, Code::Shape,
              "[causal_conv1d] a kernel of 65 steps; expected 1 to 64.");
  expectError([&] { ir::causalConv1d(x, weight, {.bias = other}); }, Code::Shape,
              "[causal_conv1d] the bias is [6,4]; expected [5].");
  expectError([&] { ir::causalConv1d(x, weight, {.bias = bias, .history = history}); }, Code::Shape,
              "[causal_conv1d] the history is [2,4,5]; expected [2,3,5].");
  expectError(
      [&] { ir::causalConv1d(x, weight, {.activation = "swish"}); }, Code::Parameter,
      "[causal_conv1d] there is no activation 'swish'; expected none, relu, gelu, gelu_tanh, silu or squared_relu.");
}

TEST(Pool2dOp, WrongCallsAreExplained) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 3, 5, 5}), flat = f32(builder, "flat", {3, 5, 5});
  expectError([&] { ir::maxPool2d(flat, {}); }, Code::Shape, "[max_pool2d] x is [3,5,5]; expected [N,C,H,W].");
  expectError(
      [&] {
        ir::maxPool2d(x, {.padding = {2, 0, 0, 0}});
      },
      Code::Parameter, "[max_pool2d] the padding reaches over the window of 2x2; expected less on each side.");
  expectError(
      [&] {
        ir::averagePool2d(x, {.kernel = {6, 2}});
      },
      Code::Shape, "[average_pool2d] a kernel that reaches over 6 does not fit into a height of 5 with its padding.");
}

Cost costOfLast(const Builder& builder) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = graph.nodes.back();
  std::vector<ir::TensorType> inputs;
  for (const ir::ValueRef& ref : node.inputs) inputs.push_back(graph.type(ref));
  return costOf(*node.op, OpCall{inputs, node.attrs}, node.types);
}

TEST(Conv2dOp, CostIsTheClosedForm) {
  Builder builder;
  const Value x = f32(builder, "x", {2, 6, 5, 7}), weight = f32(builder, "weight", {4, 3, 3, 3}),
              bias = f32(builder, "bias", {4});
  ir::conv2d(x, weight, bias, {.padding = {1, 1, 1, 1}, .groups = 2});
  EXPECT_EQ(costOfLast(builder).macs, 2.0 * 4 * 5 * 7 * 3 * 9);
  EXPECT_EQ(costOfLast(builder).flops, 2 * 2.0 * 4 * 5 * 7 * 3 * 9 + 2 * 4 * 5 * 7);
  ir::causalConv1d(f32(builder, "s", {2, 7, 5}), f32(builder, "w", {5, 4}));
  EXPECT_EQ(costOfLast(builder).macs, 2.0 * 7 * 5 * 4);
}

/// dx and dweight of the sum of all y by the definition: every output has dy = 1.
TEST(Conv1dOp, GradientEqualsPlainLoops) {
  const int64_t time = 9, kernel = 3, stride = 2, before = 1, outputs = (time + before - kernel) / stride + 1;
  std::vector<float> x, weight;
  for (int64_t i = 0; i < 2 * time; ++i) x.push_back(float(i * 5 % 7) - 3);
  for (int64_t i = 0; i < 2 * 2 * kernel; ++i) weight.push_back(float(i * 3 % 5) - 2);
  std::vector<float> dx(x.size()), dweight(weight.size());
  for (int64_t o = 0; o < 2; ++o)
    for (int64_t p = 0; p < outputs; ++p)
      for (int64_t c = 0; c < 2; ++c)
        for (int64_t k = 0; k < kernel; ++k) {
          const int64_t t = p * stride + k - before;
          if (t < 0 || t >= time) continue;
          dx[size_t(c * time + t)] += weight[size_t((o * 2 + c) * kernel + k)];
          dweight[size_t((o * 2 + c) * kernel + k)] += x[size_t(c * time + t)];
        }
  const std::vector<Tensor> grads =
      fw::testing::runGraph({Tensor::fromFloats({1, 2, time}, x), Tensor::fromFloats({2, 2, kernel}, weight)},
                            [&](Builder& builder, const std::vector<Value>& in) {
                              const Value y = ir::conv1d(in[0], in[1], {}, {.stride = stride, .padding = {before, 0}});
                              return ir::gradients(builder, {y}, {in[0], in[1]});
                            });
  EXPECT_EQ(grads[0].toFloats(), dx);
  EXPECT_EQ(grads[1].toFloats(), dweight);
}

}  // namespace
}  // namespace fw
