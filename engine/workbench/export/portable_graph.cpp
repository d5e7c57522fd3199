// Finds how sizes follow batch and time by lowering the model at several of them.
#include "engine/workbench/export/portable_graph.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

using IsKnown = std::function<bool(const ir::Graph&, const ir::Node&)>;
using Lowered = std::shared_ptr<const ir::Graph>;

bool isSource(const ir::Node& node) { return node.op->name == "input" || node.op->name == "parameter"; }

Lowered withKnownOps(const Lowered& graph, const IsKnown& isKnown);

/// One round: each unknown op becomes what it is made of, which may hold unknown ops again.
ir::Graph expanded(const ir::Graph& from, const IsKnown& isKnown) {
  ir::Builder builder;
  std::vector<std::vector<ir::Value>> values(from.nodes.size());
  const auto at = [&](ir::ValueRef ref) { return values[size_t(ref.node)][size_t(ref.output)]; };
  for (size_t i = 0; i < from.nodes.size(); ++i) {
    const ir::Node& node = from.nodes[i];
    const ir::ScopeGuard guard(builder, from.scopes[size_t(node.scope)], node.origin);
    if (isSource(node)) {
      const std::string& name = node.attrs.text("name");
      if (const ir::ParameterInfo* info = from.findParameter(name)) {
        values[i] = {builder.parameter(name, node.types[0], info->init)};
        const int index = builder.parameterInfo(name).node;
        builder.parameterInfo(name) = *info;
        builder.parameterInfo(name).node = index;
      } else {
        values[i] = {builder.input(name, node.types[0])};
      }
      continue;
    }
    std::vector<ir::Value> inputs;
    for (const ir::ValueRef& ref : node.inputs) inputs.push_back(at(ref));
    if (isKnown(from, node)) {
      values[i] =
          builder.ops(node.op->name, inputs, node.attrs, node.body ? withKnownOps(node.body, isKnown) : nullptr);
    } else {
      if (!node.op->decompose)
        throw Error(Code::Graph, text("[export] there is no form for the op '", node.op->name, "'."));
      values[i] = node.op->decompose({builder, inputs, node.attrs, node.body.get()});
    }
  }
  for (const ir::OutputInfo& output : from.outputs) builder.output(output.name, at(output.value));
  return ir::withoutDeadNodes(builder.finish(), false);
}

Lowered withKnownOps(const Lowered& graph, const IsKnown& isKnown) {
  Lowered current = graph;
  for (int round = 0; round < 16; ++round) {
    bool isDone = true;
    for (const ir::Node& node : current->nodes) isDone &= isSource(node) || (!node.body && isKnown(*current, node));
    // Bodies are looked into in the first round; later ones leave them as they are.
    if (isDone && round > 0) return current;
    bool hasUnknown = round == 0;
    for (const ir::Node& node : current->nodes) hasUnknown |= !isSource(node) && !isKnown(*current, node);
    if (!hasUnknown) return current;
    current = std::make_shared<const ir::Graph>(expanded(*current, isKnown));
  }
  throw Error(Code::Internal, "[export] an op is made of itself.");
}

bool isInteger(const ir::Attr& attr) {
  return std::holds_alternative<int64_t>(attr) || std::holds_alternative<std::vector<int64_t>>(attr);
}

/// The same steps, whatever their sizes are.
bool areAlike(const ir::Graph& a, const ir::Graph& b) {
  if (a.nodes.size() != b.nodes.size() || a.outputs.size() != b.outputs.size()) return false;
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const ir::Node &left = a.nodes[i], &right = b.nodes[i];
    if (left.op != right.op || left.inputs != right.inputs || left.types.size() != right.types.size()) return false;
    for (size_t o = 0; o < left.types.size(); ++o)
      if (left.types[o].shape.rank() != right.types[o].shape.rank()) return false;
    const auto &ours = left.attrs.entries(), &theirs = right.attrs.entries();
    if (ours.size() != theirs.size()) return false;
    for (size_t k = 0; k < ours.size(); ++k) {
      if (ours[k].first != theirs[k].first || ours[k].second.index() != theirs[k].second.index()) return false;
      if (!isInteger(ours[k].second) && ours[k].second != theirs[k].second) return false;
      const auto* list = std::get_if<std::vector<int64_t>>(&ours[k].second);
      if (list && list->size() != std::get<std::vector<int64_t>>(theirs[k].second).size()) return false;
    }
    if (bool(left.body) != bool(right.body) || (left.body && !areAlike(*left.body, *right.body))) return false;
  }
  return true;
}

}  // namespace

std::string SymbolicSize::toString(const std::string& b, const std::string& t) const {
  std::string out;
  int terms = 0;
  const auto add = [&](int64_t factor, const std::string& name) {
    if (factor == 0) return;
    ++terms;
    if (!out.empty()) out += factor < 0 ? " - " : " + ";
    if (out.empty() && factor < 0) out += "-";
    const int64_t size = factor < 0 ? -factor : factor;
    out += name.empty() ? std::to_string(size) : size == 1 ? name : std::to_string(size) + " * " + name;
  };
  add(both, b + " * " + t);
  add(batch, b);
  add(time, t);
  add(constant, "");
  if (out.empty()) out = "0";
  if (divisor == 1) return out;
  return (terms > 1 ? "(" + out + ")" : out) + " // " + std::to_string(divisor);
}

SymbolicSize PortableGraph::fit(const std::vector<int64_t>& v) const {
  if (points_.size() == 1) return {.constant = v[0]};
  const int64_t b = points_[0].batch, b2 = points_[1].batch;
  const int64_t db = b2 - b;
  if (!hasTime_) {
    const int64_t slope = v[1] - v[0], common = std::gcd(db, slope);
    SymbolicSize size{.batch = slope / common, .divisor = db / common};
    size.constant = v[0] * size.divisor - size.batch * b;
    if (size.batch == 0) size = {.constant = v[0]};
    return size;
  }
  const int64_t t = points_[0].time, dt = points_[2].time - t;
  // Over the divisor db dt all coefficients are whole.
  SymbolicSize size{.divisor = db * dt};
  size.both = v[3] - v[2] - v[1] + v[0];
  size.batch = (v[1] - v[0]) * dt - size.both * t;
  size.time = (v[2] - v[0]) * db - size.both * b;
  size.constant = v[0] * size.divisor - size.both * b * t - size.batch * b - size.time * t;
  int64_t common = size.divisor;
  for (const int64_t part : {size.both, size.batch, size.time, size.constant}) common = std::gcd(common, part);
  for (int64_t* part : {&size.both, &size.batch, &size.time, &size.constant, &size.divisor}) *part /= common;
  return size;
}

SymbolicSizes PortableGraph::dims(ir::ValueRef value) const {
  SymbolicSizes out;
  for (int axis = 0; axis < graph().type(value).shape.rank(); ++axis) {
    std::vector<int64_t> values;
    for (const Lowered& one : graphs_) values.push_back(one->type(value).shape[axis]);
    out.push_back(fit(values));
  }
  return out;
}

SymbolicSizes PortableGraph::sizes(int node, const std::string& attribute) const {
  const auto integers = [&](const ir::Graph& one) -> std::vector<int64_t> {
    const ir::Attrs& attrs = one.nodes[size_t(node)].attrs;
    const ir::Attr* attr = attrs.find(attribute);
    if (attr && std::holds_alternative<int64_t>(*attr)) return {std::get<int64_t>(*attr)};
    return attrs.list(attribute);
  };
  SymbolicSizes out;
  const size_t count = integers(graph()).size();
  for (size_t i = 0; i < count; ++i) {
    std::vector<int64_t> values;
    for (const Lowered& one : graphs_) values.push_back(integers(*one)[i]);
    out.push_back(fit(values));
  }
  return out;
}

PortableGraph PortableGraph::body(int node) const {
  PortableGraph inner = *this;
  for (Lowered& one : inner.graphs_) one = Lowered(one->nodes[size_t(node)].body);
  return inner;
}

std::string PortableGraph::range() const {
  if (alikeUpTo_ == 0) return text("at least ", alikeFrom_);
  return alikeFrom_ > 1 ? text(alikeFrom_, " to ", alikeUpTo_) : text("at most ", alikeUpTo_);
}

void PortableGraph::setRange(const RotationLimits& limits, bool differsBeyond) {
  const auto [shortest, longest] = std::minmax(points_.front().time, points_.back().time);
  for (const int64_t limit : limits.switches) {
    if (limit < shortest) alikeFrom_ = std::max(alikeFrom_, limit + 1);
    if (limit >= longest && (alikeUpTo_ == 0 || limit < alikeUpTo_)) alikeUpTo_ = limit;
  }
  if (limits.gradual > 0 && (alikeUpTo_ == 0 || limits.gradual < alikeUpTo_)) alikeUpTo_ = limits.gradual;
  if (differsBeyond && limits.switches.empty() && limits.gradual == 0) alikeUpTo_ = longest;
}

PortableGraph PortableGraph::of(const Architecture& architecture, const IsKnown& isKnown, int64_t time) {
  const int64_t rows = smallestBatch(architecture);
  const auto lowered = [&](Point point) {
    return withKnownOps(
        lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", point.batch}, {"T", point.time}}}),
        isKnown);
  };
  const auto attempt = [&](std::vector<Point> points) -> std::optional<PortableGraph> {
    PortableGraph result;
    result.hasTime_ = points.size() == 4;
    for (const Point point : points) {
      result.graphs_.push_back(lowered(point));
      if (!areAlike(*result.graphs_.front(), *result.graphs_.back())) return std::nullopt;
    }
    result.points_ = std::move(points);
    return result;
  };
  const int64_t one = rows * 2, other = rows * 3;
  if (time > 0) {
    if (auto found = attempt({{one, time}, {other, time}})) return std::move(*found);
    return *attempt({{one, time}});
  }
  std::optional<Error> reason;
  // Long ones first: short sizes may coincide with others. Models may have a longest text, or compute long ones in
  // another way than short ones.
  const std::vector<std::pair<int64_t, int64_t>> lengths = {{48, 80}, {24, 40}, {5, 7}, {2, 3}, {1, 2}};
  bool differsBeyond = false;
  const RotationLimits limits = rotationLimits(architecture);
  for (const bool isOpen : {true, false})
    for (const auto& [t, t2] : lengths) {
      try {
        std::optional<PortableGraph> found =
            isOpen ? attempt({{one, t}, {other, t}, {one, t2}, {other, t2}}) : attempt({{one, t2}, {other, t2}});
        if (found && isOpen) found->setRange(limits, differsBeyond);
        if (found) return std::move(*found);
        differsBeyond = true;
      } catch (const Error& error) {
        if (!reason) reason = error;
      }
    }
  if (reason) throw Error(*reason);
  return *attempt({{one, 48}});
}

}  // namespace fw
