// A Llama's folder of any size in no time.
#include "tests/support/sparse_checkpoint.h"

#include <filesystem>
#include <fstream>
#include <vector>

namespace fw {

int64_t writeSparseLlama(const std::string& folder, const LlamaSizes& sizes) {
  std::string header = "{";
  int64_t at = 0;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
    int64_t bytes = 2;
    std::string dims;
    for (const int64_t size : shape) {
      bytes *= size;
      dims += (dims.empty() ? "" : ",") + std::to_string(size);
    }
    header += (at == 0 ? "\"" : ",\"") + name + "\":{\"dtype\":\"BF16\",\"shape\":[" + dims + "],\"data_offsets\":[" +
              std::to_string(at) + "," + std::to_string(at + bytes) + "]}";
    at += bytes;
  };
  add("model.embed_tokens.weight", {sizes.vocabulary, sizes.width});
  for (int64_t layer = 0; layer < sizes.layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    for (const char* norm : {"input_layernorm", "post_attention_layernorm"})
      add(prefix + norm + ".weight", {sizes.width});
    for (const char* part : {"q", "k", "v", "o"})
      add(prefix + "self_attn." + part + "_proj.weight", {sizes.width, sizes.width});
    for (const char* part : {"gate", "up"}) add(prefix + "mlp." + part + "_proj.weight", {sizes.hidden, sizes.width});
    add(prefix + "mlp.down_proj.weight", {sizes.width, sizes.hidden});
  }
  add("model.norm.weight", {sizes.width});
  header += "}";
  while (header.size() % 8 != 0) header += ' ';
  const std::string path = folder + "/model.safetensors";
  const uint64_t length = header.size();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&length), 8) << header;
  const int64_t bytes = 8 + int64_t(length) + at;
  std::filesystem::resize_file(path, uintmax_t(bytes));
  std::ofstream(folder + "/config.json")
      << R"({"model_type": "llama", "tie_word_embeddings": true, "num_attention_heads": 16, "vocab_size": )"
      << sizes.vocabulary << R"(, "hidden_size": )" << sizes.width << R"(, "intermediate_size": )" << sizes.hidden
      << R"(, "num_hidden_layers": )" << sizes.layers << "}";
  return bytes;
}

}  // namespace fw
