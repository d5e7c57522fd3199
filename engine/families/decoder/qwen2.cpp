// Qwen 2 and 2.5: Llama with biases on queries, keys and values. (Yang et al., Qwen2 Technical Report, 2024.)
#include "engine/families/qwen.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  return qwen(config, catalog, groupedQueryParams(config, "qkv"), "qkv");
}

}  // namespace

FamilyDef family_decoder_qwen2() {
  return {.id = "qwen2",
          .title = "Qwen 2",
          .help = "Qwen 2 and 2.5: Llama with biases on queries, keys and values; some sizes with a sliding window.",
          .paper = "Yang et al., Qwen2 Technical Report, 2024",
          .modelTypes = {"qwen2"},
          .modelClass = "Qwen2ForCausalLM",
          .read = read};
}

}  // namespace fw
