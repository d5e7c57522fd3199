// Planning: dead nodes dropped, lifetimes found, buffers packed largest first into the lowest free offset.
#include "engine/exec/plan.h"

#include <algorithm>
#include <climits>

#include "engine/base/error.h"
#include "engine/base/tensor.h"
#include "engine/ir/op.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr int64_t kAlignment = 64;

int64_t alignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// One piece of arena memory and the steps during which it is in use.
struct Buffer {
  int64_t bytes = 0;
  int first = 0, last = 0;
  int64_t offset = 0;
};

class Planner {
 public:
  Planner(std::shared_ptr<const ir::Graph> graph, const PlanOptions& options) : graph_(*graph) {
    plan_.graph = std::move(graph);
    plan_.options = options;
  }

  Plan run() {
    markLive();
    placeSources();
    findLastReads();
    placeOutputs();
    placeResults();
    pack();
    checkMemory();
    return std::move(plan_);
  }

 private:
  const ir::Node& node(int i) const { return graph_.nodes[size_t(i)]; }
  Placement& place(ir::ValueRef ref) { return plan_.places[size_t(ref.node)][size_t(ref.output)]; }
  int& bufferOf(ir::ValueRef ref) { return buffers_[size_t(ref.node)][size_t(ref.output)]; }
  int64_t bytes(ir::ValueRef ref) const { return graph_.type(ref).bytes(); }

  void markLive() {
    isLive_.assign(graph_.nodes.size(), false);
    for (const ir::OutputInfo& output : graph_.outputs) isLive_[size_t(output.value.node)] = true;
    for (int i = int(graph_.nodes.size()) - 1; i >= 0; --i)
      if (isLive_[size_t(i)])
        for (const ir::ValueRef& input : node(i).inputs) isLive_[size_t(input.node)] = true;
    plan_.places.resize(graph_.nodes.size());
    buffers_.resize(graph_.nodes.size());
    stepOf_.assign(graph_.nodes.size(), -1);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      plan_.places[i].resize(graph_.nodes[i].types.size());
      buffers_[i].assign(graph_.nodes[i].types.size(), -1);
      if (!isLive_[i] || !graph_.nodes[i].op->infer) continue;  // sources have no type rule and take no step
      stepOf_[i] = int(plan_.steps.size());
      plan_.steps.push_back({.node = int(i)});
    }
  }

  void placeSources() {
    int slot = 0;
    for (const ir::InputInfo& input : graph_.inputs) {
      place({input.node, 0}) = {Placement::Where::Source, 0, slot++};
      plan_.inputBytes += bytes({input.node, 0});
    }
    for (const ir::ParameterInfo& parameter : graph_.parameters) {
      place({parameter.node, 0}) = {Placement::Where::Source, 0, slot++};
      plan_.parameterBytes += bytes({parameter.node, 0});
    }
  }

  /// The value whose memory a chain of views shows.
  ir::ValueRef root(ir::ValueRef ref) const {
    while (ref.output == 0 && node(ref.node).op->isView) ref = node(ref.node).inputs[0];
    return ref;
  }

  void findLastReads() {
    lastRead_.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) lastRead_[i].assign(graph_.nodes[i].types.size(), -1);
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const ir::Node& user = node(plan_.steps[s].node);
      for (const ir::ValueRef& input : user.inputs) lastRead(root(input)) = int(s);
    }
  }
  int& lastRead(ir::ValueRef ref) { return lastRead_[size_t(ref.node)][size_t(ref.output)]; }

  bool mayReuse(const ir::Node& user, int output, ir::ValueRef input) const {
    for (const auto& [o, i] : user.op->inPlace)
      if (o == output && size_t(i) < user.inputs.size() && root(user.inputs[size_t(i)]) == input) return true;
    return false;
  }

  int sourceSlot(const std::string& name) const {
    for (size_t i = 0; i < graph_.inputs.size(); ++i)
      if (graph_.inputs[i].name == name) return int(i);
    for (size_t i = 0; i < graph_.parameters.size(); ++i)
      if (graph_.parameters[i].name == name) return int(graph_.inputs.size() + i);
    return -1;
  }
  ir::ValueRef sourceValue(int slot) const {
    const size_t inputs = graph_.inputs.size();
    return {size_t(slot) < inputs ? graph_.inputs[size_t(slot)].node : graph_.parameters[size_t(slot) - inputs].node,
            0};
  }

  /// Output memory receives the result directly where nobody still needs what the memory held.
  void placeOutputs() {
    plan_.outputSource.assign(graph_.outputs.size(), -1);
    for (size_t slot = 0; slot < graph_.outputs.size(); ++slot) {
      const ir::OutputInfo& output = graph_.outputs[slot];
      const ir::ValueRef value = output.value;
      const int source = output.aliasOf.empty() ? -1 : sourceSlot(output.aliasOf);
      plan_.outputSource[slot] = source;
      if (source < 0) plan_.outputBytes += bytes(value);
      const int step = stepOf_[size_t(value.node)];
      bool isDirect = step >= 0 && place(value).where == Placement::Where::None && !node(value.node).op->isView;
      if (isDirect && source >= 0) {
        const ir::ValueRef held = sourceValue(source);
        const int last = lastRead(held);
        isDirect = last < step || (last == step && mayReuse(node(value.node), value.output, held));
        // Another output that passes the old contents on would be overwritten.
        for (const ir::OutputInfo& other : graph_.outputs)
          if (root(other.value) == held) isDirect = false;
      }
      if (isDirect)
        place(value) = {Placement::Where::Output, 0, int(slot)};
      else
        plan_.copies.push_back({value, int(slot)});
    }
    for (const OutputCopy& copy : plan_.copies) keepToEnd_.push_back(root(copy.value));
    for (const ir::ValueRef& ref : keepToEnd_) lastRead(ref) = INT_MAX;
  }

  void placeResults() {
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      Step& step = plan_.steps[s];
      const ir::Node& user = node(step.node);
      if (user.op->isView) continue;  // follows its root in pack()
      for (int o = 0; o < int(user.types.size()); ++o) {
        const ir::ValueRef value{step.node, o};
        if (place(value).where != Placement::Where::None) continue;
        if (reuseInput(user, value, int(s))) continue;
        newBuffer(value, int(s));
      }
      planWorkspace(step, user, int(s));
    }
  }

  bool reuseInput(const ir::Node& user, ir::ValueRef value, int s) {
    for (const auto& [o, i] : user.op->inPlace) {
      if (o != value.output || size_t(i) >= user.inputs.size()) continue;
      const ir::ValueRef input = root(user.inputs[size_t(i)]);
      const int buffer = bufferOf(input);
      if (buffer < 0 || lastRead(input) != s || bytes(input) != bytes(value)) continue;
      if (readsTwice(user, input) || all_[size_t(buffer)].last > s) continue;
      bufferOf(value) = buffer;
      all_[size_t(buffer)].last = std::max(s, lastRead(value));
      place(value).where = Placement::Where::Arena;
      return true;
    }
    return false;
  }

  bool readsTwice(const ir::Node& user, ir::ValueRef input) const {
    return std::count_if(user.inputs.begin(), user.inputs.end(), [&](ir::ValueRef ref) { return root(ref) == input; }) >
           1;
  }

  void newBuffer(ir::ValueRef value, int s) {
    bufferOf(value) = int(all_.size());
    all_.push_back({alignUp(bytes(value)), s, std::max(s, lastRead(value))});
    place(value).where = Placement::Where::Arena;
  }

  void planWorkspace(Step& step, const ir::Node& user, int s) {
    std::vector<ir::TensorType> inputs;
    for (const ir::ValueRef& ref : user.inputs) inputs.push_back(graph_.type(ref));
    if (user.op->workspace)
      step.workspaceBytes = user.op->workspace(
          OpCall{inputs, user.attrs, user.body.get()},
          {plan_.options.threads, plan_.options.kernels ? plan_.options.kernels : &kernels::cpu::kernels()});
    int64_t total = alignUp(step.workspaceBytes);
    if (user.body) {
      PlanOptions options = plan_.options;
      options.memoryLimit = 0;
      step.body = std::make_shared<const Plan>(makePlan(user.body, options));
      total += step.body->arenaBytes;
    }
    if (total == 0) return;
    workspaces_.push_back({int(all_.size()), s});
    all_.push_back({total, s, s});
  }

  void pack() {
    const int64_t guard = alignUp(plan_.options.guardBytes);
    std::vector<size_t> order(all_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return all_[a].bytes > all_[b].bytes; });
    std::vector<size_t> placed;  // by offset
    for (const size_t i : order) {
      Buffer& buffer = all_[i];
      int64_t offset = guard;
      for (const size_t j : placed) {
        const Buffer& other = all_[j];
        if (other.last < buffer.first || buffer.last < other.first) continue;
        if (offset + buffer.bytes + guard <= other.offset) break;
        offset = std::max(offset, other.offset + other.bytes + guard);
      }
      buffer.offset = offset;
      placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                     [&](size_t a, size_t b) { return all_[a].offset < all_[b].offset; }),
                    i);
      plan_.arenaBytes = std::max(plan_.arenaBytes, offset + buffer.bytes + guard);
    }
    for (size_t n = 0; n < buffers_.size(); ++n)
      for (size_t o = 0; o < buffers_[n].size(); ++o)
        if (buffers_[n][o] >= 0) plan_.places[n][o].offset = all_[size_t(buffers_[n][o])].offset;
    for (const auto& [buffer, s] : workspaces_) {
      Step& step = plan_.steps[size_t(s)];
      step.workspace = all_[size_t(buffer)].offset;
      step.bodyArena = step.workspace + alignUp(step.workspaceBytes);
    }
    for (const Step& step : plan_.steps)
      if (node(step.node).op->isView && place({step.node, 0}).where == Placement::Where::None)
        place({step.node, 0}) = place(root({step.node, 0}));
  }

  void checkMemory() const {
    const int64_t limit = plan_.options.memoryLimit;
    if (limit > 0 && plan_.peakBytes() > limit)
      throw Error(Code::Memory, text("[plan] needs ", formatBytes(double(plan_.peakBytes())), ", ",
                                     formatBytes(double(limit)), " free."));
  }

  const ir::Graph& graph_;
  Plan plan_;
  std::vector<bool> isLive_;
  std::vector<int> stepOf_;
  std::vector<std::vector<int>> buffers_;   // [node][output] -> index into all_, -1: none
  std::vector<std::vector<int>> lastRead_;  // [node][output] -> step, through views
  std::vector<Buffer> all_;
  std::vector<std::pair<int, int>> workspaces_;  // buffer, step
  std::vector<ir::ValueRef> keepToEnd_;
};

}  // namespace

Plan makePlan(std::shared_ptr<const ir::Graph> graph, const PlanOptions& options) {
  return Planner(std::move(graph), options).run();
}

}  // namespace fw
