// A Hugging Face folder: config.json becomes a document, the safetensors beside it become its weights. Nothing in the
// folder is ever executed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/base/tensor.h"
#include "engine/families/family.h"
#include "engine/io/safetensors.h"

namespace fw {

/// The tensors of a folder: those of model.safetensors, or of the files that model.safetensors.index.json names.
/// Headers are read, tensors are not.
class CheckpointFiles {
 public:
  /// Throws Code::File for an index that names files which are absent or outside the folder, for tensors that are not
  /// where it says, for whatever is wrong with a file, and for a folder that holds pickled weights only.
  explicit CheckpointFiles(const std::string& folder);

  bool isEmpty() const { return tensors_.empty(); }
  struct Item {
    std::string file;  // "model-00001-of-00002.safetensors"
    SafetensorsEntry entry;
  };
  const std::map<std::string, Item>& tensors() const { return tensors_; }
  Tensor tensor(const std::string& name) const;
  /// Its bytes as the file has them.
  StoredTensor stored(const std::string& name) const;

 private:
  void addFile(const std::string& folder, const std::string& file);

  std::map<std::string, SafetensorsView> views_;
  std::map<std::string, Item> tensors_;
};

/// A folder that has been opened.
struct Checkpoint {
  std::string family;  // id of the FamilyDef
  Architecture architecture;
  std::map<std::string, Tensor> weights;  // by module path; they share the maps where bytes lie as they are needed
  std::vector<std::string> notes;         // what was not understood or not needed, a sentence each
};

/// Whether there is a config.json in the folder.
bool isHuggingFaceFolder(const std::string& folder);

/// Where the `model_type` of the folder's config.json is no family here, a sentence that names it and lists those that
/// there are; else empty. Throws Code::File for a config.json that is none.
std::string unsupportedFamily(const std::string& folder);

/// Reads the folder. Without `withWeights`, headers are checked and no tensor is made. The whole of config.json is kept
/// in the document's unknown keys, at "huggingface". Throws Code::File, for a `model_type` that is no family with a
/// sentence that lists them.
Checkpoint openHuggingFace(const std::string& folder, const Catalog& catalog, bool withWeights = true);

/// The weights that a tensor holds by `rule`, its numbers filled in; and the tensor that holds these weights. The
/// second undoes the first bit by bit. Throws Code::File where the sizes do not fit.
std::map<std::string, Tensor> partsOf(const WeightRule& rule, const std::vector<std::string>& numbers,
                                      const Tensor& tensor);
Tensor joinedParts(const WeightRule& rule, const std::vector<std::string>& numbers,
                   const std::map<std::string, Tensor>& weights);

/// "model.layers.{}.mlp" with "3" is "model.layers.3.mlp".
std::string filledName(const std::string& pattern, const std::vector<std::string>& numbers);

/// Whether `name` is `pattern` with whole numbers for "{}"; they are written to `numbers`.
bool matchesName(const std::string& pattern, const std::string& name, std::vector<std::string>& numbers);

}  // namespace fw
