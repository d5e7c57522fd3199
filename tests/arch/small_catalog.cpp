// A small catalog of its own for tests of documents.
#include "tests/arch/small_catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/rng.h"

namespace fw {

const std::vector<BlockDef>& smallBlocks() {
  static const std::vector<BlockDef> blocks = {
      {.id = "in",
       .name = "x",
       .outputs = {{.name = "y"}},
       .params = {choiceParam("kind", "tensor", {"tensor", "tokens", "pixels", "mask", "labels"}),
                  textParam("dims", "B T D")}},
      {.id = "out", .name = "y", .inputs = {{.name = "x"}}},
      {.id = "structure.repeat",
       .name = "layers",
       .params = {intParam("count", 4).range(0, 1e6), textParam("pattern", "")},
       .body = BodyKind::Repeat},
      {.id = "structure.fork", .name = "fork", .params = {textParam("branches", "image,text")}, .body = BodyKind::Fork},
      {.id = "structure.group", .name = "group", .body = BodyKind::Single},
      {.id = "structure.residual",
       .name = "add",
       .inputs = {{.name = "x"}, {.name = "branch"}},
       .outputs = {{.name = "y"}}},
      {.id = "embedding.token",
       .name = "embed",
       .inputs = {{.name = "tokens", .dims = "B T", .kind = PortKind::Tokens}},
       .outputs = {{.name = "y", .dims = "B T D"}},
       .params = {intParam("width", 64)}},
      {.id = "embedding.patch",
       .name = "patch",
       .inputs = {{.name = "pixels", .kind = PortKind::Pixels}},
       .outputs = {{.name = "y"}}},
      {.id = "norm.layer",
       .name = "norm",
       .inputs = {{.name = "x"}},
       .outputs = {{.name = "y"}},
       .params = {realParam("epsilon", 1e-5).range(0, 1)}},
      {.id = "attention.multi_head",
       .name = "attention",
       .inputs = {{.name = "x"}, {.name = "mask", .kind = PortKind::Mask, .isOptional = true}},
       .outputs = {{.name = "y"}},
       .params = {intParam("heads", 8).range(1, 64).powerOfTwo(), intParam("groups", 1),
                  choiceParam("mask", "causal", {"causal", "none", "sliding"}),
                  intParam("window", 7).odd().when("mask=sliding"), boolParam("rope", false), textParam("note", "")},
       .check = [](const Params& params) -> std::string {
         const int64_t heads = std::get<int64_t>(params.at("heads")), groups = std::get<int64_t>(params.at("groups"));
         return heads % groups == 0 ? "" : "the groups must divide the heads";
       }},
      {.id = "mlp.plain",
       .name = "mlp",
       .inputs = {{.name = "x"}},
       .outputs = {{.name = "y"}},
       .params = {intParam("width", 256), choiceParam("activation", "gelu", {"gelu", "relu"})}},
      {.id = "source.mask", .name = "mask", .outputs = {{.name = "y", .kind = PortKind::Mask}}},
  };
  return blocks;
}

const Catalog& smallCatalog() {
  static const Catalog catalog(smallBlocks());
  return catalog;
}

Sample sampleDocument() {
  Editor editor(Architecture{}, smallCatalog());
  Sample s;
  editor.setName("sample");
  editor.setVariable("width", 64);
  s.tokens = editor.addNode({}, "in", {0, 0}, {{"kind", "tokens"}, {"dims", "B T"}}, "tokens");
  s.embed = editor.addNode({}, "embedding.token", {200, 0});
  s.layers = editor.addNode({}, "structure.repeat", {400, 0});
  s.logits = editor.addNode({}, "out", {600, 0}, {}, "logits");
  editor.connect({}, {s.tokens, "y"}, {s.embed, "tokens"});
  editor.connect({}, {s.embed, "y"}, {s.layers, "x"});
  editor.connect({}, {s.layers, "y"}, {s.logits, "x"});
  s.inside = {{s.layers, "layer"}};
  const Graph& body = *graphAt(editor.result(), s.inside);
  s.x = body.findByName("x")->id;
  s.y = body.findByName("y")->id;
  s.norm = editor.addNode(s.inside, "norm.layer", {0, 100});
  s.attention = editor.addNode(s.inside, "attention.multi_head", {0, 200});
  s.add = editor.addNode(s.inside, "structure.residual", {0, 300});
  editor.disconnect(s.inside, {{s.x, "y"}, {s.y, "x"}});
  editor.connect(s.inside, {s.x, "y"}, {s.norm, "x"});
  editor.connect(s.inside, {s.norm, "y"}, {s.attention, "x"});
  editor.connect(s.inside, {s.x, "y"}, {s.add, "x"});
  editor.connect(s.inside, {s.attention, "y"}, {s.add, "branch"});
  editor.connect(s.inside, {s.add, "y"}, {s.y, "x"});
  s.document = editor.result();
  return s;
}

namespace {

void expectSameGraph(const Graph& a, const Graph& b, const std::string& where) {
  EXPECT_EQ(a.wires, b.wires) << where;
  EXPECT_EQ(a.extra, b.extra) << where;
  ASSERT_EQ(a.nodes.size(), b.nodes.size()) << where;
  for (auto i = a.nodes.begin(), j = b.nodes.begin(); i != a.nodes.end(); ++i, ++j) {
    const Node &m = *i->second, &n = *j->second;
    const std::string here = where + "/" + m.name;
    EXPECT_EQ(i->first, j->first) << here;
    EXPECT_EQ(m.id, n.id) << here;
    EXPECT_EQ(m.name, n.name) << here;
    EXPECT_EQ(m.block, n.block) << here;
    EXPECT_EQ(m.params, n.params) << here;
    EXPECT_EQ(m.isMuted, n.isMuted) << here;
    EXPECT_EQ(m.weightGroup, n.weightGroup) << here;
    EXPECT_EQ(m.label, n.label) << here;
    EXPECT_EQ(m.link, n.link) << here;
    EXPECT_EQ(m.promoted, n.promoted) << here;
    EXPECT_TRUE(m.overrides == n.overrides) << here;
    EXPECT_EQ(m.extra, n.extra) << here;
    ASSERT_EQ(m.bodies.size(), n.bodies.size()) << here;
    for (auto p = m.bodies.begin(), q = n.bodies.begin(); p != m.bodies.end(); ++p, ++q) {
      EXPECT_EQ(p->first, q->first) << here;
      expectSameGraph(*p->second, *q->second, here + "(" + p->first + ")");
    }
  }
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : rng_(seed) {}

  Architecture document() {
    Architecture a;
    a.name = words();
    a.root = graph(0);
    for (int i = 0; i < 3; ++i)
      a.weightGroups["group-" + std::to_string(i)] = {pick({"tied", "tied_lora", "dense"}), params(), extra()};
    a.variables = {{"width", rng_.normal() * 1e3}, {"depth", double(rng_.below(100))}};
    for (NodeId id : ids_)
      if (rng_.uniform() < 0.8) a.layout[id] = {coordinate(), coordinate(), rng_.uniform() < 0.2};
    for (int i = 0; i < 3; ++i) {
      Frame frame{{0, ""}, words(), words(), "#4080ff", coordinate(), coordinate(), coordinate(), 100, {}, extra()};
      if (!bodies_.empty() && rng_.uniform() < 0.5) frame.graph = bodies_[size_t(rng_.below(int64_t(bodies_.size())))];
      frame.members = someIds();
      a.frames[nextId()] = frame;
    }
    for (const Wire& wire : a.root->wires)
      if (rng_.uniform() < 0.4) a.dots[nextId()] = {wire, rng_.below(3), coordinate(), coordinate(), extra()};
    a.nextId = std::max(*std::max_element(ids_.begin(), ids_.end()), last_) + 1;
    if (rng_.uniform() < 0.7)
      a.extra = R"({"architecture":{"future":[1,2,{"a":null}]},"author":"Ada","layout":{"view":{"zoom":0.5}}})";
    return a;
  }

 private:
  NodeId nextId() { return last_ += 1 + rng_.below(5); }
  double coordinate() { return rng_.uniform() < 0.5 ? double(rng_.below(2000) - 1000) : rng_.normal() * 500; }
  std::string pick(std::initializer_list<const char*> from) { return from.begin()[rng_.below(int64_t(from.size()))]; }
  std::string words() {
    return pick({"", "plain", "\"quoted\"\n\\", "größer als 日本語", "\x01\x7f", "=not a formula"});
  }
  std::string extra() {
    return pick({"", "", R"({"future":{"b":1,"z":[true,1.5]}})", R"({"a":null,"unknown":"kept"})"});
  }
  Params params() {
    Params out;
    for (int64_t i = rng_.below(4); i > 0; --i) {
      const std::string name = pick({"heads", "width", "mask", "epsilon", "rope", "strange-one"});
      switch (rng_.below(5)) {
        case 0:
          out[name] = rng_.uniform() < 0.5;
          break;
        case 1:
          out[name] = int64_t(rng_.bits());
          break;
        case 2:
          out[name] = rng_.normal() * 1e-3;
          break;
        case 3:
          out[name] = double(rng_.below(50));
          break;
        default:
          out[name] = pick({"=4*width", "causal", "", "ü"});
      }
    }
    return out;
  }
  std::vector<NodeId> someIds() {
    std::set<NodeId> out;
    for (int64_t i = rng_.below(4); i > 0; --i) out.insert(ids_[size_t(rng_.below(int64_t(ids_.size())))]);
    return {out.begin(), out.end()};
  }

  GraphPtr graph(int depth) {
    auto g = std::make_shared<Graph>();
    std::vector<NodeId> here;
    const int64_t count = 1 + rng_.below(7);
    for (int64_t i = 0; i < count; ++i) {
      auto node = std::make_shared<Node>();
      node->id = nextId();
      ids_.push_back(node->id);
      here.push_back(node->id);
      node->name = pick({"norm", "a", "B-2", "x_y"}) + std::to_string(i);
      node->block = pick({"norm.layer", "in", "out", "attention.multi_head", "future.block", "structure.repeat"});
      node->params = params();
      node->isMuted = rng_.uniform() < 0.2;
      node->weightGroup = pick({"", "", "group-1", "absent"});
      node->label = words();
      node->link = pick({"", "", "block", "block-2"});
      node->extra = extra();
      if (depth < 4 && rng_.uniform() < 0.4)
        for (int64_t b = 1 + rng_.below(2); b > 0; --b) {
          const std::string body = pick({"layer", "M", "*", "-", "image"});
          node->bodies[body] = graph(depth + 1);
          bodies_.push_back({node->id, body});
        }
      if (rng_.uniform() < 0.2) {
        LayerOverride& own = node->overrides[rng_.below(100)];
        own.muted = someIds();
        own.params[ids_.front()] = params();
        own.extra = extra();
      }
      if (rng_.uniform() < 0.2) node->promoted = {{"width", {{ids_.front(), "width"}, {node->id, "heads"}}}};
      g->nodes[node->id] = node;
    }
    std::set<Wire> wires;
    for (int64_t i = rng_.below(8); i > 0; --i)
      wires.insert(
          Wire{{here[size_t(rng_.below(count))], "y"},
               {rng_.uniform() < 0.1 ? 999999 : here[size_t(rng_.below(count))], pick({"x", "branch", "no-such"})}});
    g->wires.assign(wires.begin(), wires.end());
    if (depth > 0) g->extra = extra();
    return g;
  }

  Rng rng_;
  NodeId last_ = 0;
  std::vector<NodeId> ids_;
  std::vector<BodyRef> bodies_;
};

}  // namespace

void expectSame(const Architecture& a, const Architecture& b) {
  EXPECT_EQ(a.name, b.name);
  expectSameGraph(*a.root, *b.root, "");
  EXPECT_TRUE(a.weightGroups == b.weightGroups);
  EXPECT_EQ(a.variables, b.variables);
  EXPECT_TRUE(a.layout == b.layout);
  EXPECT_TRUE(a.frames == b.frames);
  EXPECT_TRUE(a.dots == b.dots);
  EXPECT_EQ(a.extra, b.extra);
  EXPECT_EQ(a.nextId, b.nextId);
}

Architecture randomDocument(uint64_t seed) { return Generator(seed).document(); }

}  // namespace fw
