// A document as the Hugging Face folder of the family that it is one of.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/arch/architecture.h"
#include "engine/base/tensor.h"
#include "engine/families/family.h"

namespace fw {

struct NativeModel {
  std::string config;  // config.json, as text
  FamilyModel model;
  bool isWhole = true;  // config.json as it was opened; else with another number of layers
};

/// The config.json under which reading gives this very document, if the document came from one: as it was, or with
/// another number of layers.
std::optional<NativeModel> nativeModel(const Architecture& architecture);

/// The same for a document whose only further difference are overrides of layers: config.json with `per_layer_config`,
/// `block_configs` and the lists of LLM-Drop, and the Python code that transformers needs to build such a model.
struct LayeredModel {
  NativeModel native;
  std::string configuration, modeling;  // sources of configuration_formwright.py, modeling_formwright.py
};
std::optional<LayeredModel> layeredModel(const Architecture& architecture);

/// Every tensor of the family that can be put together from the weights. Throws Code::Data for a weight that belongs to
/// none.
std::map<std::string, Tensor> nativeTensors(const FamilyModel& model, const std::map<std::string, Tensor>& weights);

}  // namespace fw
