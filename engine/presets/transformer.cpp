// Decoder-only transformers in one function.
#include "engine/presets/transformer.h"

namespace fw {

Architecture transformer(const TransformerSketch& of, const Catalog& catalog) {
  Sketch sketch(of.name, catalog);
  sketch.variable("width", double(of.width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", of.vocabulary}, {"width", std::string("=width")}});
  if (of.positions > 0) sketch.add("embedding.position", {{"length", of.positions}});
  const NodeId layers = sketch.add("structure.repeat", {{"count", of.layers}});
  Sketch layer = sketch.inside(layers);
  layer.sublayer(of.norm, of.attentionBlock, of.attention, of.normParams, "norm_attention");
  layer.sublayer(of.norm, of.mlp, of.mlpParams, of.normParams, "norm_mlp");
  layer.finish();
  if (of.hasFinalNorm) sketch.add(of.norm, of.normParams, "norm_final");
  Params head = {{"vocabulary", of.vocabulary}, {"tied", of.isTied}};
  if (of.hasHeadBias) head["bias"] = true;
  sketch.add("head.language_model", head);
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace fw
