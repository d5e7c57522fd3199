// A port of the graph it stands in: an input of the model at the root, of the container inside one.
#include "engine/arch/block.h"

namespace fw {

BlockDef block_structure_in() {
  return {
      .id = "in",
      .title = "Input",
      .category = "structure",
      .help = "What the model, or the container around it, is given. Its name is the port's name.",
      .synonyms = {"source", "port"},
      .name = "x",
      .outputs = {{.name = "y"}},
      .params = {choiceParam("kind", "tensor", {"tensor", "tokens", "pixels", "mask", "labels"})
                     .label("Kind")
                     .help("What flows in: tokens and labels are integers."),
                 textParam("dims", "B T D")
                     .label("Sizes")
                     .help("One word a dimension, at the root: letters of the run (B, T), variables, or numbers.")},
      .summary = {"kind", "dims"},
  };
}

}  // namespace fw
