// Running plans. Pointers are resolved once; only those of sources and outputs change from call to call of a scan's
// body.
#include "engine/exec/executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "kernels/launch.h"

namespace fw {

Memory& Store::make(const std::string& name, const ir::TensorType& type) {
  const auto at = entries_.find(name);
  if (at != entries_.end() && at->second.type == type) return at->second.memory;
  Entry entry{type, backend_->allocate(type.bytes(), name)};
  return entries_.insert_or_assign(name, std::move(entry)).first->second.memory;
}

void Store::set(const std::string& name, const Tensor& value) {
  backend_->upload(make(name, {value.dtype, value.shape}), 0, value.memory.get(), value.bytes());
}

void Store::share(const std::string& name, const Tensor& value) {
  if (!backend_->usesHostMemory() || value.bytes() == 0) return set(name, value);
  entries_.insert_or_assign(name, Entry{{value.dtype, value.shape}, {value.memory, value.memory.get(), value.bytes()}});
}

const Store::Entry& Store::entry(const std::string& name) const {
  const auto at = entries_.find(name);
  if (at == entries_.end()) throw Error(Code::Data, text("[", name, "] there is no tensor of this name."));
  return at->second;
}

Tensor Store::get(const std::string& name) const {
  const Entry& of = entry(name);
  Tensor value = Tensor::make(of.type.dtype, of.type.shape);
  backend_->wait();
  backend_->download(value.memory.get(), of.memory, 0, value.bytes());
  return value;
}

const ir::TensorType& Store::type(const std::string& name) const { return entry(name).type; }
const Memory& Store::memory(const std::string& name) const { return entry(name).memory; }

std::vector<std::string> Store::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const Memory& Store::arena(int64_t bytes) {
  if (!arena_.owner || arena_.bytes < bytes) {
    arena_ = {};
    arena_ = backend_->allocate(bytes, "activations");
  }
  return arena_;
}

/// A step's call with its pointers, and which of them change when sources or outputs do.
struct Executor::Frame {
  struct Call {
    const OpDef* op = nullptr;
    const ir::Node* node = nullptr;
    std::vector<ir::TensorType> inputTypes;
    std::vector<const void*> inputs;
    std::vector<void*> outputs;
    void* workspace = nullptr;
    std::shared_ptr<const void> prepared;
    std::shared_ptr<Frame> body;
    BodyRunner runBody;
  };
  struct Patch {
    size_t call;
    size_t index;
    bool isOutput;  // of the call
    bool isSlotOutput;
    int slot;
  };
  std::shared_ptr<const Plan> plan;
  std::vector<Call> calls;
  std::vector<Patch> patches;
  std::vector<const void*> sources;
  std::vector<void*> outputs;
  std::byte* arena = nullptr;
  size_t commit = SIZE_MAX;  // first call that overwrites a source; from here on a cancel would leave half a step

  void setPointers() {
    for (const Patch& patch : patches) {
      const void* pointer = patch.isSlotOutput ? outputs[size_t(patch.slot)] : sources[size_t(patch.slot)];
      if (patch.isOutput)
        calls[patch.call].outputs[patch.index] = const_cast<void*>(pointer);
      else
        calls[patch.call].inputs[patch.index] = pointer;
    }
  }

  const void* pointer(ir::ValueRef ref) const {
    const ir::Graph& graph = *plan->graph;
    const Placement* place = &plan->places[size_t(ref.node)][size_t(ref.output)];
    while (place->where == Placement::Where::None && graph.nodes[size_t(ref.node)].op->isView) {
      ref = graph.nodes[size_t(ref.node)].inputs[0];
      place = &plan->places[size_t(ref.node)][size_t(ref.output)];
    }
    switch (place->where) {
      case Placement::Where::Arena:
        return arena + place->offset;
      case Placement::Where::Source:
        return sources[size_t(place->slot)];
      case Placement::Where::Output:
        return outputs[size_t(place->slot)];
      case Placement::Where::None:
        break;
    }
    throw Error(Code::Internal, text("[executor] node ", ref.node, " has no memory."));
  }

  static std::shared_ptr<Frame> make(std::shared_ptr<const Plan> plan, std::byte* arena) {
    auto frame = std::make_shared<Frame>();
    frame->arena = arena;
    const ir::Graph& graph = *plan->graph;
    for (const Step& step : plan->steps) {
      const ir::Node& node = graph.nodes[size_t(step.node)];
      if (node.op->isView) continue;
      Call call{.op = node.op, .node = &node};
      const size_t index = frame->calls.size();
      const auto resolve = [&](ir::ValueRef ref, size_t position, bool isOutput) -> const void* {
        while (graph.nodes[size_t(ref.node)].op->isView &&
               plan->places[size_t(ref.node)][size_t(ref.output)].where == Placement::Where::None)
          ref = graph.nodes[size_t(ref.node)].inputs[0];
        const Placement& place = plan->places[size_t(ref.node)][size_t(ref.output)];
        if (place.where == Placement::Where::Arena) return arena + place.offset;
        if (place.where != Placement::Where::None)
          frame->patches.push_back({index, position, isOutput, place.where == Placement::Where::Output, place.slot});
        if (isOutput && place.where == Placement::Where::Output && plan->outputSource[size_t(place.slot)] >= 0)
          frame->commit = std::min(frame->commit, index);
        return nullptr;
      };
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        call.inputTypes.push_back(graph.type(node.inputs[i]));
        call.inputs.push_back(resolve(node.inputs[i], i, false));
      }
      for (size_t o = 0; o < node.types.size(); ++o)
        call.outputs.push_back(const_cast<void*>(resolve({step.node, int(o)}, o, true)));
      if (step.workspaceBytes > 0) call.workspace = arena + step.workspace;
      if (node.op->prepare)
        call.prepared = node.op->prepare(OpCall{call.inputTypes, node.attrs, node.body.get()}, node.types);
      if (step.body) call.body = make(step.body, arena + step.bodyArena);
      frame->calls.push_back(std::move(call));
    }
    frame->sources.resize(graph.inputs.size() + graph.parameters.size());
    frame->outputs.resize(graph.outputs.size());
    frame->plan = std::move(plan);
    return frame;
  }
};

Executor::Executor(std::shared_ptr<const Plan> plan, Store& store) : plan_(std::move(plan)), store_(&store) { bind(); }

void Executor::bind() {
  const ir::Graph& graph = *plan_->graph;
  Backend& backend = store_->backend();
  for (const ir::InputInfo& input : graph.inputs) {
    const ir::TensorType& type = graph.type({input.node, 0});
    if (store_->has(input.name) && store_->type(input.name) == type)
      sources_.push_back(store_->memory(input.name));
    else
      sources_.push_back(backend.allocate(type.bytes(), input.name));
  }
  for (const ir::ParameterInfo& parameter : graph.parameters) {
    const ir::TensorType& type = graph.type({parameter.node, 0});
    if (!store_->has(parameter.name))
      throw Error(Code::Data, text("[", parameter.name, "] the weights have no tensor of this name; expected ",
                                   type.toString(), "."));
    if (store_->type(parameter.name) != type)
      throw Error(Code::Data, text("[", parameter.name, "] the weights have ", store_->type(parameter.name).toString(),
                                   "; expected ", type.toString(), "."));
    sources_.push_back(store_->memory(parameter.name));
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const int source = plan_->outputSource[i];
    if (source >= 0)
      outputs_.push_back(sources_[size_t(source)]);
    else
      outputs_.push_back(backend.allocate(graph.type(graph.outputs[i].value).bytes(), graph.outputs[i].name));
  }
  arena_ = store_->arena(plan_->arenaBytes);
  frame_ = Frame::make(plan_, arena_.pointer);
  for (size_t i = 0; i < sources_.size(); ++i) frame_->sources[i] = sources_[i].pointer;
  for (size_t i = 0; i < outputs_.size(); ++i) frame_->outputs[i] = outputs_[i].pointer;
  frame_->setPointers();
}

void Executor::setInput(const std::string& name, const Tensor& value) {
  const ir::Graph& graph = *plan_->graph;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (graph.inputs[i].name != name) continue;
    const ir::TensorType& type = graph.type({graph.inputs[i].node, 0});
    if (type != ir::TensorType{value.dtype, value.shape})
      throw Error(Code::Shape,
                  text("[", name, "] got ", fw::name(value.dtype), value.shape, "; expected ", type.toString(), "."));
    store_->backend().upload(sources_[i], 0, value.memory.get(), value.bytes());
    return;
  }
  throw Error(Code::Data, text("[", name, "] the model has no input of this name."));
}

namespace {

constexpr unsigned char kGuardByte = 0xff;  // four of them are a NaN
constexpr int64_t kAlignment = 64;          // of the planner's buffers

std::string findNonFinite(const ir::TensorType& type, const void* data) {
  if (type.dtype != DType::F32) return {};
  const float* values = static_cast<const float*>(data);
  const int64_t count = type.shape.count();
  for (int64_t i = 0; i < count; ++i)
    if (!std::isfinite(values[i]))
      return text(std::isnan(values[i]) ? "NaN" : "Inf", " at element ", i, " of ", type.toString());
  return {};
}

}  // namespace

void Executor::runFrame(Frame& frame, const CancelToken& cancel, const Progress* progress,
                        const std::function<bool(size_t)>& afterStep) {
  Backend& backend = store_->backend();
  static const kernels::Launch unused;
  for (size_t i = 0; i < frame.calls.size(); ++i) {
    Frame::Call& call = frame.calls[i];
    if (i < frame.commit && cancel.stop_requested()) throw Error(Code::Cancelled, "Cancelled.");
    if (call.body && !call.runBody) {
      Frame* body = call.body.get();
      call.runBody = [this, body, cancel](const void* const* inputs, void* const* outputs) {
        std::copy(inputs, inputs + body->sources.size(), body->sources.begin());
        std::copy(outputs, outputs + body->outputs.size(), body->outputs.begin());
        body->setPointers();
        runFrame(*body, {}, nullptr, nullptr);
      };
    }
    backend.run(*call.op, KernelCall{unused, call.inputTypes, call.node->types, call.inputs.data(), call.outputs.data(),
                                     call.node->attrs, call.workspace, call.prepared.get(),
                                     call.body ? &call.runBody : nullptr, i < frame.commit ? &cancel : nullptr});
    if (afterStep && !afterStep(i)) return;
    if (progress) progress->report(double(i + 1) / double(frame.calls.size()));
  }
  for (const OutputCopy& copy : frame.plan->copies) {
    const void* from = frame.pointer(copy.value);
    void* to = frame.outputs[size_t(copy.slot)];
    if (from != to) backend.copy(to, from, frame.plan->graph->type(copy.value).bytes());
  }
}

void Executor::run(const CancelToken& cancel, const Progress& progress) {
  Backend& backend = store_->backend();
  stepSeconds_.clear();
  if (!isTimed_ && !isGuarded_) return runReplayed(cancel, progress);
  const auto fillNaN = [&](std::byte* memory, int64_t bytes) { backend.fill(memory, kGuardByte, bytes); };
  if (isGuarded_) fillNaN(arena_.pointer, arena_.bytes);
  double last = isTimed_ ? backend.seconds() : 0;
  // Calls look(begin, bytes, output) for what step i writes into the arena, sizes padded.
  const auto forOutputs = [&](size_t i, const auto& look) {
    const Frame::Call& call = frame_->calls[i];
    for (size_t o = 0; o < call.outputs.size(); ++o) {
      std::byte* begin = static_cast<std::byte*>(call.outputs[o]);
      if (begin < arena_.pointer || begin >= arena_.pointer + arena_.bytes) continue;
      look(begin, (call.node->types[o].bytes() + kAlignment - 1) / kAlignment * kAlignment, o);
    }
  };
  const auto checkGuards = [&](size_t i) {
    forOutputs(i, [&](std::byte* begin, int64_t bytes, size_t o) {
      const int64_t guard = plan_->options.guardBytes;
      std::vector<std::byte> zones(size_t(2 * guard));
      backend.wait();
      backend.download(zones.data(), {nullptr, begin - guard, guard}, 0, guard);
      backend.download(zones.data() + guard, {nullptr, begin + bytes, guard}, 0, guard);
      for (const std::byte zone : zones)
        if (zone != std::byte(kGuardByte))
          throw Error(Code::Internal, text("[", frame_->calls[i].op->name, "] wrote outside output ", o, "."));
    });
  };
  // The memory may have held other results before: NaN goes into outputs that do not replace an input, and around all.
  const auto layGuards = [&](size_t i) {
    if (i >= frame_->calls.size()) return;
    const std::vector<const void*>& inputs = frame_->calls[i].inputs;
    forOutputs(i, [&](std::byte* begin, int64_t bytes, size_t) {
      const int64_t guard = plan_->options.guardBytes;
      fillNaN(begin - guard, guard);
      fillNaN(begin + bytes, guard);
      if (std::find(inputs.begin(), inputs.end(), begin) == inputs.end()) fillNaN(begin, bytes);
    });
  };
  const auto afterStep = [&](size_t i) {
    if (isTimed_) {
      const double now = backend.seconds();
      stepSeconds_.push_back(now - last);
      last = now;
    }
    if (isGuarded_) {
      checkGuards(i);
      layGuards(i + 1);
    }
    return true;
  };
  runFrame(*frame_, cancel, &progress, afterStep);
  backend.wait();
}

/// The first run tells whether the plan runs at all, the second one is recorded where the device can, all others repeat
/// the record.
void Executor::runReplayed(const CancelToken& cancel, const Progress& progress) {
  Backend& backend = store_->backend();
  if (++plainRuns_ == 2) replay_ = backend.record([&] { runFrame(*frame_, {}, nullptr, nullptr); });
  if (replay_) {
    if (cancel.stop_requested()) throw Error(Code::Cancelled, "Cancelled.");
    backend.replay(*replay_);
    progress.report(1);
  } else {
    runFrame(*frame_, cancel, &progress, nullptr);
  }
  backend.wait();
}

std::unique_ptr<NonFinite> Executor::runChecked() {
  std::unique_ptr<NonFinite> found;
  const ir::Graph& graph = *plan_->graph;
  const auto afterStep = [&](size_t i) {
    const Frame::Call& call = frame_->calls[i];
    for (size_t o = 0; o < call.outputs.size() && !found; ++o) {
      const ir::TensorType& type = call.node->types[o];
      Tensor host = Tensor::make(type.dtype, type.shape);
      store_->backend().wait();
      store_->backend().download(host.memory.get(), {nullptr, static_cast<std::byte*>(call.outputs[o]), type.bytes()},
                                 0, type.bytes());
      const std::string what = findNonFinite(type, host.memory.get());
      if (!what.empty())
        found = std::make_unique<NonFinite>(
            NonFinite{call.op->name, graph.scopes[size_t(call.node->scope)], call.node->origin, what});
    }
    return !found;
  };
  runFrame(*frame_, {}, nullptr, afterStep);
  return found;
}

Tensor Executor::output(const std::string& name) const {
  const ir::Graph& graph = *plan_->graph;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    if (graph.outputs[i].name != name) continue;
    const ir::TensorType& type = graph.type(graph.outputs[i].value);
    Tensor value = Tensor::make(type.dtype, type.shape);
    store_->backend().download(value.memory.get(), outputs_[i], 0, value.bytes());
    return value;
  }
  throw Error(Code::Data, text("[", name, "] the model has no output of this name."));
}

float Executor::outputScalar(const std::string& name) const { return float(output(name).toDoubles().at(0)); }

}  // namespace fw
