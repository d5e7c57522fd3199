// Differences by module path.
#include "engine/arch/diff.h"

#include "engine/arch/document_file.h"
#include "engine/base/rng.h"
#include "tests/arch/editor_fixture.h"

namespace fw {
namespace {

std::string lines(const std::vector<DiffEntry>& entries) {
  std::string out;
  for (const DiffEntry& e : entries) {
    out += e.kind == DiffKind::Added ? "+ " : e.kind == DiffKind::Removed ? "- " : "~ ";
    out += e.path + ": " + e.what + ": " + e.before + " -> " + e.after + "\n";
  }
  return out;
}

class DiffTest : public EditorTest {
 protected:
  std::string found() const { return lines(diff(s.document, now(), smallCatalog())); }
  std::string reversed() const { return lines(diff(now(), s.document, smallCatalog())); }
};

TEST_F(DiffTest, EqualDocuments) {
  EXPECT_EQ(found(), "");
  editor.move(s.embed, {1, 1});
  editor.setLabel(s.embed, "x");
  editor.setName("other");
  editor.addFrame({}, {});
  EXPECT_EQ(found(), "");
}

TEST_F(DiffTest, ParametersShowTheirDefaults) {
  editor.setParam(s.attention, "heads", 4);
  editor.setParam(s.attention, "note", "hello");
  EXPECT_EQ(found(), "~ layers/attention: heads: 8 -> 4\n~ layers/attention: note: \"\" -> hello\n");
  EXPECT_EQ(reversed(), "~ layers/attention: heads: 4 -> 8\n~ layers/attention: note: hello -> \"\"\n");
}

TEST_F(DiffTest, ADefaultThatIsWrittenOutIsNoDifference) {
  auto body = std::make_shared<Graph>(*graphAt(s.document, s.inside));
  auto attention = std::make_shared<Node>(*body->find(s.attention));
  attention->params["heads"] = 8.0;
  body->nodes[s.attention] = attention;
  auto root = std::make_shared<Graph>(*s.document.root);
  auto layers = std::make_shared<Node>(*root->find(s.layers));
  layers->bodies["layer"] = body;
  root->nodes[s.layers] = layers;
  Architecture changed = s.document;
  changed.root = root;
  EXPECT_NE(structuralHash(changed), structuralHash(s.document));
  EXPECT_EQ(lines(diff(s.document, changed, smallCatalog())), "");
}

TEST_F(DiffTest, NodesAndWires) {
  const NodeId mlp = editor.addNode(s.inside, "mlp.plain", {});
  editor.insertOnWire(s.inside, {{s.attention, "y"}, {s.add, "branch"}}, mlp);
  EXPECT_EQ(found(),
            "+ layers/mlp: node:  -> mlp.plain\n"
            "- layers: wire attention.y -> add.branch: wired -> \n"
            "+ layers: wire attention.y -> mlp.x:  -> wired\n"
            "+ layers: wire mlp.y -> add.branch:  -> wired\n");
  EXPECT_EQ(reversed(),
            "- layers/mlp: node: mlp.plain -> \n"
            "- layers: wire attention.y -> mlp.x: wired -> \n"
            "- layers: wire mlp.y -> add.branch: wired -> \n"
            "+ layers: wire attention.y -> add.branch:  -> wired\n");
}

TEST_F(DiffTest, FieldsOfNodes) {
  editor.setMuted(s.norm, true);
  editor.setGroupPolicy("g", {"tied_lora", {{"rank", 4}, {"alpha", 0.5}}, ""});
  editor.setWeightGroup(s.attention, "g");
  editor.setVariable("width", 128);
  editor.setVariable("depth", 2);
  editor.replaceBlock(s.add, "mlp.plain");
  editor.rename(s.add, "add");
  EXPECT_EQ(found(),
            "+ : weight group g:  -> tied_lora (alpha=0.5, rank=4)\n"
            "+ : variable depth:  -> 2\n"
            "~ : variable width: 64 -> 128\n"
            "~ layers/add: block: structure.residual -> mlp.plain\n"
            "+ layers/attention: weight group:  -> g\n"
            "~ layers/norm: muted: no -> yes\n"
            "- layers: wire attention.y -> add.branch: wired -> \n");
}

TEST_F(DiffTest, LayersAndBodies) {
  editor.setLayerParam(s.layers, 3, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 2, s.norm, true);
  EXPECT_EQ(found(), "+ layers[2]/norm: muted:  -> yes\n+ layers[3]/attention: heads:  -> 4\n");
  Editor base(now(), smallCatalog());
  base.setPattern(s.layers, "AB");
  const Architecture before = base.result();
  base.setPattern(s.layers, "AC");
  base.setParam(s.attention, "heads", 2);
  EXPECT_EQ(lines(diff(before, base.result(), smallCatalog())),
            "~ layers: pattern: AB -> AC\n"
            "~ layers(A)/attention: heads: 8 -> 2\n"
            "- layers: inner graph B: 2 nodes -> \n"
            "+ layers: inner graph C:  -> 2 nodes\n");
}

TEST_F(DiffTest, IdsHaveNoMeaning) {
  editor.removeNodes({s.norm});
  const NodeId norm = editor.addNode(s.inside, "norm.layer", {});
  editor.connect(s.inside, {s.x, "y"}, {norm, "x"});
  editor.connect(s.inside, {norm, "y"}, {s.attention, "x"});
  EXPECT_NE(norm, s.norm);
  EXPECT_EQ(found(), "");
}

/// After any edit: a difference is found exactly where the hashes differ, and the reverse mirrors it.
TEST_F(DiffTest, AgreesWithTheHash) {
  Rng rng(2);
  int differing = 0;
  for (int i = 0; i < 400; ++i) {
    Editor e(s.document, smallCatalog());
    const std::vector<NodeId> ids = {s.norm, s.attention, s.add, s.embed, s.layers};
    const NodeId id = ids[size_t(rng.below(5))];
    try {
      switch (rng.below(8)) {
        case 0:
          e.setParam(id, "width", rng.below(3) * 32 + 64);
          break;
        case 1:
          e.setParam(id, "heads", rng.below(3) + 7);
          break;
        case 2:
          e.rename(id, rng.uniform() < 0.5 ? "norm" : "other");
          break;
        case 3:
          e.setMuted(id, rng.uniform() < 0.5);
          break;
        case 4:
          e.removeAndHeal(id);
          break;
        case 5:
          e.setLayerMuted(s.layers, rng.below(4), id, rng.uniform() < 0.5);
          break;
        case 6:
          e.move(id, {double(i), 0});
          break;
        default:
          e.setPattern(id, rng.uniform() < 0.5 ? "" : "A");
      }
    } catch (const Error&) {
      continue;
    }
    const auto there = diff(s.document, e.result(), smallCatalog()),
               back = diff(e.result(), s.document, smallCatalog());
    const bool isEqual = structuralHash(s.document) == structuralHash(e.result());
    EXPECT_EQ(there.empty(), isEqual) << lines(there);
    EXPECT_EQ(there.size(), back.size());
    differing += !isEqual;
  }
  EXPECT_GT(differing, 60);
}

TEST(Diff, NeverThrows) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Architecture a = randomDocument(seed), b = randomDocument(seed + 1);
    EXPECT_TRUE(diff(a, a, smallCatalog()).empty());
    EXPECT_FALSE(diff(a, b, smallCatalog()).empty());
  }
}

}  // namespace
}  // namespace fw
