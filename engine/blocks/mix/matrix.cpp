// y = W_o (n(M) W_v x): tokens mixed by a matrix M that is a weight, or that each token says a row of; n is softmax or
// nothing. (Tay et al., Synthesizer, 2020; Tolstikhin et al., MLP-Mixer, 2021.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"
#include "engine/ops/slice.h"
#include "engine/ops/softmax.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), width = x.size(2), most = at.integer("max_length");
  if (at.isDecode()) throw Error(Code::Graph, "mixes by position and cannot decode token by token.");
  if (time > most) throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected at most ", most, "."));
  const std::string& kind = at.text("kind");
  ir::Value mixing;
  if (kind == "token") {
    const ir::Value rows = at.linear("rows", ir::relu(at.linear("hidden", x, width, true)), most, true);
    mixing = ir::slice(rows, 2, 0, time);
  } else if (kind == "factorised") {
    const auto factor = [&](const char* name) {
      return ir::slice(at.weight(name, {most, at.integer("rank")}, initNormal(0.1)), 0, 0, time);
    };
    const ir::Value left = factor("left.weight");
    mixing = ir::matmul(left, factor("right.weight"), {.transposeB = true});
  } else {
    const ir::Value all = at.weight("mixing.weight", {most, most}, initNormal(1 / std::sqrt(double(most))));
    mixing = ir::slice(ir::slice(all, 0, 0, time), 1, 0, time);
  }
  const bool isSoftmax = at.text("norm") == "softmax";
  if (at.text("mask") == "causal") {
    const ir::Value isSeen = ir::lessEqual(ir::iota(at.builder(), {1, time}, 1), ir::iota(at.builder(), {time, 1}, 0));
    mixing = ir::where(isSeen, mixing, isSoftmax ? -1e30 : 0.0);
  }
  if (isSoftmax) mixing = ir::softmax(mixing);
  at.output("y", at.linear("o", ir::matmul(mixing, at.linear("v", x, width, false)), width, false));
}

}  // namespace

BlockDef block_mix_matrix() {
  const auto example = [](const char* kind, const char* norm, const char* mask) {
    return BlockExample{.params = {{"kind", std::string(kind)},
                                   {"norm", std::string(norm)},
                                   {"mask", std::string(mask)},
                                   {"rank", int64_t(3)},
                                   {"max_length", int64_t(9)}},
                        .dims = {{"B", 2}, {"T", 7}, {"D", 6}}};
  };
  return {.id = "mix.matrix",
          .title = "Matrix mixer",
          .category = "attention",
          .help =
              "Mixes tokens by a learned matrix over positions, whole or of low rank, or by rows that each token says: "
              "with softmax the Synthesizer, without it the token mixing of MLP-Mixer.",
          .paper = "Tay et al., Synthesizer: Rethinking Self-Attention in Transformer Models, 2020",
          .synonyms = {"Synthesizer", "MLP-Mixer", "token mixing"},
          .name = "mixer",
          .inputs = {{.name = "x", .dims = "B T D"}},
          .outputs = {{.name = "y", .dims = "B T D"}},
          .params = {choiceParam("kind", "free", {"free", "factorised", "token"})
                         .label("Matrix")
                         .help("free: a weight; factorised: of low rank; token: each token says its row."),
                     choiceParam("norm", "softmax", {"softmax", "none"}).label("Norm").help("Of the rows."),
                     maskParam("bidirectional"),
                     intParam("rank", 8).label("Rank").range(1, 4096).when("kind=factorised").help("Of the matrix."),
                     intParam("max_length", 512).label("Longest length").range(1, 1e6).help("Rows of the matrix.")},
          .summary = {"kind", "norm", "max_length"},
          .lower = lower,
          .examples = {example("free", "softmax", "causal"), example("factorised", "none", "causal"),
                       example("token", "softmax", "bidirectional")}};
}

}  // namespace fw
