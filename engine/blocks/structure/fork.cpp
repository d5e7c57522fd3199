// A Y: rows of the batch go through one of several branches. (UniFork, 2025, forks a decoder by the sample's task.)
#include "engine/arch/block.h"

namespace fw {

BlockDef block_structure_fork() {
  return {
      .id = "structure.fork",
      .title = "Fork by modality",
      .category = "structure",
      .help =
          "Each branch gets an equal, consecutive share of the batch's rows. With an input port named branch (one "
          "number a row) every branch sees all rows and the "
          "number picks the result.",
      .paper =
          "Li et al., UniFork: Exploring Modality Alignment for Unified Multimodal Understanding and Generation, 2025",
      .synonyms = {"Y", "branch", "modality", "task"},
      .name = "fork",
      .params =
          {textParam("branches", "understanding,generation").label("Branches").help("Names, separated by commas.")},
      .summary = {"branches"},
      .body = BodyKind::Fork,
  };
}

}  // namespace fw
