// Products and attention on tensor cores, emulated: the tile instruction in C++, everything around it the real source.
// Products are those of rounded operands to f32's last digits; attention is as near as weights in bf16 allow; training
// follows f32.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/exec/cuda_backend.h"
#include "engine/presets/transformer.h"
#include "engine/train/trainer.h"
#include "tests/cuda/emulated_backend.h"
#include "tests/cuda/probe.h"
#include "tests/ops/reference.h"

namespace fw::testing {
namespace {

Tensor rounded(const Tensor& tensor) {
  if (tensor.dtype != DType::F32) return tensor;
  Tensor result = Tensor::make(tensor.dtype, tensor.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) result.data()[i] = bfloatToFloat(floatToBfloat(tensor.data()[i]));
  return result;
}

bool isSame(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.memory.get(), b.memory.get(), size_t(a.bytes())) == 0;
}

const std::vector<OpExample>& products() {
  const auto layout = [](bool transposeA, bool transposeB, const char* activation = "none", bool accumulates = false,
                         bool keeps = false) {
    ir::Attrs attrs = {
        {"transpose_a", transposeA}, {"transpose_b", transposeB}, {"activation", std::string(activation)}};
    if (accumulates) attrs.set("accumulate", true);
    if (keeps) attrs.set("keep", true);
    return attrs;
  };
  const auto of = [](const Shape& shape) { return ExampleInput{.shape = shape, .low = -3, .high = 3}; };
  static const std::vector<OpExample> table = {
      {.inputs = {of({16, 16}), of({16, 16})}, .attrs = layout(false, false)},
      {.inputs = {of({33, 63}), of({63, 130})}, .attrs = layout(false, false)},
      {.inputs = {of({70, 33}), of({70, 65})}, .attrs = layout(true, false)},
      {.inputs = {of({65, 33}), of({129, 33})}, .attrs = layout(false, true)},
      {.inputs = {of({33, 17}), of({63, 33})}, .attrs = layout(true, true)},
      {.inputs = {of({3, 33, 40}), of({40, 17})}, .attrs = layout(false, false)},
      {.inputs = {of({2, 3, 20, 33}), of({3, 33, 31})}, .attrs = layout(false, false)},
      {.inputs = {of({2, 33, 20}), of({2, 31, 33})}, .attrs = layout(true, true)},
      {.inputs = {of({40, 70}), of({37, 70}), of({37}), of({40, 37})},
       .attrs = layout(false, true, "gelu", true, true)},
      {.inputs = {of({96, 65, 33}), of({33, 17})}, .attrs = layout(false, false, "relu"), .isSmooth = false},
  };
  return table;
}

class Bf16Product : public ::testing::TestWithParam<size_t> {};

TEST_P(Bf16Product, IsThatOfRoundedOperands) {
  const Probe probe({&findOp("matmul"), &products()[GetParam()], GetParam()});
  const std::shared_ptr<const ir::Graph> graph = probe.forward();
  const std::unique_ptr<Backend> cuda = makeEmulatedBackend(Precision::Bf16);
  const Tensors first = Probe::run(*cuda, graph, probe.tensors()), second = Probe::run(*cuda, graph, probe.tensors());
  std::map<std::string, Array> arrays;
  for (const auto& [name, tensor] : probe.tensors())
    arrays[name] = toArray(name == "x0" || name == "x1" ? rounded(tensor) : tensor);
  for (const auto& [name, array] : evaluate(*graph, arrays)) {
    const std::vector<double> values = first.at(name).toDoubles();
    double largest = 0;
    for (const double value : array.values) largest = std::max(largest, std::fabs(value));
    for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], array.values[i], 2e-6 * largest) << name << i;
    EXPECT_TRUE(isSame(first.at(name), second.at(name)));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Bf16Product, ::testing::Range<size_t>(0, products().size()));

TEST(Bf16Product, StaysInF32WhereOneSideIsThin) {
  const OpExample thin = {
      .inputs = {{.shape = {3, 40}}, {.shape = {40, 33}}},
      .attrs = {{"transpose_a", false}, {"transpose_b", false}, {"activation", std::string("none")}}};
  const Probe probe({&findOp("matmul"), &thin, 0});
  const auto graph = probe.forward();
  EXPECT_TRUE(isSame(Probe::run(*makeEmulatedBackend(Precision::Bf16), graph, probe.tensors()).at("y0"),
                     Probe::run(*makeEmulatedBackend(), graph, probe.tensors()).at("y0")));
}

/// Weights of two bytes or one go the same way: those in bf16 lose nothing.
TEST(Bf16Product, TakesCompactWeights) {
  OpExample example = findOp("compact_linear").examples.front();
  example.inputs[0].shape = {33, 40};
  example.inputs[1] = {.shape = {20, 40}, .dtype = DType::BF16};
  example.inputs.resize(2);
  example.attrs = {{"activation", std::string("none")}};
  const Probe probe({&findOp("compact_linear"), &example, 0});
  const auto graph = probe.forward();
  Tensors inputs = probe.tensors();
  const Tensor got = Probe::run(*makeEmulatedBackend(Precision::Bf16), graph, inputs).at("y0");
  EXPECT_FALSE(isSame(got, Probe::run(*makeEmulatedBackend(), graph, inputs).at("y0")));
  const uint16_t* const weight = reinterpret_cast<const uint16_t*>(inputs.at("x1").memory.get());
  const Tensor x = rounded(inputs.at("x0"));
  for (int64_t r = 0; r < 33; ++r)
    for (int64_t o = 0; o < 20; ++o) {
      double sum = 0;
      for (int64_t i = 0; i < 40; ++i) sum += double(x.data()[r * 40 + i]) * bfloatToFloat(weight[o * 40 + i]);
      ASSERT_NEAR(got.data()[r * 20 + o], sum, 1e-5) << r << " " << o;
    }
}

const std::vector<OpExample>& attentions() {
  const auto of = [](const Shape& shape) { return ExampleInput{.shape = shape, .low = -2, .high = 2}; };
  const auto three = [&](const Shape& q, const Shape& k, const Shape& v, ir::Attrs attrs) {
    return OpExample{.inputs = {of(q), of(k), of(v)}, .attrs = std::move(attrs)};
  };
  const auto integers = [](const Shape& shape, std::vector<double> values) {
    return ExampleInput{.shape = shape, .dtype = DType::I64, .values = std::move(values)};
  };
  const int64_t none = 0;
  static const std::vector<OpExample> table = [&] {
    std::vector<OpExample> all = {
        three({1, 16, 1, 16}, {1, 16, 1, 16}, {1, 16, 1, 16}, {{"scale", 0.25}}),
        three({2, 33, 4, 17}, {2, 33, 2, 17}, {2, 33, 2, 9}, {{"scale", 0.3}, {"window_right", none}}),
        three({1, 150, 2, 40}, {1, 150, 1, 40}, {1, 150, 1, 64}, {{"scale", 0.2}, {"window_right", none}}),
        three({1, 63, 1, 128}, {1, 190, 1, 128}, {1, 190, 1, 100}, {{"scale", 0.1}}),
        three({1, 130, 1, 8}, {1, 130, 1, 8}, {1, 130, 1, 8},
              {{"scale", 0.4}, {"window_left", int64_t(20)}, {"window_right", int64_t(3)}}),
        // The first queries stand before all keys.
        three({1, 40, 2, 8}, {1, 33, 2, 8}, {1, 33, 2, 8}, {{"scale", 0.4}, {"window_right", none}}),
        three({1, 33, 2, 8}, {1, 33, 2, 8}, {1, 33, 2, 8},
              {{"scale", 0.5}, {"window_right", none}, {"slopes", std::vector<double>{0.5, 0.25}}}),
    };
    OpExample one =
        three({2, 20, 2, 8}, {2, 37, 1, 8}, {2, 37, 1, 8}, {{"scale", 0.5}, {"bias", true}, {"key_mask", true}});
    one.inputs.push_back(of({1, 2, 20, 37}));
    one.inputs.push_back({.shape = {2, 37}, .dtype = DType::Bool, .values = {1, 1, 0, 1, 0, 1, 1}});
    all.push_back(one);
    one = three({3, 20, 1, 8}, {3, 20, 1, 8}, {3, 20, 1, 8}, {{"scale", 0.5}, {"key_lengths", true}});
    one.inputs.push_back(integers({3}, {20, 1, 9}));
    all.push_back(one);
    one =
        three({1, 70, 2, 8}, {1, 70, 1, 8}, {1, 70, 1, 8}, {{"scale", 0.5}, {"window_right", none}, {"offsets", true}});
    one.inputs.push_back(integers({5}, {0, 7, 7, 40, 66}));
    all.push_back(one);
    return all;
  }();
  return table;
}

/// As near as weights of eight bits allow: the largest difference, and that of the whole.
void expectNear(const Tensor& got, const Tensor& expected, const std::string& what) {
  const std::vector<double> x = got.toDoubles(), y = expected.toDoubles();
  double largest = 0, apart = 0, size = 0;
  for (const double value : y)
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i]) continue;  // -infinity
    ASSERT_NEAR(x[i], y[i], 1.5e-2 * largest) << what << " element " << i;
    apart += (x[i] - y[i]) * (x[i] - y[i]);
    size += y[i] * y[i];
  }
  EXPECT_LE(std::sqrt(apart), 6e-3 * std::sqrt(size)) << what;
}

class Bf16Attention : public ::testing::TestWithParam<size_t> {
 protected:
  /// On inputs that lose nothing by rounding: the CPU's results, those of tensor cores, and again.
  void expectTheCpus(const std::shared_ptr<const ir::Graph>& graph, Tensors inputs) {
    for (auto& [name, tensor] : inputs) tensor = rounded(tensor);
    const std::unique_ptr<Backend> cpu = makeCpuBackend(1), cuda = makeEmulatedBackend(Precision::Bf16);
    const Tensors expected = Probe::run(*cpu, graph, inputs), got = Probe::run(*cuda, graph, inputs),
                  again = Probe::run(*cuda, graph, inputs), inF32 = Probe::run(*makeEmulatedBackend(), graph, inputs);
    bool differs = false;
    for (const auto& [name, value] : expected) {
      expectNear(got.at(name), value, name);
      EXPECT_TRUE(isSame(got.at(name), again.at(name))) << name;
      differs = differs || !isSame(got.at(name), inF32.at(name));
    }
    EXPECT_TRUE(differs) << "nothing was rounded";
  }
};

TEST_P(Bf16Attention, IsTheCpus) {
  const Probe probe({&findOp("attention"), &attentions()[GetParam()], GetParam()});
  expectTheCpus(probe.forward(), probe.tensors());
}

TEST_P(Bf16Attention, GradientsAreTheCpus) {
  const Probe probe({&findOp("attention"), &attentions()[GetParam()], GetParam()});
  const auto graph = probe.backward();
  expectTheCpus(graph, probe.tensorsFor(*graph));
}

INSTANTIATE_TEST_SUITE_P(All, Bf16Attention, ::testing::Range<size_t>(0, attentions().size()));

/// Weights stay in f32: steps far smaller than bf16's last place add up, and the losses are those of f32 but for the
/// rounding of products.
TEST(Bf16Training, LossFollowsF32) {
  const Catalog blocks(allBlocks());
  const ArchitecturePtr architecture = std::make_shared<const Architecture>(transformer(
      {.name = "small", .vocabulary = 256, .width = 32, .layers = 1, .attention = {{"heads", int64_t(2)}}}, blocks));
  TrainOptions options;
  options.task = "char_lm";
  options.taskOptions = {{"context", int64_t(16)}};
  options.batch = 4;
  options.steps = 8;
  options.learningRate = 1e-2;
  options.finalRate = 1;
  const std::unique_ptr<Backend> f32 = makeEmulatedBackend(), bf16 = makeEmulatedBackend(Precision::Bf16);
  Trainer plain(architecture, options, *f32), tensor(architecture, options, *bf16);
  bool differs = false;
  double first = 0, last = 0;
  for (int64_t step = 0; step < options.steps; ++step) {
    const double a = plain.step().loss, b = tensor.step().loss;
    EXPECT_NEAR(b, a, 1e-2 * a) << "step " << step;
    differs = differs || a != b;
    (step == 0 ? first : last) = b;
  }
  EXPECT_TRUE(differs);
  EXPECT_LT(last, first);
  for (const auto& [name, value] : tensor.state().tensors) {
    if (name.starts_with("parameter/")) {
      EXPECT_EQ(value.dtype, DType::F32) << name;
    }
  }
}

/// The same on a GPU: one test, skipped where there is none.
TEST(CudaGpu, TensorCoresMultiplyAsTheirEmulation) {
  const std::string absence = listCudaDevices().front().absence;
  if (!absence.empty()) GTEST_SKIP() << absence;
  const std::unique_ptr<Backend> gpu = makeCudaBackend(0, Precision::Bf16), cpu = makeCpuBackend(1);
  const auto compare = [&](const char* op, const OpExample& example, bool isBackward) {
    const Probe probe({&findOp(op), &example, 0});
    const auto graph = isBackward ? probe.backward() : probe.forward();
    Tensors inputs = probe.tensorsFor(*graph);
    for (auto& [name, tensor] : inputs) tensor = rounded(tensor);
    const Tensors expected = Probe::run(*cpu, graph, inputs), got = Probe::run(*gpu, graph, inputs);
    for (const auto& [name, value] : expected) expectNear(got.at(name), value, text(op, " ", name));
  };
  for (const OpExample& example : products()) compare("matmul", example, false);
  for (const OpExample& example : attentions())
    for (const bool isBackward : {false, true}) compare("attention", example, isBackward);
}

}  // namespace
}  // namespace fw::testing
