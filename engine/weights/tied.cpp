// Members share whole weights. (Dehghani et al., Universal Transformers, 2018; Lan et al., ALBERT, 2019.)
#include "engine/blocks/policy.h"

namespace fw {
namespace {

ir::Value make(PolicyCall& call) {
  return call.shared(call.index() % call.integer("distinct"), "", call.request().shape, call.request().init);
}

}  // namespace

WeightPolicyDef policy_tied() {
  return {
      .id = "tied",
      .title = "Tied",
      .help = "Members share their weights; with several distinct sets they take them in turn.",
      .paper = "Lan et al., ALBERT, 2019",
      .params = {intParam("distinct", 1).label("Distinct sets").help("Member i uses set i modulo this number.")},
      .make = make,
  };
}

}  // namespace fw
