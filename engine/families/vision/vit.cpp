// ViT and DeiT: images as patches behind a class token. (Dosovitskiy et al., 2020; Touvron et al., DeiT, 2020.)
#include "engine/families/towers.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"encoder_stride", "pooler_output_size", "pooler_act"});
  const std::string type = config.text({"model_type"}, "");
  const bool isDeit = type == "deit", hasHead = !askedHead(config, {"ForImageClassification"}).empty();
  const int64_t labels = labelCount(config), patch = squareSize(config, "patch_size", 16);
  const int64_t image = squareSize(config, "image_size", 224);
  if (patch == 0 || image % patch != 0) config.fail("image_size is no multiple of patch_size.");
  DecoderSketch of = towerSketch(config, "bidirectional", "gelu");
  of.normParams["eps"] = config.real({"layer_norm_eps"}, 1e-12);
  const bool hasBias = config.flag({"qkv_bias"}, true);
  of.kinds[0].attention["bias"] = std::string(hasBias ? "all" : "o");

  Sketch sketch({}, catalog);
  sketch.variable("width", double(of.width));
  addPixels(sketch, config);
  sketch.add(
      "embedding.patch",
      {{"patch", patch}, {"width", std::string("=width")}, {"class_token", true}, {"distillation_token", isDeit}});
  sketch.add("embedding.position", {{"length", image / patch * (image / patch) + (isDeit ? 2 : 1)}});
  writeLayers(sketch, of);
  sketch.add(of.norm, of.normParams, "norm_final");
  if (hasHead) {
    sketch.add("head.pooling", {{"kind", std::string("first")}});
    sketch.add("head.classification", {{"classes", labels}});
  }
  sketch.add("out", {}, hasHead ? "logits" : "hidden");

  FamilyModel model{.architecture = sketch.result(),
                    .prefix = type + ".",
                    .unused = {type + ".pooler.*", "classifier.*", type + ".embeddings.mask_token"}};
  std::vector<WeightRule>& rules = model.weights;
  const std::string embeddings = type + ".embeddings.", theirs = type + ".encoder.layer.{}.", ours = "layers.{}.";
  addModule(rules, embeddings + "patch_embeddings.projection", "patches", true);
  rules.push_back({.tensor = embeddings + "cls_token", .parts = {{"patches.class_token"}}});
  rules.push_back({.tensor = embeddings + "distillation_token", .parts = {{"patches.distillation_token"}}});
  rules.push_back({.tensor = embeddings + "position_embeddings", .parts = {{"positions.weight"}}, .onesInFront = 1});
  addModule(rules, theirs + "attention.attention.query", ours + "attention.q", hasBias);
  addModule(rules, theirs + "attention.attention.key", ours + "attention.k", hasBias);
  addModule(rules, theirs + "attention.attention.value", ours + "attention.v", hasBias);
  addModule(rules, theirs + "attention.output.dense", ours + "attention.o", true);
  addModule(rules, theirs + "layernorm_before", ours + "norm_attention", true);
  addModule(rules, theirs + "layernorm_after", ours + "norm_mlp", true);
  addModule(rules, theirs + "intermediate.dense", ours + "mlp.up", true);
  addModule(rules, theirs + "output.dense", ours + "mlp.down", true);
  addModule(rules, type + ".layernorm", "norm_final", true);
  if (hasHead) addModule(rules, "classifier", "head", true);
  return model;
}

}  // namespace

FamilyDef family_vision_vit() {
  return {.id = "vit",
          .title = "ViT, DeiT",
          .help = "Vision transformers: patches, a class token, learned positions; with or without a classifier.",
          .paper = "Dosovitskiy et al., An Image is Worth 16x16 Words, 2020",
          .modelTypes = {"vit", "deit"},
          .modelClass = "ViTForImageClassification",
          .read = read};
}

}  // namespace fw
