// Every example of every op by the emulated CUDA kernels: results against loops in double, gradients against the CPU's,
// memory that starts as NaN between guard zones, the same bits twice.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/exec/cuda_backend.h"
#include "tests/cuda/emulated_backend.h"
#include "tests/cuda/probe.h"
#include "tests/ops/reference.h"

namespace fw::testing {
namespace {

void expectClose(const Probe& probe, const Tensor& got, const std::vector<double>& expected, double tolerance,
                 const std::string& what) {
  const std::vector<double> values = got.toDoubles();
  ASSERT_EQ(values.size(), expected.size()) << what;
  double scale = 1e-30;
  for (const double v : expected)
    if (std::isfinite(v)) scale = std::max(scale, std::fabs(v));
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(values[i])) continue;
    if (values[i] == expected[i]) continue;
    ASSERT_LE(std::fabs(values[i] - expected[i]), tolerance * scale)
        << probe.op().name << " " << what << " element " << i << ": " << values[i] << ", expected " << expected[i];
  }
}

void equalsLoopsTwice(const Probe& probe, Backend& cuda) {
  const OpDef& op = probe.op();
  const Tensors tensors = probe.tensors();
  const std::shared_ptr<const ir::Graph> graph = probe.forward();
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  const Tensors first = Probe::run(cuda, graph, tensors), second = Probe::run(cuda, graph, tensors);
  for (const auto& [name, value] : first)
    EXPECT_EQ(std::memcmp(value.memory.get(), second.at(name).memory.get(), size_t(value.bytes())), 0) << name;
  if (hasReference(op) && op.name != "dropout") {
    std::map<std::string, Array> arrays;
    for (const auto& [name, tensor] : tensors) arrays[name] = toArray(tensor);
    const std::map<std::string, Array> expected = evaluate(*graph, arrays);
    for (const auto& [name, value] : first)
      expectClose(probe, value, expected.at(name).values, probe.example().tolerance, name);
    return;
  }
  // Random numbers: the CPU's, which have tests with known answers.
  const Tensors expected = Probe::run(*cpu, graph, tensors);
  for (const auto& [name, value] : first) {
    expectClose(probe, value, expected.at(name).toDoubles(), op.name == "random_normal" ? 2e-6 : 0, name);
  }
}

void gradientEqualsTheCpus(const Probe& probe, Backend& cuda) {
  const OpDef& op = probe.op();
  if (!op.hasGradient || (!op.vjp && !op.decompose)) return;  // there is none
  const std::shared_ptr<const ir::Graph> graph = probe.backward();
  if (graph->outputs.empty()) return;
  const Tensors inputs = probe.tensorsFor(*graph);
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  const Tensors expected = Probe::run(*cpu, graph, inputs);
  for (const auto& [name, value] : Probe::run(cuda, graph, inputs))
    expectClose(probe, value, expected.at(name).toDoubles(), std::max(2e-5, 4 * probe.example().tolerance), name);
}

class CudaOp : public ::testing::TestWithParam<Case> {};

TEST_P(CudaOp, EqualsLoopsInDoubleTwiceWithTheSameBits) { equalsLoopsTwice(Probe(GetParam()), *makeEmulatedBackend()); }
TEST_P(CudaOp, GradientEqualsTheCpus) { gradientEqualsTheCpus(Probe(GetParam()), *makeEmulatedBackend()); }

std::string nameOf(const ::testing::TestParamInfo<Case>& info) {
  return text(info.param.op->name, "_", info.param.number);
}

INSTANTIATE_TEST_SUITE_P(All, CudaOp, ::testing::ValuesIn(allCases()), nameOf);

/// Sizes at which a kernel goes another way than at those of the examples: several blocks, parts of sums, splits,
/// passes.
const std::vector<std::pair<std::string, OpExample>>& largerExamples() {
  using List = std::vector<int64_t>;
  const auto axes = [](List list) { return ir::Attrs{{"axes", list}, {"keep", false}}; };
  const auto along = [](int64_t axis, bool isReversed, bool isExclusive) {
    return ir::Attrs{{"axis", axis}, {"reverse", isReversed}, {"exclusive", isExclusive}};
  };
  const auto layout = [](bool transposeA, bool transposeB) {
    return ir::Attrs{{"transpose_a", transposeA}, {"transpose_b", transposeB}, {"activation", std::string("none")}};
  };
  const auto small = [](const Shape& shape) { return ExampleInput{.shape = shape, .low = -1, .high = 1}; };
  const auto attention = [](const Shape& q, const Shape& k, const Shape& v, int64_t right) {
    return OpExample{.inputs = {{.shape = q}, {.shape = k}, {.shape = v}},
                     .attrs = {{"scale", 0.4}, {"window_right", right}}};
  };
  const auto scan = [&](int64_t B, int64_t T, int64_t D, int64_t N) {
    return OpExample{.inputs = {small({B, T, D}),
                                {.shape = {B, T, D}, .low = 0.01, .high = 0.5},
                                {.shape = {D, N}, .low = -2, .high = -0.1},
                                small({B, T, N}),
                                small({B, T, N})},
                     .attrs = {{"skip", false}, {"state", false}},
                     .tolerance = 3e-5};
  };
  const auto hidden = [](const Shape& shape) {
    return ExampleInput{.shape = shape, .values = {-INFINITY, 1, -INFINITY, -2, 0.5, 3, -INFINITY}};
  };
  static const std::vector<std::pair<std::string, OpExample>> table = {
      {"sum", {.inputs = {{.shape = {70'001}, .low = -1, .high = 2}}, .attrs = axes({0})}},
      {"sum", {.inputs = {{.shape = {1500, 37}}}, .attrs = axes({0})}},
      {"sum", {.inputs = {{.shape = {3, 20'000}, .low = -1, .high = 2}}, .attrs = axes({1})}},
      {"sum", {.inputs = {{.shape = {5, 40, 3, 33}}}, .attrs = axes({1, 3})}},
      {"max", {.inputs = {{.shape = {9, 9000}}}, .attrs = axes({1}), .isSmooth = false}},
      {"cumulative_sum", {.inputs = {{.shape = {3, 1000}}}, .attrs = along(1, false, false)}},
      {"cumulative_sum", {.inputs = {{.shape = {2, 777}}}, .attrs = along(1, true, true)}},
      {"cumulative_max", {.inputs = {{.shape = {2, 300}}}, .attrs = along(1, false, false), .isSmooth = false}},
      {"linear_recurrence",
       {.inputs = {small({2, 1100, 11}), small({2, 1100, 11})}, .attrs = {{"axis", int64_t(1)}, {"reverse", false}}}},
      {"linear_recurrence",
       {.inputs = {small({3, 70}), small({3, 70})}, .attrs = {{"axis", int64_t(1)}, {"reverse", true}}}},
      {"matmul", {.inputs = {{.shape = {70, 33}}, {.shape = {33, 130}}}, .attrs = layout(false, false)}},
      {"matmul", {.inputs = {{.shape = {2, 33, 70}}, {.shape = {2, 65, 33}}}, .attrs = layout(true, true)}},
      {"transpose", {.inputs = {{.shape = {3, 70, 33}}}, .attrs = {{"permutation", List{0, 2, 1}}}}},
      {"softmax", {.inputs = {{.shape = {3, 10'000}, .low = -20, .high = 20}}}},
      {"softmax", {.inputs = {hidden({3, 5})}, .isSmooth = false}},
      {"log_softmax", {.inputs = {hidden({3, 5})}, .isSmooth = false}},
      {"layer_norm",
       {.inputs = {{.shape = {200, 130}}, {.shape = {130}}, {.shape = {130}}},
        .attrs = {{"epsilon", 1e-5}, {"weight", true}, {"bias", true}}}},
      {"top_k", {.inputs = {{.shape = {3, 1000}}}, .attrs = {{"k", int64_t(7)}}, .isSmooth = false}},
      {"top_k", {.inputs = {{.shape = {3, 1000}}}, .attrs = {{"k", int64_t(3)}}, .isSmooth = false}},
      {"top_k", {.inputs = {{.shape = {2, 333}}}, .attrs = {{"k", int64_t(333)}}, .isSmooth = false}},
      {"top_k", {.inputs = {{.shape = {1, 5003}}}, .attrs = {{"k", int64_t(4500)}}, .isSmooth = false}},
      // Equal ones, and the ends of the order.
      {"top_k",
       {.inputs = {{.shape = {3, 700}, .values = {0.0, -0.0, 1, 1, INFINITY, -INFINITY, 1, 3, -2, 1}}},
        .attrs = {{"k", int64_t(250)}},
        .isSmooth = false}},
      {"embedding", {.inputs = {{.shape = {5, 200}}, {.shape = {400}, .dtype = DType::I64, .low = 0, .high = 5}}}},
      {"causal_conv1d", {.inputs = {{.shape = {2, 1100, 37}}, {.shape = {37, 4}}}}},
      {"attention", attention({2, 130, 2, 17}, {2, 130, 1, 17}, {2, 130, 1, 9}, 0)},
      {"attention", attention({1, 1, 4, 8}, {1, 1200, 2, 8}, {1, 1200, 2, 5}, 0)},
      {"attention", attention({1, 40, 1, 260}, {1, 40, 1, 260}, {1, 40, 1, 260}, 3)},
      {"selective_scan", scan(2, 130, 19, 16)},
      {"selective_scan", scan(1, 70, 3, 40)},
      {"selective_scan", scan(1, 9, 300, 4)},
  };
  return table;
}

std::vector<Case> largerCases() {
  std::vector<Case> cases;
  for (const auto& [op, example] : largerExamples()) cases.push_back({&findOp(op), &example, cases.size()});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Larger, CudaOp, ::testing::ValuesIn(largerCases()), nameOf);

/// The same on a GPU: one test, skipped where there is none.
TEST(CudaGpu, EveryExampleOfEveryOp) {
  const std::string absence = listCudaDevices().front().absence;
  if (!absence.empty()) GTEST_SKIP() << absence;
  const std::unique_ptr<Backend> gpu = makeCudaBackend(0);
  std::vector<Case> cases = allCases();
  for (const Case& larger : largerCases()) cases.push_back(larger);
  for (const Case& one : cases) {
    SCOPED_TRACE(text(one.op->name, " example ", one.number));
    equalsLoopsTwice(Probe(one), *gpu);
    gradientEqualsTheCpus(Probe(one), *gpu);
  }
}

}  // namespace
}  // namespace fw::testing
