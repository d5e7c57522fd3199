// Mamba 2: heads that share one decay each, h[t] = exp(delta A) h[t-1] + delta B x, y = C h + D x, behind a short
// convolution over x, B and C, a gate and a norm by groups. (Dao and Gu, Transformers are SSMs, 2024.)
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

/// A[h] = -(h+1): A_log = ln(h+1).
ir::Init initLogHeads() {
  return {.name = "log_heads", .make = [](const ir::InitCall& call) {
            return ir::log(ir::iota(call.builder, call.type.shape, 0, DType::F32, 1, 1));
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

/// [...,H] -> [...,H*P]: each head's number for all of its channels.
ir::Value overChannels(ir::Value x, int64_t headWidth) {
  Shape apart = x.shape(), wide = x.shape(), flat = x.shape();
  apart.append(1);
  wide.append(headWidth);
  flat.set(-1, x.size(-1) * headWidth);
  return ir::reshape(ir::broadcastTo(ir::reshape(x, apart), wide), flat);
}

void lower(Lowering& at) {
  const ir::Value u = at.input("x");
  const int64_t batch = u.size(0), time = u.size(1), width = u.size(2);
  const int64_t heads = at.integer("heads"), headWidth = at.integer("head_width"), inner = heads * headWidth;
  const int64_t state = at.integer("state"), groups = at.integer("groups"), kernel = at.integer("conv");
  const int64_t mixed = inner + 2 * groups * state;
  const auto uniform = [](int64_t fanIn) {
    const double bound = 1 / std::sqrt(double(fanIn));
    return initUniform(-bound, bound);
  };

  const ir::Value all = at.linear("in_proj", u, inner + mixed + heads, at.flag("bias"), uniform(width));
  const ir::Value gate = ir::slice(all, 2, 0, inner), step = ir::slice(all, 2, inner + mixed, inner + mixed + heads);
  ir::Value x = ir::slice(all, 2, inner, inner + mixed);

  const ir::Value filter = at.weight("conv1d.weight", {mixed, 1, kernel}, uniform(kernel));
  ir::CausalConv1dOptions options{.activation = "silu"};
  if (at.flag("conv_bias"))
    options.bias =
        at.weight({.name = "conv1d.bias", .shape = {mixed}, .init = uniform(kernel), .role = "bias", .decays = false});
  if (at.isDecode() && kernel > 1) {
    options.history = at.state("conv", {DType::F32, {batch, kernel - 1, mixed}});
    at.setState("conv", ir::slice(ir::concat({options.history, x}, 1), 1, time, time + kernel - 1));
  }
  x = ir::causalConv1d(x, ir::reshape(filter, Shape{mixed, kernel}), options);

  const ir::Value stepBias =
      at.weight({.name = "dt_bias", .shape = {heads}, .init = initStep(1e-3, 1e-1), .role = "bias", .decays = false});
  ir::Value delta = ir::softplus(step + stepBias);
  if (at.real("step_low") > 0 || at.real("step_high") < 1e30)
    delta = ir::clamp(delta, at.real("step_low"), at.real("step_high"));
  at.probe("delta", delta);
  const ir::Value a = -ir::exp(at.weight({.name = "A_log", .shape = {heads}, .init = initLogHeads(), .decays = false}));
  const ir::Value skip = at.weight({.name = "D", .shape = {heads}, .init = initOnes(), .decays = false});
  const ir::Value deltas = overChannels(delta, headWidth), skips = overChannels(skip, headWidth);
  const ir::Value decays =
      ir::broadcastTo(ir::reshape(overChannels(a, headWidth), Shape{inner, 1}), Shape{inner, state});

  // Heads of one group read the same B and C.
  const ir::Value before = at.isDecode() ? at.state("h", {DType::F32, {batch, inner, state}}) : ir::Value{};
  const int64_t channels = inner / groups;
  std::vector<ir::Value> parts, states;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t from = g * channels, to = from + channels, b = inner + g * state, c = b + groups * state;
    const ir::SelectiveScanResult scan =
        ir::selectiveScan(ir::slice(x, 2, from, to), ir::slice(deltas, 2, from, to), ir::slice(decays, 0, from, to),
                          ir::slice(x, 2, b, b + state), ir::slice(x, 2, c, c + state), ir::slice(skips, 0, from, to),
                          before.isValid() ? ir::slice(before, 1, from, to) : ir::Value{});
    parts.push_back(scan.y);
    states.push_back(scan.lastState);
  }
  if (at.isDecode()) at.setState("h", groups == 1 ? states.front() : ir::concat(states, 1));
  ir::Value y = groups == 1 ? parts.front() : ir::concat(parts, 2);

  y = y * ir::silu(gate);
  const int64_t normGroups = at.integer("norm_groups") > 0 ? at.integer("norm_groups") : groups;
  if (inner % normGroups != 0)
    throw Error(Code::Shape, text(inner, " channels are no multiple of ", normGroups, " groups of the norm."));
  const ir::Value weight =
      at.weight({.name = "norm.weight", .shape = {inner}, .init = initOnes(), .role = "norm", .decays = false});
  y = ir::rmsNorm(ir::reshape(y, Shape{batch, time, normGroups, inner / normGroups}), {}, at.real("eps"));
  y = ir::reshape(y, Shape{batch, time, inner}) * weight;
  at.output("y", at.linear("out_proj", y, width, at.flag("bias"), uniform(inner)));
}

std::string check(const Params& params) {
  if (std::get<int64_t>(params.at("heads")) % std::get<int64_t>(params.at("groups")) != 0)
    return "the heads are no multiple of the groups";
  return {};
}

}  // namespace

BlockDef block_state_space_mamba2() {
  return {
      .id = "ssm.mamba2",
      .title = "Mamba 2",
      .category = "state space",
      .help =
          "A selective state space in heads, each with one decay, whose inputs and outputs are shared by groups of "
          "heads; "
          "a gated norm before the map back.",
      .paper =
          "Dao and Gu, Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State "
          "Space Duality, 2024",
      .synonyms = {"SSD", "SSM", "state space duality"},
      .name = "mamba",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params = {intParam("heads", 8).label("Heads").range(1, 65536).help("Each has one decay a step."),
                 intParam("head_width", 16).label("Head width").range(1, 65536).help("Channels of each head."),
                 intParam("state", 16).label("State").range(1, 4096).help("Numbers kept for each channel."),
                 intParam("groups", 1).label("Groups").range(1, 65536).help("Divides the heads; one B and C each."),
                 intParam("conv", 4).label("Convolution").range(1, 64).help("Steps of the short convolution."),
                 boolParam("bias", false).label("Bias").help("Of the outer maps."),
                 boolParam("conv_bias", true).label("Convolution bias").help("Of the short convolution."),
                 intParam("norm_groups", 0)
                     .label("Norm groups")
                     .range(0, 65536)
                     .help("Parts that are normed by themselves; 0: as many as there are groups."),
                 realParam("eps", 1e-5).label("Epsilon").range(0, 1).help("Of the norm."),
                 realParam("step_low", 0).label("Shortest step").range(0, 1e30).help("Steps are clamped to this..."),
                 realParam("step_high", 1e30).label("Longest step").range(0, 1e30).help("...and this.")},
      .summary = {"heads", "state", "conv"},
      .isCausal = true,
      .lower = lower,
      .check = check,
      .examples =
          {{.params = {{"heads", int64_t(2)}, {"head_width", int64_t(3)}, {"state", int64_t(5)}, {"conv", int64_t(2)}},
            .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
           {.params = {{"heads", int64_t(4)},
                       {"head_width", int64_t(3)},
                       {"state", int64_t(2)},
                       {"groups", int64_t(2)},
                       {"norm_groups", int64_t(1)},
                       {"bias", true},
                       {"conv_bias", false},
                       {"step_low", 0.1},
                       {"step_high", 2.0}},
            .dims = {{"B", 1}, {"T", 5}, {"D", 3}}}},
  };
}

}  // namespace fw
