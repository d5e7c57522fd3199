// The tensors of a file or folder without a model around them.
#include "engine/io/tensor_table.h"

#include <filesystem>

#include "engine/base/error.h"
#include "engine/io/huggingface.h"
#include "engine/io/safetensors.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

TensorRow rowOf(const std::string& name, const SafetensorsEntry& entry, const std::string& file) {
  return {name, entry.dtype, entry.shape, entry.end - entry.begin, file};
}

}  // namespace

std::vector<TensorRow> listTensors(const std::string& path) {
  std::vector<TensorRow> rows;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    const CheckpointFiles files(path);
    for (const auto& [name, item] : files.tensors()) rows.push_back(rowOf(name, item.entry, item.file));
    return rows;
  }
  const std::string file = fs::path(path).filename().string();
  const SafetensorsView view(path);
  for (const auto& [name, entry] : view.entries()) rows.push_back(rowOf(name, entry, file));
  return rows;
}

std::optional<TensorTable> openTensorTable(const std::string& path) {
  std::error_code ignored;
  const fs::path at(path);
  if (fs::is_regular_file(at, ignored) && at.extension() == ".safetensors")
    return TensorTable{text("[", path, "] holds weights without an architecture: its tensors are listed."), false,
                       listTensors(path)};
  if (!fs::is_directory(at, ignored)) return {};
  if (isHuggingFaceFolder(path)) {
    std::string reason = unsupportedFamily(path);
    if (reason.empty()) return {};
    return TensorTable{std::move(reason), true, listTensors(path)};
  }
  const bool hasTensors =
      fs::exists(at / "model.safetensors", ignored) || fs::exists(at / "model.safetensors.index.json", ignored);
  if (!hasTensors || fs::exists(at / "model.fw.json", ignored)) return {};
  return TensorTable{text("[", path,
                          "] has safetensors and no config.json, which would say what they belong to: "
                          "its tensors are listed."),
                     true, listTensors(path)};
}

}  // namespace fw
