// SigLIP: two towers, the image pooled by attention, the text by its last token. (Zhai et al., 2023.)
#include "engine/families/towers.h"

namespace fw {
namespace {

void writeText(Sketch tower, const ModelConfig& config, const DecoderSketch& of) {
  tower.editor().setParam(tower.last(), "kind", std::string("tokens"));
  tower.add("embedding.token", {{"vocabulary", config.integer({"vocab_size"}, 32000)}, {"width", of.width}});
  tower.add("embedding.position", {{"length", config.integer({"max_position_embeddings"}, 64)}});
  writeLayers(tower, of);
  tower.add(of.norm, of.normParams, "norm_final");
  tower.add("head.pooling", {{"kind", std::string("last")}});
  tower.add("mlp.linear", {{"out", config.integer({"projection_size"}, of.width)}}, "projection");
  tower.add("norm.unit");
  tower.finish();
}

void writeImage(Sketch tower, const ModelConfig& config, const DecoderSketch& of, int64_t patches) {
  tower.editor().setParam(tower.last(), "kind", std::string("pixels"));
  tower.add("embedding.patch", {{"patch", squareSize(config, "patch_size", 16)}, {"width", of.width}});
  tower.add("embedding.position", {{"length", patches}});
  writeLayers(tower, of);
  tower.add(of.norm, of.normParams, "norm_final");
  const NodeId pooled = tower.add("head.attention_pooling", {{"heads", of.kinds[0].attention.at("heads")}});
  tower.add(of.norm, of.normParams, "norm_pooled");
  const NodeId branch = tower.add("mlp.mlp", of.kinds[0].mlpParams, "mlp_pooled");
  const NodeId sum = tower.place("structure.residual");
  tower.connect(pooled, sum, "x");
  tower.connect(branch, sum, "branch");
  tower.add("norm.unit");
  tower.finish();
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const ModelConfig text = config.inner("text_config"), vision = config.inner("vision_config");
  for (const ModelConfig& tower : {text, vision}) ignoreCommonKeys(tower);
  if (!vision.flag({"vision_use_head"}, true)) vision.fail("vision_use_head is false; expected the pooling head.");
  DecoderSketch textOf = towerSketch(text, "bidirectional", "gelu_pytorch_tanh");
  DecoderSketch visionOf = towerSketch(vision, "bidirectional", "gelu_pytorch_tanh");
  textOf.normParams["eps"] = text.real({"layer_norm_eps"}, 1e-6);
  visionOf.normParams["eps"] = vision.real({"layer_norm_eps"}, 1e-6);
  const int64_t patch = squareSize(vision, "patch_size", 16), image = squareSize(vision, "image_size", 224);
  if (patch == 0 || image < patch) vision.fail("image_size is smaller than patch_size.");

  Sketch sketch({}, catalog);
  const NodeId tokens = sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  const NodeId textTower = sketch.place("structure.group", {}, "text");
  writeText(sketch.inside(textTower, "body"), text, textOf);
  sketch.connect(tokens, textTower, "x");
  sketch.from(textTower);
  sketch.add("out", {}, "text_embeds");
  sketch.from(0);
  const NodeId pixels = addPixels(sketch, vision);
  const NodeId imageTower = sketch.place("structure.group", {}, "image");
  writeImage(sketch.inside(imageTower, "body"), vision, visionOf, image / patch * (image / patch));
  sketch.connect(pixels, imageTower, "x");
  sketch.from(imageTower);
  sketch.add("out", {}, "image_embeds");

  FamilyModel model{.architecture = sketch.result(),
                    .unused = {"logit_scale", "logit_bias", "text_model.embeddings.position_ids",
                               "vision_model.embeddings.position_ids"}};
  std::vector<WeightRule>& rules = model.weights;
  addModule(rules, "text_model.embeddings.token_embedding", "text.embedding");
  addModule(rules, "text_model.embeddings.position_embedding", "text.positions");
  addTowerNames(rules, "text_model.encoder.layers.{}.", "text.layers.{}.");
  addModule(rules, "text_model.final_layer_norm", "text.norm_final", true);
  addModule(rules, "text_model.head", "text.projection", true);
  addModule(rules, "vision_model.embeddings.patch_embedding", "image.patches", true);
  addModule(rules, "vision_model.embeddings.position_embedding", "image.positions");
  addTowerNames(rules, "vision_model.encoder.layers.{}.", "image.layers.{}.");
  addModule(rules, "vision_model.post_layernorm", "image.norm_final", true);
  const std::string head = "vision_model.head.", ours = "image.pooling.";
  rules.push_back({.tensor = head + "probe", .parts = {{ours + "probe"}}});
  for (const char* kind : {"weight", "bias"}) {
    std::vector<WeightPart> parts;
    for (const char* part : {"q.", "k.", "v."}) parts.push_back({ours + part + kind, visionOf.width});
    rules.push_back({.tensor = head + "attention.in_proj_" + kind, .parts = parts});
  }
  addModule(rules, head + "attention.out_proj", ours + "o", true);
  addModule(rules, head + "layernorm", "image.norm_pooled", true);
  addModule(rules, head + "mlp.fc1", "image.mlp_pooled.up", true);
  addModule(rules, head + "mlp.fc2", "image.mlp_pooled.down", true);
  return model;
}

}  // namespace

FamilyDef family_vision_siglip() {
  return {.id = "siglip",
          .title = "SigLIP",
          .help = "A text tower and an image tower; inputs tokens and pixels, outputs text_embeds and image_embeds.",
          .paper = "Zhai et al., Sigmoid Loss for Language Image Pre-Training, 2023",
          .modelTypes = {"siglip"},
          .modelClass = "SiglipModel",
          .read = read};
}

}  // namespace fw
