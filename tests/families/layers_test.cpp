// Layers that differ, as config.json says it in each of three ways.
#include "engine/families/layers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

constexpr const char* kLlama = R"({"model_type":"llama","hidden_size":96,"num_attention_heads":8,"num_hidden_layers":3,
    "num_key_value_heads":8,"vocab_size":61,"intermediate_size":7)";

FamilyModel read(const std::string& more, const std::string& start = kLlama) {
  const ModelConfig config(parseJson(start + more + "}", "config.json"), "config.json");
  return readModel(*findFamily(config.text({"model_type"}, "")), config, catalog());
}

/// Shapes of the weights that a graph of it asks for.
std::map<std::string, Shape> shapesOf(const FamilyModel& model) {
  const auto graph = lowerOrThrow(model.architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", 1}, {"T", 3}}});
  std::map<std::string, Shape> shapes;
  for (const ir::ParameterInfo& info : graph->parameters) shapes[info.name] = graph->type({info.node, 0}).shape;
  return shapes;
}

TEST(LayersThatDiffer, HaveWeightsOfTheirOwnSizes) {
  const auto shapes = shapesOf(read(R"(,"per_layer_config":{"1":{"intermediate_size":33,"num_key_value_heads":2},
                                         "02":{"skip":["attention"]}})"));
  EXPECT_EQ(shapes.at("layers.0.mlp.up.weight"), (Shape{7, 96}));
  EXPECT_EQ(shapes.at("layers.0.attention.k.weight"), (Shape{96, 96}));
  EXPECT_EQ(shapes.at("layers.1.mlp.up.weight"), (Shape{33, 96}));
  EXPECT_EQ(shapes.at("layers.1.attention.k.weight"), (Shape{24, 96}));
  EXPECT_EQ(shapes.at("layers.2.mlp.up.weight"), (Shape{7, 96}));
  EXPECT_FALSE(shapes.contains("layers.2.attention.k.weight"));
  EXPECT_FALSE(shapes.contains("layers.2.norm_attention.weight"));
  EXPECT_TRUE(shapes.contains("layers.2.norm_mlp.weight"));
}

TEST(LayersThatDiffer, AreTheSameInEachDialect) {
  const Hash wanted = structuralHash(
      read(R"(,"per_layer_config":{"0":{"skip":["attention"]},"2":{"skip":["mlp","attention"]}})").architecture);
  EXPECT_EQ(structuralHash(read(R"(,"drop_attn_list":[0,2],"drop_mlp_list":[2])").architecture), wanted);
  EXPECT_EQ(structuralHash(read(R"(,"block_configs":[{"attention":{"no_op":true},"ffn":{"no_op":false}},{},
                                     {"attention":{"no_op":true},"ffn":{"no_op":true}}])")
                               .architecture),
            wanted);
  const Hash widths = structuralHash(
      read(R"(,"per_layer_config":{"0":{"num_key_value_heads":2},"1":{"intermediate_size":256}})").architecture);
  EXPECT_EQ(
      structuralHash(
          read(R"(,"block_configs":[{"attention":{"n_heads_in_group":4}},{"ffn":{"ffn_mult":2.625}}])").architecture),
      widths);
  EXPECT_EQ(
      structuralHash(read(R"(,"block_configs":[{"attention":{"num_query_groups":2}},{"ffn":{"ffn_hidden_size":256}}])")
                         .architecture),
      widths);
  // What a layer has in common with the others is no difference.
  EXPECT_EQ(structuralHash(read(R"(,"per_layer_config":{"1":{"intermediate_size":7}})").architecture),
            structuralHash(read("").architecture));
}

TEST(LayersThatDiffer, WidthOfAMultiplier) {
  EXPECT_EQ(widthOfMultiplier(2.625, 8192), 14336);  // Llama-3.1-Nemotron-51B
  EXPECT_EQ(widthOfMultiplier(5.25, 8192), 28672);
  EXPECT_EQ(widthOfMultiplier(1, 96), 256);
}

TEST(LayersThatDiffer, TheTypeOfTheFamily) {
  EXPECT_EQ(withFamilyType({{"model_type", "formwright_llama"}, {"x", 1}}), (Json{{"model_type", "llama"}, {"x", 1}}));
  EXPECT_EQ(withFamilyType({{"model_type", "gpt2"}}), (Json{{"model_type", "gpt2"}}));
  EXPECT_EQ(withFamilyType(3), Json(3));
}

TEST(LayersThatDifferError, SaysWhichLayerAndWhat) {
  const auto refused = [](const std::string& more, const std::string& sentence) {
    SCOPED_TRACE(more);
    expectError([&] { read("," + more); }, Code::File, "[config.json] " + sentence);
  };
  refused(R"("per_layer_config":[])", "per_layer_config is no object.");
  refused(R"("per_layer_config":{"-1":{}})", "per_layer_config has '-1'; expected layer numbers, each with an object.");
  refused(R"("per_layer_config":{"1":3})", "per_layer_config has '1'; expected layer numbers, each with an object.");
  refused(R"("per_layer_config":{"7":{"skip":["mlp"]}})", "layer 7 is to differ; expected layers 0 to 2.");
  refused(R"("per_layer_config":{"1":{"skip":["soup"]}})",
          "per_layer_config skips \"soup\"; known are attention, mlp.");
  refused(R"("per_layer_config":{"1":{"vocab_size":7}})",
          "layer 1 is to have {\"vocab_size\":7}, which a layer cannot have of its own.");
  refused(R"("per_layer_config":{"1":{"intermediate_size":-7}})",
          "intermediate_size is -7; expected a whole number from 0 to 1073741824.");
  refused(R"("block_configs":{})", "block_configs is no list.");
  refused(R"("block_configs":[{"attention":{"n_heads_in_group":3}}])",
          "block_configs gives layer 0 groups of 3 heads; expected a divisor of 8.");
  refused(R"("block_configs":[{"attention":{"n_heads_in_group":1e300}}])",
          "block_configs gives layer 0 groups of 1e+300 heads; expected a divisor of 8.");
  refused(R"("block_configs":[{},{"ffn":{"ffn_mult":-1}}])", "block_configs gives layer 1 an ffn_mult of -1.");
  refused(R"("block_configs":[{"ffn":{"replace_with_linear":true}}])",
          "block_configs replaces 'ffn' of layer 0 by a linear map, which is not known.");
  refused(R"("drop_mlp_list":[3])", "layer 3 is to differ; expected layers 0 to 2.");
  std::string many = R"("drop_mlp_list":[0)";
  for (int i = 1; i < 5000; ++i) many += "," + std::to_string(i);
  refused(many + "]", "5000 layers are to differ; expected at most 4096.");
}

}  // namespace
}  // namespace fw
