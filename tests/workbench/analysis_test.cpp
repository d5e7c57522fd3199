// Layer similarity through the whole program: what the panels show equals plain loops over recorded activations.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/arch/editor.h"
#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

ArchitecturePtr preset(const std::string& id) {
  return std::make_shared<const Architecture>(findPreset(id)->make(catalog()));
}

const Matrix& matrixOf(const AnalysisResult& result, const std::string& name) {
  for (const Matrix& matrix : result.matrices)
    if (matrix.name == name) return matrix;
  throw Error(Code::Internal, "no matrix " + name);
}

const Series& seriesOf(const AnalysisResult& result, const std::string& name) {
  for (const Series& series : result.series)
    if (series.name == name) return series;
  throw Error(Code::Internal, "no series " + name);
}

double cosine(const Tensor& x, const Tensor& y, int64_t row) {
  const int64_t width = x.shape[-1];
  double xy = 0, xx = 0, yy = 0;
  for (int64_t i = row * width; i < (row + 1) * width; ++i) {
    xy += double(x.data()[i]) * y.data()[i];
    xx += double(x.data()[i]) * x.data()[i];
    yy += double(y.data()[i]) * y.data()[i];
  }
  return xy / std::sqrt(xx * yy);
}

Tensor someTokens(int64_t rows, int64_t time) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < rows * time; ++i) values.push_back(i * i * 7 % 61);
  return Tensor::fromInts({rows, time}, values);
}

TEST(Similarity, EqualsPlainLoopsOverRecordedActivations) {
  const TemporaryFolder folder;
  constexpr int64_t kRows = 3, kTime = 7;
  saveArrays(folder / "data.npz", {{"tokens", someTokens(kRows, kTime)}});
  const ArchitecturePtr model = preset("attention-recall");
  const AnalysisResult result = analyze({.architecture = model, .seed = 4, .dataFile = folder / "data.npz"});
  const auto recorded = run(*model, {.inputs = {{"tokens", someTokens(kRows, kTime)}}, .seed = 4, .record = "layers*"});
  const auto at = [&](const std::string& probe) -> const Tensor& { return recorded.at("probe/" + probe); };

  const Series& blocks = seriesOf(result, "block_influence");
  EXPECT_EQ(blocks.labels, (std::vector<std::string>{"layers.0", "layers.1"}));
  EXPECT_EQ(blocks.layers, (std::vector<int64_t>{0, 1}));
  for (int layer = 0; layer < 2; ++layer) {
    const Tensor &in = at(text("layers.", layer, ":layer.in")), &out = at(text("layers.", layer, ":layer.out"));
    double influence = 0;
    for (int64_t r = 0; r < kRows * kTime; ++r) influence += (1 - cosine(in, out, r)) / double(kRows * kTime);
    EXPECT_NEAR(blocks.values[size_t(layer)], influence, 1e-6);
    EXPECT_GT(influence, 1e-4);
  }
  EXPECT_EQ(seriesOf(result, "sublayer_influence").values.size(), 4u);

  const Matrix& angles = matrixOf(result, "angular_distance");
  EXPECT_EQ(angles.rows, (std::vector<std::string>{"in", "layers.0", "layers.1"}));
  const Tensor* depths[] = {&at("layers.0:layer.in"), &at("layers.0:layer.out"), &at("layers.1:layer.out")};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) {
      double angle = 0;
      for (int64_t b = 0; b < kRows; ++b)
        if (i != j)
          angle += std::acos(cosine(*depths[i], *depths[j], b * kTime + kTime - 1)) / std::numbers::pi / kRows;
      EXPECT_NEAR(angles.at(i, j), angle, 1e-6) << i << j;
    }
  const Matrix& cka = matrixOf(result, "cka");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(cka.at(i, i), 1, 1e-9);
    for (size_t j = 0; j < 3; ++j) EXPECT_EQ(cka.at(i, j), cka.at(j, i));
  }
  EXPECT_NE(result.recipe.find("over all 21 tokens"), std::string::npos) << result.recipe;
  EXPECT_NE(result.recipe.find("untrained weights"), std::string::npos) << result.recipe;
}

/// A layer whose branches add nothing is found to do nothing, and is as similar to its neighbour as can be.
TEST(Similarity, LayerWithoutEffectHasNoInfluence) {
  const ArchitecturePtr model = preset("char-lm");
  std::map<std::string, Tensor> weights;
  const auto graph = lowerOrThrow(*model, catalog(), {.mode = Mode::Prefill});
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    Tensor value = Tensor::make(DType::F32, graph->type({parameter.node, 0}).shape);
    const bool isSilent =
        parameter.name == "layers.2.attention.o.weight" || parameter.name == "layers.2.mlp.down.weight";
    for (int64_t i = 0; i < value.count(); ++i)
      value.data()[i] = isSilent ? 0 : 0.2f * float(std::sin(0.7 * double(i * i % 977)));
    weights[parameter.name] = value;
  }
  ASSERT_TRUE(weights.contains("layers.2.attention.o.weight"));
  ASSERT_TRUE(weights.contains("layers.2.mlp.down.weight"));
  const AnalysisResult result = analyze({.architecture = model,
                                         .weights = weights,
                                         .task = "char_lm",
                                         .taskOptions = {{"context", int64_t(24)}},
                                         .batch = 4,
                                         .batches = 2});
  const Series& blocks = seriesOf(result, "block_influence");
  for (size_t layer = 0; layer < 4; ++layer)
    if (layer == 2) {
      EXPECT_NEAR(blocks.values[layer], 0, 1e-9);
    } else {
      EXPECT_GT(blocks.values[layer], 1e-3);
    }
  const Series& parts = seriesOf(result, "sublayer_influence");
  for (size_t i = 0; i < parts.values.size(); ++i)
    EXPECT_EQ(parts.values[i] < 1e-9, parts.layers[i] == 2) << parts.labels[i];
  // Depths: in, layers.0, 1, 2, 3.
  EXPECT_NEAR(matrixOf(result, "angular_distance").at(2, 3), 0, 1e-6);
  EXPECT_GT(matrixOf(result, "angular_distance").at(3, 4), 1e-3);
  EXPECT_NEAR(matrixOf(result, "cka").at(2, 3), 1, 1e-9);
}

/// CKA alone needs four rows.
TEST(Similarity, TooFewTokensForCkaIsAWarning) {
  const TemporaryFolder folder;
  saveArrays(folder / "data.npz", {{"tokens", someTokens(1, 3)}});
  const AnalysisResult result = analyze({.architecture = preset("attention-recall"), .dataFile = folder / "data.npz"});
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_EQ(result.warnings[0], "Some batches had fewer than 4 tokens and did not enter CKA.");
  EXPECT_TRUE(std::isnan(matrixOf(result, "cka").at(0, 1)));
  EXPECT_FALSE(std::isnan(matrixOf(result, "angular_distance").at(0, 1)));
  // As JSON and CSV too, where NaN has no number.
  EXPECT_NE(analysisJson(result).find("null"), std::string::npos);
  writeAnalysis(result, folder / "out");
  EXPECT_NE(readFile(folder / "out/cka.csv").find("nan"), std::string::npos);
}

TEST(Similarity, ModelWithoutLayersIsRefused) {
  Editor editor(Architecture{}, catalog());
  const NodeId in =
      editor.addNode({}, "in", {}, {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  const NodeId embedding = editor.addNode({}, "embedding.token", {});
  const NodeId out = editor.addNode({}, "out", {});
  editor.connect({}, {in, "y"}, {embedding, "tokens"});
  editor.connect({}, {embedding, "y"}, {out, "x"});
  expectError([&] { analyze({.architecture = std::make_shared<const Architecture>(editor.result())}); }, Code::Data,
              "[similarity] the model has nothing to look at; expected layers in a Repeat or sub-layers joined by "
              "residuals.");
}

}  // namespace
}  // namespace fw
