// Performs a one-click mend.
#pragma once

#include "engine/arch/diagnostic.h"
#include "engine/arch/editor.h"

namespace fw {

/// Throws what the edit throws; the document is then as it was.
void applyFix(Editor& editor, const Fix& fix);

}  // namespace fw
