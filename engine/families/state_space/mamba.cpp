// Mamba and Falcon Mamba: selective state spaces alone. (Gu and Dao, 2023; Zuo et al., Falcon Mamba, 2024.)
#include "engine/families/mamba.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"residual_in_fp32", "time_step_scale", "time_step_min", "time_step_max", "time_step_init_scheme",
                 "time_step_floor", "rescale_prenorm_residual", "use_mambapy", "use_falcon_mambapy",
                 "use_associative_scan", "intermediate_size", "ssm_cfg", "fused_add_norm", "rms_norm",
                 "pad_vocab_size_multiple", "d_model", "d_inner", "n_layer"});
  const bool isFalcon = config.text({"model_type"}, "") == "falcon_mamba";
  const bool isTied = config.flag({"tie_word_embeddings"}, true), hasBias = config.flag({"use_bias"}, false);
  const bool hasConvBias = config.flag({"use_conv_bias"}, true);
  if (activationOf(config, {"hidden_act"}, "silu") != "silu") config.fail("hidden_act is not silu; expected it.");
  const bool isAutomatic = !config.has({"time_step_rank"}) || config.isText({"time_step_rank"});
  FamilyModel model = mambaModel({.vocabulary = config.integer({"vocab_size"}, 50280),
                                  .width = config.integer({"hidden_size"}, 768),
                                  .layers = config.integer({"num_hidden_layers"}, 32),
                                  .block = "ssm.mamba",
                                  .mixer = {{"state", config.integer({"state_size"}, 16)},
                                            {"conv", config.integer({"conv_kernel"}, 4)},
                                            {"expand", config.integer({"expand"}, 2)},
                                            {"rank", isAutomatic ? int64_t(0) : config.integer({"time_step_rank"})},
                                            {"bias", hasBias},
                                            {"conv_bias", hasConvBias},
                                            {"inner_norm", std::string(isFalcon ? "plain" : "none")},
                                            {"inner_norm_eps", config.real({"mixer_rms_eps"}, 1e-6)}},
                                  .eps = config.real({"layer_norm_epsilon"}, 1e-5),
                                  .isTied = isTied},
                                 catalog);
  std::vector<WeightRule>& rules = model.weights;
  const std::string theirs = "backbone.layers.{}.mixer.", ours = "layers.{}.mamba.";
  addModule(rules, theirs + "in_proj", ours + "in_proj", hasBias);
  addModule(rules, theirs + "conv1d", ours + "conv1d", hasConvBias);
  addModule(rules, theirs + "x_proj", ours + "x_proj");
  addModule(rules, theirs + "dt_proj", ours + "dt_proj", true);
  addModule(rules, theirs + "out_proj", ours + "out_proj", hasBias);
  for (const char* name : {"A_log", "D"}) rules.push_back({.tensor = theirs + name, .parts = {{ours + name}}});
  return model;
}

}  // namespace

FamilyDef family_state_space_mamba() {
  return {.id = "mamba",
          .title = "Mamba, Falcon Mamba",
          .help = "Selective state spaces alone: no attention, no positions; Falcon Mamba norms delta, B and C.",
          .paper = "Gu and Dao, Mamba: Linear-Time Sequence Modeling with Selective State Spaces, 2023",
          .modelTypes = {"mamba", "falcon_mamba"},
          .modelClass = "MambaForCausalLM",
          .read = read};
}

}  // namespace fw
