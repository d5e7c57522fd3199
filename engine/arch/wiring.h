// What one wire needs: the same answers for drawing it and for checking it.
#pragma once

#include <string>

#include "engine/arch/architecture.h"

namespace fw {

/// "a tensor", "tokens", "a mask", "pixels".
const char* kindText(PortKind kind);

/// Whether a wire may go from an output to an input of node `target`; an `out` takes every kind.
bool kindsAgree(const PortDef& output, const Node& target, const PortDef& input);

/// "; it has x, mask." or "; it has none."
std::string portList(const std::vector<PortDef>& ports);

}  // namespace fw
