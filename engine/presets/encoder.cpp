// Encoders of texts in one function.
#include "engine/presets/encoder.h"

namespace fw {
namespace {

/// norm(x + block(x))
void addSublayer(Sketch& layer, const std::string& block, const Params& params, const std::string& norm) {
  const NodeId stream = layer.last(), branch = layer.add(block, params), sum = layer.place("structure.residual");
  layer.connect(stream, sum, "x");
  layer.connect(branch, sum, "branch");
  layer.add("norm.layer", {{"eps", 1e-12}}, norm);
}

}  // namespace

Architecture encoder(const EncoderSketch& of, const Catalog& catalog) {
  Sketch sketch(of.name, catalog);
  sketch.variable("width", double(of.width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", of.dims}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", of.vocabulary}, {"width", std::string("=width")}});
  sketch.add("embedding.position", {{"length", of.positions}, {"skip", of.skip}});
  sketch.add("embedding.segment", {{"types", of.types}});
  sketch.add("norm.layer", {{"eps", 1e-12}}, "norm_embedding");
  Sketch layer = sketch.inside(sketch.add("structure.repeat", {{"count", of.layers}}));
  addSublayer(layer, of.attentionBlock, of.attention, "norm_attention");
  addSublayer(layer, "mlp.mlp", {{"hidden", of.hidden}}, "norm_mlp");
  layer.finish();
  sketch.add("head.pooling", {{"kind", std::string("first")}});
  sketch.add("mlp.linear", {{"out", std::string("=width")}, {"activation", std::string("tanh")}}, "pooler");
  sketch.add("out", {}, "pooled");
  return sketch.result();
}

}  // namespace fw
