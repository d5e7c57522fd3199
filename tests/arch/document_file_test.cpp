// Documents as files: round trips, stable text, old versions, and what is refused.
#include "engine/arch/document_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"
#include "tests/support/source_folder.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

std::string fixture(const std::string& name) { return sourceFolder() + "/tests/arch/fixtures/" + name; }

TEST(DocumentFile, RandomDocumentsSurvive) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const Architecture document = randomDocument(seed);
    const std::string text = toDocumentText(document);
    const Architecture again = fromDocumentText(text, "x");
    expectSame(again, document);
    EXPECT_EQ(toDocumentText(again), text);
    EXPECT_EQ(structuralHash(again), structuralHash(document));
    EXPECT_TRUE(difference(document, again).isEmpty());
    if (HasFailure()) return;
  }
}

TEST(DocumentFile, TextIsSortedAndReadable) {
  Editor editor(Architecture{}, smallCatalog());
  const NodeId in = editor.addNode({}, "in", {0, 0}), out = editor.addNode({}, "out", {280, 0.5, true});
  editor.connect({}, {in, "y"}, {out, "x"});
  editor.setVariable("width", 64);
  EXPECT_EQ(toDocumentText(editor.result()), R"({
  "architecture": {
    "nodes": [
      {
        "block": "in",
        "id": 1,
        "name": "x"
      },
      {
        "block": "out",
        "id": 2,
        "name": "y"
      }
    ],
    "variables": {
      "width": 64
    },
    "weight_groups": {},
    "wires": [
      ["1.y", "2.x"]
    ]
  },
  "format": "formwright",
  "layout": {
    "1": [0, 0],
    "2": [280, 0.5, "pinned"]
  },
  "name": "",
  "version": 1
}
)");
}

TEST(DocumentFile, OrderInTheFileHasNoMeaning) {
  const Architecture a = fromDocumentText(R"({"format":"formwright","version":1,"architecture":{
      "nodes":[{"id":1,"name":"a","block":"norm.layer"},{"id":2,"name":"b","block":"norm.layer"}],
      "wires":[["1.y","2.x"],["2.y","1.x"]]}})",
                                          "a");
  const Architecture b = fromDocumentText(R"({"architecture":{
      "wires":[["2.y","1.x"],["1.y","2.x"],["1.y","2.x"]],
      "nodes":[{"block":"norm.layer","name":"b","id":2},{"name":"a","id":1,"block":"norm.layer"}]},"version":1,"format":"formwright"})",
                                          "b");
  expectSame(a, b);
}

TEST(DocumentFile, ReadsVersion1) {
  const Architecture a = loadDocument(fixture("v1_everything.fw.json"));
  EXPECT_EQ(a.name, "everything");
  EXPECT_EQ(a.variables, (std::map<std::string, double>{{"width", 64}}));
  EXPECT_EQ(a.weightGroups.at("shared"), (WeightGroup{"tied_lora", {{"rank", 4}}, R"({"since":2})"}));
  EXPECT_EQ(a.root->nodes.size(), 4u);
  EXPECT_EQ(a.root->find(2)->params, (Params{{"width", "=width"}}));
  EXPECT_EQ(a.root->find(2)->weightGroup, "shared");
  const Node& layers = *a.root->find(3);
  EXPECT_EQ(layers.params, (Params{{"count", 6}, {"pattern", "MM*"}}));
  EXPECT_EQ(layers.overrides.at(2).params.at(11), (Params{{"heads", 2}}));
  EXPECT_EQ(layers.overrides.at(2).extra, R"({"note":"why"})");
  EXPECT_EQ(layers.overrides.at(5).muted, (std::vector<NodeId>{11}));
  const Node& attention = *layers.bodies.at("*")->find(11);
  EXPECT_EQ(attention.params, (Params{{"heads", 4}, {"mask", "sliding"}, {"rope", true}, {"window", 9}}));
  EXPECT_TRUE(attention.isMuted);
  EXPECT_EQ(attention.label, "größer");
  const Node& mixer = *layers.bodies.at("M")->find(21);
  EXPECT_EQ(mixer.block, "future.mixer");
  EXPECT_EQ(mixer.params, (Params{{"decay", 0.125}}));
  EXPECT_EQ(mixer.extra, R"({"kernel":[3,5]})");
  EXPECT_EQ(layers.bodies.at("M")->extra, R"({"colour":"blue"})");
  EXPECT_EQ(a.root->wires, (std::vector<Wire>{{{1, "y"}, {2, "tokens"}}, {{2, "y"}, {3, "x"}}, {{3, "y"}, {4, "x"}}}));
  EXPECT_EQ(a.layout.at(11), (Position{-12.5, 40, true}));
  EXPECT_EQ(a.frames.at(30), (Frame{{3, "*"}, "Attention", "the\nheart", "#4080ff", 0, 0.5, 200, 100, {11}, ""}));
  EXPECT_EQ(a.extra, R"({"author":"Ada","layout":{"view":{"zoom":0.5}}})");
  EXPECT_EQ(a.nextId, 31);

  const Architecture smallest = loadDocument(fixture("v1_smallest.fw.json"));
  expectSame(smallest, Architecture{});
}

TEST(DocumentFile, EveryFixtureOfAReleasedVersionLoadsAndSurvives) {
  int found = 0;
  for (const auto& file : std::filesystem::directory_iterator(fixture(""))) {
    SCOPED_TRACE(file.path());
    const Architecture document = loadDocument(file.path());
    expectSame(fromDocumentText(toDocumentText(document), "x"), document);
    ++found;
  }
  EXPECT_GE(found, 2);
}

TEST(DocumentFile, SaveAndLoad) {
  const TemporaryFolder folder;
  const std::string path = folder / "größer.fw.json";
  const Architecture document = randomDocument(5);
  saveDocument(document, path);
  expectSame(loadDocument(path), document);
  EXPECT_EQ(readFile(path), toDocumentText(document));
}

TEST(DocumentFileError, MissingFileAndFolder) {
  const TemporaryFolder folder;
  expectError([&] { loadDocument(folder / "none.fw.json"); }, Code::File,
              "[" + (folder / "none.fw.json") + "] cannot be opened: No such file or directory.");
  expectError([&] { loadDocument(folder.path()); }, Code::File,
              "[" + folder.path() + "] is a folder; expected a file.");
  const std::string nowhere = folder / "absent/model.fw.json";
  expectError([&] { saveDocument({}, nowhere); }, Code::File,
              "[" + nowhere + "] cannot be written: No such file or directory.");
}

/// Bytes changed anywhere: the file is refused with a sentence that names it, or opens and can be saved.
TEST(DocumentFileError, DamagedFiles) {
  const std::string text = readFile(fixture("v1_everything.fw.json"));
  Rng rng(1);
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string damaged = text;
    for (int64_t k = 1 + rng.below(3); k > 0; --k) {
      const size_t at = size_t(rng.below(int64_t(damaged.size())));
      switch (rng.below(3)) {
        case 0:
          damaged[at] = char(rng.below(256));
          break;
        case 1:
          damaged.erase(at, size_t(1 + rng.below(20)));
          break;
        default:
          damaged.insert(at, damaged.substr(size_t(rng.below(int64_t(damaged.size()))), size_t(rng.below(30))));
      }
    }
    try {
      const std::string saved = toDocumentText(fromDocumentText(damaged, "damaged.fw.json"));
      EXPECT_EQ(toDocumentText(fromDocumentText(saved, "again")), saved);
    } catch (const Error& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).rfind("[damaged.fw.json] ", 0), 0u) << error.what();
      EXPECT_EQ(int(error.code()), int(Code::File));
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(DocumentFileError, EveryTruncationIsRefused) {
  std::string text = readFile(fixture("v1_everything.fw.json"));
  text.erase(text.find_last_not_of(" \n") + 1);
  for (size_t length = 0; length < text.size(); ++length)
    EXPECT_THROW(fromDocumentText(text.substr(0, length), "x"), Error) << length;
}

TEST(DocumentFileError, AbsurdSizesAreRefusedQuickly) {
  std::string nodes;
  for (int64_t id = 1; id <= kMaxNodes + 1; ++id)
    nodes += std::string(id > 1 ? "," : "") + "{\"id\":" + std::to_string(id) + ",\"name\":\"n\",\"block\":\"b\"}";
  const auto document = [](const std::string& body) {
    return "{\"format\":\"formwright\",\"version\":1,\"architecture\":{\"nodes\":[" + body + "]}}";
  };
  expectError([&] { fromDocumentText(document(nodes), "big"); }, Code::File,
              "[big] node 'n' (id 200001): there are more than 200000 nodes.");
  std::string deep = R"({"id":100,"name":"n","block":"b"})";
  for (int id = 99; id >= 67; --id)
    deep = "{\"id\":" + std::to_string(id) + R"(,"name":"n","block":"b","bodies":{"body":{"nodes":[)" + deep + "]}}}";
  expectError([&] { fromDocumentText(document(deep), "deep"); }, Code::File,
              "[deep] node 'n' (id 99), inner graph 'body': inner graphs are nested deeper than 32 levels.");
}

}  // namespace
}  // namespace fw
