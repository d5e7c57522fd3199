// A port of the graph it stands in: an output of the model at the root, of the container inside one.
#include "engine/arch/block.h"

namespace fw {

BlockDef block_structure_out() {
  return {
      .id = "out",
      .title = "Output",
      .category = "structure",
      .help = "What the model, or the container around it, gives. Its name is the port's name.",
      .synonyms = {"sink", "port", "result"},
      .name = "y",
      .inputs = {{.name = "x"}},
  };
}

}  // namespace fw
