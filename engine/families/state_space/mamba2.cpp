// Mamba 2: state spaces in heads. (Dao and Gu, 2024.)
#include "engine/families/mamba.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"residual_in_fp32", "time_step_min", "time_step_max", "time_step_floor", "rescale_prenorm_residual",
                 "chunk_size", "time_step_rank", "rms_norm", "norm_before_gate", "d_model"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false), hasBias = config.flag({"use_bias"}, false);
  const bool hasConvBias = config.flag({"use_conv_bias"}, true);
  if (activationOf(config, {"hidden_act"}, "silu") != "silu") config.fail("hidden_act is not silu; expected it.");
  const int64_t width = config.integer({"hidden_size"}, 4096);
  const int64_t heads = config.integer({"num_heads"}, 128), headWidth = config.integer({"head_dim"}, 64);
  if (heads * headWidth != config.integer({"expand"}, 2) * width)
    config.fail("num_heads * head_dim is not expand * hidden_size; expected equal sizes.");
  const double eps = config.real({"layer_norm_epsilon"}, 1e-5);
  Params mamba = {{"heads", heads},
                  {"head_width", headWidth},
                  {"state", config.integer({"state_size"}, 128)},
                  {"groups", config.integer({"n_groups"}, 8)},
                  {"conv", config.integer({"conv_kernel"}, 4)},
                  {"bias", hasBias},
                  {"conv_bias", hasConvBias},
                  {"eps", eps}};
  setStepLimits(mamba, config);

  FamilyModel model = mambaModel({.vocabulary = config.integer({"vocab_size"}, 32768),
                                  .width = width,
                                  .layers = config.integer({"num_hidden_layers"}, 64),
                                  .block = "ssm.mamba2",
                                  .mixer = mamba,
                                  .eps = eps,
                                  .isTied = isTied},
                                 catalog);
  addMamba2Names(model.weights, "backbone.layers.{}.mixer.", "layers.{}.mamba.", hasBias, hasConvBias);
  return model;
}

}  // namespace

FamilyDef family_state_space_mamba2() {
  return {.id = "mamba2",
          .title = "Mamba 2",
          .help = "State spaces in heads alone: no attention, no positions.",
          .paper = "Dao and Gu, Transformers are SSMs, 2024",
          .modelTypes = {"mamba2"},
          .modelClass = "Mamba2ForCausalLM",
          .read = read};
}

}  // namespace fw
