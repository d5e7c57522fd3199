// What a model family is: how config.json becomes a document, and which tensor of the checkpoint holds which weight.
// One file each in engine/families/*/.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/architecture.h"
#include "engine/families/config.h"

namespace fw {

/// A weight of the document inside a tensor of the checkpoint.
struct WeightPart {
  std::string name;  // "layers.{}.attention.q.weight"
  int64_t rows = 0;  // along the first axis; 0: all
};

/// How a tensor of the checkpoint lies. Both ways: the parts of a tensor, or a tensor put together from its parts.
/// "{}" stands for a whole number; those of both sides are equal, in the same order.
struct WeightRule {
  std::string tensor;  // "model.layers.{}.self_attn.qkv_proj.weight"
  std::vector<WeightPart> parts;
  bool isTransposed = false;  // the tensor is [in,out]; here [out,in]
  int64_t groups = 1;         // along the first axis the parts alternate: a group of rows holds some of each part
  bool isOldName = false;     // files may still have it, none is written with it
  int onesInFront = 0;        // sizes of 1 that the tensor has before those of the part; negative: the part has them
};

/// What a family makes of a config.json.
struct FamilyModel {
  Architecture architecture;
  std::vector<WeightRule> weights;
  std::string prefix;                   // of tensors that a checkpoint of the bare model lacks: "transformer."
  std::vector<std::string> unused;      // tensors that no weight needs: buffers, towers that are not opened; with "{}"
  std::vector<std::string> optional;    // tensors that may be missing because another one stands for them: a tied head
  std::vector<std::string> notes = {};  // what of the checkpoint is not opened, a sentence each
  std::string config = {};              // the config.json of what is opened, where that is a part; empty: the whole
};

struct FamilyDef {
  std::string id;  // "llama"
  std::string title;
  std::string help;
  std::string paper;
  std::vector<std::string> modelTypes;  // of config.json
  std::string modelClass;               // what transformers calls it: "LlamaForCausalLM"
  FamilyModel (*read)(const ModelConfig&, const Catalog&) = nullptr;
};

/// Every family, in the order of the files' paths (generated).
const std::vector<FamilyDef>& allFamilies();

/// That of a `model_type`, or nullptr.
const FamilyDef* findFamily(const std::string& modelType);

}  // namespace fw
