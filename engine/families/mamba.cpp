// What the models of state spaces alone have in common.
#include "engine/families/mamba.h"

#include "engine/presets/sketch.h"

namespace fw {

FamilyModel mambaModel(const MambaSketch& of, const Catalog& catalog) {
  const Params norm = {{"eps", of.eps}};
  Sketch sketch({}, catalog);
  sketch.variable("width", double(of.width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", of.vocabulary}, {"width", std::string("=width")}});
  Sketch layer = sketch.inside(sketch.add("structure.repeat", {{"count", of.layers}}));
  layer.sublayer("norm.rms", of.block, of.mixer, norm);
  layer.finish();
  sketch.add("norm.rms", norm, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", of.vocabulary}, {"tied", of.isTied}});
  sketch.add("out", {}, "logits");

  FamilyModel model{.architecture = sketch.result(), .prefix = "backbone.", .unused = {"lm_head.weight"}};
  std::vector<WeightRule>& rules = model.weights;
  addModule(rules, "backbone.embeddings", "embedding");
  addModule(rules, "backbone.embedding", "embedding");
  rules.back().isOldName = true;
  addModule(rules, "backbone.layers.{}.norm", "layers.{}.norm");
  addModule(rules, "backbone.norm_f", "norm_final");
  if (!of.isTied) addModule(rules, "lm_head", "head");
  return model;
}

}  // namespace fw
