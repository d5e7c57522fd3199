// Nystromformer: softmax attention through the means of m runs of queries and keys, s(q k~^T) pinv(s(q~ k~^T))
// (s(q~ k^T) V), with the inverse by iteration, and a short convolution of the values. (Xiong et al., Nystromformer,
// 2021.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/conv1d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"
#include "engine/ops/max.h"
#include "engine/ops/reshape.h"
#include "engine/ops/softmax.h"
#include "engine/ops/sum.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// [m,T]: row r is the mean over the tokens t with floor(t m / T) = r.
ir::Value means(ir::Builder& builder, int64_t count, int64_t time) {
  const ir::Value token = ir::iota(builder, {1, time}, 1, DType::F32),
                  run = ir::iota(builder, {count, 1}, 0, DType::F32);
  const ir::Value runOf = ir::floor(token * double(count) / lengthOf(builder, time));
  const ir::Value isInside = ir::cast(ir::equal(runOf, run), DType::F32);
  return isInside / ir::sum(isInside, {1}, true);
}

/// The pseudo-inverse of a [..,m,m] whose rows sum to 1, by z <- z (13 - a z (15 - a z (7 - a z))) / 4.
ir::Value pseudoInverse(ir::Value a, int64_t iterations) {
  const int64_t m = a.size(-1);
  const ir::Value columns = ir::max(ir::sum(a, {2}, true), {3}, true);
  ir::Value z = ir::swapAxes(a, -1, -2) / columns;
  const ir::Value identity =
      ir::cast(ir::equal(ir::iota(*a.builder, {m, 1}, 0), ir::iota(*a.builder, {1, m}, 1)), DType::F32);
  for (int64_t i = 0; i < iterations; ++i) {
    const ir::Value az = ir::matmul(a, z);
    const ir::Value inner = identity * 7.0 - az;
    const ir::Value middle = identity * 15.0 - ir::matmul(az, inner);
    z = ir::matmul(z, identity * 13.0 - ir::matmul(az, middle)) * 0.25;
  }
  return z;
}

/// Each head's values convolved along time by a filter of its own.
ir::Value convolved(Lowering& at, ir::Value v, int64_t kernel) {
  const int64_t batch = v.size(0), time = v.size(1), heads = v.size(2), width = v.size(3);
  const double bound = 1 / std::sqrt(double(kernel));
  const ir::Value filter = at.weight("conv.weight", {heads, 1, kernel}, initUniform(-bound, bound));
  const ir::Value rows = ir::reshape(ir::transpose(v, {0, 3, 2, 1}), Shape{batch * width, heads, time});
  const ir::Value y = ir::conv1d(rows, filter, {}, {.padding = {kernel / 2, kernel / 2}, .groups = heads});
  return ir::transpose(ir::reshape(y, Shape{batch, width, heads, time}), {0, 3, 2, 1});
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), landmarks = at.integer("landmarks"), kernel = at.integer("conv");
  if (at.isDecode()) throw Error(Code::Graph, "averages over all positions and cannot decode token by token.");
  if (time < landmarks)
    throw Error(Code::Shape,
                text("input 'x' has ", time, " positions; expected at least the ", landmarks, " landmarks."));
  const HeadShape shape = headShape(at, x.size(2));
  const HeadValues heads = projectHeads(at, x, shape);
  const ir::Value run = means(at.builder(), landmarks, time);
  const auto averaged = [&](ir::Value rows) {  // [B,T,H,K] -> [B,m,H,K]
    const ir::Value flat = joinHeads(rows);
    return splitHeads(ir::matmul(run, flat), shape.heads);
  };
  const ir::Value q = averaged(heads.q), k = averaged(heads.k);
  const double scale = 1 / std::sqrt(double(shape.width));
  const ir::Value core =
      ir::softmax(ir::matmul(ir::transpose(q, {0, 2, 1, 3}), ir::transpose(k, {0, 2, 3, 1})) * scale);  // [B,H,m,m]
  const ir::Value read = ir::transpose(ir::attention(q, heads.k, heads.v), {0, 2, 1, 3});               // [B,H,m,K]
  const ir::Value solved = ir::matmul(pseudoInverse(core, at.integer("iterations")), read);
  ir::Value mixed = ir::attention(heads.q, k, ir::transpose(solved, {0, 2, 1, 3}));
  if (kernel > 0) mixed = mixed + convolved(at, heads.v, kernel);
  outputHeads(at, mixed, x.size(2));
}

std::string check(const Params& params) {
  const int64_t kernel = std::get<int64_t>(params.at("conv"));
  return kernel > 0 && kernel % 2 == 0 ? "the convolution has an even number of taps" : "";
}

}  // namespace

BlockDef block_attention_nystrom() {
  return headsBlock(
      {.id = "attention.nystrom",
       .title = "Nystromformer",
       .help = "Softmax attention through a few landmarks, the means of runs of queries and keys, in time that grows "
               "linearly with the sequence. Bidirectional, as the means look ahead.",
       .paper = "Xiong et al., Nystromformer: A Nystrom-Based Algorithm for Approximating Self-Attention, 2021",
       .synonyms = {"landmarks", "low rank", "Nystrom"},
       .params =
           {intParam("landmarks", 32).label("Landmarks").range(1, 4096).help("Runs that are averaged."),
            intParam("iterations", 6).label("Iterations").range(1, 64).help("Steps towards the inverse."),
            intParam("conv", 35).label("Convolution").range(0, 1023).help("Taps of each head's filter; 0: none.")},
       .summary = {"heads", "landmarks", "conv"},
       .lower = lower,
       .check = check,
       .examples = {{.params = {{"heads", int64_t(2)}, {"landmarks", int64_t(3)}, {"conv", int64_t(3)}},
                     .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                    {.params = {{"heads", int64_t(2)}, {"landmarks", int64_t(4)}, {"conv", int64_t(0)}},
                     .dims = {{"B", 1}, {"T", 8}, {"D", 6}}}}});
}

}  // namespace fw
