// Every member has its own weights.
#include "engine/blocks/policy.h"

namespace fw {
namespace {

ir::Value make(PolicyCall& call) { return call.own("", call.request().shape, call.request().init); }

}  // namespace

WeightPolicyDef policy_dense() {
  return {.id = "dense", .title = "Dense", .help = "Every member has its own weights.", .make = make};
}

}  // namespace fw
