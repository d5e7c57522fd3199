// Models of text: their tokenizer, and how well they foretell a text.
#include <filesystem>

#include "engine/base/error.h"
#include "engine/io/tokenizer/tokenizer.h"
#include "engine/workbench/workbench.h"

namespace fw {

std::shared_ptr<const Tokenizer> findTokenizer(const std::string& model) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path path(model);
  if (fs::is_directory(path, ignored)) path /= "tokenizer.json";
  if (path.filename().string().find("tokenizer") == std::string::npos || !fs::is_regular_file(path, ignored)) return {};
  return std::make_shared<const Tokenizer>(loadTokenizer(path.string()));
}

}  // namespace fw
