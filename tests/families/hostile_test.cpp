// Folders that lie: each refusal has its sentence.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/io/huggingface.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

const char* kLlama =
    R"({"model_type": "llama", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,)"
    R"( "intermediate_size": 5, "tie_word_embeddings": true})";

class HostileFolder : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  void config(const std::string& json) { write("config.json", json); }
  void shard(const std::string& name, const std::map<std::string, Tensor>& tensors) {
    saveSafetensors(folder_ / name, tensors);
  }
  void header(const std::string& name, const std::string& json, size_t data) {
    const uint64_t length = json.size();
    std::string bytes(reinterpret_cast<const char*>(&length), 8);
    write(name, bytes + json + std::string(data, '\0'));
  }
  void refused(const std::string& sentence) {
    expectError([&] { openModel(folder_.path()); }, Code::File, sentence);
    expectError([&] { openModel(folder_.path(), false); }, Code::File, sentence);
  }
  void refusedStarting(const std::string& start) {
    try {
      openModel(folder_.path());
      ADD_FAILURE() << "nothing was thrown; expected: " << start;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).substr(0, start.size()), start);
    }
  }
  static Tensor row(int64_t size) { return Tensor::fromFloats({size}, std::vector<float>(size_t(size), 1)); }

  TemporaryFolder folder_;
};

TEST_F(HostileFolder, ConfigsThatAreNone) {
  config("[1]");
  refused("[config.json] is no JSON object.");
  config("{}");
  refusedStarting("[config.json] model_type is missing; supported are bamba, bert, clip, deit,");
  config(R"({"model_type": "perceiver"})");
  refusedStarting("[config.json] model_type 'perceiver' is no family that can be opened; supported are bamba, bert,");
  config(R"({"model_type": 7})");
  refused("[config.json] model_type is 7; expected a text.");
  config(R"({"model_type": "llama", "model_type": "gpt2"})");
  refused("[config.json] the key 'model_type' stands twice in one object.");
  config(std::string(100, '[') + std::string(100, ']'));
  refused("[config.json] nested deeper than 32 levels.");
  config("{\"a\": \"" + std::string(size_t(1) << 24, 'x') + "\"}");
  refused("[" + (folder_ / "config.json") + "] is longer than 16777216 bytes.");
  std::string bomb = "[[]";
  while (bomb.size() < 3 * (size_t(1) << 22)) bomb += ",[]";
  config(bomb + "]");
  refused("[config.json] holds more than 4194304 values.");
}

TEST_F(HostileFolder, ConfigsWithWrongValues) {
  const auto with = [](const std::string& key, const std::string& value) {
    return R"({"model_type": "llama", ")" + key + "\": " + value + "}";
  };
  config(with("hidden_size", "\"wide\""));
  refused("[config.json] hidden_size is \"wide\"; expected a whole number from 0 to 1073741824.");
  config(with("hidden_size", "-8"));
  refused("[config.json] hidden_size is -8; expected a whole number from 0 to 1073741824.");
  config(with("num_hidden_layers", "1e30"));
  refused("[config.json] num_hidden_layers is 1e+30; expected a whole number from 0 to 1073741824.");
  config(with("rms_norm_eps", "NaN"));
  refused("[config.json] rms_norm_eps is \"NaN\"; expected a number.");
  config(with("hidden_act", "\"mish\""));
  refusedStarting("[config.json] hidden_act is 'mish'; known are gelu,");
  config(with("rope_scaling", "{\"type\": \"ntk\", \"factor\": 2.0, \"original_max_position_embeddings\": 8}"));
  refused("[config.json] rope_type is 'ntk'; known are default, linear, dynamic, llama3, yarn, longrope.");
  config(R"({"model_type": "nemotron_h", "hybrid_override_pattern": "M-ME"})");
  refused("[config.json] hybrid_override_pattern has layers with experts; known are M, * and -.");
  config(R"({"model_type": "nemotron_h", "hybrid_override_pattern": "M-X"})");
  refused("[config.json] hybrid_override_pattern is 'M-X'; expected M, * and -.");
  config(R"({"model_type": "gemma2", "num_hidden_layers": 3, "layer_types": ["full_attention"]})");
  refused("[config.json] layer_types has 1 entries; expected 3.");
}

TEST_F(HostileFolder, IndexesThatLie) {
  config(kLlama);
  const std::string index = "model.safetensors.index.json";
  shard("a.safetensors", {{"model.norm.weight", row(8)}});
  write(index, R"({"weight_map": {"model.norm.weight": "b.safetensors"}})");
  refused("[model.safetensors.index.json] tensor 'model.norm.weight' lies in 'b.safetensors', which is not there.");
  for (const std::string bad : {"../a.safetensors", "/etc/passwd", "x/a.safetensors", "..", ""}) {
    write(index, R"({"weight_map": {"model.norm.weight": ")" + bad + "\"}}");
    refused("[model.safetensors.index.json] tensor 'model.norm.weight' lies in '" + bad +
            "'; expected a file of the folder.");
  }
  write(index, R"({"weight_map": {"lm_head.weight": "a.safetensors"}})");
  refused("[model.safetensors.index.json] 'a.safetensors' has no tensor 'lm_head.weight'.");
  write(index, R"({"weight_map": {"x": 3}})");
  refused("[model.safetensors.index.json] the file of tensor 'x' is no text.");
  write(index, R"({"weight_map": []})");
  refused("[model.safetensors.index.json] has no object 'weight_map'.");
  write(index, R"({"weight_map": {"x": "a.safetensors", "x": "a.safetensors"}})");
  refused("[model.safetensors.index.json] the key 'x' stands twice in one object.");
  write(index, std::string(100, '[') + std::string(100, ']'));
  refused("[model.safetensors.index.json] nested deeper than 8 levels.");
  shard("b.safetensors", {{"model.norm.weight", row(8)}, {"y", row(1)}});
  write(index, R"({"weight_map": {"model.norm.weight": "a.safetensors", "y": "b.safetensors"}})");
  refused("[b.safetensors] tensor 'model.norm.weight' is in 'a.safetensors' too.");
}

/// The last of two shards came to an end too early, wherever that was.
TEST_F(HostileFolder, TruncatedShards) {
  config(kLlama);
  shard("a.safetensors", {{"model.norm.weight", row(8)}});
  shard("b.safetensors", {{"model.embed_tokens.weight", Tensor::fromFloats({11, 8}, std::vector<float>(88, 1))}});
  write("model.safetensors.index.json",
        R"({"weight_map": {"model.norm.weight": "a.safetensors", "model.embed_tokens.weight": "b.safetensors"}})");
  EXPECT_EQ(openModel(folder_.path()).weights.at("embedding.weight").shape, Shape({11, 8}));
  const uint64_t whole = std::filesystem::file_size(folder_ / "b.safetensors"), data = 352;
  const auto cut = [&](uint64_t bytes) { std::filesystem::resize_file(folder_ / "b.safetensors", bytes); };
  cut(whole - 1);
  refused("[b.safetensors] tensor 'model.embed_tokens.weight' lies outside the file: bytes 0 to 352 of 351.");
  cut(whole - data);
  refused("[b.safetensors] tensor 'model.embed_tokens.weight' lies outside the file: bytes 0 to 352 of 0.");
  cut(whole - data - 1);
  refused(
      text("[b.safetensors] the header claims ", whole - data - 8, " bytes but the file has ", whole - data - 1, "."));
  cut(7);
  refused("[b.safetensors] the file has 7 bytes; expected at least 8.");
  cut(0);
  refused("[" + (folder_ / "b.safetensors") + "] is empty.");
}

TEST_F(HostileFolder, ShardsThatLie) {
  config(kLlama);
  const std::string file = "model.safetensors";
  header(file, R"({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", 4);
  refused("[model.safetensors] tensor 'x' lies outside the file: bytes 0 to 8 of 4.");
  header(file,
         R"({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},)"
         R"( "y": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}})",
         12);
  refused("[model.safetensors] tensor 'y' overlaps another.");
  header(file,
         R"({"x": {"dtype": "F32", "shape": [4611686018427387904, 4611686018427387904], "data_offsets": [0, 8]}})", 8);
  refused(
      "[model.safetensors] tensor 'x' has the shape [4611686018427387904,4611686018427387904], which is too large.");
  header(file, R"({"x": {"dtype": "F32", "shape": [2], "data_offsets": [18446744073709551615, 8]}})", 8);
  refused("[model.safetensors] tensor 'x' lies outside the file: bytes -1 to 8 of 8.");
  header(file,
         R"({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},)"
         R"( "x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
         8);
  refused("[model.safetensors] the key 'x' stands twice in one object.");
  header(file, R"({"x": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}})", 4);
  refused("[model.safetensors] tensor 'x' has dtype 'F99', which is not known.");
  const uint64_t length = 200'000'000;
  write(file, std::string(reinterpret_cast<const char*>(&length), 8) + "{");
  refused("[model.safetensors] the header claims 200000000 bytes but the file has 9.");
  std::filesystem::resize_file(folder_ / file, 300'000'000);
  refused("[model.safetensors] the header has 200000000 bytes; at most 100000000 are read.");
}

/// A configuration without heads, by which the rows of a fused projection would be divided.
TEST_F(HostileFolder, NoHeads) {
  config(R"({"model_type": "gpt_neox", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1,)"
         R"( "num_attention_heads": 0, "intermediate_size": 5})");
  shard("model.safetensors",
        {{"gpt_neox.layers.0.attention.query_key_value.bias", Tensor::fromFloats({24}, std::vector<float>(24, 1))}});
  expectError([&] { openModel(folder_.path()); }, Code::File,
              "[gpt_neox.layers.0.attention.query_key_value.bias] the rows fall into 0 groups; expected at least one.");
}

/// Sizes whose products overflow are refused before they are multiplied.
TEST_F(HostileFolder, SizesWhoseProductsOverflow) {
  const std::string huge = "4294967296";
  config(R"({"model_type": "bamba", "hidden_size": )" + huge + R"(, "mamba_expand": )" + huge + "}");
  refused("[config.json] hidden_size is 4294967296; expected a whole number from 0 to 1073741824.");
  config(R"({"model_type": "vit", "image_size": )" + huge + R"(, "patch_size": 1})");
  refused("[config.json] image_size is 4294967296; expected a whole number from 0 to 1073741824.");
}

TEST_F(HostileFolder, PicklesAreNotOpened) {
  config(kLlama);
  write("pytorch_model.bin", "PK");
  refused(
      "[pytorch_model.bin] is a pickle, which runs code when it is read, so it is not opened; expected "
      "model.safetensors "
      "(transformers writes it with save_pretrained).");
}

TEST_F(HostileFolder, WeightsOfAnotherSize) {
  config(kLlama);
  shard("model.safetensors", {{"model.norm.weight", row(7)}});
  const OpenedModel opened = openModel(folder_.path());
  RunOptions options{.inputs = {{"tokens", Tensor::fromInts({1, 3}, {1, 2, 3})}}, .weights = opened.weights};
  expectError([&] { run(*opened.architecture, options); }, Code::Data,
              "[norm_final.weight] the weights have [7]; expected [8].");
}

TEST_F(HostileFolder, WeightsThatAreNoNumbers) {
  config(kLlama);
  shard("model.safetensors", {});
  const OpenedModel empty = openModel(folder_.path());
  const auto graph =
      lowerOrThrow(*empty.architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", 1}, {"T", 3}}});
  std::map<std::string, Tensor> weights;
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    Tensor tensor = Tensor::make(DType::F32, graph->type({parameter.node, 0}).shape);
    std::fill_n(tensor.data(), tensor.count(), 0.5f);
    weights[parameter.name] = tensor;
  }
  weights.at("layers.0.attention.q.weight").data()[5] = NAN;
  RunOptions options{.inputs = {{"tokens", Tensor::fromInts({1, 3}, {1, 2, 3})}}, .weights = weights};
  expectError([&] { run(*empty.architecture, options); }, Code::Numeric,
              "[layers.0.attention.q.weight] element 5 of the weights is nan, so the outputs are no numbers; expected "
              "finite weights.");
}

}  // namespace
}  // namespace fw
