// matmul_group: several products of one left side, as query, key and value are: inputs a, then b of each, then the bias
// of each or none; or (shares_right) of one right side: b, then a of each. The shared side is read once for all
// where that pays.
#include <algorithm>
#include <vector>

#include "engine/ops/activation.h"
#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/matmul.h"

namespace fw {
namespace {

/// How many products, and which inputs belong to product i.
struct Form {
  Form(const ir::Attrs& attrs, size_t inputs)
      : products(size_t(std::max<int64_t>(attrs.integer("products"), 0))),
        hasBias(inputs > 1 + products),
        sharesRight(attrs.flag("shares_right", false)) {}

  size_t products;
  bool hasBias, sharesRight;

  size_t inputs() const { return 1 + products * (hasBias ? 2 : 1); }
  size_t left(size_t i) const { return sharesRight ? 1 + i : 0; }
  size_t right(size_t i) const { return sharesRight ? 0 : 1 + i; }
  std::vector<size_t> of(size_t i) const {
    std::vector<size_t> of = {left(i), right(i)};
    if (hasBias) of.push_back(1 + products + i);
    return of;
  }
};

/// The attributes of one product alone.
ir::Attrs attrsOf(const ir::Attrs& attrs) {
  return {{"transpose_a", attrs.flag("transpose_a", false)},
          {"transpose_b", attrs.flag("transpose_b", false)},
          {"activation", activationName(attrs)}};
}

/// Calls f with each product's call of matmul.
template <class F>
void forProducts(const OpCall& call, const F& f) {
  const Form form(call.attrs, call.count());
  if (form.products == 0) throw Error(Code::Parameter, "[matmul_group] has no products; expected 1 or more.");
  expectInputs(call, "matmul_group", form.inputs(), form.inputs());
  const ir::Attrs attrs = attrsOf(call.attrs);
  for (size_t i = 0; i < form.products; ++i) {
    std::vector<ir::TensorType> types;
    for (const size_t input : form.of(i)) types.push_back(call.type(input));
    f(OpCall{types, attrs, nullptr});
  }
}

Types infer(const OpCall& call) {
  Types types;
  forProducts(call, [&](const OpCall& one) {
    const Types of = findOp("matmul").infer(one);
    const Shape &a = one.shape(0), &b = one.shape(1);
    if (b.rank() != 2 || (a.rank() != 2 && one.attrs.flag("transpose_a")))
      throw Error(Code::Shape, text("[matmul_group] left is ", a, ", right is ", b, "; expected matrices."));
    types.insert(types.end(), of.begin(), of.end());
  });
  return types;
}

Cost cost(const OpCall& call) {
  Cost total;
  forProducts(call, [&](const OpCall& one) {
    const Cost of = findOp("matmul").cost(one);
    total.macs += of.macs;
    total.flops += of.flops;
  });
  const Cost moved = movedOnce(call, infer(call));
  total.bytesRead = moved.bytesRead;
  total.bytesWritten = moved.bytesWritten;
  return total;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const Form form(call.attrs, call.count());
  std::vector<ir::Value> results;
  for (size_t i = 0; i < form.products; ++i) {
    std::vector<ir::Value> inputs;
    for (const size_t input : form.of(i)) inputs.push_back(call.input(input));
    results.push_back(call.builder.op("matmul", inputs, attrsOf(call.attrs)));
  }
  return results;
}

/// Sizes of product i; its memory is for the caller to set.
kernels::MatmulArgs argsOf(const Shape& a, const Shape& b, const ir::Attrs& attrs) {
  kernels::MatmulArgs args;
  args.transposeA = attrs.flag("transpose_a", false);
  args.transposeB = attrs.flag("transpose_b", false);
  args.m = args.transposeA ? a[1] : a.product(0, a.rank() - 1);
  args.k = args.transposeA ? a[0] : a[-1];
  args.n = b[args.transposeB ? 0 : 1];
  args.lda = a[-1];
  args.ldb = b[-1];
  args.ldc = args.n;
  args.activation = activationOf(attrs, "matmul_group");
  return args;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  std::vector<kernels::MatmulArgs> products;
  const Form form(call.attrs, call.count());
  for (size_t i = 0; i < form.products; ++i)
    products.push_back(argsOf(call.shape(form.left(i)), call.shape(form.right(i)), call.attrs));
  return launch.kernels->matmulGroupWorkspace(launch, {products.data(), int64_t(products.size()), form.sharesRight});
}

void run(const KernelCall& call) {
  const Form form(call.attrs, call.count());
  std::vector<kernels::MatmulArgs> products;
  for (size_t i = 0; i < form.products; ++i) {
    kernels::MatmulArgs args = argsOf(call.inputShape(form.left(i)), call.inputShape(form.right(i)), call.attrs);
    args.a = call.input(form.left(i));
    args.b = call.input(form.right(i));
    args.bias = form.hasBias ? call.input(1 + form.products + i) : nullptr;
    args.c = call.output(i);
    products.push_back(args);
  }
  call.launch.kernels->matmulGroup(call.launch, {products.data(), int64_t(products.size()), form.sharesRight},
                                   call.workspace);
}

OpExample example(const Shape& shared, const std::vector<Shape>& sides, const std::vector<Shape>& biases,
                  const ir::Attrs& attrs) {
  OpExample made = {.inputs = {{.shape = shared}}, .attrs = attrs};
  made.attrs.set("products", int64_t(sides.size()));
  for (const Shape& shape : sides) made.inputs.push_back({.shape = shape});
  for (const Shape& shape : biases) made.inputs.push_back({.shape = shape});
  return made;
}

}  // namespace

OpDef op_matmul_group() {
  return {
      .name = "matmul_group",
      .help = "Products of one left side with several right sides, in one pass over it.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples =
          {
              example({2, 7, 9}, {{5, 9}, {3, 9}, {3, 9}}, {{5}, {3}, {3}}, {{"transpose_b", true}}),
              example({33, 7}, {{33, 3}, {33, 3}}, {}, {{"transpose_a", true}}),
              example({5, 8}, {{8, 6}, {8, 6}}, {{6}, {6}}, {{"activation", std::string("silu")}}),
              example({33, 4}, {{33, 7}, {33, 7}, {33, 5}}, {}, {{"transpose_a", true}, {"shares_right", true}}),
              // As large as for the tiles of a matrix unit, where there is one.
              example({260, 100}, {{352, 100}, {352, 100}, {352, 100}}, {{352}, {352}, {352}},
                      {{"transpose_b", true}, {"activation", std::string("gelu")}}),
              example({270, 260}, {{270, 96}, {270, 96}, {270, 96}}, {},
                      {{"transpose_a", true}, {"shares_right", true}}),
          },
  };
}

}  // namespace fw
