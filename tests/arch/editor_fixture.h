// An editor over the sample, and what its tests ask of it.
#pragma once

#include <gtest/gtest.h>

#include "engine/arch/document_file.h"
#include "engine/arch/editor.h"
#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"

namespace fw {

class EditorTest : public ::testing::Test {
 protected:
  Sample s = sampleDocument();
  Editor editor{s.document, smallCatalog()};

  const Architecture& now() const { return editor.result(); }
  const Node& node(NodeId id) const { return *findNode(now(), id); }
  bool exists(NodeId id) const { return findNode(now(), id) != nullptr; }
  const Graph& root() const { return *now().root; }
  const Graph& body() const { return *graphAt(now(), s.inside); }
  const Graph& graph(const GraphPath& path) const { return *graphAt(now(), path); }
  bool hasWire(const GraphPath& path, const Wire& wire) const {
    const std::vector<Wire>& wires = graph(path).wires;
    EXPECT_TRUE(std::is_sorted(wires.begin(), wires.end()));
    return std::binary_search(wires.begin(), wires.end(), wire);
  }
  NodeId idOf(const GraphPath& path, const std::string& name) const { return graph(path).findByName(name)->id; }

  /// The edit is refused with this sentence and changes nothing.
  template <class Action>
  void expectRefused(const Action& action, const std::string& sentence, Code code = Code::Graph) {
    const Architecture before = now();
    expectError(action, code, sentence);
    expectSame(now(), before);
  }
};

using Ids = std::set<NodeId>;

}  // namespace fw
