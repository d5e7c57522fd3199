// From a document to a graph.
#include "engine/blocks/lowering.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/blocks/lowering_context.h"
#include "engine/blocks/suggest.h"
#include "engine/ops/matmul.h"

namespace fw {

const WeightPolicyDef& findWeightPolicy(const std::string& id) {
  std::string known;
  for (const WeightPolicyDef& policy : allWeightPolicies()) {
    if (policy.id == id) return policy;
    known += (known.empty() ? "" : ", ") + policy.id;
  }
  throw Error(Code::Parameter, text("there is no weight policy '", id, "'; there are: ", known, "."));
}

ir::Value LoweringContext::parameter(const std::string& name, const Shape& shape, const ir::Init& init,
                                     const WeightRequest& request) {
  if (const auto known = parameters_.find(name); known != parameters_.end()) {
    if (known->second.shape() != shape)
      throw Error(Code::Shape, text("weight '", name, "' is shared with shape ", known->second.shape(), "; here it is ",
                                    shape, "."));
    return known->second;
  }
  const ir::Value value = builder_.parameter(name, {DType::F32, shape}, init);
  ir::ParameterInfo& info = builder_.parameterInfo(name);
  info.role = request.role;
  info.decays = request.decays;
  info.isTrainable = request.isTrainable;
  parameters_.emplace(name, value);
  return value;
}

ir::Value LoweringContext::tiedEmbedding(const Shape& shape) const {
  for (const ir::ParameterInfo& info : builder_.graph().parameters)
    if (info.role == "embedding" && builder_.graph().type({info.node, 0}).shape == shape)
      return parameters_.at(info.name);
  throw Error(Code::Shape, text("is tied, but no token embedding has a table of ", shape, "."));
}

void LoweringContext::probe(const std::string& kind, const std::string& path, NodeId origin, ir::Value value) {
  std::string name = path + ":" + kind;
  if (!probes_.insert(name).second) return;
  builder_.probe({.name = std::move(name), .origin = origin, .layer = layer_, .kind = kind}, value);
}

const Node* LoweringContext::source(NodeId node, const std::string& port) const {
  for (const Wire& wire : graph_->wires)
    if (wire.to == PortRef{node, port}) return graph_->find(wire.from.node);
  return nullptr;
}

/// The innermost group's view of one request.
class PolicyContext : public PolicyCall {
 public:
  PolicyContext(LoweringContext& context, const GroupFrame& group, const WeightRequest& request)
      : context_(context), group_(group), request_(request) {}

  ir::Builder& builder() override { return context_.builder_; }
  const WeightRequest& request() const override { return request_; }
  int64_t index() const override { return group_.index; }
  int64_t count() const override { return group_.count; }
  const ParamValue& param(const std::string& name) const override { return group_.params.at(name); }

  ir::Value own(const std::string& suffix, const Shape& shape, const ir::Init& init) override {
    return context_.parameter(joinPath(context_.path_, suffixed(suffix)), shape, init, request_);
  }
  ir::Value shared(int64_t set, const std::string& suffix, const Shape& shape, const ir::Init& init) override {
    const std::string own = joinPath(context_.path_, suffixed(suffix));
    const std::string local = own.substr(std::min(own.size(), group_.base.size()));
    return context_.parameter(context_.sharedName(group_.name, set, local, own), shape, init, request_);
  }

 private:
  std::string suffixed(const std::string& suffix) const {
    if (suffix.empty()) return request_.name;
    const size_t dot = request_.name.rfind('.');
    const std::string last = dot == std::string::npos ? request_.name : request_.name.substr(dot + 1);
    if (last != "weight") return request_.name + "_" + suffix;
    return dot == std::string::npos ? suffix : request_.name.substr(0, dot + 1) + suffix;
  }

  LoweringContext& context_;
  const GroupFrame& group_;
  const WeightRequest& request_;
};

ir::Value LoweringContext::weight(const WeightRequest& request) {
  if (request.isTrainable) result_.appliedParameters += double(request.shape.count());
  if (groups_.empty() || !request.isTrainable)
    return parameter(joinPath(path_, request.name), request.shape, request.init, request);
  PolicyContext call(*this, groups_.back(), request);
  const ir::Value value = groups_.back().policy->make(call);
  if (value.shape() != request.shape)
    throw Error(Code::Internal, text("policy '", groups_.back().policy->id, "' made ", value.shape(), " for weight '",
                                     request.name, "' of ", request.shape, "."));
  return value;
}

Lowering::Lowering(LoweringContext& context, const Node& node, const BlockDef& block, Params params,
                   std::map<std::string, ir::Value> inputs)
    : context_(context), node_(node), block_(block), params_(std::move(params)), inputs_(std::move(inputs)) {}

ir::Builder& Lowering::builder() const { return context_.builder(); }
Mode Lowering::mode() const { return context_.options().mode; }
int64_t Lowering::cacheLength() const { return context_.options().cacheLength; }

ir::Value Lowering::input(const std::string& port) const {
  const auto at = inputs_.find(port);
  if (at == inputs_.end()) throw Error(Code::Graph, fw::text("input '", port, "' is not connected."));
  return at->second;
}

ir::Value Lowering::weight(const WeightRequest& request) { return context_.weight(request); }

ir::Value Lowering::weight(const std::string& name, const Shape& shape, const ir::Init& init) {
  return context_.weight({.name = name, .shape = shape, .init = init});
}

ir::Value Lowering::tiedEmbedding(const Shape& shape) const { return context_.tiedEmbedding(shape); }

ir::Value Lowering::linear(const std::string& name, ir::Value x, int64_t out, bool hasBias, const ir::Init& init) {
  const std::string prefix = name.empty() ? "" : name + ".";
  const ir::Value w = weight(prefix + "weight", {out, x.size(-1)}, init.make ? init : initNormal(0.02));
  const ir::Value bias =
      hasBias ? weight({.name = prefix + "bias", .shape = {out}, .init = initZeros(), .role = "bias", .decays = false})
              : ir::Value{};
  return ir::linear(x, w, bias);
}

ir::Value Lowering::state(const std::string& name, const ir::TensorType& type, bool growsWithTokens) {
  if (!isDecode()) throw Error(Code::Internal, fw::text("state '", name, "' is asked for outside decoding."));
  return context_.state(name, type, growsWithTokens);
}

void Lowering::setState(const std::string& name, ir::Value next) { context_.setState(name, next); }

ir::Value Lowering::position() const {
  if (!isDecode()) throw Error(Code::Internal, "the position is asked for outside decoding.");
  return context_.lazyInput("position");
}

void Lowering::probe(const std::string& kind, ir::Value value) { context_.probe(kind, path(), node_.id, value); }

void Lowering::probeSource(const std::string& kind, const std::string& port, ir::Value value) {
  const Node* source = context_.source(node_.id, port);
  const std::string name = source ? source->name : port;
  context_.probe(kind, context_.graphPath().empty() ? name : context_.graphPath() + "." + name,
                 source ? source->id : node_.id, value);
}

int64_t Lowering::randomStream(const std::string& name) const {
  return int64_t(Hasher().add(std::string_view(path())).add(std::string_view(name)).finish().low >> 1);
}

ir::Value Lowering::randomSeed() const { return context_.lazyInput("seed"); }

const std::string& Lowering::path() const { return context_.path(); }

LowerResult lower(const Architecture& architecture, const Catalog& catalog, const LowerOptions& options) {
  LowerResult result = LoweringContext(architecture, catalog, options).run();
  suggestMends(architecture, catalog, result);
  return result;
}

std::shared_ptr<const ir::Graph> lowerOrThrow(const Architecture& architecture, const Catalog& catalog,
                                              const LowerOptions& options) {
  LowerResult result = lower(architecture, catalog, options);
  if (result.graph) return result.graph;
  for (const Diagnostic& diagnostic : result.diagnostics)
    if (diagnostic.severity == Severity::Error)
      throw Error(Code::Graph, "[" + architecture.name + "] " + diagnostic.text);
  throw Error(Code::Graph, "[" + architecture.name + "] the model has no output.");
}

}  // namespace fw
