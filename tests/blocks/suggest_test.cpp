// Where widths differ: one error, however much follows, and a mend that puts a projection between them.
#include "engine/blocks/suggest.h"

#include <gtest/gtest.h>

#include "engine/arch/fix.h"

namespace fw {
namespace {

const Catalog& blocks() {
  static const Catalog all(allBlocks());
  return all;
}

struct Mismatch {
  Editor editor{{}, blocks()};
  NodeId input, narrow, add, last;

  /// input -> narrow (48 wide) -> add.branch, input -> add.x, then eighty norms one after the other.
  Mismatch() {
    input = editor.addNode({}, "in", {0, 0}, {{"dims", "2 7 64"}}, "x");
    narrow = editor.addNode({}, "mlp.linear", {100, 40}, {{"out", int64_t(48)}});
    add = editor.addNode({}, "structure.residual", {200, 0});
    editor.connect({}, {input, "y"}, {narrow, "x"});
    editor.connect({}, {input, "y"}, {add, "x"});
    editor.connect({}, {narrow, "y"}, {add, "branch"});
    last = add;
    for (int i = 0; i < 80; ++i) {
      const NodeId norm = editor.addNode({}, "norm.rms", {300, 0});
      editor.connect({}, {last, "y"}, {norm, "x"});
      last = norm;
    }
    const NodeId out = editor.addNode({}, "out", {400, 0}, {}, "y");
    editor.connect({}, {last, "y"}, {out, "x"});
  }
  std::vector<Diagnostic> errors() const {
    std::vector<Diagnostic> found = lower(editor.result(), blocks(), {}).diagnostics;
    std::erase_if(found, [](const Diagnostic& d) { return d.severity != Severity::Error; });
    return found;
  }
};

TEST(Suggest, AProjectionIsOfferedOnceAndMends) {
  Mismatch model;
  const std::vector<Diagnostic> errors = model.errors();
  ASSERT_EQ(errors.size(), 1u) << "what follows from an error is not one";
  EXPECT_EQ(errors[0].place.node, model.add);
  ASSERT_EQ(errors[0].fixes.size(), 1u) << errors[0].text;
  const Fix& fix = errors[0].fixes[0];
  EXPECT_EQ(fix.title, "Insert projection 48 → 64");
  EXPECT_EQ(fix.wire, (Wire{{model.narrow, "y"}, {model.add, "branch"}}));
  const size_t nodes = model.editor.result().root->nodes.size();
  applyFix(model.editor, fix);
  EXPECT_TRUE(model.errors().empty());
  EXPECT_EQ(model.editor.result().root->nodes.size(), nodes + 1);
}

TEST(Suggest, NothingIsOfferedWhereAProjectionWouldNotDo) {
  Mismatch model;
  // Other sizes differ too.
  const NodeId other = model.editor.addNode({}, "in", {0, 0}, {{"dims", "3 7 48"}}, "other");
  model.editor.connect({}, {other, "y"}, {model.add, "branch"});
  const std::vector<Diagnostic> errors = model.errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].fixes.empty()) << errors[0].fixes[0].title;
}

TEST(Suggest, AFixThatNoLongerFitsChangesNothing) {
  Mismatch model;
  const Fix fix = model.errors().at(0).fixes.at(0);
  model.editor.disconnect({}, fix.wire);
  const size_t nodes = model.editor.result().root->nodes.size();
  EXPECT_ANY_THROW(applyFix(model.editor, fix));
  EXPECT_EQ(model.editor.result().root->nodes.size(), nodes);
}

}  // namespace
}  // namespace fw
