// CLIP: a tower for texts and one for images that meet in one space. (Radford et al., 2021.)
#include "engine/families/towers.h"

namespace fw {
namespace {

void writeText(Sketch tower, const ModelConfig& config, const DecoderSketch& of, int64_t shared) {
  const NodeId tokens = tower.last();
  tower.editor().setParam(tokens, "kind", std::string("tokens"));
  tower.add("embedding.token", {{"vocabulary", config.integer({"vocab_size"}, 49408)}, {"width", of.width}});
  tower.add("embedding.position", {{"length", config.integer({"max_position_embeddings"}, 77)}});
  writeLayers(tower, of);
  tower.add(of.norm, of.normParams, "norm_final");
  // Files written before the id of the end was mended say 2, and mean the highest id.
  const int64_t end = config.integer({"eos_token_id"}, 49407);
  const NodeId pooling = tower.add("head.pooling", end == 2 ? Params{{"kind", std::string("highest_token")}}
                                                            : Params{{"kind", std::string("token")}, {"token", end}});
  tower.connect(tokens, pooling, "tokens");
  tower.add("mlp.linear", {{"out", shared}, {"bias", false}}, "projection");
  tower.add("norm.unit");
  tower.finish();
}

void writeImage(Sketch tower, const ModelConfig& config, const DecoderSketch& of, int64_t patches, int64_t shared) {
  tower.editor().setParam(tower.last(), "kind", std::string("pixels"));
  tower.add(
      "embedding.patch",
      {{"patch", squareSize(config, "patch_size", 32)}, {"width", of.width}, {"bias", false}, {"class_token", true}});
  tower.add("embedding.position", {{"length", patches + 1}});
  tower.add(of.norm, of.normParams, "norm_embedding");
  writeLayers(tower, of);
  tower.add("head.pooling", {{"kind", std::string("first")}});
  tower.add(of.norm, of.normParams, "norm_final");
  tower.add("mlp.linear", {{"out", shared}, {"bias", false}}, "projection");
  tower.add("norm.unit");
  tower.finish();
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"logit_scale_init_value", "text_config_dict", "vision_config_dict"});
  const ModelConfig text = config.inner("text_config"), vision = config.inner("vision_config");
  for (const ModelConfig& tower : {text, vision}) {
    ignoreCommonKeys(tower);
    tower.ignore({"projection_dim"});
  }
  const int64_t shared = config.integer({"projection_dim"}, 512);
  DecoderSketch textOf = towerSketch(text, "causal", "quick_gelu"),
                visionOf = towerSketch(vision, "bidirectional", "quick_gelu");
  if (!text.has({"hidden_size"})) textOf.width = 512;
  const int64_t patch = squareSize(vision, "patch_size", 32), image = squareSize(vision, "image_size", 224);
  if (patch == 0 || image % patch != 0) vision.fail("image_size is no multiple of patch_size.");

  Sketch sketch({}, catalog);
  const NodeId tokens = sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  const NodeId textTower = sketch.place("structure.group", {}, "text");
  writeText(sketch.inside(textTower, "body"), text, textOf, shared);
  sketch.connect(tokens, textTower, "x");
  sketch.from(textTower);
  sketch.add("out", {}, "text_embeds");
  sketch.from(0);
  const NodeId pixels = addPixels(sketch, vision);
  const NodeId imageTower = sketch.place("structure.group", {}, "image");
  writeImage(sketch.inside(imageTower, "body"), vision, visionOf, image / patch * (image / patch), shared);
  sketch.connect(pixels, imageTower, "x");
  sketch.from(imageTower);
  sketch.add("out", {}, "image_embeds");

  FamilyModel model{
      .architecture = sketch.result(),
      .unused = {"logit_scale", "text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"}};
  std::vector<WeightRule>& rules = model.weights;
  addModule(rules, "text_model.embeddings.token_embedding", "text.embedding");
  addModule(rules, "text_model.embeddings.position_embedding", "text.positions");
  addTowerNames(rules, "text_model.encoder.layers.{}.", "text.layers.{}.");
  addModule(rules, "text_model.final_layer_norm", "text.norm_final", true);
  addModule(rules, "text_projection", "text.projection");
  rules.push_back({.tensor = "vision_model.embeddings.class_embedding",
                   .parts = {{"image.patches.class_token"}},
                   .onesInFront = -2});
  addModule(rules, "vision_model.embeddings.patch_embedding", "image.patches");
  addModule(rules, "vision_model.embeddings.position_embedding", "image.positions");
  addModule(rules, "vision_model.pre_layrnorm", "image.norm_embedding", true);
  addTowerNames(rules, "vision_model.encoder.layers.{}.", "image.layers.{}.");
  addModule(rules, "vision_model.post_layernorm", "image.norm_final", true);
  addModule(rules, "visual_projection", "image.projection");
  return model;
}

}  // namespace

FamilyDef family_vision_clip() {
  return {.id = "clip",
          .title = "CLIP",
          .help = "A text tower and an image tower; inputs tokens and pixels, outputs text_embeds and image_embeds.",
          .paper = "Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021",
          .modelTypes = {"clip"},
          .modelClass = "CLIPModel",
          .read = read};
}

}  // namespace fw
