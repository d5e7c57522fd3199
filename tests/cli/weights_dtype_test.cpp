// --weights-dtype: a bf16 checkpoint as it is, widened, and as int8; and the memory that each takes.
#include <cmath>
#include <fstream>

#include "engine/base/rng.h"
#include "engine/io/arrays.h"
#include "engine/io/safetensors.h"
#include "tests/cli/command_line.h"
#include "tests/support/sparse_checkpoint.h"

namespace fw {
namespace {

struct Sizes {
  int64_t vocabulary, width, hidden, layers;
};

/// A Llama of random bf16 weights; the bytes of its file.
int64_t writeLlama(const TemporaryFolder& folder, const Sizes& sizes) {
  std::map<std::string, Tensor> tensors;
  Rng rng(3);
  const auto add = [&](const std::string& name, const Shape& shape, double deviation, double mean = 0) {
    Tensor tensor = Tensor::make(DType::BF16, shape);
    // A sum of two uniform numbers: normal ones take long for millions.
    for (int64_t i = 0; i < tensor.count(); ++i)
      tensor.data<uint16_t>()[i] = floatToBfloat(float(mean + deviation * (rng.uniform() + rng.uniform() - 1) * 2.45));
    tensors[name] = tensor;
  };
  const double small = 1 / std::sqrt(double(sizes.width));
  add("model.embed_tokens.weight", {sizes.vocabulary, sizes.width}, 1);
  add("model.norm.weight", {sizes.width}, 0.1, 1);
  for (int64_t layer = 0; layer < sizes.layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    for (const char* norm : {"input_layernorm", "post_attention_layernorm"})
      add(prefix + norm + ".weight", {sizes.width}, 0.1, 1);
    for (const char* part : {"q", "k", "v", "o"})
      add(prefix + "self_attn." + part + "_proj.weight", {sizes.width, sizes.width}, small);
    for (const char* part : {"gate", "up"})
      add(prefix + "mlp." + part + "_proj.weight", {sizes.hidden, sizes.width}, small);
    add(prefix + "mlp.down_proj.weight", {sizes.width, sizes.hidden}, small);
  }
  const std::string file = folder / "model.safetensors";
  saveSafetensors(file, tensors);
  const Json config = {{"model_type", "llama"},
                       {"vocab_size", sizes.vocabulary},
                       {"hidden_size", sizes.width},
                       {"intermediate_size", sizes.hidden},
                       {"num_hidden_layers", sizes.layers},
                       {"num_attention_heads", 4},
                       {"max_position_embeddings", 64},
                       {"tie_word_embeddings", true}};
  std::ofstream(folder / "config.json") << config;
  return int64_t(std::filesystem::file_size(file));
}

std::vector<double> logitsOf(const TemporaryFolder& folder, const std::string& dtype) {
  const std::string out = folder / "output.npz";
  const ProcessResult result =
      cli({"run", folder.path(), "--input", folder / "input.npz", "--output", out, "--weights-dtype", dtype});
  EXPECT_EQ(result.exitCode, 0) << result.err;
  return loadArrays(out).at("logits").toDoubles();
}

/// |x - y| / |y|
double distance(const std::vector<double>& x, const std::vector<double>& y) {
  double between = 0, size = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    between += (x[i] - y[i]) * (x[i] - y[i]);
    size += y[i] * y[i];
  }
  return std::sqrt(between / size);
}

TEST(WeightsDtype, StoredWeightsGiveTheSameLogitsAndInt8NearlyThose) {
  TemporaryFolder folder;
  writeLlama(folder, {.vocabulary = 61, .width = 24, .hidden = 37, .layers = 2});
  std::vector<int64_t> tokens;
  for (int64_t i = 0; i < 33; ++i) tokens.push_back(i * 17 % 61);
  saveArrays(folder / "input.npz", {{"tokens", Tensor::fromInts({1, 33}, tokens)}});
  const std::vector<double> wide = logitsOf(folder, "f32"), stored = logitsOf(folder, "auto"),
                            narrow = logitsOf(folder, "bf16"), bytes = logitsOf(folder, "int8");
  EXPECT_LT(distance(stored, wide), 1e-5);
  EXPECT_EQ(distance(narrow, stored), 0);
  EXPECT_LT(distance(bytes, wide), 0.05);
  EXPECT_GT(distance(bytes, wide), 1e-4);
}

TEST(WeightsDtype, EveryVerbTakesIt) {
  TemporaryFolder folder;
  writeLlama(folder, {.vocabulary = 256, .width = 16, .hidden = 24, .layers = 1});
  const auto generated = [&](const std::string& dtype) {
    const ProcessResult result = cli(
        {"generate", folder.path(), "--prompt", "ab", "--tokens", "5", "--temperature", "0", "--weights-dtype", dtype});
    EXPECT_EQ(result.exitCode, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(generated("auto"), generated("f32"));
  EXPECT_FALSE(generated("int8").empty());
  std::ofstream(folder / "text.txt") << "the quick brown fox jumps over the lazy dog";
  const auto loss = [&](const std::string& dtype) {
    return cliJson({"eval", folder.path(), "--task", "text", "--task-option", "file=" + (folder / "text.txt"),
                    "--weights-dtype", dtype, "--json"})["loss"]
        .get<double>();
  };
  const double expected = loss("f32");
  EXPECT_NEAR(loss("auto"), expected, 1e-5 * expected);
  EXPECT_NEAR(loss("int8"), expected, 0.02 * expected);
  for (const char* mode : {"prefill", "decode"})
    EXPECT_GT(cliJson({"bench", folder.path(), "--mode", mode, "--time", "8", "--repeat", "1", "--weights-dtype",
                       "int8", "--json"})["median_seconds"]
                  .get<double>(),
              0);
  expectUsage({"run", folder.path(), "--input", "x.npz", "--output", "y.npz", "--weights-dtype", "int4"},
              "--weights-dtype");
  expectUsage({"eval", folder.path(), "--task", "mqar", "--weights-dtype", "int8"}, "--weights-dtype");
}

/// A model runs in the memory of its file: what is mapped is not copied, what is converted replaces it.
TEST(WeightsDtypeSlow, MemoryIsThatOfTheWeights) {
  TemporaryFolder tiny, large;
  writeLlama(tiny, {.vocabulary = 256, .width = 16, .hidden = 24, .layers = 1});
  const double file = double(writeLlama(large, {.vocabulary = 8192, .width = 1024, .hidden = 4096, .layers = 6}));
  ASSERT_GT(file, 200e6);
  const auto peak = [&](const TemporaryFolder& folder, const std::string& dtype) {
    const ProcessResult result = cli(
        {"generate", folder.path(), "--prompt", "a", "--tokens", "2", "--temperature", "0", "--weights-dtype", dtype});
    EXPECT_EQ(result.exitCode, 0) << result.err;
    return double(result.peakBytes);
  };
  const double program = peak(tiny, "auto");
  EXPECT_LT(peak(large, "auto") - program, 1.1 * file);
  EXPECT_GT(peak(large, "auto") - program, 0.8 * file);  // the weights were read
  EXPECT_LT(peak(large, "int8") - program, 0.7 * file);
  EXPECT_GT(peak(large, "f32") - program, 1.9 * file);
  EXPECT_LT(peak(large, "f32") - program, 2.3 * file);
}

/// The same at a size that counts; the file is a hole of zeros, which are read as any numbers are.
TEST(WeightsDtypeSlow, ABillionParametersTakeTheirFile) {
  TemporaryFolder tiny, large;
  writeLlama(tiny, {.vocabulary = 256, .width = 16, .hidden = 24, .layers = 1});
  const double file = double(writeSparseLlama(large.path(), {.layers = 20}));
  ASSERT_GT(file, 2e9);  // bf16
  if (double(freeMemoryBytes()) < 1.5 * file) GTEST_SKIP() << "needs " << formatBytes(1.5 * file) << " of free memory";
  const auto peak = [&](const TemporaryFolder& folder, const std::string& dtype) {
    const ProcessResult result = cli(
        {"generate", folder.path(), "--prompt", "a", "--tokens", "2", "--temperature", "0", "--weights-dtype", dtype});
    EXPECT_EQ(result.exitCode, 0) << result.err;
    return double(result.peakBytes);
  };
  const double program = peak(tiny, "auto"), whole = peak(large, "auto") - program,
               bytes = peak(large, "int8") - program;
  RecordProperty("auto_of_file", std::to_string(whole / file));
  RecordProperty("int8_of_file", std::to_string(bytes / file));
  EXPECT_LT(whole, 1.05 * file);
  EXPECT_GT(whole, 0.9 * file);
  EXPECT_LT(bytes, 0.65 * file);
}

}  // namespace
}  // namespace fw
