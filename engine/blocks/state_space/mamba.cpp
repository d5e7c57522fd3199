// Mamba: h[t] = exp(delta A) h[t-1] + delta B x, y = C h + D x, with delta, B and C computed from the input, behind a
// short convolution and a gate. (Gu and Dao, Mamba, 2023.)
#include <cmath>

#include "engine/blocks/lowering.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/causal_conv1d.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/random_uniform.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rms_norm.h"
#include "engine/ops/selective_scan.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

/// A[d,n] = -(n+1): A_log = ln(n+1). (S4D-Real.)
ir::Init initLogRange() {
  return {.name = "log_range", .make = [](const ir::InitCall& call) {
            return ir::log(ir::iota(call.builder, call.type.shape, 1, DType::F32, 1, 1));
          }};
}

/// softplus^-1(s), s = max(exp(U(ln low, ln high)), 1e-4).
ir::Init initStep(double low, double high) {
  return {.name = "inverse_softplus", .a = std::log(low), .b = std::log(high), .make = [](const ir::InitCall& call) {
            const ir::Value s =
                ir::maximum(ir::exp(ir::randomUniform(call.seed, call.type.shape, call.a, call.b, call.stream)), 1e-4);
            return s + ir::log(1.0 - ir::exp(-s));
          }};
}

void lower(Lowering& at) {
  const ir::Value u = at.input("x");
  const int64_t batch = u.size(0), time = u.size(1), width = u.size(2);
  const int64_t inner = at.integer("expand") * width, state = at.integer("state"), kernel = at.integer("conv");
  const int64_t rank = at.integer("rank") > 0 ? at.integer("rank") : (width + 15) / 16;
  const auto uniform = [](int64_t fanIn) {
    const double bound = 1 / std::sqrt(double(fanIn));
    return initUniform(-bound, bound);
  };

  const ir::Value both = at.linear("in_proj", u, 2 * inner, at.flag("bias"), uniform(width));
  ir::Value x = ir::slice(both, 2, 0, inner);
  const ir::Value z = ir::slice(both, 2, inner, 2 * inner);

  const ir::Value filter = at.weight("conv1d.weight", {inner, 1, kernel}, uniform(kernel));
  const ir::Value filterBias =
      at.flag("conv_bias")
          ? at.weight(
                {.name = "conv1d.bias", .shape = {inner}, .init = uniform(kernel), .role = "bias", .decays = false})
          : ir::Value{};
  ir::CausalConv1dOptions options{.bias = filterBias, .activation = "silu"};
  if (at.isDecode() && kernel > 1) {
    options.history = at.state("conv", {DType::F32, {batch, kernel - 1, inner}});
    at.setState("conv", ir::slice(ir::concat({options.history, x}, 1), 1, time, time + kernel - 1));
  }
  x = ir::causalConv1d(x, ir::reshape(filter, Shape{inner, kernel}), options);

  // A projection that is not selective is a learned constant.
  const auto constant = [&](const char* name, int64_t size, const ir::Init& init) {
    const ir::Value value = at.weight({.name = name, .shape = {size}, .init = init, .decays = false});
    return ir::broadcastTo(value, Shape{batch, time, size});
  };
  const bool isStepSelective = at.flag("selective_delta"), isInputSelective = at.flag("selective_b"),
             isOutputSelective = at.flag("selective_c");
  const int64_t parts = (isStepSelective ? rank : 0) + (isInputSelective ? state : 0) + (isOutputSelective ? state : 0);
  ir::Value projected;
  if (parts > 0) projected = at.linear("x_proj", x, parts, false, uniform(inner));
  int64_t offset = 0;
  const std::string& norm = at.text("inner_norm");
  const auto part = [&](int64_t size, const char* name) {
    offset += size;
    const ir::Value rows = ir::slice(projected, 2, offset - size, offset);
    if (norm == "none") return rows;
    const ir::Value weight = norm == "weighted" ? at.weight({.name = text(name, "_norm.weight"),
                                                             .shape = {size},
                                                             .init = initOnes(),
                                                             .role = "norm",
                                                             .decays = false})
                                                : ir::Value{};
    return ir::rmsNorm(rows, weight, at.real("inner_norm_eps"));
  };
  const double stepBound = 1 / std::sqrt(double(rank));
  const ir::Value stepBias = at.weight(
      {.name = "dt_proj.bias", .shape = {inner}, .init = initStep(1e-3, 1e-1), .role = "bias", .decays = false});
  ir::Value delta;
  if (isStepSelective)
    delta = ir::softplus(at.linear("dt_proj", part(rank, "dt"), inner, false, initUniform(-stepBound, stepBound)) +
                         stepBias);
  else
    delta = ir::broadcastTo(ir::softplus(stepBias), Shape{batch, time, inner});
  const ir::Value b = isInputSelective ? part(state, "b") : constant("B", state, initOnes());
  const ir::Value c = isOutputSelective ? part(state, "c") : constant("C", state, uniform(state));
  at.probe("delta", delta);

  const ir::Value a =
      -ir::exp(at.weight({.name = "A_log", .shape = {inner, state}, .init = initLogRange(), .decays = false}));
  const ir::Value skip = at.weight({.name = "D", .shape = {inner}, .init = initOnes(), .decays = false});
  const ir::Value before = at.isDecode() ? at.state("h", {DType::F32, {batch, inner, state}}) : ir::Value{};
  const ir::SelectiveScanResult scan = ir::selectiveScan(x, delta, a, b, c, skip, before);
  if (at.isDecode()) at.setState("h", scan.lastState);
  at.output("y", at.linear("out_proj", scan.y * ir::silu(z), width, at.flag("bias"), uniform(inner)));
}

}  // namespace

BlockDef block_state_space_mamba() {
  return {
      .id = "ssm.mamba",
      .title = "Mamba",
      .category = "state space",
      .help =
          "A selective state space: what is kept and what is forgotten depends on the input. Linear in time, a fixed "
          "state when decoding.",
      .paper = "Gu and Dao, Mamba: Linear-Time Sequence Modeling with Selective State Spaces, 2023",
      .synonyms = {"SSM", "S6", "selective scan"},
      .name = "mamba",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params =
          {intParam("state", 16).label("State").range(1, 4096).help("Numbers kept for each channel."),
           intParam("conv", 4).label("Convolution").range(1, 64).help("Steps of the short convolution."),
           intParam("expand", 2).label("Expand").range(1, 64).help("Inner width over width."),
           intParam("rank", 0)
               .label("Step rank")
               .range(0, 65536)
               .help("Of the projection of delta; 0: width / 16, rounded up."),
           boolParam("bias", false).label("Bias").help("Of the outer maps."),
           boolParam("conv_bias", true).label("Convolution bias").help("Of the short convolution."),
           boolParam("selective_delta", true).label("Selective step").help("Off: one learned step size a channel."),
           boolParam("selective_b", true).label("Selective B").help("Off: a learned constant."),
           boolParam("selective_c", true).label("Selective C").help("Off: a learned constant."),
           choiceParam("inner_norm", "none", {"none", "plain", "weighted"})
               .label("Inner norms")
               .help("RMS norm of what delta, B and C are computed from, without weights (Falcon Mamba) or with "
                     "(Jamba)."),
           realParam("inner_norm_eps", 1e-6)
               .label("Inner epsilon")
               .range(0, 1)
               .when("inner_norm!=none")
               .help("Added to the mean square.")},
      .summary = {"state", "conv", "expand"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"state", int64_t(3)}, {"conv", int64_t(2)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"state", int64_t(2)},
                               {"bias", true},
                               {"conv_bias", false},
                               {"rank", int64_t(2)},
                               {"selective_b", false}},
                    .dims = {{"B", 1}, {"T", 5}, {"D", 3}}},
                   {.params = {{"state", int64_t(3)}, {"conv", int64_t(3)}, {"inner_norm", std::string("plain")}},
                    .dims = {{"B", 1}, {"T", 5}, {"D", 4}}},
                   {.params = {{"state", int64_t(2)}, {"conv", int64_t(1)}, {"inner_norm", std::string("weighted")}},
                    .dims = {{"B", 2}, {"T", 5}, {"D", 40}}}},
  };
}

}  // namespace fw
