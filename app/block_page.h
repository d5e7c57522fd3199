// The help page of a block, made from its definition.
#pragma once

#include <QString>

#include "engine/arch/block.h"

namespace fw {

/// Markdown: what it does, ports, parameters with defaults and ranges, where it comes from.
QString blockPage(const BlockDef& block);

}  // namespace fw
