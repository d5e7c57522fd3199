// What holds for every family: its documents are valid, its names cover every weight once, folders of it come back.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/arch/document_file.h"
#include "engine/base/file.h"
#include "engine/io/huggingface.h"
#include "engine/workbench/workbench.h"
#include "tests/families/configs.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

FamilyModel modelOf(const SmallConfig& small) {
  std::string json = small.json;
  const size_t infinity = json.find("Infinity");
  if (infinity != std::string::npos) json.replace(infinity, 8, "null");
  const ModelConfig config(parseJson(json, "config.json"), "config.json");
  const FamilyDef* family = findFamily(config.text({"model_type"}, ""));
  EXPECT_TRUE(family) << small.json;
  EXPECT_EQ(family->id, small.family);
  return family->read(config, catalog());
}

std::shared_ptr<const ir::Graph> loweredOf(const Architecture& architecture) {
  return lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", 1}, {"T", 5}}});
}

class EveryFamily : public ::testing::TestWithParam<SmallConfig> {};

TEST_P(EveryFamily, MakesAValidDocument) {
  const FamilyModel model = modelOf(GetParam());
  for (const Diagnostic& diagnostic : check(model.architecture)) ADD_FAILURE() << diagnostic.text;
  EXPECT_EQ(structuralHash(fromDocumentText(toDocumentText(model.architecture), "test")),
            structuralHash(model.architecture));
}

/// Each weight of the graph stands in exactly one rule that is written.
TEST_P(EveryFamily, NamesEveryWeightOnce) {
  const FamilyModel model = modelOf(GetParam());
  const auto graph = loweredOf(model.architecture);
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    int count = 0;
    std::vector<std::string> numbers;
    for (const WeightRule& rule : model.weights)
      for (const WeightPart& part : rule.parts)
        count += !rule.isOldName && matchesName(part.name, parameter.name, numbers);
    EXPECT_EQ(count, 1) << parameter.name;
  }
}

/// Weights as a file of the family, opened again: every one comes back bit by bit.
TEST_P(EveryFamily, FolderComesBack) {
  const FamilyModel model = modelOf(GetParam());
  const auto graph = loweredOf(model.architecture);
  std::map<std::string, Tensor> weights, tensors;
  float next = 1;
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    Tensor tensor = Tensor::make(DType::F32, graph->type({parameter.node, 0}).shape);
    for (int64_t i = 0; i < tensor.count(); ++i) tensor.data()[i] = next += 0.125f;
    weights[parameter.name] = tensor;
  }
  std::vector<std::string> numbers;
  for (const auto& [name, tensor] : weights)
    for (const WeightRule& rule : model.weights)
      if (!rule.isOldName && matchesName(rule.parts.front().name, name, numbers))
        tensors[filledName(rule.tensor, numbers)] = joinedParts(rule, numbers, weights);
  TemporaryFolder folder;
  std::ofstream(folder / "config.json") << GetParam().json;
  saveSafetensors(folder / "model.safetensors", tensors);
  const OpenedModel opened = openModel(folder.path());
  EXPECT_EQ(opened.family, GetParam().family);
  for (const std::string& note : opened.notes) ADD_FAILURE() << note;
  ASSERT_EQ(opened.weights.size(), weights.size());
  for (const auto& [name, tensor] : weights) {
    ASSERT_TRUE(opened.weights.contains(name)) << name;
    const Tensor& got = opened.weights.at(name);
    ASSERT_EQ(got.shape, tensor.shape) << name;
    EXPECT_EQ(got.toFloats(), tensor.toFloats()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFamily, ::testing::ValuesIn(smallConfigs()),
                         [](const ::testing::TestParamInfo<SmallConfig>& info) {
                           return info.param.family + "_" + std::to_string(info.index);
                         });

TEST(Families, EachHasASmallConfigAndHelp) {
  std::set<std::string> tried, types;
  for (const SmallConfig& small : smallConfigs()) tried.insert(small.family);
  for (const FamilyDef& family : allFamilies()) {
    EXPECT_TRUE(tried.contains(family.id)) << family.id;
    EXPECT_FALSE(family.title.empty() || family.help.empty() || family.paper.empty()) << family.id;
    for (const std::string& type : family.modelTypes) EXPECT_TRUE(types.insert(type).second) << type;
  }
}

TEST(Families, LayersAreFolded) {
  const auto patternOf = [](const std::string& layerTypes) {
    const FamilyModel model = modelOf(
        {"gemma", R"({"model_type": "gemma3_text", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 6,)"
                  R"( "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": 5,)"
                  R"( "sliding_window": 4, "layer_types": [)" +
                      layerTypes + "]}"});
    for (const auto& [id, node] : model.architecture.root->nodes)
      if (node->block == "structure.repeat") {
        const auto pattern = node->params.find("pattern");
        return pattern == node->params.end() ? "" : std::get<std::string>(pattern->second);
      }
    return std::string("no repeat");
  };
  const std::string full = R"("full_attention")", sliding = R"("sliding_attention")";
  const auto list = [&](const std::string& letters) {
    std::string text;
    for (const char c : letters) text += (text.empty() ? "" : ",") + (c == 'F' ? full : sliding);
    return text;
  };
  EXPECT_EQ(patternOf(list("FFFFFF")), "");
  EXPECT_EQ(patternOf(list("SSSSSS")), "");
  EXPECT_EQ(patternOf(list("SFSFSF")), "SF");
  EXPECT_EQ(patternOf(list("SSFSSF")), "SSF");
  EXPECT_EQ(patternOf(list("SSSSSF")), "SSSSSF");
  EXPECT_EQ(patternOf(list("SFSSFS")), "SFS");
}

TEST(Families, UnknownKeysAreListedAndKept) {
  TemporaryFolder folder;
  std::ofstream(folder / "config.json")
      << R"({"model_type": "llama", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,)"
         R"( "intermediate_size": 5, "spin": {"up": [1, 2]}, "rope_parameters": {"rope_theta": 10.0, "twist": 3},)"
         R"( "auto_map": {"AutoModel": "modeling_x.X"}})";
  std::ofstream(folder / "modeling_x.py") << "raise SystemExit\n";
  const OpenedModel opened = openModel(folder.path());
  EXPECT_EQ(opened.notes,
            (std::vector<std::string>{"Keys of config.json that do not act here: spin, rope_parameters.twist.",
                                      "The folder brings code of its own (auto_map); it is not executed.",
                                      "There is no model.safetensors: the model starts from random weights."}));
  const std::string document = toDocumentText(*opened.architecture);
  const Json again = parseJson(document, "test");
  EXPECT_EQ(again["huggingface"]["config"]["spin"]["up"][1], 2);
  EXPECT_EQ(again["huggingface"]["config"]["rope_parameters"]["twist"], 3);
}

TEST(Families, WeightsInF32AreNotCopied) {
  TemporaryFolder folder;
  std::ofstream(folder / "config.json")
      << R"({"model_type": "phi3", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,)"
         R"( "intermediate_size": 5})";
  saveSafetensors(folder / "model.safetensors", {{"model.layers.0.self_attn.qkv_proj.weight",
                                                  Tensor::fromFloats({24, 8}, std::vector<float>(192, 1))}});
  const OpenedModel opened = openModel(folder.path());
  const float* q = opened.weights.at("layers.0.attention.q.weight").data();
  EXPECT_EQ(opened.weights.at("layers.0.attention.k.weight").data(), q + 64);
  EXPECT_EQ(opened.weights.at("layers.0.attention.v.weight").data(), q + 128);
  const std::unique_ptr<Backend> cpu = makeBackend("cpu");
  Store store(*cpu);
  store.share("q", opened.weights.at("layers.0.attention.q.weight"));
  EXPECT_EQ(store.memory("q").pointer, reinterpret_cast<const std::byte*>(q));
}

/// A file of a gigabyte, most of it holes: its tensors are listed and its document stands before anything is read.
TEST(Families, AGigabyteOpensAtOnce) {
  TemporaryFolder folder;
  std::ofstream(folder / "config.json")
      << R"({"model_type": "llama", "vocab_size": 32000, "hidden_size": 2048, "num_hidden_layers": 22,)"
         R"( "num_attention_heads": 32, "num_key_value_heads": 4, "intermediate_size": 5632})";
  const FamilyModel model =
      modelOf({"llama", R"({"model_type": "llama", "vocab_size": 32000, "hidden_size": 2048, "num_hidden_layers": 22,)"
                        R"( "num_attention_heads": 32, "num_key_value_heads": 4, "intermediate_size": 5632})"});
  SortedJson header;
  int64_t offset = 0;
  std::vector<std::string> numbers;
  const auto graph = loweredOf(model.architecture);
  for (const ir::ParameterInfo& parameter : graph->parameters)
    for (const WeightRule& rule : model.weights)
      if (matchesName(rule.parts.front().name, parameter.name, numbers)) {
        const Shape shape = graph->type({parameter.node, 0}).shape;
        header[filledName(rule.tensor, numbers)] = {
            {"dtype", "BF16"}, {"shape", shape.dims()}, {"data_offsets", {offset, offset + 2 * shape.count()}}};
        offset += 2 * shape.count();
      }
  ASSERT_GT(offset, int64_t(1) << 30);
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  const std::string file = folder / "model.safetensors";
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&length), 8) << text;
  std::filesystem::resize_file(file, 8 + length + uint64_t(offset));

  double fastest = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const OpenedModel opened = openModel(folder.path());
    EXPECT_EQ(opened.weights.size(), graph->parameters.size());
    fastest = std::min(fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  EXPECT_LT(fastest, 0.2);
}

}  // namespace
}  // namespace fw
