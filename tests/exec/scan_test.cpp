// scan and its gradient against closed forms: a Legendre memory cell, a leaky integrate-and-fire neuron, a delta rule.
#include "engine/ops/scan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

std::vector<float> randoms(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(float(rng.normal()));
  return values;
}

std::map<std::string, std::vector<float>> run(ir::Graph graph, const std::map<std::string, Tensor>& inputs,
                                              bool isOptimized = true) {
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  Store store(*backend);
  if (isOptimized) graph = optimized(graph);
  ir::verify(graph);
  Executor executor(std::make_shared<const Plan>(
                        makePlan(std::make_shared<const ir::Graph>(graph), {.threads = 2, .guardBytes = 64})),
                    store);
  executor.setGuarded(true);
  for (const ir::InputInfo& input : graph.inputs) executor.setInput(input.name, inputs.at(input.name));
  executor.run();
  std::map<std::string, std::vector<float>> outputs;
  for (const ir::OutputInfo& output : graph.outputs) outputs[output.name] = executor.output(output.name).toFloats();
  return outputs;
}

void expectNear(const std::vector<float>& got, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], tolerance * (1 + std::fabs(expected[i]))) << "element " << i;
}

/// m[t] = A m[t-1] + B u[t], y[t] = m[t]: with a fixed A the last state is sum over t of A^(T-1-t) B u[t].
TEST(Scan, LegendreMemoryCellEqualsPowersOfItsMatrix) {
  const int64_t T = 9, N = 3;
  const std::vector<float> a = {0.5f, -0.2f, 0.1f, 0.3f, 0.4f, -0.1f, 0.0f, 0.2f, 0.6f}, b = {1.0f, -0.5f, 0.25f},
                           u = randoms(T, 3);
  ir::Builder builder;
  const ir::Value A = builder.input("A", {DType::F32, {N, N}}), B = builder.input("B", {DType::F32, {N, 1}}),
                  U = builder.input("u", {DType::F32, {T, 1, 1}});
  const ir::ScanResult result =
      ir::scan(builder, {builder.constant(0, {N, 1})}, {U}, {A, B}, [](const ir::ScanStep& at) {
        const ir::Value m = ir::matmul(at.consts[0], at.carries[0]) + ir::matmul(at.consts[1], at.xs[0]);
        return ir::ScanResult{{m}, {m}};
      });
  builder.output("last", result.carries[0]);
  builder.output("all", result.ys[0]);
  const std::vector<ir::Value> grads = ir::gradients(builder, {result.carries[0]}, {U, B, A});
  builder.output("du", grads[0]);
  builder.output("dB", grads[1]);
  builder.output("dA", grads[2]);
  const auto outputs = run(builder.finish(), {{"A", Tensor::fromFloats({N, N}, a)},
                                              {"B", Tensor::fromFloats({N, 1}, b)},
                                              {"u", Tensor::fromFloats({T, 1, 1}, u)}});

  // Powers of A by plain loops.
  std::vector<std::vector<double>> power = {{1, 0, 0, 0, 1, 0, 0, 0, 1}};
  for (int64_t t = 1; t < T; ++t) {
    std::vector<double> next(9, 0);
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        for (int k = 0; k < 3; ++k)
          next[size_t(i * 3 + j)] += double(a[size_t(i * 3 + k)]) * power.back()[size_t(k * 3 + j)];
    power.push_back(next);
  }
  const auto lastState = [&](const std::vector<double>& signal, const std::vector<double>& gain) {
    std::vector<double> last(3, 0);
    for (int64_t t = 0; t < T; ++t)
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          last[size_t(i)] += power[size_t(T - 1 - t)][size_t(i * 3 + j)] * gain[size_t(j)] * signal[size_t(t)];
    return last;
  };
  const std::vector<double> signal(u.begin(), u.end()), gain(b.begin(), b.end());
  expectNear(outputs.at("last"), lastState(signal, gain), 1e-5);
  // d(sum of last)/du[t] = 1' A^(T-1-t) B; the objective is linear in u and in B.
  std::vector<double> du(static_cast<size_t>(T)), dB(3);
  for (int64_t t = 0; t < T; ++t) {
    std::vector<double> unit(static_cast<size_t>(T), 0);
    unit[size_t(t)] = 1;
    const std::vector<double> last = lastState(unit, gain);
    du[size_t(t)] = last[0] + last[1] + last[2];
  }
  for (size_t j = 0; j < 3; ++j) {
    std::vector<double> unit(3, 0);
    unit[j] = 1;
    const std::vector<double> last = lastState(signal, unit);
    dB[j] = last[0] + last[1] + last[2];
  }
  expectNear(outputs.at("du"), du, 1e-5);
  expectNear(outputs.at("dB"), dB, 1e-5);
  EXPECT_EQ(outputs.at("dA").size(), 9u);
}

/// v[t] = decay v[t-1] (1 - s[t-1]) + x[t], s = [v > 1] with the surrogate slope 1 / (1 + |pi (v - 1)|)^2 backward.
TEST(Scan, SpikingNeuronWithSurrogateGradientEqualsLoops) {
  const int64_t T = 33;
  const double decay = 0.8;
  std::vector<float> x = randoms(T, 5);
  for (float& value : x) value = 0.3f + 0.6f * std::fabs(value);
  ir::Builder builder;
  const ir::Value X = builder.input("x", {DType::F32, {T, 1}});
  const ir::ScanResult result =
      ir::scan(builder, {builder.constant(0, {1}), builder.constant(0, {1})}, {X}, {}, [&](const ir::ScanStep& at) {
        const ir::Value v = at.carries[0] * decay * (1.0 - at.carries[1]) + at.xs[0];
        const ir::Value over = v - 1.0;
        const ir::Value spike = ir::cast(ir::greater(over, 0.0), DType::F32);
        // f' = 1 / (1 + |pi over|)^2 belongs to f = over / (1 + pi |over|).
        const ir::Value smooth = over / (1.0 + M_PI * ir::abs(over));
        const ir::Value s = ir::straightThrough(spike, smooth);
        return ir::ScanResult{{v, s}, {s}};
      });
  builder.output("spikes", result.ys[0]);
  builder.output("dx", ir::gradients(builder, {result.ys[0]}, {X})[0]);
  const auto outputs = run(builder.finish(), {{"x", Tensor::fromFloats({T, 1}, x)}});

  std::vector<double> v(static_cast<size_t>(T)), s(static_cast<size_t>(T)), dx(static_cast<size_t>(T));
  for (size_t t = 0; t < size_t(T); ++t) {
    v[t] = (t ? decay * v[t - 1] * (1 - s[t - 1]) : 0) + x[t];
    s[t] = v[t] > 1;
  }
  double dv = 0, ds = 0;  // from the step after
  for (size_t t = size_t(T); t-- > 0;) {
    const double slope = 1 / std::pow(1 + std::fabs(M_PI * (v[t] - 1)), 2);
    const double own = dv + (1 + ds) * slope;
    dx[t] = own;
    dv = t ? own * decay * (1 - s[t - 1]) : 0;
    ds = t ? -own * decay * v[t - 1] : 0;
  }
  expectNear(outputs.at("spikes"), s, 1e-6);
  expectNear(outputs.at("dx"), dx, 1e-4);
}

/// S[t] = S[t-1] + beta (v[t] - S[t-1] k[t]) k[t]': with orthonormal keys and beta 1 the memory holds every pair
/// exactly.
TEST(Scan, DeltaRuleStoresPairsOfOrthonormalKeys) {
  const int64_t D = 4;
  std::vector<float> keys(16, 0), values = randoms(16, 7);
  for (size_t i = 0; i < 4; ++i) keys[i * 4 + (i + 1) % 4] = 1;
  ir::Builder builder;
  const ir::Value K = builder.input("k", {DType::F32, {D, D, 1}}), V = builder.input("v", {DType::F32, {D, D, 1}});
  const ir::ScanResult result =
      ir::scan(builder, {builder.constant(0, {D, D})}, {K, V}, {}, [](const ir::ScanStep& at) {
        const ir::Value S = at.carries[0], k = at.xs[0], v = at.xs[1];
        return ir::ScanResult{{S + ir::matmul(v - ir::matmul(S, k), k, {.transposeB = true})}, {}};
      });
  builder.output("memory", result.carries[0]);
  const auto outputs =
      run(builder.finish(), {{"k", Tensor::fromFloats({D, D, 1}, keys)}, {"v", Tensor::fromFloats({D, D, 1}, values)}});
  std::vector<double> expected(16, 0);  // sum of v k'
  for (size_t t = 0; t < 4; ++t)
    for (size_t i = 0; i < 4; ++i) expected[i * 4 + (t + 1) % 4] += values[t * 4 + i];
  expectNear(outputs.at("memory"), expected, 1e-6);
}

/// The forward scan and the one that keeps its carries for the gradient become one.
TEST(Scan, ForwardIsComputedOnceForItsGradient) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {5, 3}});
  const ir::ScanResult result = ir::scan(builder, {builder.constant(1, {3})}, {x}, {}, [](const ir::ScanStep& at) {
    const ir::Value next = ir::tanh(at.carries[0] * at.xs[0]);
    return ir::ScanResult{{next}, {next}};
  });
  builder.output("y", result.ys[0]);
  builder.output("dx", ir::gradients(builder, {result.ys[0]}, {x})[0]);
  const ir::Graph graph = optimized(builder.finish());
  int scans = 0;
  for (const ir::Node& node : graph.nodes) scans += node.op->name == "scan";
  EXPECT_EQ(scans, 2);
}

/// Second order: the gradient of a gradient is one more scan.
TEST(Scan, SecondGradientEqualsFiniteDifferencesOfTheFirst) {
  const auto gradientAt = [](float w, bool isSecond) {
    ir::Builder builder;
    const ir::Value W = builder.input("w", {DType::F32, {}});
    const ir::Value x = builder.input("x", {DType::F32, {6}});
    const ir::ScanResult result = ir::scan(builder, {builder.constant(0.5)}, {x}, {W}, [](const ir::ScanStep& at) {
      return ir::ScanResult{{ir::sin(at.carries[0] * at.consts[0] + at.xs[0])}, {}};
    });
    ir::Value grad = ir::gradients(builder, {result.carries[0]}, {W})[0];
    if (isSecond) grad = ir::gradients(builder, {grad}, {W})[0];
    builder.output("g", grad);
    return double(run(builder.finish(), {{"w", Tensor::scalar(w)},
                                         {"x", Tensor::fromFloats({6}, {0.3f, -0.2f, 0.5f, 0.1f, -0.4f, 0.2f})}})
                      .at("g")[0]);
  };
  const double step = 1e-2;
  EXPECT_NEAR(gradientAt(0.7f, true),
              (gradientAt(float(0.7 + step), false) - gradientAt(float(0.7 - step), false)) / (2 * step), 2e-3);
}

}  // namespace
}  // namespace fw
