// Graphs evaluated in double by plain loops.
#include "tests/ops/reference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/ir/builder.h"
#include "engine/ir/op.h"

namespace fw::testing {
namespace {

using Arrays = std::vector<Array>;
using Index = std::vector<int64_t>;

struct Call {
  const Arrays& in;
  const ir::Attrs& attrs;
  const std::vector<ir::TensorType>& types;  // of the outputs
};
using Loop = std::function<Arrays(const Call&)>;

Array make(const Shape& shape) { return {shape, std::vector<double>(size_t(shape.count()), 0)}; }

Index indexAt(const Shape& shape, int64_t flat) {
  Index index(static_cast<size_t>(shape.rank()));
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[size_t(i)] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

int64_t flatAt(const Shape& shape, const Index& index) {
  int64_t flat = 0;
  for (int i = 0; i < shape.rank(); ++i) flat = flat * shape[i] + index[size_t(i)];
  return flat;
}

/// The element of `x` that stands at `index` of a shape that x broadcasts to.
double broadcastAt(const Array& x, const Index& index) {
  Index own(static_cast<size_t>(x.shape.rank()));
  const size_t skip = index.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i) own[i] = x.shape[int(i)] == 1 ? 0 : index[skip + i];
  return x.values[size_t(flatAt(x.shape, own))];
}

Loop each(std::function<double(const std::vector<double>&)> f) {
  return [f](const Call& call) {
    Array y = make(call.types[0].shape);
    for (int64_t i = 0; i < y.shape.count(); ++i) {
      std::vector<double> x;
      for (const Array& input : call.in) x.push_back(broadcastAt(input, indexAt(y.shape, i)));
      y.values[size_t(i)] = f(x);
    }
    return Arrays{y};
  };
}

Loop unary(double (*f)(double)) {
  return each([f](const std::vector<double>& x) { return f(x[0]); });
}
Loop binary(double (*f)(double, double)) {
  return each([f](const std::vector<double>& x) { return f(x[0], x[1]); });
}

/// For each result element, `f` over the elements that are reduced into it.
Loop reduce(double start, double (*f)(double, double)) {
  return [=](const Call& call) {
    const Array& x = call.in[0];
    Array y = make(call.types[0].shape);
    std::fill(y.values.begin(), y.values.end(), start);
    std::vector<int64_t> axes = call.attrs.list("axes");
    for (int64_t& axis : axes) axis = x.shape.axis(int(axis));
    Shape kept;
    for (int i = 0; i < x.shape.rank(); ++i)
      kept.append(std::find(axes.begin(), axes.end(), i) != axes.end() ? 1 : x.shape[i]);
    for (int64_t i = 0; i < x.shape.count(); ++i) {
      Index index = indexAt(x.shape, i);
      for (const int64_t axis : axes) index[size_t(axis)] = 0;
      double& to = y.values[size_t(flatAt(kept, index))];
      to = f(to, x.values[size_t(i)]);
    }
    return Arrays{y};
  };
}

/// The result's element at `index` is input 0's at from(index); a negative first entry means `absent`.
Loop move(std::function<Index(const Call&, const Index&)> from, double absent = 0) {
  return [=](const Call& call) {
    Array y = make(call.types[0].shape);
    for (int64_t i = 0; i < y.shape.count(); ++i) {
      const Index source = from(call, indexAt(y.shape, i));
      y.values[size_t(i)] =
          !source.empty() && source[0] < 0 ? absent : call.in[0].values[size_t(flatAt(call.in[0].shape, source))];
    }
    return Arrays{y};
  };
}

Loop cumulative(double start, double (*f)(double, double)) {
  return [=](const Call& call) {
    const Array& x = call.in[0];
    Array y = x;
    const int axis = x.shape.axis(int(call.attrs.integer("axis")));
    const bool isReversed = call.attrs.flag("reverse", false), isExclusive = call.attrs.flag("exclusive", false);
    for (int64_t i = 0; i < x.shape.count(); ++i) {
      Index index = indexAt(x.shape, i);
      const int64_t at = index[size_t(axis)];
      double total = start;
      for (int64_t j = isReversed ? at : 0; j < (isReversed ? x.shape[axis] : at + 1); ++j) {
        if (isExclusive && j == at) continue;
        index[size_t(axis)] = j;
        total = f(total, x.values[size_t(flatAt(x.shape, index))]);
      }
      y.values[size_t(i)] = total;
    }
    return Arrays{y};
  };
}

/// h[t] = a[t] h[t-1] + x[t].
Arrays linearRecurrence(const Call& call) {
  const Array &a = call.in[0], &x = call.in[1];
  Array h = make(x.shape);
  const int axis = x.shape.axis(int(call.attrs.integer("axis")));
  const bool isReversed = call.attrs.flag("reverse", false);
  const int64_t size = x.shape[axis];
  for (int64_t i = 0; i < x.shape.count(); ++i) {
    Index index = indexAt(x.shape, i);
    if (index[size_t(axis)] != 0) continue;
    Index outside = index;
    outside.erase(outside.begin() + axis);
    double state = call.in.size() > 2 ? call.in[2].values[size_t(flatAt(call.in[2].shape, outside))] : 0;
    for (int64_t t = 0; t < size; ++t) {
      index[size_t(axis)] = isReversed ? size - 1 - t : t;
      const size_t at = size_t(flatAt(x.shape, index));
      h.values[at] = state = a.values[at] * state + x.values[at];
    }
  }
  return {h};
}

/// Rows written at a position of their own in each sequence.
Arrays cacheUpdate(const Call& call) {
  Array y = call.in[0];
  for (int64_t i = 0; i < call.in[1].shape.count(); ++i) {
    Index index = indexAt(call.in[1].shape, i);
    const std::vector<double>& position = call.in[2].values;
    index[1] += int64_t(position[position.size() == 1 ? 0 : size_t(index[0])]);
    y.values[size_t(flatAt(y.shape, index))] = call.in[1].values[size_t(i)];
  }
  return {y};
}

Arrays topK(const Call& call) {
  const Array& x = call.in[0];
  const int64_t k = call.attrs.integer("k"), width = x.shape[-1], rows = x.shape.count() / std::max<int64_t>(1, width);
  Array values = make(call.types[0].shape), indices = make(call.types[1].shape);
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<int64_t> order(static_cast<size_t>(width));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return x.values[size_t(r * width + a)] > x.values[size_t(r * width + b)];
    });
    for (int64_t i = 0; i < k; ++i) {
      values.values[size_t(r * k + i)] = x.values[size_t(r * width + order[size_t(i)])];
      indices.values[size_t(r * k + i)] = double(order[size_t(i)]);
    }
  }
  return {values, indices};
}

/// y = act(op(a) op(b) + bias), batches broadcast.
Arrays matmul(const Call& call) {
  const Array &a = call.in[0], &b = call.in[1];
  const bool transposesA = call.attrs.flag("transpose_a"), transposesB = call.attrs.flag("transpose_b");
  Array y = make(call.types[0].shape);
  const int64_t inner = a.shape[transposesA ? -2 : -1];
  for (int64_t i = 0; i < y.shape.count(); ++i) {
    const Index index = indexAt(y.shape, i);
    Index left = index, right = index;
    double sum = 0;
    for (int64_t k = 0; k < inner; ++k) {
      const size_t last = index.size() - 1;
      left[last] = transposesA ? index[last - 1] : k;
      left[last - 1] = transposesA ? k : index[last - 1];
      right[last] = transposesB ? k : index[last];
      right[last - 1] = transposesB ? index[last] : k;
      sum += broadcastAt(a, left) * broadcastAt(b, right);
    }
    if (call.in.size() > 2) sum += call.in[2].values[size_t(index.back())];
    y.values[size_t(i)] = sum;
  }
  return {y};
}

Loop scatter(bool isTake) {
  return [=](const Call& call) {
    Array y = call.in[0];
    const Array &indices = call.in[1], &updates = call.in[2];
    const int axis = y.shape.axis(int(call.attrs.integer("axis")));
    const int64_t indexRank = indices.shape.rank();
    for (int64_t i = 0; i < updates.shape.count(); ++i) {
      Index index = indexAt(updates.shape, i);
      if (isTake) {
        // The shape of `indices` stands where the axis was.
        const Index pick(index.begin() + axis, index.begin() + axis + indexRank);
        index.erase(index.begin() + axis, index.begin() + axis + indexRank);
        index.insert(index.begin() + axis, int64_t(indices.values[size_t(flatAt(indices.shape, pick))]));
      } else {
        index[size_t(axis)] = int64_t(indices.values[size_t(i)]);
      }
      y.values[size_t(flatAt(y.shape, index))] += updates.values[size_t(i)];
    }
    return Arrays{y};
  };
}

double add(double a, double b) { return a + b; }
double times(double a, double b) { return a * b; }
double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }
double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }
constexpr double infinity = std::numeric_limits<double>::infinity();

const std::map<std::string, Loop>& loops() {
  static const std::map<std::string, Loop> table = {
      {"abs", unary(std::fabs)},
      {"neg", unary([](double x) { return -x; })},
      {"sign", unary([](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; })},
      {"floor", unary(std::floor)},
      {"round", unary(std::nearbyint)},
      {"square", unary([](double x) { return x * x; })},
      {"reciprocal", unary([](double x) { return 1 / x; })},
      {"sqrt", unary(std::sqrt)},
      {"rsqrt", unary([](double x) { return 1 / std::sqrt(x); })},
      {"exp", unary(std::exp)},
      {"log", unary(std::log)},
      {"log1p", unary(std::log1p)},
      {"sin", unary(std::sin)},
      {"cos", unary(std::cos)},
      {"erf", unary(std::erf)},
      {"tanh", unary(std::tanh)},
      {"sigmoid", unary([](double x) { return 1 / (1 + std::exp(-x)); })},
      {"silu", unary([](double x) { return x / (1 + std::exp(-x)); })},
      {"gelu", unary([](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); })},
      {"gelu_tanh", unary([](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); })},
      {"relu", unary([](double x) { return std::max(x, 0.0); })},
      {"squared_relu", unary([](double x) { return x > 0 ? x * x : 0.0; })},
      {"softplus", unary([](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); })},
      {"add", binary(add)},
      {"sub", binary([](double a, double b) { return a - b; })},
      {"mul", binary(times)},
      {"div", binary([](double a, double b) { return a / b; })},
      {"pow", binary(std::pow)},
      {"maximum", binary(larger)},
      {"minimum", binary(smaller)},
      {"equal", binary([](double a, double b) { return double(a == b); })},
      {"not_equal", binary([](double a, double b) { return double(a != b); })},
      {"less", binary([](double a, double b) { return double(a < b); })},
      {"less_equal", binary([](double a, double b) { return double(a <= b); })},
      {"greater", binary([](double a, double b) { return double(a > b); })},
      {"greater_equal", binary([](double a, double b) { return double(a >= b); })},
      {"logical_and", binary([](double a, double b) { return double(a != 0 && b != 0); })},
      {"logical_or", binary([](double a, double b) { return double(a != 0 || b != 0); })},
      {"logical_not", unary([](double x) { return double(x == 0); })},
      {"where", each([](const std::vector<double>& x) { return x[0] != 0 ? x[1] : x[2]; })},
      {"stop_gradient", unary([](double x) { return x; })},
      {"straight_through", binary([](double forward, double) { return forward; })},
      {"clamp",
       [](const Call& call) {
         Array y = call.in[0];
         for (double& v : y.values) v = std::clamp(v, call.attrs.real("low"), call.attrs.real("high"));
         return Arrays{y};
       }},
      {"cast",
       [](const Call& call) {
         Array y = call.in[0];
         const DType to = call.types[0].dtype;
         for (double& v : y.values) v = isFloat(to) ? double(float(v)) : to == DType::Bool ? double(v != 0) : std::trunc(v);
         if (to == DType::BF16)
           for (double& v : y.values) v = bfloatToFloat(floatToBfloat(float(v)));
         if (to == DType::F16)
           for (double& v : y.values) v = halfToFloat(floatToHalf(float(v)));
         return Arrays{y};
       }},
      {"constant",
       [](const Call& call) {
         Array y = make(call.types[0].shape);
         if (call.attrs.has("values")) y.values = call.attrs.reals("values");
         else std::fill(y.values.begin(), y.values.end(), call.attrs.real("value"));
         return Arrays{y};
       }},
      {"iota",
       [](const Call& call) {
         Array y = make(call.types[0].shape);
         for (int64_t i = 0; i < y.shape.count(); ++i)
           y.values[size_t(i)] = call.attrs.real("start") + call.attrs.real("step") * double(indexAt(y.shape, i)[size_t(call.attrs.integer("axis"))]);
         return Arrays{y};
       }},
      {"sum", reduce(0, add)},
      {"prod", reduce(1, times)},
      {"max", reduce(-infinity, larger)},
      {"min", reduce(infinity, smaller)},
      {"cumulative_sum", cumulative(0, add)},
      {"cumulative_prod", cumulative(1, times)},
      {"cumulative_max", cumulative(-infinity, larger)},
      {"linear_recurrence", linearRecurrence},
      {"cache_update", cacheUpdate},
      {"mean",
       [](const Call& call) {
         Arrays y = reduce(0, add)(call);
         const double share = double(call.in[0].shape.count()) / double(std::max<int64_t>(1, y[0].shape.count()));
         for (double& v : y[0].values) v /= share;
         return y;
       }},
      {"argmax",
       [](const Call& call) {
         Array y = make(call.types[0].shape);
         const Shape& shape = call.in[0].shape;
         const int axis = int(call.attrs.integer("axis"));
         for (int64_t i = 0; i < y.shape.count(); ++i) {
           Index index = indexAt(y.shape, i);
           index.insert(index.begin() + axis, 0);
           double best = -infinity;
           for (int64_t j = 0; j < shape[axis]; ++j) {
             index[size_t(axis)] = j;
             const double value = call.in[0].values[size_t(flatAt(shape, index))];
             if (value > best) {
               best = value;
               y.values[size_t(i)] = double(j);
             }
           }
         }
         return Arrays{y};
       }},
      {"top_k", topK},
      {"one_hot",
       [](const Call& call) {
         Array y = make(call.types[0].shape);
         const int64_t depth = y.shape[-1];
         for (size_t i = 0; i < call.in[0].values.size(); ++i) y.values[i * size_t(depth) + size_t(call.in[0].values[i])] = 1;
         return Arrays{y};
       }},
      {"reshape", [](const Call& call) { return Arrays{{call.types[0].shape, call.in[0].values}}; }},
      {"broadcast_to", each([](const std::vector<double>& x) { return x[0]; })},
      {"transpose", move([](const Call& call, const Index& index) {
         Index from(index.size());
         for (size_t i = 0; i < index.size(); ++i) from[size_t(call.attrs.list("permutation")[i])] = index[i];
         return from;
       })},
      {"slice", move([](const Call& call, Index index) {
         for (size_t i = 0; i < index.size(); ++i) index[i] = call.attrs.list("starts")[i] + index[i] * call.attrs.list("steps")[i];
         return index;
       })},
      {"flip", move([](const Call& call, Index index) {
         for (const int64_t axis : call.attrs.list("axes")) index[size_t(axis)] = call.in[0].shape[int(axis)] - 1 - index[size_t(axis)];
         return index;
       })},
      {"pad",
       [](const Call& call) {
         return move(
             [](const Call& c, Index index) {
               for (size_t i = 0; i < index.size(); ++i) {
                 const int64_t step = c.attrs.list("interior")[i] + 1, at = index[i] - c.attrs.list("low")[i];
                 if (at < 0 || at % step != 0 || at / step >= c.in[0].shape[int(i)]) return Index(index.size(), -1);
                 index[i] = at / step;
               }
               return index;
             },
             call.attrs.real("value"))(call);
       }},
      {"concat",
       [](const Call& call) {
         Array y = make(call.types[0].shape);
         const size_t axis = size_t(call.attrs.integer("axis"));
         int64_t offset = 0;
         for (const Array& x : call.in) {
           for (int64_t i = 0; i < x.shape.count(); ++i) {
             Index index = indexAt(x.shape, i);
             index[axis] += offset;
             y.values[size_t(flatAt(y.shape, index))] = x.values[size_t(i)];
           }
           offset += x.shape[int(axis)];
         }
         return Arrays{y};
       }},
      {"dynamic_slice", move([](const Call& call, Index index) {
         index[size_t(call.attrs.integer("axis"))] += int64_t(call.in[1].values[0]);
         return index;
       })},
      {"dynamic_update_slice",
       [](const Call& call) {
         Array y = call.in[0];
         for (int64_t i = 0; i < call.in[1].shape.count(); ++i) {
           Index index = indexAt(call.in[1].shape, i);
           index[size_t(call.attrs.integer("axis"))] += int64_t(call.in[2].values[0]);
           y.values[size_t(flatAt(y.shape, index))] = call.in[1].values[size_t(i)];
         }
         return Arrays{y};
       }},
      {"take",
       [](const Call& call) {
         const Array& indices = call.in[1];
         const int64_t axis = call.attrs.integer("axis"), rank = indices.shape.rank();
         return move([&](const Call&, Index index) {
           const Index pick(index.begin() + axis, index.begin() + axis + rank);
           index.erase(index.begin() + axis, index.begin() + axis + rank);
           index.insert(index.begin() + axis, int64_t(indices.values[size_t(flatAt(indices.shape, pick))]));
           return index;
         })(call);
       }},
      {"gather",
       [](const Call& call) {
         const Array& indices = call.in[1];
         return move([&](const Call& c, Index index) {
           index[size_t(c.attrs.integer("axis"))] = int64_t(indices.values[size_t(flatAt(indices.shape, index))]);
           return index;
         })(call);
       }},
      {"scatter_add", scatter(false)},
      {"index_add", scatter(true)},
      {"matmul", matmul},
  };
  return table;
}

/// matmul's loop has a bias at most; the others are complete.
bool hasLoop(const OpDef& op, const ir::Attrs& attrs) {
  if (op.name == "matmul" && (attrs.flag("accumulate", false) || attrs.flag("keep", false))) return false;
  if (op.name == "matmul") return !attrs.has("activation") || attrs.text("activation") == "none";
  return loops().contains(op.name);
}

Arrays apply(const ir::Node& node, const Arrays& in, const std::vector<ir::TensorType>& inputTypes) {
  if (hasLoop(*node.op, node.attrs)) return loops().at(node.op->name)(Call{in, node.attrs, node.types});
  if (!node.op->decompose)
    throw Error(Code::Internal, text("[reference] op '", node.op->name, "' has neither loops nor a decomposition."));
  ir::Builder builder;
  std::vector<ir::Value> values;
  std::map<std::string, Array> inputs;
  for (size_t i = 0; i < in.size(); ++i) {
    values.push_back(builder.input(text("i", i), inputTypes[i]));
    inputs[text("i", i)] = in[i];
  }
  const std::vector<ir::Value> outputs =
      node.op->decompose(DecomposeCall{builder, values, node.attrs, node.body.get()});
  for (size_t o = 0; o < outputs.size(); ++o) builder.output(text("o", o), outputs[o]);
  const std::map<std::string, Array> results = evaluate(builder.finish(), inputs);
  Arrays ordered;
  for (size_t o = 0; o < outputs.size(); ++o) ordered.push_back(results.at(text("o", o)));
  return ordered;
}

}  // namespace

Array toArray(const Tensor& tensor) { return {tensor.shape, tensor.toDoubles()}; }

bool hasReference(const OpDef& op) { return loops().contains(op.name) || op.decompose; }

std::map<std::string, Array> evaluate(const ir::Graph& graph, const std::map<std::string, Array>& inputs) {
  std::vector<Arrays> values(graph.nodes.size());
  for (const ir::InputInfo& input : graph.inputs) values[size_t(input.node)] = {inputs.at(input.name)};
  for (const ir::ParameterInfo& parameter : graph.parameters)
    values[size_t(parameter.node)] = {inputs.at(parameter.name)};
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!values[i].empty()) continue;
    Arrays in;
    std::vector<ir::TensorType> types;
    for (const ir::ValueRef& ref : graph.nodes[i].inputs) {
      in.push_back(values[size_t(ref.node)][size_t(ref.output)]);
      types.push_back(graph.type(ref));
    }
    values[i] = apply(graph.nodes[i], in, types);
  }
  std::map<std::string, Array> outputs;
  for (const ir::OutputInfo& output : graph.outputs)
    outputs[output.name] = values[size_t(output.value.node)][size_t(output.value.output)];
  return outputs;
}

}  // namespace fw::testing
