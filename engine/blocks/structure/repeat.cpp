// A stack: its inside applied again and again, each layer fed by the one before.
#include "engine/arch/block.h"

namespace fw {

BlockDef block_structure_repeat() {
  return {
      .id = "structure.repeat",
      .title = "Repeat",
      .category = "structure",
      .help =
          "Applies its inside once a layer. With a pattern such as MM*- each letter has an inside of its own, and the "
          "pattern starts again at its end. "
          "A weight group on the Repeat shares weights between its layers.",
      .synonyms = {"stack", "layers", "loop", "hybrid"},
      .name = "layers",
      .params = {intParam("count", 4).label("Layers").range(0, 100000).help("How often the inside is applied."),
                 textParam("pattern", "").label("Pattern").help("One letter a layer; empty: all layers are alike.")},
      .summary = {"count", "pattern"},
      .body = BodyKind::Repeat,
  };
}

}  // namespace fw
