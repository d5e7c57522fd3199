// Containers in the lowering: stacks with patterns and settings of single layers, composites, forks, muted nodes,
// shared weights, and the sentences for shapes that do not fit. Values are compared with plain loops.
#include "engine/blocks/lowering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

const Catalog& blocks() {
  static const Catalog all(allBlocks());
  return all;
}

NodeId addInput(Sketch& sketch, const std::string& dims, const std::string& name = "x") {
  return sketch.add("in", {{"dims", dims}}, name);
}

Params linear(int64_t out) { return {{"out", out}, {"bias", false}}; }

/// The map and the sum of a layer x + map(x).
struct Layer {
  NodeId linear, sum;
};

using Vector = std::vector<double>;

/// W of a parameter: entries by name, so that equal names hold equal numbers.
double entry(const std::string& name, int64_t i) {
  double hash = 0;
  for (const char c : name) hash = std::fmod(hash * 31 + c, 1009);
  return 0.4 * std::sin(hash + 1.7 * double(i));
}

Vector times(const std::string& weight, int64_t out, const Vector& x) {
  Vector y(size_t(out), 0);
  for (size_t o = 0; o < y.size(); ++o)
    for (size_t i = 0; i < x.size(); ++i) y[o] += entry(weight, int64_t(o * x.size() + i)) * x[i];
  return y;
}

Vector plus(Vector a, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

std::shared_ptr<const ir::Graph> lowered(const Architecture& document, const std::map<std::string, int64_t>& dims) {
  return lowerOrThrow(document, blocks(), {.mode = Mode::Prefill, .dims = dims});
}

/// Output "y" of the model, as rows, with weights by entry().
std::vector<Vector> run(const Architecture& document, const std::map<std::string, Tensor>& inputs,
                        const std::map<std::string, int64_t>& dims) {
  const auto graph = lowered(document, dims);
  const std::unique_ptr<Backend> backend = makeCpuBackend(1);
  Store store(*backend);
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    Tensor weight = Tensor::make(DType::F32, graph->type({parameter.node, 0}).shape);
    for (int64_t i = 0; i < weight.count(); ++i) weight.data()[i] = float(entry(parameter.name, i));
    store.set(parameter.name, weight);
  }
  Executor executor(std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(optimized(*graph)))),
                    store);
  for (const auto& [name, value] : inputs) executor.setInput(name, value);
  executor.run();
  const Tensor y = executor.output("y");
  std::vector<Vector> rows;
  const std::vector<double> values = y.toDoubles();
  for (int64_t r = 0; r < y.count() / y.shape[-1]; ++r)
    rows.emplace_back(values.begin() + r * y.shape[-1], values.begin() + (r + 1) * y.shape[-1]);
  return rows;
}

const Vector kX = {0.5, -1, 2};
Tensor kInput(int64_t rows = 1) {
  std::vector<float> values;
  for (int64_t r = 0; r < rows; ++r)
    for (const double v : kX) values.push_back(float(v * double(r + 1)));
  return Tensor::fromFloats({rows, 3}, values);
}

void expectNear(const Vector& got, const Vector& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5) << i;
}

std::vector<std::string> parameterNames(const ir::Graph& graph) {
  std::vector<std::string> names;
  for (const ir::ParameterInfo& parameter : graph.parameters) names.push_back(parameter.name);
  std::sort(names.begin(), names.end());
  return names;
}

Shape shapeOf(const ir::Graph& graph, const std::string& parameter) {
  return graph.type({graph.findParameter(parameter)->node, 0}).shape;
}

/// x -> stack of `count` layers x + map(x) -> y, with the ids of what is inside.
struct Stack {
  Sketch sketch{"Stack", blocks()};
  NodeId repeat = 0;
  Layer layer{};

  explicit Stack(int64_t count) {
    addInput(sketch, "B 3");
    repeat = sketch.add("structure.repeat", {{"count", count}});
    Sketch inside = sketch.inside(repeat);
    layer = fill(inside, "map");
    sketch.add("out", {}, "y");
  }
  static Layer fill(Sketch& inside, const std::string& name) {
    Layer layer;
    const NodeId linearId = inside.add("mlp.linear", linear(3), name);
    layer.linear = linearId;
    layer.sum = inside.add("structure.residual");
    // add() wired the map to "x"; it is the branch, and the stream comes from the body's input.
    Editor& editor = inside.editor();
    GraphPath path;
    findNode(editor.result(), layer.sum, &path);
    editor.disconnect(path, {{linearId, "y"}, {layer.sum, "x"}});
    inside.connect(linearId, layer.sum, "branch");
    editor.connect(path, {graphAt(editor.result(), path)->findByName("x")->id, "y"}, {layer.sum, "x"});
    inside.finish();
    return layer;
  }
};

TEST(Repeat, EachLayerIsFedByTheOneBefore) {
  Stack stack(3);
  Vector y = kX;
  for (int i = 0; i < 3; ++i) y = plus(y, times("layers." + std::to_string(i) + ".map.weight", 3, y));
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], y);
  const LowerResult result = lower(stack.sketch.result(), blocks(), {.dims = {{"B", 1}}});
  ASSERT_EQ(result.layers.size(), 3u);
  EXPECT_EQ(result.layers[2].path, "layers.2");
  EXPECT_EQ(result.layers[2].index, 2);
  EXPECT_EQ(result.layers[2].body, "layer");
}

TEST(Repeat, NoLayersPassTheStream) {
  Stack stack(3);
  stack.sketch.editor().setParam(stack.repeat, "count", int64_t(0));
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], kX);
}

TEST(Repeat, PatternChoosesTheBodyOfEachLayer) {
  Sketch sketch("Pattern", blocks());
  addInput(sketch, "B 3");
  const NodeId repeat = sketch.add("structure.repeat", {{"count", int64_t(5)}, {"pattern", std::string("AAB")}});
  for (const char* body : {"A", "B"}) {
    Sketch inside = sketch.inside(repeat, body);
    Stack::fill(inside, body == std::string("A") ? "first" : "second");
  }
  sketch.add("out", {}, "y");
  Vector y = kX;
  const char* maps[] = {"first", "first", "second", "first", "first"};
  for (int i = 0; i < 5; ++i) y = plus(y, times(text("layers.", i, ".", maps[i], ".weight"), 3, y));
  expectNear(run(sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], y);
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 1}}});
  EXPECT_EQ(result.layers[2].body, "B");
  EXPECT_EQ(result.layers[3].body, "A");
}

TEST(Repeat, LayerCanSkipItsBranch) {
  Stack stack(3);
  stack.sketch.editor().setLayerMuted(stack.repeat, 1, stack.layer.sum, true);
  Vector y = kX;
  for (const int i : {0, 2}) y = plus(y, times(text("layers.", i, ".map.weight"), 3, y));
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], y);
  // The branch that nobody reads has no weights.
  EXPECT_EQ(parameterNames(*lowered(stack.sketch.result(), {{"B", 1}})),
            (std::vector<std::string>{"layers.0.map.weight", "layers.2.map.weight"}));
}

TEST(Repeat, MutedMapPassesTheStreamInItsLayerOnly) {
  Stack stack(2);
  stack.sketch.editor().setLayerMuted(stack.repeat, 0, stack.layer.linear, true);
  const Vector doubled = plus(kX, kX);
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0],
             plus(doubled, times("layers.1.map.weight", 3, doubled)));
}

/// x -> layers of [norm-free gated MLP with a residual], whose hidden width differs in one layer.
TEST(Repeat, LayerCanHaveAnotherMlpWidth) {
  Sketch sketch("Widths", blocks());
  addInput(sketch, "B T 6");
  const NodeId repeat = sketch.add("structure.repeat", {{"count", int64_t(4)}});
  Sketch inside = sketch.inside(repeat);
  inside.sublayer("norm.rms", "mlp.gated", {{"hidden", int64_t(10)}});
  inside.finish();
  sketch.add("out", {}, "y");
  NodeId mlp = 0;
  for (const auto& [id, node] : graphAt(sketch.editor().result(), {{repeat, "layer"}})->nodes)
    if (node->block == "mlp.gated") mlp = id;
  sketch.editor().setLayerParam(repeat, 3, mlp, "hidden", int64_t(7));
  const auto graph = lowered(sketch.result(), {{"B", 1}, {"T", 2}});
  for (int i = 0; i < 4; ++i) {
    const int64_t hidden = i == 3 ? 7 : 10;
    EXPECT_EQ(shapeOf(*graph, text("layers.", i, ".mlp.gate.weight")), Shape({hidden, 6}));
    EXPECT_EQ(shapeOf(*graph, text("layers.", i, ".mlp.down.weight")), Shape({6, hidden}));
  }
}

/// A setting of a layer reaches through composites, inner stacks and forks; the innermost stack has the last word.
TEST(Repeat, LayerSettingsReachWhatIsInsideOfContainers) {
  Sketch sketch("Nested", blocks());
  addInput(sketch, "B 3");
  const NodeId repeat = sketch.add("structure.repeat", {{"count", int64_t(3)}});
  Sketch layer = sketch.inside(repeat);
  const NodeId group = layer.add("structure.group");
  Sketch inGroup = layer.inside(group, "body");
  const Layer grouped = Stack::fill(inGroup, "map");
  const NodeId inner = layer.add("structure.repeat", {{"count", int64_t(2)}}, "inner");
  Sketch inInner = layer.inside(inner);
  const Layer repeated = Stack::fill(inInner, "map");
  layer.finish();
  sketch.add("out", {}, "y");
  Editor& editor = sketch.editor();
  editor.setLayerMuted(repeat, 1, grouped.sum, true);
  editor.setLayerMuted(repeat, 2, repeated.sum, true);
  editor.setLayerParam(repeat, 0, repeated.linear, "bias", true);
  editor.setLayerParam(inner, 1, repeated.linear, "bias", false);
  const auto graph = lowered(sketch.result(), {{"B", 1}});
  EXPECT_EQ(
      parameterNames(*graph),
      (std::vector<std::string>{"layers.0.group.map.weight", "layers.0.inner.0.map.bias", "layers.0.inner.0.map.weight",
                                "layers.0.inner.1.map.weight", "layers.1.inner.0.map.weight",
                                "layers.1.inner.1.map.weight", "layers.2.group.map.weight"}));
}

// ---- muted nodes

/// A composite with inputs "ids" (tokens) and "stream": muted, it passes the one that is of its output's kind.
TEST(Muted, OutputIsAnInputOfItsKind) {
  Sketch sketch("Muted", blocks());
  const NodeId ids = sketch.place("in", {{"dims", std::string("B")}, {"kind", std::string("tokens")}}, "ids");
  const NodeId stream = sketch.place("in", {{"dims", std::string("B 3")}}, "stream");
  const NodeId group = sketch.place("structure.group");
  Editor& editor = sketch.editor();
  const GraphPath path = {{group, "body"}};
  const NodeId in = graphAt(editor.result(), path)->findByName("x")->id;
  const NodeId out = graphAt(editor.result(), path)->findByName("y")->id;
  editor.disconnect(path, {{in, "y"}, {out, "x"}});
  editor.rename(in, "stream");
  editor.addNode(path, "in", {}, {{"kind", std::string("tokens")}}, "ids");
  const NodeId map = editor.addNode(path, "mlp.linear", {}, linear(3), "map");
  editor.connect(path, {in, "y"}, {map, "x"});
  editor.connect(path, {map, "y"}, {out, "x"});
  sketch.connect(ids, "y", group, "ids");
  sketch.connect(stream, "y", group, "stream");
  sketch.from(group);
  sketch.add("out", {}, "y");
  expectNear(run(sketch.result(), {{"stream", kInput()}}, {{"B", 1}})[0], times("group.map.weight", 3, kX));
  editor.setMuted(group, true);
  expectNear(run(sketch.result(), {{"stream", kInput()}}, {{"B", 1}})[0], kX);
}

// ---- forks

/// x -> fork into maps "left" and "right" -> y.
struct Forked {
  Sketch sketch{"Fork", blocks()};
  NodeId fork = 0;

  Forked() {
    addInput(sketch, "B 3");
    fork = sketch.add("structure.fork", {{"branches", std::string("left,right")}});
    for (const char* branch : {"left", "right"}) {
      Sketch inside = sketch.inside(fork, branch);
      inside.add("mlp.linear", linear(2), "map");
      inside.finish();
    }
    sketch.add("out", {}, "y");
  }
};

TEST(Fork, BranchesGetEqualConsecutiveRows) {
  Forked forked;
  const auto rows = run(forked.sketch.result(), {{"x", kInput(4)}}, {{"B", 4}});
  ASSERT_EQ(rows.size(), 4u);
  for (size_t r = 0; r < 4; ++r) {
    Vector x = kX;
    for (double& value : x) value *= double(r + 1);
    expectNear(rows[r], times(text("fork.", r < 2 ? "left" : "right", ".map.weight"), 2, x));
  }
}

TEST(Fork, RowsThatCannotBeDealtAreRefused) {
  Forked forked;
  const LowerResult result = lower(forked.sketch.result(), blocks(), {.dims = {{"B", 3}}});
  EXPECT_FALSE(result.graph);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text, text("node 'fork' (id ", forked.fork,
                                             "): input 'x' has 3 rows; expected a multiple "
                                             "of 2 branches."));
}

TEST(Fork, BranchInputChoosesRowByRow) {
  Forked forked;
  Editor& editor = forked.sketch.editor();
  for (const char* branch : {"left", "right"})
    editor.addNode({{forked.fork, branch}}, "in", {}, {{"kind", std::string("labels")}, {"dims", std::string("B")}},
                   "branch");
  const NodeId which =
      editor.addNode({}, "in", {}, {{"kind", std::string("labels")}, {"dims", std::string("B")}}, "which");
  editor.connect({}, {which, "y"}, {forked.fork, "branch"});
  const auto rows =
      run(forked.sketch.result(), {{"x", kInput(3)}, {"which", Tensor::fromInts({3}, {1, 0, 1})}}, {{"B", 3}});
  for (size_t r = 0; r < 3; ++r) {
    Vector x = kX;
    for (double& value : x) value *= double(r + 1);
    expectNear(rows[r], times(text("fork.", r == 1 ? "left" : "right", ".map.weight"), 2, x));
  }
}

// ---- weight groups

TEST(WeightGroup, TiedLayersShareTheWeightsOfTheFirst) {
  Stack stack(3);
  Editor& editor = stack.sketch.editor();
  editor.setGroupPolicy("shared", {.policy = "tied"});
  editor.setWeightGroup(stack.repeat, "shared");
  Vector y = kX;
  for (int i = 0; i < 3; ++i) y = plus(y, times("layers.0.map.weight", 3, y));
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], y);
  const LowerResult result = lower(stack.sketch.result(), blocks(), {.dims = {{"B", 1}}});
  EXPECT_EQ(parameterNames(*result.graph), std::vector<std::string>{"layers.0.map.weight"});
  EXPECT_EQ(result.appliedParameters, 27);

  editor.setGroupPolicy("shared", {.policy = "tied", .params = {{"distinct", int64_t(2)}}});
  y = kX;
  for (const int i : {0, 1, 0}) y = plus(y, times(text("layers.", i, ".map.weight"), 3, y));
  expectNear(run(stack.sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0], y);
}

/// Two nodes of the root in one group.
TEST(WeightGroup, MembersNeedNotBeLayers) {
  Sketch sketch("Two", blocks());
  addInput(sketch, "B 3");
  const NodeId first = sketch.add("mlp.linear", linear(3), "first"),
               second = sketch.add("mlp.linear", linear(3), "second");
  sketch.add("out", {}, "y");
  sketch.editor().setGroupPolicy("shared", {.policy = "tied"});
  sketch.group(first, "shared");
  sketch.group(second, "shared");
  expectNear(run(sketch.result(), {{"x", kInput()}}, {{"B", 1}})[0],
             times("first.weight", 3, times("first.weight", 3, kX)));
  // Of different shapes they cannot share.
  sketch.editor().setParam(second, "out", int64_t(5));
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 1}}});
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text, text("node 'second' (id ", second,
                                             "): weight 'first.weight' is shared with shape "
                                             "[3,3]; here it is [5,3]."));
}

// ---- what does not fit

TEST(Diagnostics, ShapesThatDifferNameBothPortsAndShapes) {
  Sketch sketch("Mismatch", blocks());
  const NodeId in = addInput(sketch, "B T 6");
  const NodeId narrow = sketch.add("mlp.linear", linear(4), "narrow");
  const NodeId add = sketch.place("structure.residual");
  sketch.connect(in, add, "x");
  sketch.connect(narrow, add, "branch");
  sketch.add("out", {}, "y");
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 2}, {"T", 5}}});
  EXPECT_FALSE(result.graph);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  const Diagnostic& diagnostic = result.diagnostics[0];
  EXPECT_EQ(diagnostic.code, "shape");
  EXPECT_EQ(diagnostic.text, text("node 'add' (id ", add,
                                  "): input 'branch' is [2,5,4] (from narrow.y) and input 'x' is "
                                  "[2,5,6] (from x.y): D is 4 and 6; expected equal sizes."));
  EXPECT_EQ(diagnostic.place.node, add);
  EXPECT_EQ(diagnostic.place.port, "branch");
}

TEST(Diagnostics, WrongRankNamesPortAndSource) {
  Sketch sketch("Rank", blocks());
  addInput(sketch, "B 6");
  const NodeId attention = sketch.add("attention.multi_head", {{"heads", int64_t(2)}});
  sketch.add("out", {}, "y");
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 2}}});
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text, text("node 'attention' (id ", attention,
                                             "): input 'x' is [2,6] (from x.y); "
                                             "expected B T D (3 dimensions)."));
  EXPECT_EQ(result.diagnostics[0].place.port, "x");
}

/// One cause, one diagnostic: what follows from it is silent; another cause is told too.
TEST(Diagnostics, OneForEachCause) {
  Sketch sketch("Causes", blocks());
  addInput(sketch, "B T 6");
  const NodeId first = sketch.add("attention.multi_head", {{"heads", int64_t(4)}}, "first");
  sketch.add("norm.rms");
  sketch.add("attention.multi_head", {{"heads", int64_t(4)}}, "after");
  sketch.add("out", {}, "y");
  const NodeId other = sketch.place("in", {{"dims", std::string("B T 9")}}, "other");
  const NodeId second = sketch.place("attention.multi_head", {{"heads", int64_t(2)}}, "second");
  sketch.connect(other, second, "x");
  sketch.add("out", {}, "z");
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 1}, {"T", 2}}});
  ASSERT_EQ(result.diagnostics.size(), 2u);
  EXPECT_EQ(result.diagnostics[0].place.node, first);
  EXPECT_EQ(result.diagnostics[1].place.node, second);
}

TEST(Diagnostics, LayerThatChangesItsStreamIsRefused) {
  Sketch sketch("Changing", blocks());
  addInput(sketch, "B 3");
  const NodeId repeat = sketch.add("structure.repeat", {{"count", int64_t(2)}});
  Sketch inside = sketch.inside(repeat);
  inside.add("mlp.linear", linear(4), "map");
  inside.finish();
  sketch.add("out", {}, "y");
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 1}}});
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text, text("node 'layers' (id ", repeat,
                                             "): layer 0 takes f32[1,3] and gives f32[1,4]; "
                                             "expected equal types."));
}

TEST(Diagnostics, SizesOfInputsAreChecked) {
  const auto diagnosticOf = [](const std::string& dims, double width, int64_t rows) {
    Sketch sketch("Sizes", blocks());
    sketch.variable("width", width);
    addInput(sketch, dims);
    sketch.add("mlp.linear", linear(4));
    sketch.add("out", {}, "y");
    const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", rows}}});
    EXPECT_EQ(result.diagnostics.size(), 1u) << dims;
    return result.diagnostics.empty() ? "" : result.diagnostics[0].text;
  };
  const std::string start = "node 'x' (id 1): the size of ", end = "; expected a whole number from 1 to 1099511627776.";
  EXPECT_EQ(diagnosticOf("B 0", 8, 1), start + "'0' in its dims is 0" + end);
  EXPECT_EQ(diagnosticOf("B width", 0, 1), start + "'width' in its dims is 0" + end);
  EXPECT_EQ(diagnosticOf("B width", 2.5, 1), start + "'width' in its dims is 2.5" + end);
  EXPECT_EQ(diagnosticOf("B width", -3, 1), start + "'width' in its dims is -3" + end);
  EXPECT_EQ(diagnosticOf("B width", 1e30, 1), start + "'width' in its dims is 1e+30" + end);
  EXPECT_EQ(diagnosticOf("B 8", 8, 0), start + "'B' in its dims is 0" + end);
  EXPECT_EQ(diagnosticOf("B spoons", 8, 1), "node 'x' (id 1): the size of 'spoons' in its dims is not known.");
}

/// Sizes whose product fits no machine: a sentence, no overflow.
TEST(Diagnostics, AbsurdSizesDoNotOverflow) {
  Sketch sketch("Absurd", blocks());
  addInput(sketch, "B T 1000000000000");
  const NodeId map = sketch.add("mlp.linear", linear(1'000'000'000'000), "map");
  sketch.add("out", {}, "y");
  const LowerResult result = lower(sketch.result(), blocks(), {.dims = {{"B", 1}, {"T", 1}}});
  EXPECT_FALSE(result.graph);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text.find(text("node 'map' (id ", map, "): ")), 0u) << result.diagnostics[0].text;
  EXPECT_NE(result.diagnostics[0].text.find("1000000000000 x 1000000000000 is more than any machine can hold"),
            std::string::npos)
      << result.diagnostics[0].text;
}

}  // namespace
}  // namespace fw
