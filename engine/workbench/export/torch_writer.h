// A model as Python source that needs PyTorch alone.
#pragma once

#include <string>

#include "engine/arch/architecture.h"

namespace fw {

/// A class for each distinct module, named weights as in our weight files. Throws what lowering throws, and Code::Graph
/// for what has no form in PyTorch.
std::string torchSource(const Architecture& architecture);

}  // namespace fw
