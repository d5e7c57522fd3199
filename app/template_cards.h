// What the start page and the palette say of presets and blocks.
#pragma once

#include "app/block_library.h"
#include "engine/arch/architecture.h"
#include "widgets/panels/block_list.h"
#include "widgets/start/start_page.h"

namespace fw {

/// A card for each preset, templates first, without diagrams: those need the presets built, see diagramOf().
std::vector<ui::TemplateCard> templateCards();

/// A model in miniature: the categories of its blocks in the order of their ids.
ui::TemplateDiagram diagramOf(const Architecture& architecture);

/// Every block for the palette.
std::vector<ui::BlockEntry> paletteEntries();

/// Weight policies, which are dropped on blocks, and the composites of the user's library.
std::vector<ui::BlockEntry> policyEntries();
std::vector<ui::BlockEntry> libraryEntries(const BlockLibrary& library);

}  // namespace fw
