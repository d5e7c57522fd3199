// The tensors of a file or folder without a model around them: what is shown of a checkpoint that cannot be opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/shape.h"

namespace fw {

struct TensorRow {
  std::string name;
  std::string dtype;  // as the file says: "BF16"
  Shape shape;
  int64_t bytes = 0;
  std::string file;  // "model-00001-of-00002.safetensors"
};

struct TensorTable {
  std::string reason;           // why this is no model: a sentence that opens with its place
  bool isFault = false;         // whether something was expected that is not there: an architecture beside the weights
  std::vector<TensorRow> rows;  // by name
};

/// Reads headers alone. A file is taken for safetensors by its name. Throws Code::File for whatever is wrong with
/// files.
std::vector<TensorRow> listTensors(const std::string& path);

/// The tensors of a safetensors file, of a folder with safetensors and no config.json, and of one whose `model_type` is
/// no family here; nothing for anything else.
std::optional<TensorTable> openTensorTable(const std::string& path);

}  // namespace fw
