// Small configurations, with the keys of real ones.
#include "tests/families/configs.h"

namespace fw {

const std::vector<SmallConfig>& smallConfigs() {
  static const std::string common =
      R"("vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 5, )"
      R"("max_position_embeddings": 16, )";
  static const std::string image =
      R"("hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 5, "image_size": 12, )"
      R"("patch_size": 4, )";
  static const std::vector<SmallConfig> configs = {
      {"gpt2",
       R"({"model_type": "gpt2", "vocab_size": 11, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 16})"},
      {"llama", "{" + common + R"("model_type": "llama", "num_key_value_heads": 1, "attention_bias": true})"},
      {"llama", "{" + common + R"("model_type": "mistral", "num_key_value_heads": 1, "sliding_window": 3})"},
      {"qwen2", "{" + common + R"("model_type": "qwen2", "num_key_value_heads": 1, "tie_word_embeddings": true})"},
      {"qwen3", "{" + common + R"("model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 6})"},
      {"qwen3_moe",
       "{" + common +
           R"("model_type": "qwen3_moe", "num_key_value_heads": 1, "num_experts": 3, "mlp_only_layers": [1], )"
           R"("num_experts_per_tok": 2, "moe_intermediate_size": 4})"},
      {"mixtral", "{" + common + R"("model_type": "mixtral", "num_key_value_heads": 1, "num_local_experts": 3})"},
      {"phi3", "{" + common + R"("model_type": "phi3", "num_key_value_heads": 1})"},
      {"gemma", "{" + common + R"("model_type": "gemma", "num_key_value_heads": 1, "head_dim": 6})"},
      {"gemma",
       "{" + common + R"("model_type": "gemma2", "num_key_value_heads": 1, "head_dim": 6, "sliding_window": 4})"},
      {"gemma",
       "{" + common + R"("model_type": "gemma3_text", "num_key_value_heads": 1, "head_dim": 6, "sliding_window": 4})"},
      {"olmo2", "{" + common + R"("model_type": "olmo2"})"},
      {"gpt_neox", "{" + common + R"("model_type": "gpt_neox", "rotary_pct": 0.5})"},
      {"opt", R"({"model_type": "opt", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "ffn_dim": 5,)"
              R"( "num_attention_heads": 2, "max_position_embeddings": 16, "word_embed_proj_dim": 4,)"
              R"( "do_layer_norm_before": false})"},
      {"mamba",
       R"({"model_type": "mamba", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "state_size": 3})"},
      {"mamba", R"({"model_type": "falcon_mamba", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2,)"
                R"( "use_bias": true, "tie_word_embeddings": false})"},
      {"mamba2",
       R"({"model_type": "mamba2", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "num_heads": 4,)"
       R"( "head_dim": 4, "n_groups": 2, "state_size": 3, "time_step_limit": [0.0, Infinity]})"},
      {"bert", "{" + common + R"("model_type": "bert", "architectures": ["BertForMaskedLM"]})"},
      {"bert", "{" + common + R"("model_type": "roberta", "architectures": ["RobertaModel"]})"},
      {"bert",
       R"({"model_type": "distilbert", "vocab_size": 11, "dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 5,)"
       R"( "max_position_embeddings": 16, "architectures": ["DistilBertForMaskedLM"]})"},
      {"vit", "{" + image + R"("model_type": "vit", "architectures": ["ViTForImageClassification"]})"},
      {"vit", "{" + image + R"("model_type": "deit", "qkv_bias": false})"},
      {"clip", R"({"model_type": "clip", "projection_dim": 6, "text_config": {)" + common +
                   R"("eos_token_id": 2}, "vision_config": {)" + image + R"("hidden_act": "gelu"}})"},
      {"siglip", R"({"model_type": "siglip", "text_config": {)" + common +
                     R"("hidden_act": "gelu"}, "vision_config": {)" + image + R"("hidden_act": "gelu"}})"},
      {"jamba", "{" + common +
                    R"("model_type": "jamba", "num_key_value_heads": 1, "attn_layer_period": 3,)"
                    R"( "attn_layer_offset": 1, "num_experts": 2, "mamba_d_state": 3})"},
      {"nemotron_h",
       R"({"model_type": "nemotron_h", "vocab_size": 11, "hidden_size": 8, "hybrid_override_pattern": "M-M*-",)"
       R"( "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "intermediate_size": 5, "n_groups": 2,)"
       R"( "mamba_num_heads": 4, "mamba_head_dim": 3, "ssm_state_size": 3, "mlp_bias": true})"},
      {"phi3", "{" + common +
                   R"("model_type": "phi3", "num_key_value_heads": 1, "original_max_position_embeddings": 8,)"
                   R"( "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 4.0]}})"},
      {"bamba", "{" + common +
                    R"("model_type": "bamba", "num_key_value_heads": 1, "attn_layer_indices": [1],)"
                    R"( "mamba_n_heads": 4, "mamba_d_head": "auto", "mamba_d_state": 3})"},
  };
  return configs;
}

}  // namespace fw
