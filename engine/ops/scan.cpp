// scan: the one op with a body. Everything recurrent is a lowering onto it; fused kernels exist for speed alone.
#include "engine/ops/scan.h"

#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// How the inputs and outputs of a call are divided.
struct Layout {
  size_t carries, xs, consts;
  int64_t length;
  bool isReversed;
};

Layout layoutOf(const ir::Attrs& attrs, size_t inputs) {
  const size_t carries = size_t(attrs.integer("carries")), xs = size_t(attrs.integer("xs"));
  if (carries + xs > inputs)
    throw Error(Code::Shape,
                text("[scan] ", carries, " carries and ", xs, " sequences need more than ", inputs, " inputs."));
  return {carries, xs, inputs - carries - xs, attrs.integer("length"), attrs.flag("reverse")};
}

Types infer(const OpCall& call) {
  if (!call.body) throw Error(Code::Internal, "[scan] has no body.");
  const Layout layout = layoutOf(call.attrs, call.count());
  const ir::Graph& body = *call.body;
  if (body.inputs.size() != call.count() || !body.parameters.empty())
    throw Error(Code::Shape, text("[scan] the body has ", body.inputs.size(), " inputs; expected ", call.count(), "."));
  if (body.outputs.size() < layout.carries)
    throw Error(Code::Shape,
                text("[scan] the body returns ", body.outputs.size(), " values for ", layout.carries, " carries."));
  for (size_t i = 0; i < call.count(); ++i) {
    ir::TensorType expected = call.type(i);
    if (i >= layout.carries && i < layout.carries + layout.xs) {
      if (expected.shape.rank() < 1 || expected.shape[0] != layout.length)
        throw Error(Code::Shape, text("[scan] sequence ", i - layout.carries, " is ", expected.toString(),
                                      "; expected ", layout.length, " steps."));
      expected.shape = expected.shape.without(0);
    }
    const ir::TensorType& got = body.type({body.inputs[i].node, 0});
    if (got != expected)
      throw Error(Code::Shape,
                  text("[scan] body input ", i, " is ", got.toString(), "; expected ", expected.toString(), "."));
  }
  Types types;
  for (size_t i = 0; i < body.outputs.size(); ++i) {
    ir::TensorType type = body.type(body.outputs[i].value);
    if (i < layout.carries) {
      if (type != call.type(i))
        throw Error(Code::Shape, text("[scan] carry ", i, " enters as ", call.type(i).toString(), " and leaves as ",
                                      type.toString(), "."));
    } else {
      std::vector<int64_t> dims = type.shape.dims();
      dims.insert(dims.begin(), layout.length);
      type.shape = Shape(dims);
    }
    types.push_back(type);
  }
  return types;
}

Cost cost(const OpCall& call) {
  Cost once;
  for (const ir::Node& node : call.body->nodes) {
    if (!node.op->infer || node.op->isView) continue;
    Types inputs;
    for (const ir::ValueRef& ref : node.inputs) inputs.push_back(call.body->type(ref));
    once += costOf(*node.op, OpCall{inputs, node.attrs, node.body.get()}, node.types);
  }
  const double steps = double(call.attrs.integer("length"));
  return {once.flops * steps, once.macs * steps, once.bytesRead * steps, once.bytesWritten * steps};
}

int64_t workspace(const OpCall& call, const kernels::Launch&) {
  int64_t bytes = 0;
  for (size_t i = 0; i < size_t(call.attrs.integer("carries")); ++i) bytes += (call.type(i).bytes() + 63) / 64 * 64;
  return bytes;
}

/// Carries alternate between the outputs and the workspace, so that a step never overwrites what it reads.
void run(const KernelCall& call) {
  const Layout layout = layoutOf(call.attrs, call.count());
  const size_t outputs = call.outputTypes.size();
  std::vector<std::byte*> here(layout.carries), there(layout.carries);
  std::byte* scratch = static_cast<std::byte*>(call.workspace);
  for (size_t i = 0; i < layout.carries; ++i) {
    const int64_t bytes = call.inputTypes[i].bytes();
    here[i] = static_cast<std::byte*>(call.outputs[i]);
    there[i] = scratch;
    scratch += (bytes + 63) / 64 * 64;
    call.launch.kernels->copyBytes(call.launch, call.inputs[i], here[i], bytes);
  }
  std::vector<int64_t> strideIn(call.count(), 0), strideOut(outputs, 0);
  for (size_t i = layout.carries; i < layout.carries + layout.xs; ++i)
    strideIn[i] = layout.length ? call.inputTypes[i].bytes() / layout.length : 0;
  for (size_t o = layout.carries; o < outputs; ++o)
    strideOut[o] = layout.length ? call.outputTypes[o].bytes() / layout.length : 0;

  std::vector<const void*> in(call.count());
  std::vector<void*> out(outputs);
  for (int64_t step = 0; step < layout.length; ++step) {
    if (call.cancel && call.cancel->stop_requested()) throw Error(Code::Cancelled, "Cancelled.");
    const int64_t t = layout.isReversed ? layout.length - 1 - step : step;
    for (size_t i = 0; i < call.count(); ++i)
      in[i] = i < layout.carries ? here[i] : call.input<std::byte>(i) + t * strideIn[i];
    for (size_t o = 0; o < outputs; ++o)
      out[o] = o < layout.carries ? there[o] : call.output<std::byte>(o) + t * strideOut[o];
    (*call.body)(in.data(), out.data());
    std::swap(here, there);
  }
  for (size_t i = 0; i < layout.carries; ++i)
    if (here[i] != call.outputs[i])
      call.launch.kernels->copyBytes(call.launch, here[i], call.outputs[i], call.inputTypes[i].bytes());
}

/// The body with the carries it was given as further outputs.
std::shared_ptr<const ir::Graph> savingBody(const ir::Graph& body, size_t carries) {
  ir::Graph saving = body;
  for (size_t i = 0; i < carries; ++i)
    saving.outputs.push_back({text("saved", saving.outputs.size()), {body.inputs[i].node, 0}, {}});
  return std::make_shared<const ir::Graph>(std::move(saving));
}

/// One reversed step: gradients of the next carries and of this step's ys go in, those of the carries, x[t] and the
/// running sums of the constants' gradients come out.
Grads vjp(const VjpCall& call) {
  const Layout layout = layoutOf(call.attrs, call.inputs.size());
  const ir::Graph& body = *call.body;
  const size_t ys = body.outputs.size() - layout.carries;

  ir::Attrs attrs = call.attrs;
  attrs.set("base", body.hash().toString());
  const std::vector<ir::Value> saved = call.builder.ops("scan", call.inputs, attrs, savingBody(body, layout.carries));

  const auto isReal = [](ir::Value value) { return isFloat(value.dtype()); };
  std::vector<ir::Value> carries, xs, consts;
  std::vector<size_t> carryAt, constAt, yAt, xAt;  // which of the forward's take part
  for (size_t i = 0; i < layout.carries; ++i)
    if (isReal(call.input(i))) {
      carryAt.push_back(i);
      carries.push_back(call.grad(i));
    }
  const size_t firstConst = layout.carries + layout.xs;
  for (size_t i = 0; i < layout.consts; ++i)
    if (call.need(firstConst + i) && isReal(call.input(firstConst + i))) {
      constAt.push_back(i);
      carries.push_back(call.builder.zerosLike(call.input(firstConst + i)));
    }
  for (size_t i = 0; i < layout.carries; ++i) xs.push_back(saved[layout.carries + ys + i]);
  for (size_t i = 0; i < layout.xs; ++i) {
    xs.push_back(call.input(layout.carries + i));
    if (call.need(layout.carries + i) && isReal(call.input(layout.carries + i))) xAt.push_back(i);
  }
  for (size_t i = 0; i < ys; ++i)
    if (call.hasGrad(layout.carries + i)) {
      yAt.push_back(i);
      xs.push_back(call.grad(layout.carries + i));
    }
  for (size_t i = 0; i < layout.consts; ++i) consts.push_back(call.input(firstConst + i));

  const auto step = [&](const ir::ScanStep& at) {
    std::vector<ir::Value> arguments(at.xs.begin(), at.xs.begin() + int64_t(layout.carries + layout.xs));
    arguments.insert(arguments.end(), at.consts.begin(), at.consts.end());
    const std::vector<ir::Value> results = at.builder.inlineGraph(body, arguments);
    std::vector<ir::Value> outputs, seeds, wrt;
    for (size_t j = 0; j < carryAt.size(); ++j) {
      outputs.push_back(results[carryAt[j]]);
      seeds.push_back(at.carries[j]);
    }
    for (size_t j = 0; j < yAt.size(); ++j) {
      outputs.push_back(results[layout.carries + yAt[j]]);
      seeds.push_back(at.xs[layout.carries + layout.xs + j]);
    }
    for (size_t i : carryAt) wrt.push_back(arguments[i]);
    for (size_t i : constAt) wrt.push_back(arguments[firstConst + i]);
    for (size_t i : xAt) wrt.push_back(arguments[layout.carries + i]);
    const std::vector<ir::Value> found = ir::gradients(at.builder, outputs, wrt, seeds);
    const auto orZero = [&](size_t i) { return found[i].isValid() ? found[i] : at.builder.zerosLike(wrt[i]); };
    ir::ScanResult result;
    for (size_t j = 0; j < carryAt.size(); ++j) result.carries.push_back(orZero(j));
    for (size_t j = 0; j < constAt.size(); ++j) {
      const ir::Value sum = at.carries[carryAt.size() + j];
      const size_t i = carryAt.size() + j;
      result.carries.push_back(found[i].isValid() ? sum + found[i] : sum);
    }
    for (size_t j = 0; j < xAt.size(); ++j) result.ys.push_back(orZero(carryAt.size() + constAt.size() + j));
    return result;
  };
  const ir::ScanResult back = ir::scan(call.builder, carries, xs, consts, step, !layout.isReversed, layout.length);

  Grads grads(call.inputs.size());
  for (size_t j = 0; j < carryAt.size(); ++j) grads[carryAt[j]] = back.carries[j];
  for (size_t j = 0; j < constAt.size(); ++j) grads[firstConst + constAt[j]] = back.carries[carryAt.size() + j];
  for (size_t j = 0; j < xAt.size(); ++j) grads[layout.carries + xAt[j]] = back.ys[j];
  return grads;
}

/// Unrolled: slices, the body's nodes, a concatenation.
std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const Layout layout = layoutOf(call.attrs, call.count());
  std::vector<ir::Value> carries(call.inputs.begin(), call.inputs.begin() + int64_t(layout.carries));
  const size_t ys = call.body->outputs.size() - layout.carries;
  std::vector<std::vector<ir::Value>> rows(ys, std::vector<ir::Value>(size_t(layout.length)));
  for (int64_t step = 0; step < layout.length; ++step) {
    const int64_t t = layout.isReversed ? layout.length - 1 - step : step;
    std::vector<ir::Value> arguments = carries;
    for (size_t i = 0; i < layout.xs; ++i) {
      const ir::Value x = call.input(layout.carries + i);
      const ir::Value indices = call.builder.constant(double(t), {1}, DType::I64);
      arguments.push_back(call.builder.op("reshape", {call.builder.op("take", {x, indices}, {{"axis", int64_t(0)}})},
                                          {{"shape", x.shape().without(0).dims()}}));
    }
    arguments.insert(arguments.end(), call.inputs.begin() + int64_t(layout.carries + layout.xs), call.inputs.end());
    const std::vector<ir::Value> results = call.builder.inlineGraph(*call.body, arguments);
    std::copy(results.begin(), results.begin() + int64_t(layout.carries), carries.begin());
    for (size_t i = 0; i < ys; ++i) {
      std::vector<int64_t> dims = results[layout.carries + i].shape().dims();
      dims.insert(dims.begin(), 1);
      rows[i][size_t(t)] = call.builder.op("reshape", {results[layout.carries + i]}, {{"shape", dims}});
    }
  }
  std::vector<ir::Value> outputs = carries;
  for (size_t i = 0; i < ys; ++i) outputs.push_back(call.builder.op("concat", rows[i], {{"axis", int64_t(0)}}));
  return outputs;
}

}  // namespace

OpDef op_scan() {
  return {
      .name = "scan",
      .help = "Runs a body once a step along the leading axis, with carried values.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
  };
}

namespace ir {

ScanResult scan(Builder& builder, const std::vector<Value>& carries, const std::vector<Value>& xs,
                const std::vector<Value>& consts, const std::function<ScanResult(const ScanStep&)>& body,
                bool isReversed, int64_t length) {
  if (!xs.empty()) length = xs.front().size(0);
  if (length < 0) throw Error(Code::Shape, "[scan] has no sequence and no length.");
  Builder inner;
  ScanStep step{inner, {}, {}, {}};
  const auto add = [&](const char* kind, size_t i, TensorType type) {
    return inner.input(text(kind, i), std::move(type));
  };
  for (size_t i = 0; i < carries.size(); ++i) step.carries.push_back(add("carry", i, carries[i].type()));
  for (size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].rank() < 1) throw Error(Code::Shape, text("[scan] sequence ", i, " has no leading axis."));
    step.xs.push_back(add("x", i, {xs[i].dtype(), xs[i].shape().without(0)}));
  }
  for (size_t i = 0; i < consts.size(); ++i) step.consts.push_back(add("const", i, consts[i].type()));
  const ScanResult result = body(step);
  for (size_t i = 0; i < result.carries.size(); ++i) inner.output(text("carry", i), result.carries[i]);
  for (size_t i = 0; i < result.ys.size(); ++i) inner.output(text("y", i), result.ys[i]);

  std::vector<Value> inputs = carries;
  inputs.insert(inputs.end(), xs.begin(), xs.end());
  inputs.insert(inputs.end(), consts.begin(), consts.end());
  const std::vector<Value> all = builder.ops(
      "scan", inputs,
      {{"carries", int64_t(carries.size())}, {"xs", int64_t(xs.size())}, {"length", length}, {"reverse", isReversed}},
      std::make_shared<const Graph>(inner.finish()));
  ScanResult out;
  out.carries.assign(all.begin(), all.begin() + int64_t(carries.size()));
  out.ys.assign(all.begin() + int64_t(carries.size()), all.end());
  return out;
}

}  // namespace ir
}  // namespace fw
