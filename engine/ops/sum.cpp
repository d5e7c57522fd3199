// sum: y = the sum of x over dimensions; and what all reductions share.
#include "engine/ops/sum.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/broadcast_to.h"
#include "engine/ops/reduction_def.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// Which dimensions are reduced; checks the axes.
std::vector<bool> reducedDims(const Shape& shape, const ir::Attrs& attrs, const std::string& op) {
  std::vector<bool> isReduced(static_cast<size_t>(shape.rank()), false);
  for (const int64_t named : attrs.list("axes")) {
    const int axis = axisIn(shape, named, op.c_str());
    if (isReduced[size_t(axis)])
      throw Error(Code::Shape, text("[", op, "] axis ", axis, " is named twice; expected once."));
    isReduced[size_t(axis)] = true;
  }
  return isReduced;
}

Shape resultShape(const Shape& shape, const std::vector<bool>& isReduced, bool keeps) {
  Shape result;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!isReduced[size_t(i)])
      result.append(shape[i]);
    else if (keeps)
      result.append(1);
  }
  return result;
}

kernels::ReduceArgs argsOf(const Shape& shape, DType dtype, const ir::Attrs& attrs, const ReductionDef& def) {
  kernels::ReduceArgs args = {.element = kernels::Element(int(dtype)), .reduction = def.kernel, .rank = shape.rank()};
  const std::vector<bool> isReduced = reducedDims(shape, attrs, def.name);
  int64_t count = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    args.sizes[i] = shape[i];
    args.isReduced[i] = isReduced[size_t(i)];
    if (args.isReduced[i]) count *= shape[i];
  }
  if (def.isMean) args.factor = float(1.0 / double(count));
  return args;
}

Types inferReduction(const OpCall& call, const ReductionDef& def) {
  expectInputs(call, def.name.c_str(), 1, 1);
  const DType dtype = call.type(0).dtype;
  const bool isKnown = dtype == DType::F32 || (!def.isMean && (dtype == DType::I32 || dtype == DType::I64));
  if (!isKnown)
    throw Error(Code::Type, text("[", def.name, "] the input is ", call.type(0).toString(), "; expected f32",
                                 def.isMean ? "." : ", i32 or i64."));
  const std::vector<bool> isReduced = reducedDims(call.shape(0), call.attrs, def.name);
  for (int i = 0; i < call.shape(0).rank(); ++i)
    if (isReduced[size_t(i)] && call.shape(0)[i] == 0 &&
        (def.isMean || def.kernel == kernels::Reduction::Max || def.kernel == kernels::Reduction::Min))
      throw Error(Code::Shape,
                  text("[", def.name, "] axis ", i, " of ", call.shape(0), " is empty; expected an element."));
  return {{dtype, resultShape(call.shape(0), isReduced, call.attrs.flag("keep"))}};
}

}  // namespace

OpDef reduction(ReductionDef def) {
  const auto example = [&](const Shape& shape, std::vector<int64_t> axes, bool keep, DType dtype = DType::F32) {
    ExampleInput input = {.shape = shape, .dtype = dtype, .low = -2, .high = 3};
    if (def.keepsApart)
      for (int64_t i = 0; i < shape.count(); ++i) input.values.push_back(double(i * 17 % shape.count()) * 0.125 - 1.5);
    return OpExample{.inputs = {input}, .attrs = {{"axes", std::move(axes)}, {"keep", keep}}};
  };
  std::vector<OpExample> examples = {example({3, 7}, {1}, false), example({3, 7}, {0}, true),
                                     example({7, 3, 5}, {0, 2}, false), example({33}, {0}, false),
                                     example({2, 3, 2}, {}, false)};
  if (!def.isMean) examples.push_back(example({3, 33}, {1}, false, DType::I64));
  return {
      .name = def.name,
      .help = def.help,
      .infer = [def](const OpCall& call) { return inferReduction(call, def); },
      .cost =
          [def](const OpCall& call) {
            const Types types = inferReduction(call, def);
            Cost cost = movedOnce(call, types);
            cost.flops = double(call.shape(0).count()) + (def.isMean ? double(types[0].shape.count()) : 0);
            return cost;
          },
      .vjp = def.vjp,
      .decompose = def.decompose,
      .kernel =
          [def](const KernelCall& call) {
            kernels::ReduceArgs args = argsOf(call.inputShape(0), call.inputTypes[0].dtype, call.attrs, def);
            args.x = call.inputs[0];
            args.y = call.outputs[0];
            args.workspace = static_cast<float*>(call.workspace);
            call.launch.kernels->reduce(call.launch, args);
          },
      .workspace =
          [def](const OpCall& call, const kernels::Launch& launch) {
            return 4 * launch.kernels->reduceWorkspace(argsOf(call.shape(0), call.type(0).dtype, call.attrs, def));
          },
      .examples = std::move(examples),
  };
}

OpDef op_sum() {
  return reduction({
      .name = "sum",
      .help = "The sum over dimensions.",
      .vjp = [](const VjpCall& c) -> Grads {
        return {ir::broadcastTo(ir::withReducedDims(c.grad(0), c.input(0), c.attrs), c.input(0).shape())};
      },
  });
}

namespace ir {

std::vector<int64_t> allAxes(const Value& x) {
  std::vector<int64_t> axes(static_cast<size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), int64_t(0));
  return axes;
}

Value withReducedDims(Value result, const Value& x, const Attrs& attrs) {
  if (attrs.flag("keep")) return result;
  const Shape shape = resultShape(x.shape(), reducedDims(x.shape(), attrs, "reduce"), true);
  return shape == result.shape() ? result : reshape(result, shape.dims());
}

Value reduce(const std::string& op, Value x, const std::vector<int64_t>& axes, bool keep) {
  std::vector<int64_t> known;
  for (const int64_t axis : axes) known.push_back(axisIn(x.shape(), axis, op.c_str()));
  std::sort(known.begin(), known.end());  // one form of each call, so that equal ones merge
  return x.builder->op(op, {x}, {{"axes", known}, {"keep", keep}});
}

Value sum(Value x) { return reduce("sum", x, allAxes(x), false); }
Value sum(Value x, const std::vector<int64_t>& axes, bool keep) { return reduce("sum", x, axes, keep); }

}  // namespace ir
}  // namespace fw
