// Checkpoints of which a part is opened: Gemma 3 with a vision tower.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/io/safetensors.h"
#include "engine/workbench/workbench.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

constexpr const char* kConfig =
    R"({"model_type": "gemma3", "mm_tokens_per_image": 4, "vision_config": {"hidden_size": 8}, "text_config": )"
    R"({"vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 4,)"
    R"( "num_key_value_heads": 1, "intermediate_size": 5, "sliding_window": 4}})";

std::map<std::string, Tensor> tensorsAt(const std::string& prefix, const std::string& tower) {
  std::map<std::string, Tensor> tensors;
  float next = 0;
  const auto add = [&](const std::string& name, const Shape& shape) {
    std::vector<float> values(static_cast<size_t>(shape.count()));
    for (float& value : values) value = next += 0.5f;
    tensors[name] = Tensor::fromFloats(shape, values);
  };
  add(prefix + "embed_tokens.weight", {11, 8});
  add(prefix + "norm.weight", {8});
  const std::string layer = prefix + "layers.0.";
  for (const char* norm :
       {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"})
    add(layer + norm + ".weight", {8});
  add(layer + "self_attn.q_proj.weight", {8, 8});
  for (const char* part : {"k", "v"}) add(layer + "self_attn." + part + "_proj.weight", {4, 8});
  add(layer + "self_attn.o_proj.weight", {8, 8});
  for (const char* part : {"q", "k"}) add(layer + "self_attn." + part + "_norm.weight", {4});
  for (const char* part : {"gate", "up"}) add(layer + "mlp." + part + "_proj.weight", {5, 8});
  add(layer + "mlp.down_proj.weight", {8, 5});
  add(tower + "vision_tower.embeddings.patch_embedding.bias", {8});
  add(tower + "multi_modal_projector.mm_soft_emb_norm.weight", {8});
  return tensors;
}

TEST(TextPart, OpensUnderBothNamesAndSaysWhatIsLeftOut) {
  for (const auto& [prefix, tower] :
       std::map<std::string, std::string>{{"language_model.model.", ""}, {"model.language_model.", "model."}}) {
    TemporaryFolder folder;
    std::ofstream(folder / "config.json") << kConfig;
    const std::map<std::string, Tensor> tensors = tensorsAt(prefix, tower);
    saveSafetensors(folder / "model.safetensors", tensors);
    const OpenedModel opened = openModel(folder.path());
    EXPECT_EQ(opened.notes, std::vector<std::string>{"The language model alone is opened: the vision tower and its "
                                                     "projector are left out."});
    EXPECT_EQ(opened.weights.size(), tensors.size() - 2) << prefix;
    EXPECT_EQ(opened.weights.at("embedding.weight").toFloats(), tensors.at(prefix + "embed_tokens.weight").toFloats());
    // What is kept is a checkpoint of its own: exporters write it as the text model.
    const Json extra = Json::parse(opened.architecture->extra);
    EXPECT_EQ(extra["huggingface"]["config"]["model_type"], "gemma3_text");
    EXPECT_FALSE(extra["huggingface"]["config"].contains("vision_config"));
    EXPECT_TRUE(check(*opened.architecture).empty());
  }
}

}  // namespace
}  // namespace fw
