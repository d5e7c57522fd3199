// Mends that need shapes: where two widths should be equal, a projection between them.
#pragma once

#include "engine/blocks/lowering.h"

namespace fw {

/// Adds fixes to the shape errors of `result`, which came from lowering `architecture`.
void suggestMends(const Architecture& architecture, const Catalog& catalog, LowerResult& result);

}  // namespace fw
