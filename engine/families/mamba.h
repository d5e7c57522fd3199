// What the models of state spaces alone have in common.
#pragma once

#include "engine/families/decoder.h"

namespace fw {

/// Layers of a norm and a mixer of this block, between a token embedding and a head; named but for the mixer's weights.
struct MambaSketch {
  int64_t vocabulary = 0, width = 0, layers = 0;
  std::string block;  // "ssm.mamba"
  Params mixer;
  double eps = 1e-5;  // of the norms
  bool isTied = true;
};

/// The mixer's tensors are backbone.layers.{}.mixer.*, our weights layers.{}.mamba.*.
FamilyModel mambaModel(const MambaSketch& of, const Catalog& catalog);

}  // namespace fw
