// FNet: y = Re(F_T x F_D) = C_T x C_D - S_T x S_D with C, S the cosines and sines of 2 pi a b / n: tokens mixed without
// weights. (Lee-Thorp et al., FNet: Mixing Tokens with Fourier Transforms, 2021.)
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"

namespace fw {
namespace {

/// 2 pi (a b mod n) / n, [n,n]: f32 holds the products up to n = 4096 exactly.
ir::Value angles(ir::Builder& builder, int64_t size) {
  const ir::Value product = ir::iota(builder, {size, 1}, 0, DType::F32) * ir::iota(builder, {1, size}, 1, DType::F32);
  const ir::Value turn = lengthOf(builder, size);
  const ir::Value rest = product - ir::floor(product / turn) * turn;
  return rest / turn * (2 * std::numbers::pi);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), width = x.size(2);
  if (at.isDecode()) throw Error(Code::Graph, "mixes all positions and cannot decode token by token.");
  if (time > 4096 || width > 4096)
    throw Error(Code::Shape, text("input 'x' is ", x.shape(), "; expected at most 4096 positions and features."));
  const ir::Value along = angles(at.builder(), time), across = angles(at.builder(), width);
  const auto transformed = [&](ir::Value (*f)(ir::Value)) { return ir::matmul(f(along), ir::matmul(x, f(across))); };
  ir::Value y = transformed(ir::cos) - transformed(ir::sin);
  if (at.flag("unitary")) y = y / (ir::sqrt(lengthOf(at.builder(), time)) * std::sqrt(double(width)));
  at.output("y", y);
}

}  // namespace

BlockDef block_mix_fourier() {
  return {.id = "mix.fourier",
          .title = "Fourier mixer",
          .category = "attention",
          .help = "Mixes tokens and features by the real part of a Fourier transform, without weights.",
          .paper = "Lee-Thorp et al., FNet: Mixing Tokens with Fourier Transforms, 2021",
          .synonyms = {"FNet", "DFT", "token mixing"},
          .name = "mixer",
          .inputs = {{.name = "x", .dims = "B T D"}},
          .outputs = {{.name = "y", .dims = "B T D"}},
          .params = {boolParam("unitary", false).label("Unitary").help("Divides by sqrt(T D), which keeps lengths.")},
          .summary = {"unitary"},
          .lower = lower,
          .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                       {.params = {{"unitary", true}}, .dims = {{"B", 1}, {"T", 5}, {"D", 3}}}}};
}

}  // namespace fw
