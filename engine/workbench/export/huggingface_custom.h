// A document that is of no family as a Hugging Face folder with code of its own.
#pragma once

#include <map>
#include <string>

#include "engine/arch/architecture.h"

namespace fw {

struct CustomFolder {
  std::string config;                        // config.json, as text
  std::map<std::string, std::string> files;  // Python, by name
  std::string head;                          // node whose weights stand at "lm_head."; empty: none
  std::string unserved;                      // why servers of transformers' models cannot run it; empty: they can

  /// "layers.0.mlp.up.weight" -> "model.layers.0.mlp.up.weight".
  std::string tensorName(const std::string& weight) const;
};

/// A model from tokens to scores of the next one whose tokens meet in attention alone runs through transformers' table
/// of attention functions, with caches and plans for several devices, as vLLM's Transformers backend asks for it; any
/// other as it is. Throws what lowering throws, and Code::Graph for what has no form in PyTorch.
CustomFolder customFolder(const Architecture& architecture);

}  // namespace fw
