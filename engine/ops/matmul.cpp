// matmul: y = act(op(a) op(b) + bias + addend), op transposing or not; its gradients are products again.
#include "engine/ops/matmul.h"

#include <cstring>
#include <utility>

#include "engine/ir/autodiff.h"
#include "engine/ops/activation.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "engine/ops/transpose.h"
#include "kernels/kernels.h"
#include "kernels/matmul.h"

namespace fw {
namespace {

using kernels::MatmulArgs;

/// What the attributes say, and which inputs there are: a, b, bias, addend; the last two may be absent.
struct Form {
  explicit Form(const ir::Attrs& attrs, size_t inputs)
      : transposesA(attrs.flag("transpose_a", false)),
        transposesB(attrs.flag("transpose_b", false)),
        keeps(attrs.flag("keep", false)),
        hasAddend(attrs.flag("accumulate", false)),
        hasBias(inputs > 2 + size_t(hasAddend)),
        activation(activationName(attrs)) {}

  bool transposesA, transposesB, keeps, hasAddend, hasBias;
  std::string activation;

  size_t addend() const { return hasBias ? 3 : 2; }
  bool activates() const { return activation != "none"; }
  /// Whether there is more to it than the product.
  bool isFused() const { return hasAddend || hasBias || keeps || activates(); }
};

struct Sizes {
  int64_t m, n, k;
  Shape batch;  // of the result
};

Shape leading(const Shape& shape) {
  Shape result;
  for (int i = 0; i < shape.rank() - 2; ++i) result.append(shape[i]);
  return result;
}

Sizes sizesOf(const Shape& a, const Shape& b, const Form& form) {
  Sizes sizes;
  sizes.m = a[form.transposesA ? -1 : -2];
  sizes.k = a[form.transposesA ? -2 : -1];
  sizes.n = b[form.transposesB ? -2 : -1];
  sizes.batch = broadcast(leading(a), leading(b), "matmul");
  return sizes;
}

Types infer(const OpCall& call) {
  expectInputs(call, "matmul", 2, 4);
  const Form form(call.attrs, call.count());
  const char* names[] = {"left is", "right is", form.hasBias ? "the bias is" : "the addend is", "the addend is"};
  if (form.hasAddend && call.count() < 3)
    throw Error(Code::Graph, "[matmul] there is no addend; expected a third input.");
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, "matmul", names[i]);
  activationOf(call.attrs, "matmul");
  const Shape &a = call.shape(0), &b = call.shape(1);
  if (a.rank() < 2 || b.rank() < 2)
    throw Error(Code::Shape, text("[matmul] left is ", a, ", right is ", b, "; expected at least 2 dimensions."));
  const auto shown = [](const Shape& shape, bool transposes) { return text(shape, transposes ? " transposed" : ""); };
  const Sizes sizes = sizesOf(a, b, form);
  const int64_t inner = b[form.transposesB ? -1 : -2];
  if (inner != sizes.k)
    throw Error(Code::Shape, text("[matmul] inner sizes differ: left is ", shown(a, form.transposesA), ", right is ",
                                  shown(b, form.transposesB), "; expected ", sizes.k, " and ", sizes.k, "."));
  Shape y = sizes.batch;
  y.append(sizes.m);
  y.append(sizes.n);
  if (form.hasBias && call.shape(2) != Shape{sizes.n})
    throw Error(Code::Shape, text("[matmul] the bias is ", call.shape(2), "; expected ", Shape{sizes.n}, "."));
  if (form.hasAddend && call.shape(form.addend()) != y)
    throw Error(Code::Shape, text("[matmul] the addend is ", call.shape(form.addend()), "; expected ", y, "."));
  Types types = {{DType::F32, y}};
  if (form.keeps) types.push_back(types[0]);
  return types;
}

Cost cost(const OpCall& call) {
  const Form form(call.attrs, call.count());
  const Sizes sizes = sizesOf(call.shape(0), call.shape(1), form);
  const Types types = infer(call);
  const double count = double(types[0].shape.count());
  Cost cost = movedOnce(call, types);
  cost.macs = count * double(sizes.k);
  cost.flops = 2 * cost.macs + count * (double(form.hasBias) + double(form.hasAddend));
  cost.flops += activationFlops(form.activation, types[0]);
  return cost;
}

ir::Value product(ir::Value a, ir::Value b, bool transposeA, bool transposeB) {
  return ir::matmul(a, b, {.transposeA = transposeA, .transposeB = transposeB});
}

/// [..., r, c] as one matrix [rows, c].
ir::Value flattened(ir::Value x) { return ir::reshape(x, Shape{x.shape().product(0, x.rank() - 1), x.size(-1)}); }

Grads vjp(const VjpCall& call) {
  const Form form(call.attrs, call.inputs.size());
  const ir::Value a = call.input(0), b = call.input(1);
  ir::Value dz = call.grad(0);
  if (form.activates()) {
    const ir::Value z = form.keeps ? call.output(1) : [&] {
      ir::Attrs attrs = call.attrs;
      return call.builder.op("matmul", call.inputs, attrs.set("activation", std::string("none")));
    }();
    dz = ir::gradients(call.builder, {call.builder.op(form.activation, {z})}, {z}, {dz})[0];
  }
  if (form.keeps && call.hasGrad(1)) dz = dz + call.grad(1);

  Grads grads(call.inputs.size());
  if (call.need(0)) {
    grads[0] = form.transposesA ? product(b, dz, form.transposesB, true) : product(dz, b, false, !form.transposesB);
  }
  if (call.need(1)) {
    // One matrix for the whole batch: the batch is summed inside the product.
    const bool isShared = b.rank() == 2 && !form.transposesA;
    const ir::Value left = isShared ? flattened(a) : a, right = isShared ? flattened(dz) : dz;
    grads[1] = form.transposesB ? product(right, left, true, form.transposesA)
                                : product(left, right, !form.transposesA, false);
  }
  if (form.hasBias && call.need(2)) grads[2] = dz;
  if (form.hasAddend && call.need(form.addend())) grads[form.addend()] = dz;
  return grads;
}

/// Products of elements, summed; what is fused is taken apart first.
std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const Form form(call.attrs, call.count());
  const ir::Value a = call.input(0), b = call.input(1);
  if (!form.isFused()) {
    const ir::Value left = form.transposesA ? ir::swapAxes(a, -1, -2) : a,
                    right = form.transposesB ? b : ir::swapAxes(b, -1, -2);
    Shape rows = left.shape(), columns = right.shape();  // [..., m, 1, k] and [..., 1, n, k]
    rows.set(rows.rank() - 1, 1);
    rows.append(left.size(-1));
    columns.set(columns.rank() - 2, 1);
    columns.set(columns.rank() - 1, right.size(-2));
    columns.append(right.size(-1));
    const ir::Value products = ir::reshape(left, rows) * ir::reshape(right, columns);
    return {call.builder.op("sum", {products}, {{"axes", std::vector<int64_t>{products.rank() - 1}}, {"keep", false}})};
  }
  ir::Value z = product(a, b, form.transposesA, form.transposesB);
  if (form.hasBias) z = z + call.input(2);
  if (form.hasAddend) z = z + call.input(form.addend());
  std::vector<ir::Value> results = {form.activates() ? call.builder.op(form.activation, {z}) : z};
  if (form.keeps) results.push_back(z);
  return results;
}

/// A call as kernel calls: the innermost batch dimensions that go together in steady steps, and the rest one by one.
struct Batches {
  MatmulArgs args;
  std::vector<int64_t> sizes, stepsA, stepsB;  // of the outer dimensions, in matrices
};

Batches batchesOf(const Shape& a, const Shape& b, const ir::Attrs& attrs, const Form& form) {
  const Sizes sizes = sizesOf(a, b, form);
  Batches batches;
  MatmulArgs& args = batches.args;
  args.m = sizes.m;
  args.n = sizes.n;
  args.k = sizes.k;
  args.lda = a[-1];
  args.ldb = b[-1];
  args.ldc = sizes.n;
  args.transposeA = form.transposesA;
  args.transposeB = form.transposesB;
  args.activation = activationOf(attrs, "matmul");

  std::vector<int64_t> dims, stepsA, stepsB;
  const std::vector<int64_t> allA = broadcastStrides(leading(a), sizes.batch),
                             allB = broadcastStrides(leading(b), sizes.batch);
  for (size_t i = 0; i < allA.size(); ++i) {
    const int64_t size = sizes.batch[int(i)];
    if (size == 1) continue;
    if (!dims.empty() && stepsA.back() == allA[i] * size && stepsB.back() == allB[i] * size) {
      dims.back() *= size;
      stepsA.back() = allA[i];
      stepsB.back() = allB[i];
      continue;
    }
    dims.push_back(size);
    stepsA.push_back(allA[i]);
    stepsB.push_back(allB[i]);
  }
  if (!dims.empty()) {
    args.batch = dims.back();
    args.batchStrideA = stepsA.back() * sizes.m * sizes.k;
    args.batchStrideB = stepsB.back() * sizes.n * sizes.k;
    dims.pop_back();
  }
  args.batchStrideC = sizes.m * sizes.n;
  batches.sizes = dims;
  batches.stepsA = stepsA;
  batches.stepsB = stepsB;
  return batches;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->matmulWorkspace(
      batchesOf(call.shape(0), call.shape(1), call.attrs, Form(call.attrs, call.count())).args, launch.threads);
}

void run(const KernelCall& call) {
  const Form form(call.attrs, call.count());
  const Batches batches = batchesOf(call.inputShape(0), call.inputShape(1), call.attrs, form);
  MatmulArgs args = batches.args;
  args.bias = form.hasBias ? call.input(2) : nullptr;
  args.accumulates = form.hasAddend;
  if (form.hasAddend && call.input(form.addend()) != call.output(0))
    call.launch.kernels->copyBytes(call.launch, call.input(form.addend()), call.output(0), call.outputTypes[0].bytes());
  int64_t count = 1;
  for (const int64_t size : batches.sizes) count *= size;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, atA = 0, atB = 0;
    for (size_t dim = batches.sizes.size(); dim-- > 0; rest /= batches.sizes[dim]) {
      atA += rest % batches.sizes[dim] * batches.stepsA[dim];
      atB += rest % batches.sizes[dim] * batches.stepsB[dim];
    }
    const int64_t atC = i * args.batch * args.batchStrideC;
    args.a = call.input(0) + atA * args.m * args.k;
    args.b = call.input(1) + atB * args.n * args.k;
    args.c = call.output(0) + atC;
    args.preActivation = form.keeps ? call.output(1) + atC : nullptr;
    call.launch.kernels->matmul(call.launch, args, call.workspace);
  }
}

}  // namespace

OpDef op_matmul() {
  const auto layout = [](bool transposeA, bool transposeB) {
    return ir::Attrs{{"transpose_a", transposeA}, {"transpose_b", transposeB}, {"activation", std::string("none")}};
  };
  const auto fused = [&](const char* activation, bool accumulates, bool keeps) {
    ir::Attrs attrs = layout(false, true);
    attrs.set("activation", std::string(activation));
    if (accumulates) attrs.set("accumulate", true);
    if (keeps) attrs.set("keep", true);
    return attrs;
  };
  return {
      .name = "matmul",
      .help = "Product of matrices; the bias, a sum and an activation may follow in the same pass.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .inPlace = {{0, 2}, {0, 3}},
      .examples =
          {
              {.inputs = {{.shape = {7, 33}}, {.shape = {33, 5}}}, .attrs = layout(false, false)},
              {.inputs = {{.shape = {33, 7}}, {.shape = {33, 3}}}, .attrs = layout(true, false)},
              {.inputs = {{.shape = {3, 9}}, {.shape = {17, 9}}}, .attrs = layout(false, true)},
              {.inputs = {{.shape = {9, 3}}, {.shape = {4, 9}}}, .attrs = layout(true, true)},
              {.inputs = {{.shape = {2, 5, 8}}, {.shape = {3, 8}}, {.shape = {3}}}, .attrs = layout(false, true)},
              {.inputs = {{.shape = {2, 8, 5}}, {.shape = {8, 3}}}, .attrs = layout(true, false)},
              {.inputs = {{.shape = {2, 3, 5, 4}}, {.shape = {2, 3, 4, 6}}}, .attrs = layout(false, false)},
              {.inputs = {{.shape = {2, 3, 5, 4}}, {.shape = {2, 1, 6, 4}}}, .attrs = layout(false, true)},
              {.inputs = {{.shape = {3, 1, 5, 4}}, {.shape = {2, 4, 3}}}, .attrs = layout(false, false)},
              {.inputs = {{.shape = {1, 40}}, {.shape = {1, 40}}}, .attrs = layout(false, true)},
              {.inputs = {{.shape = {1, 70}}, {.shape = {35, 70}}, {.shape = {35}}},
               .attrs = fused("gelu", false, false)},
              {.inputs = {{.shape = {2, 7, 9}}, {.shape = {19, 9}}, {.shape = {19}}},
               .attrs = fused("silu", false, true)},
              {.inputs = {{.shape = {5, 9}}, {.shape = {19, 9}}, {.shape = {19}}},
               .attrs = fused("gelu_tanh", false, true)},
              {.inputs = {{.shape = {5, 9}}, {.shape = {6, 9}}, {.shape = {6}}, {.shape = {5, 6}}},
               .attrs = fused("squared_relu", true, true)},
              {.inputs = {{.shape = {5, 9}}, {.shape = {6, 9}}, {.shape = {5, 6}}},
               .attrs = fused("none", true, false)},
              {.inputs = {{.shape = {5, 9}}, {.shape = {6, 9}}},
               .attrs = fused("relu", false, false),
               .isSmooth = false},
          },
  };
}

namespace ir {

Value matmul(Value a, Value b, const MatmulOptions& options) {
  std::vector<Value> inputs = {a, b};
  if (options.bias.isValid()) inputs.push_back(options.bias);
  if (options.addend.isValid()) inputs.push_back(options.addend);
  Attrs attrs = {
      {"transpose_a", options.transposeA}, {"transpose_b", options.transposeB}, {"activation", options.activation}};
  if (options.addend.isValid()) attrs.set("accumulate", true);
  return a.builder->op("matmul", inputs, std::move(attrs));
}

Value linear(Value x, Value weight, Value bias, const std::string& activation) {
  return matmul(x, weight, {.transposeB = true, .bias = bias, .activation = activation});
}

}  // namespace ir

}  // namespace fw
