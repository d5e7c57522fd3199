// A composite: several blocks under one name.
#include "engine/arch/block.h"

namespace fw {

BlockDef block_structure_group() {
  return {
      .id = "structure.group",
      .title = "Composite",
      .category = "structure",
      .help = "Holds a graph of its own; computes what its inside computes.",
      .synonyms = {"group", "box", "subgraph", "module"},
      .name = "group",
      .body = BodyKind::Single,
  };
}

}  // namespace fw
