// Every code of validate().
#include <gtest/gtest.h>

#include "engine/arch/cycles.h"
#include "engine/arch/diagnostic.h"
#include "engine/base/rng.h"
#include "tests/arch/small_catalog.h"

namespace fw {
namespace {

/// Changes nodes and graphs as a file could have them, past the Editor.
class Draft {
 public:
  explicit Draft(const Architecture& from) : a_(from) {}

  Node& node(NodeId id) {
    GraphPath path;
    findNode(a_, id, &path);
    auto& slot = graph(path).nodes.at(id);
    auto copy = std::make_shared<Node>(*slot);
    Node& out = *copy;
    slot = std::move(copy);
    return out;
  }
  Graph& graph(const GraphPath& path) {
    auto root = std::make_shared<Graph>(*a_.root);
    Graph* at = root.get();
    a_.root = std::move(root);
    for (const BodyRef& step : path) {
      auto container = std::make_shared<Node>(*at->nodes.at(step.node));
      auto body = std::make_shared<Graph>(*container->bodies.at(step.body));
      Graph* next = body.get();
      container->bodies[step.body] = std::move(body);
      at->nodes[step.node] = std::move(container);
      at = next;
    }
    return *at;
  }
  void wire(const GraphPath& path, const Wire& wire) {
    std::vector<Wire>& wires = graph(path).wires;
    wires.insert(std::lower_bound(wires.begin(), wires.end(), wire), wire);
  }
  Architecture& architecture() { return a_; }
  std::vector<Diagnostic> check() const { return validate(a_, smallCatalog()); }

 private:
  Architecture a_;
};

std::string summary(const std::vector<Diagnostic>& found) {
  std::string out;
  for (const Diagnostic& d : found)
    out += std::string(d.severity == Severity::Error     ? "error "
                       : d.severity == Severity::Warning ? "warning "
                                                         : "info ") +
           d.code + ": " + d.text + "\n";
  return out;
}

class Validate : public ::testing::Test {
 protected:
  Sample s = sampleDocument();
  Draft draft{s.document};

  /// Expects exactly these lines, "severity code: text".
  void expectFound(const std::string& lines) { EXPECT_EQ(summary(draft.check()), lines); }
  std::string of(const char* path, NodeId id) {
    return "node '" + std::string(path) + "' (id " + std::to_string(id) + "): ";
  }
};

TEST_F(Validate, TheSampleIsFine) {
  EXPECT_EQ(summary(draft.check()), "");
  EXPECT_FALSE(hasErrors(draft.check()));
}

TEST_F(Validate, EmptyAndWithoutOutput) {
  const auto empty = validate(Architecture{}, smallCatalog());
  EXPECT_EQ(summary(empty), "info no_output: The model is empty.\n");
  EXPECT_FALSE(hasErrors(empty));
  draft.node(s.logits).block = "norm.layer";
  EXPECT_TRUE(hasErrors(draft.check()));
  expectFound("error no_output: The model has no output; expected an 'out' node.\n");
}

TEST_F(Validate, UnknownBlockIsOneDiagnostic) {
  Node& node = draft.node(s.attention);
  node.block = "future.mixer";
  node.params = {{"whatever", "=broken("}};
  expectFound("error unknown_block: " + of("layers/attention", s.attention) +
              "this program has no block 'future.mixer'; the node is kept as it is.\n");
  const Diagnostic found = draft.check().front();
  EXPECT_EQ(found.place.graph, s.inside);
  EXPECT_EQ(found.place.node, s.attention);
}

TEST_F(Validate, MissingInput) {
  std::erase(draft.graph(s.inside).wires, Wire{{s.norm, "y"}, {s.attention, "x"}});
  expectFound("warning unused: " + of("layers/norm", s.norm) + "nothing uses what it computes.\n" +
              "error missing_input: " + of("layers/attention", s.attention) + "nothing is wired to the input 'x'.\n");
  EXPECT_EQ(draft.check()[1].place.port, "x");
}

TEST_F(Validate, UnknownPort) {
  draft.wire(s.inside, {{s.norm, "y"}, {s.attention, "q"}});
  draft.wire(s.inside, {{s.norm, "z"}, {s.attention, "x"}});
  expectFound(
      "error unknown_port: " + of("layers/norm", s.norm) +
      "the wire to 'attention.x' starts at port 'z', which block 'norm.layer' does not have; it has y.\n" +
      "error unknown_port: " + of("layers/attention", s.attention) +
      "the wire from 'norm.y' goes to port 'q', which block 'attention.multi_head' does not have; it has x, mask.\n" +
      "error several_wires: " + of("layers/attention", s.attention) + "2 wires go to port 'x'; expected one.\n");
}

TEST_F(Validate, InsAndOutsHaveOneSide) {
  draft.wire({}, {{s.embed, "y"}, {s.tokens, "x"}});
  draft.wire({}, {{s.logits, "y"}, {s.embed, "tokens"}});
  const std::string found = summary(draft.check());
  EXPECT_NE(found.find("goes to port 'x', which block 'in' does not have; it has none.\n"), std::string::npos) << found;
  EXPECT_NE(found.find("starts at port 'y', which block 'out' does not have; it has none.\n"), std::string::npos)
      << found;
}

TEST_F(Validate, DanglingWire) {
  draft.wire({}, {{s.embed, "y"}, {900, "x"}});
  draft.wire({}, {{901, "y"}, {s.logits, "x"}});
  draft.wire({}, {{901, "y"}, {900, "x"}});
  expectFound(
      "error dangling_wire: A wire goes from id 901 to id 900; neither is in its graph.\n"
      "error dangling_wire: " +
      of("embed", s.embed) + "the wire from 'y' goes to id 900, which is not in its graph.\n" +
      "error dangling_wire: " + of("logits", s.logits) +
      "the wire to 'x' comes from id 901, which is not in its graph.\n");
}

TEST_F(Validate, Kind) {
  draft.node(s.tokens).params = {{"kind", "pixels"}};
  expectFound("error kind: " + of("embed", s.embed) +
              "port 'tokens' takes tokens; the wire from 'tokens.y' brings pixels.\n");
}

TEST_F(Validate, CycleIsOneDiagnostic) {
  draft.wire(s.inside, {{s.attention, "y"}, {s.norm, "x"}});
  std::erase(draft.graph(s.inside).wires, Wire{{s.x, "y"}, {s.norm, "x"}});
  expectFound("error cycle: " + of("layers/norm", s.norm) + "the wires go round in a cycle: 'norm', 'attention'.\n");
  std::erase(draft.graph(s.inside).wires, Wire{{s.attention, "y"}, {s.norm, "x"}});
  draft.wire(s.inside, {{s.norm, "y"}, {s.norm, "x"}});
  expectFound("error cycle: " + of("layers/norm", s.norm) + "the wires go round in a cycle: 'norm'.\n");
}

TEST_F(Validate, Parameters) {
  draft.node(s.attention).params = {{"heads", 0}, {"mask", "round"}, {"legs", 4}};
  expectFound("error parameter: " + of("layers/attention", s.attention) +
              "parameter 'heads': 0 is too small; expected 1 to 64.\n" +
              "error parameter: " + of("layers/attention", s.attention) +
              "parameter 'mask': 'round' is no choice; expected one of causal, none, sliding.\n" +
              "warning unknown_parameter: " + of("layers/attention", s.attention) +
              "block 'attention.multi_head' has no parameter 'legs'; it is kept and not used.\n");
  const Diagnostic heads = draft.check().front();
  EXPECT_EQ(heads.place.param, "heads");
  ASSERT_EQ(heads.fixes.size(), 1u);
  EXPECT_EQ(heads.fixes[0].title, "Set heads to 1");
  EXPECT_EQ(heads.fixes[0].node, s.attention);
  EXPECT_EQ(heads.fixes[0].value, ParamValue(int64_t(1)));
}

TEST_F(Validate, EachFixMends) {
  draft.node(s.attention).params = {{"heads", "=1/0"}, {"window", 4}, {"mask", 5}, {"rope", "yes"}};
  Editor editor(draft.architecture(), smallCatalog());
  const auto found = draft.check();
  EXPECT_EQ(found.size(), 4u);
  for (const Diagnostic& d : found)
    for (const Fix& fix : d.fixes) editor.setParam(fix.node, fix.param, fix.value);
  EXPECT_EQ(summary(validate(editor.result(), smallCatalog())), "");
}

TEST_F(Validate, ChecksThatSpanParameters) {
  draft.node(s.attention).params = {{"groups", 3}};
  expectFound("error parameter: " + of("layers/attention", s.attention) + "the groups must divide the heads.\n");
  draft.node(s.attention).params = {{"groups", 3}, {"heads", "=no"}};
  EXPECT_EQ(draft.check().size(), 1u) << "the span is not looked at where a part has no value";
}

TEST_F(Validate, Bodies) {
  draft.node(s.layers).bodies.clear();
  const std::string found = summary(draft.check());
  EXPECT_NE(found.find("error body: " + of("layers", s.layers) + "the inner graph 'layer' is missing.\n"),
            std::string::npos)
      << found;
}

TEST_F(Validate, BodyWithoutOut) {
  draft.graph(s.inside).nodes.erase(s.y);
  std::erase_if(draft.graph(s.inside).wires, [&](const Wire& wire) { return wire.to.node == s.y; });
  std::erase_if(draft.graph({}).wires, [&](const Wire& wire) { return wire.from.node == s.layers; });
  draft.wire({}, {{s.embed, "y"}, {s.logits, "x"}});
  expectFound("error body: " + of("layers", s.layers) + "the inner graph 'layer' has no 'out' node.\n" +
              "warning unused: " + of("layers", s.layers) + "nothing uses what it computes.\n");
}

TEST_F(Validate, BodiesThatAreNotUsed) {
  draft.node(s.layers).bodies["M"] = std::make_shared<Graph>(*graphAt(s.document, s.inside));
  draft.node(s.embed).bodies["layer"] = std::make_shared<Graph>();
  const std::string found = summary(draft.check());
  EXPECT_NE(found.find("warning unused_body: " + of("layers", s.layers) + "the inner graph 'M' is not used.\n"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("warning unused_body: " + of("embed", s.embed) +
                       "block 'embedding.token' has no inner graph; the one here is not used.\n"),
            std::string::npos)
      << found;
}

TEST_F(Validate, BodiesHaveTheSamePorts) {
  Editor editor(s.document, smallCatalog());
  editor.setPattern(s.layers, "AB");
  const GraphPath a = {{s.layers, "A"}}, b = {{s.layers, "B"}};
  const NodeId extra = editor.addNode(b, "in", {}, {}, "context");
  draft = Draft(editor.result());
  expectFound("error ports: " + of("layers", s.layers) +
              "the inner graph 'A' has no 'in' node named 'context'; expected the same ports in each inner graph.\n" +
              "error missing_input: " + of("layers", s.layers) + "nothing is wired to the input 'context'.\n" +
              "warning unused: " + of("layers(B)/context", extra) + "nothing uses what it computes.\n");
  EXPECT_EQ(draft.check()[0].place.port, "context");
}

TEST_F(Validate, OutputsOfARepeatFeedTheNextLayer) {
  Editor editor(s.document, smallCatalog());
  const NodeId aside = editor.addNode(s.inside, "out", {}, {}, "aside");
  editor.connect(s.inside, {s.norm, "y"}, {aside, "x"});
  draft = Draft(editor.result());
  expectFound("error ports: " + of("layers", s.layers) +
              "the output 'aside' of a layer feeds no input of the next; the inputs are x.\n");
}

TEST_F(Validate, ForkNeedsBranches) {
  Editor editor(s.document, smallCatalog());
  const NodeId fork = editor.addNode({}, "structure.fork", {});
  draft = Draft(editor.result());
  draft.node(fork).params["branches"] = " , ";
  draft.node(fork).bodies.clear();
  const std::string found = summary(draft.check());
  EXPECT_NE(found.find(of("fork", fork) + "it has no branches; expected names separated by commas.\n"),
            std::string::npos)
      << found;
}

TEST_F(Validate, LettersOfAPatternNameBodies) {
  draft.node(s.layers).params["pattern"] = "M M";
  const std::string found = summary(draft.check());
  EXPECT_NE(
      found.find("error parameter: " + of("layers", s.layers) + "parameter 'pattern': ' ' cannot name a layer.\n"),
      std::string::npos)
      << found;
}

TEST_F(Validate, AbsurdCounts) {
  draft.node(s.layers).params["count"] = 100'001;
  expectFound("error parameter: " + of("layers", s.layers) +
              "parameter 'count': 100001 is too large; expected at most 100000.\n");
  draft.node(s.layers).params["count"] = "=1e9*1e9";
  EXPECT_TRUE(hasErrors(draft.check()));
  draft.node(s.layers).params["count"] = int64_t(-1);
  expectFound("error parameter: " + of("layers", s.layers) +
              "parameter 'count': -1 is too small; expected 0 to 1000000.\n");
}

TEST_F(Validate, WeightGroupNameAndDuplicate) {
  draft.node(s.embed).weightGroup = "absent";
  draft.node(s.norm).name = "attention";
  draft.node(s.add).name = "a b";
  const std::string found = summary(draft.check());
  EXPECT_NE(found.find("error weight_group: " + of("embed", s.embed) + "there is no weight group 'absent'.\n"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("error duplicate_name: " + of("layers/attention", s.attention) + "id " + std::to_string(s.norm) +
                       " has the same name"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("error name: "), std::string::npos) << found;
}

TEST_F(Validate, Overrides) {
  Node& layers = draft.node(s.layers);
  layers.overrides[4].muted = {s.norm};
  layers.overrides[1].params[s.embed] = {{"width", 3}};
  layers.overrides[2].params[s.attention] = {{"heads", 3}, {"legs", 4}};
  layers.overrides[3].params[s.attention] = {{"groups", 5}};
  expectFound("warning override: " + of("layers", s.layers) + "the settings in layer 1 name id " +
              std::to_string(s.embed) + ", which is not inside.\n" + "warning override: " + of("layers", s.layers) +
              "there is no layer 4 to have settings of its own; the layers are 0 to 3.\n" + "error parameter: " +
              of("layers/attention", s.attention) + "parameter 'heads' in layer 2: 3 is not a power of two.\n" +
              "warning unknown_parameter: " + of("layers/attention", s.attention) +
              "block 'attention.multi_head' has no parameter 'legs'; it is kept and not used.\n" + "error parameter: " +
              of("layers/attention", s.attention) + "in layer 3: the groups must divide the heads.\n");
  for (const Diagnostic& d : draft.check()) EXPECT_EQ(d.place.graph, d.code == "override" ? GraphPath{} : s.inside);
}

TEST_F(Validate, OverridesDoNotRepeatWhatIsWrongAnyway) {
  Node& layers = draft.node(s.layers);
  for (int64_t layer = 0; layer < 4; ++layer) layers.overrides[layer].params[s.attention] = {{"window", 9}};
  draft.node(s.attention).params = {{"heads", 3}};
  EXPECT_EQ(draft.check().size(), 1u) << summary(draft.check());
}

TEST_F(Validate, Muted) {
  draft.node(s.attention).isMuted = true;
  EXPECT_EQ(summary(draft.check()), "");
  draft.node(s.embed).isMuted = true;
  expectFound("error muted: " + of("embed", s.embed) + "muted, it has no input that could pass on as 'y'.\n");
  draft.node(s.embed).isMuted = false;
  // A muted node needs what it passes on, and no more.
  draft.node(s.add).isMuted = true;
  std::erase(draft.graph(s.inside).wires, Wire{{s.attention, "y"}, {s.add, "branch"}});
  expectFound("warning unused: " + of("layers/attention", s.attention) + "nothing uses what it computes.\n");
}

TEST_F(Validate, UnusedIsReportedAtTheEndOfAChain) {
  Editor editor(s.document, smallCatalog());
  NodeId before = s.embed;
  for (int i = 0; i < 5; ++i) {
    const NodeId next = editor.addNode({}, "norm.layer", {});
    editor.connect({}, {before, "y"}, {next, "x"});
    before = next;
  }
  draft = Draft(editor.result());
  expectFound("warning unused: " + of("norm_5", before) + "nothing uses what it computes.\n");
}

TEST_F(Validate, TooDeep) {
  Architecture deep;
  GraphPtr inner = std::make_shared<Graph>();
  NodeId id = 0;
  for (int i = 0; i < 40; ++i) {
    auto graph = std::make_shared<Graph>();
    Node node{.id = ++id, .name = "g", .block = "structure.group"};
    node.bodies["body"] = inner;
    graph->nodes[id] = std::make_shared<Node>(node);
    inner = graph;
  }
  deep.root = inner;
  const std::string found = summary(validate(deep, smallCatalog()));
  EXPECT_NE(found.find("inner graphs are nested deeper than 32 levels.\n"), std::string::npos) << found;
}

TEST_F(Validate, NeverThrows) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Architecture document = randomDocument(seed);
    for (const Diagnostic& d : validate(document, smallCatalog())) {
      EXPECT_FALSE(d.text.empty());
      EXPECT_EQ(d.text.back(), '.') << d.text;
    }
  }
}

/// A node is in a cycle where it reaches itself: by walking from every node.
TEST(Cycles, AgreeWithPlainReachability) {
  Rng rng(7);
  for (int trial = 0; trial < 300; ++trial) {
    Graph graph;
    const int64_t count = 1 + rng.below(9);
    for (NodeId id = 1; id <= count; ++id) graph.nodes[id] = std::make_shared<Node>(Node{.id = id});
    std::set<Wire> wires;
    for (int64_t i = rng.below(14); i > 0; --i)
      wires.insert(Wire{{1 + rng.below(count), "y"}, {1 + rng.below(count), "x"}});
    graph.wires.assign(wires.begin(), wires.end());

    std::map<NodeId, std::set<NodeId>> reach;
    for (NodeId start = 1; start <= count; ++start)
      for (bool isGrowing = true; isGrowing;) {
        isGrowing = false;
        for (const Wire& wire : graph.wires)
          if (wire.from.node == start || reach[start].count(wire.from.node))
            isGrowing = reach[start].insert(wire.to.node).second || isGrowing;
      }
    std::set<std::vector<NodeId>> expected;
    for (NodeId a = 1; a <= count; ++a) {
      if (!reach[a].count(a)) continue;
      std::vector<NodeId> together;
      for (NodeId b = 1; b <= count; ++b)
        if (a == b || (reach[a].count(b) && reach[b].count(a))) together.push_back(b);
      expected.insert(together);
    }
    std::set<std::vector<NodeId>> found;
    for (const auto& cycle : findCycles(graph)) found.insert(cycle);
    // A node wired to itself stands for itself also inside of a greater cycle.
    for (const Wire& wire : graph.wires)
      if (wire.from.node == wire.to.node) expected.insert({wire.from.node});
    EXPECT_EQ(found, expected);
  }
}

TEST(Cycles, LongChainsDoNotRecurse) {
  Graph graph;
  constexpr NodeId kCount = 200'000;
  for (NodeId id = 1; id <= kCount; ++id) graph.nodes[id] = std::make_shared<Node>(Node{.id = id});
  for (NodeId id = 1; id < kCount; ++id) graph.wires.push_back({{id, "y"}, {id + 1, "x"}});
  EXPECT_TRUE(findCycles(graph).empty());
  graph.wires.push_back({{kCount, "y"}, {1, "x"}});
  EXPECT_EQ(findCycles(graph).at(0).size(), size_t(kCount));
}

}  // namespace
}  // namespace fw
