// What encoders of text and images have in common.
#pragma once

#include <string>

#include "engine/families/decoder.h"
#include "engine/presets/sketch.h"

namespace fw {

/// What "architectures" of config.json asks for: the first class name that ends with one of `endings`, or "".
std::string askedHead(const ModelConfig& config, std::initializer_list<const char*> endings);

/// Number of labels of a classifier: `num_labels`, the size of `id2label`, or 2.
int64_t labelCount(const ModelConfig& config);

/// One number that a file may give as a pair of equal ones.
int64_t squareSize(const ModelConfig& config, const char* key, int64_t fallback);

/// A layer of a CLIP-like tower: norms before, biases everywhere, an MLP with an activation.
DecoderSketch towerSketch(const ModelConfig& config, const std::string& mask, const std::string& activation);

/// Names of such a tower's layers: layer_norm1, self_attn.{q,k,v}_proj, out_proj, layer_norm2, mlp.fc1, mlp.fc2.
void addTowerNames(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours);

/// The input node of an image model.
NodeId addPixels(Sketch& sketch, const ModelConfig& config);

}  // namespace fw
