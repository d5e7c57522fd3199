// Qwen 3: Llama with an RMS norm of each query and key. (Yang et al., Qwen3 Technical Report, 2025.)
#include "engine/families/qwen.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  Params attention = groupedQueryParams(config, bias, 0, 128);
  addQkNorm(attention, config.real({"rms_norm_eps"}, 1e-6));
  FamilyModel model = qwen(config, catalog, attention, bias);
  addQkNormNames(model.weights);
  return model;
}

}  // namespace

FamilyDef family_decoder_qwen3() {
  return {.id = "qwen3",
          .title = "Qwen 3",
          .help = "Qwen 3, dense: Llama with an RMS norm of each query and key.",
          .paper = "Yang et al., Qwen3 Technical Report, 2025",
          .modelTypes = {"qwen3"},
          .modelClass = "Qwen3ForCausalLM",
          .read = read};
}

}  // namespace fw
