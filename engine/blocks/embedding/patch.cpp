// Patches of an image as a sequence: a convolution whose step is its size. (Dosovitskiy et al., An Image is Worth 16x16
// Words, 2020.)
#include <cmath>

#include "engine/blocks/lowering.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/concat.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/reshape.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("pixels");
  const int64_t patch = at.integer("patch"), width = at.integer("width"), batch = x.size(0), channels = x.size(1);
  if (x.size(2) % patch != 0 || x.size(3) % patch != 0)
    throw Error(Code::Shape, text("input 'pixels' is ", x.shape(),
                                  "; expected height and width that are multiples of the patch size ", patch, "."));
  const double bound = 1 / std::sqrt(double(channels * patch * patch));
  const ir::Value weight = at.weight("weight", {width, channels, patch, patch}, initUniform(-bound, bound));
  const ir::Value bias =
      at.flag("bias")
          ? at.weight({.name = "bias", .shape = {width}, .init = initZeros(), .role = "bias", .decays = false})
          : ir::Value{};
  const ir::Value grid = ir::conv2d(x, weight, bias, {.strides = {patch, patch}});
  const int64_t count = grid.size(2) * grid.size(3);
  ir::Value y = ir::transpose(ir::reshape(grid, Shape{batch, width, count}), {0, 2, 1});
  for (const char* name : {"distillation_token", "class_token"}) {
    if (!at.flag(name)) continue;
    const ir::Value token =
        at.weight({.name = name, .shape = {1, 1, width}, .init = initNormal(0.02), .decays = false});
    y = ir::concat({ir::broadcastTo(token, Shape{batch, 1, width}), y}, 1);
  }
  at.output("y", y);
}

}  // namespace

BlockDef block_embedding_patch() {
  return {
      .id = "embedding.patch",
      .title = "Patch embedding",
      .category = "embedding",
      .help = "Cuts an image into squares and maps each to a vector; a class token may stand in front.",
      .paper = "Dosovitskiy et al., An Image is Worth 16x16 Words, 2020",
      .synonyms = {"ViT", "patchify", "image"},
      .name = "patches",
      .inputs = {{.name = "pixels", .dims = "B C Y X", .kind = PortKind::Pixels, .help = "Images."}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params = {intParam("patch", 16).label("Patch").range(1, 1024).help("Side of the squares, in pixels."),
                 intParam("width", 64).label("Width").help("Size of each vector."),
                 boolParam("bias", true).label("Bias").help("Adds a vector to each patch."),
                 boolParam("class_token", false).label("Class token").help("A learned vector before the patches."),
                 boolParam("distillation_token", false)
                     .label("Distillation token")
                     .help("A second one, between the class token and the patches (DeiT).")},
      .summary = {"patch", "width"},
      .lower = lower,
      .examples = {{.params = {{"patch", int64_t(2)},
                               {"width", int64_t(5)},
                               {"class_token", true},
                               {"distillation_token", true}},
                    .dims = {{"B", 2}, {"C", 3}, {"Y", 4}, {"X", 6}}}},
  };
}

}  // namespace fw
