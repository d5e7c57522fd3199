// What an op is: type rule, cost, gradient, decomposition, kernels, examples. One file each in engine/ops:
// `engine/ops/softmax.cpp` defines `OpDef op_softmax()`, and `engine/ops/softmax.h` declares the function that blocks
// and other ops call: `namespace fw::ir { Value softmax(Value x); }`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/job.h"
#include "engine/ir/builder.h"
#include "engine/ir/graph.h"

namespace fw::kernels {
struct Launch;
}

namespace fw {

/// What is known of a call before anything runs.
struct OpCall {
  const std::vector<ir::TensorType>& inputs;
  const ir::Attrs& attrs;
  const ir::Graph* body = nullptr;  // of scan

  size_t count() const { return inputs.size(); }
  const ir::TensorType& type(size_t i) const { return inputs[i]; }
  const Shape& shape(size_t i) const { return inputs[i].shape; }
};

using Types = std::vector<ir::TensorType>;

/// Exact closed forms. A multiply-add counts as one mac and two flops.
struct Cost {
  double flops = 0;
  double macs = 0;
  double bytesRead = 0;
  double bytesWritten = 0;
  Cost& operator+=(const Cost& other);
};

/// A call inside a graph that is being built: the op's inputs and outputs as values of that graph.
struct DecomposeCall {
  ir::Builder& builder;
  const std::vector<ir::Value>& inputs;
  const ir::Attrs& attrs;
  const ir::Graph* body = nullptr;
  ir::Value input(size_t i) const { return inputs[i]; }
  size_t count() const { return inputs.size(); }
};

/// Asked for the gradients of the inputs, given those of the outputs.
struct VjpCall {
  ir::Builder& builder;
  const std::vector<ir::Value>& inputs;
  const std::vector<ir::Value>& outputs;
  const std::vector<ir::Value>& grads;  // of the outputs; an invalid value is zero
  const std::vector<bool>& needs;       // which inputs' gradients are wanted
  const ir::Attrs& attrs;
  const ir::Graph* body = nullptr;
  ir::Value input(size_t i) const { return inputs[i]; }
  ir::Value output(size_t i) const { return outputs[i]; }
  /// Never invalid: zeros where the output has no gradient.
  ir::Value grad(size_t i) const;
  bool hasGrad(size_t i) const { return grads[i].isValid(); }
  bool need(size_t i) const { return needs[i]; }
};

/// One gradient an input, of the *output's* broadcast shape where the op broadcasts (the walk sums it down); an invalid
/// value means none (integers, constants). Fewer than the inputs: the rest have none.
using Grads = std::vector<ir::Value>;

/// Runs the body of a scan once: `inputs` and `outputs` are pointers in the order of the body's inputs and outputs.
using BodyRunner = std::function<void(const void* const* inputs, void* const* outputs)>;

/// A call with memory. Tensors are contiguous, row-major, 64-byte aligned (views into larger buffers: 4-byte aligned
/// inside a scan).
struct KernelCall {
  const kernels::Launch& launch;
  const std::vector<ir::TensorType>& inputTypes;
  const std::vector<ir::TensorType>& outputTypes;
  const void* const* inputs;
  void* const* outputs;
  const ir::Attrs& attrs;
  void* workspace = nullptr;       // as many bytes as OpDef::workspace said
  const void* prepared = nullptr;  // what OpDef::prepare made, or null
  const BodyRunner* body = nullptr;
  const CancelToken* cancel = nullptr;

  template <class T = float>
  const T* input(size_t i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <class T = float>
  T* output(size_t i) const {
    return static_cast<T*>(outputs[i]);
  }
  const Shape& inputShape(size_t i) const { return inputTypes[i].shape; }
  const Shape& outputShape(size_t i) const { return outputTypes[i].shape; }
  size_t count() const { return inputTypes.size(); }
};

/// Makes the values of one input of an example: uniform in [low, high); integers floor; or `values` as they are.
struct ExampleInput {
  Shape shape;
  DType dtype = DType::F32;
  double low = -2, high = 2;
  std::vector<double> values = {};
};

struct OpExample {
  std::vector<ExampleInput> inputs;
  ir::Attrs attrs = {};
  double tolerance = 1e-5;  // relative to the largest magnitude of the result
  /// Finite differences are skipped where the function is not smooth at typical inputs (sign, top-k...).
  bool isSmooth = true;
};

/// A function of contiguous f32 runs: output[i] = f(inputs[0][i], inputs[1][i], ...). See kernels/elementwise.h.
using Tile = void (*)(const float* const* inputs, float* output, int64_t count, const float* constants);

struct OpDef {
  std::string name;
  std::string help;

  /// Types of the outputs; throws Code::Shape or Code::Type with a sentence that starts with "[name] ".
  std::function<Types(const OpCall&)> infer;
  /// Absent: no arithmetic, inputs and outputs moved once.
  std::function<Cost(const OpCall&)> cost = nullptr;
  /// Absent with a decomposition: differentiated through it. Absent without: no gradient.
  std::function<Grads(const VjpCall&)> vjp = nullptr;
  /// The same results by simpler ops: reference, higher-order gradient, fallback.
  std::function<std::vector<ir::Value>(const DecomposeCall&)> decompose = nullptr;
  /// Runs a call by the kernels of the device that `call.launch` names. Tensors are read here only where
  /// `call.launch.isHost()`.
  std::function<void(const KernelCall&)> kernel = nullptr;
  /// Bytes of scratch memory a call of `kernel` needs on a device; absent: none.
  std::function<int64_t(const OpCall&, const kernels::Launch& launch)> workspace = nullptr;

  /// What depends on types and attributes alone, made once for each step of a plan and given to every call.
  std::function<std::shared_ptr<const void>(const OpCall&, const Types& outputs)> prepare = nullptr;

  /// Pairs (output, input): the output may use the input's memory when nobody reads the input later.
  std::vector<std::pair<int, int>> inPlace = {};
  bool isView = false;  // output 0 is input 0's bytes under another shape
  /// Elementwise ops with one f32 (or bool) output: the piece that chains are fused from.
  Tile tile = nullptr;
  std::function<std::vector<float>(const ir::Attrs&)> tileConstants = nullptr;
  bool hasGradient = true;  // false: integers, comparisons, stop_gradient: the walk ends here

  std::vector<OpExample> examples = {};
};

/// Every op, in the order of the files' names (generated).
const std::vector<OpDef>& allOps();

/// The op of that name; throws Code::Internal when there is none.
const OpDef& findOp(std::string_view name);

/// The cost of a call: OpDef::cost, or moving inputs and outputs once.
Cost costOf(const OpDef& op, const OpCall& call, const std::vector<ir::TensorType>& outputs);

/// Bytes of all inputs and of all outputs: the minimum any op moves.
Cost movedOnce(const OpCall& call, const std::vector<ir::TensorType>& outputs);

}  // namespace fw
