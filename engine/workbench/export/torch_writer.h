// A model as Python source that needs PyTorch alone.
#pragma once

#include <string>

#include "engine/arch/architecture.h"

namespace fw {

struct TorchOptions {
  bool isServed = false;  // attention, caches and positions as transformers has them; see torch_served.h
  std::string root = {};  // the class of the whole model; empty: by the document's name
};

/// A class for each distinct module, named weights as in our weight files. Throws what lowering throws, and Code::Graph
/// for what has no form in PyTorch.
std::string torchSource(const Architecture& architecture, const TorchOptions& options = {});

}  // namespace fw
