// What a weight policy is: how the weights that blocks ask for are made. One file each in engine/weights.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/block.h"
#include "engine/ir/builder.h"

namespace fw {

/// What a block asks for.
struct WeightRequest {
  std::string name;  // "q.weight"
  Shape shape;       // PyTorch layout: [out, in]
  ir::Init init;
  std::string role = "weight";
  bool decays = true;
  bool isTrainable = true;  // false: a buffer, which no policy changes and no gradient reaches
};

/// A request on its way through a policy. Members of a group are numbered in the order in which they are applied.
class PolicyCall {
 public:
  virtual ~PolicyCall() = default;
  virtual ir::Builder& builder() = 0;
  virtual const WeightRequest& request() const = 0;
  virtual int64_t index() const = 0;  // of the member
  virtual int64_t count() const = 0;  // of the members; 0 where it is not known beforehand
  virtual const ParamValue& param(const std::string& name) const = 0;
  int64_t integer(const std::string& name) const { return std::get<int64_t>(param(name)); }
  double real(const std::string& name) const { return std::get<double>(param(name)); }
  bool flag(const std::string& name) const { return std::get<bool>(param(name)); }
  const std::string& choice(const std::string& name) const { return std::get<std::string>(param(name)); }

  /// A parameter of this member alone, named after the request with `suffix` in place of a final "weight".
  virtual ir::Value own(const std::string& suffix, const Shape& shape, const ir::Init& init) = 0;
  /// A parameter that all members of the same `set` share for this request; named after the first that asked.
  virtual ir::Value shared(int64_t set, const std::string& suffix, const Shape& shape, const ir::Init& init) = 0;
};

struct WeightPolicyDef {
  std::string id;     // "tied_lora"
  std::string title;  // "Tied + LoRA"
  std::string help;
  std::string paper;
  std::vector<ParamDef> params;
  ir::Value (*make)(PolicyCall&) = nullptr;
};

/// Every weight policy (generated).
const std::vector<WeightPolicyDef>& allWeightPolicies();

/// Throws Code::Parameter that lists the policies.
const WeightPolicyDef& findWeightPolicy(const std::string& id);

}  // namespace fw
