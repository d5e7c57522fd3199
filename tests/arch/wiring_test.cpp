// Which wires may be drawn, and why not.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/arch/small_catalog.h"

namespace fw {
namespace {

class Wiring : public ::testing::Test {
 protected:
  Sample s = sampleDocument();

  std::string reason(const GraphPath& path, const PortRef& from, const PortRef& to) const {
    const Verdict verdict = canConnect(s.document, smallCatalog(), path, from, to);
    EXPECT_EQ(verdict.isAllowed, verdict.reason.empty());
    return verdict.reason;
  }
};

TEST_F(Wiring, Allowed) {
  EXPECT_EQ(reason(s.inside, {s.norm, "y"}, {s.add, "branch"}), "");
  EXPECT_EQ(reason(s.inside, {s.x, "y"}, {s.norm, "x"}), "") << "a wire that is there already";
  EXPECT_EQ(reason({}, {s.tokens, "y"}, {s.logits, "x"}), "") << "an out takes every kind";
}

TEST_F(Wiring, Reasons) {
  EXPECT_EQ(reason({{s.layers, "absent"}}, {s.norm, "y"}, {s.add, "x"}), "There is no such graph.");
  EXPECT_EQ(reason({}, {s.norm, "y"}, {s.logits, "x"}), "There is no node " + std::to_string(s.norm) + " here.");
  EXPECT_EQ(reason({}, {s.embed, "y"}, {77777, "x"}), "There is no node 77777 here.");
  EXPECT_EQ(reason(s.inside, {s.norm, "z"}, {s.add, "x"}), "'norm' has no output 'z'; it has y.");
  EXPECT_EQ(reason(s.inside, {s.y, "y"}, {s.add, "x"}), "'y' has no output 'y'; it has none.");
  EXPECT_EQ(reason(s.inside, {s.norm, "y"}, {s.attention, "q"}), "'attention' has no input 'q'; it has x, mask.");
  EXPECT_EQ(reason(s.inside, {s.norm, "y"}, {s.norm, "x"}), "A node cannot feed itself.");
  EXPECT_EQ(reason(s.inside, {s.norm, "y"}, {s.attention, "mask"}),
            "Kinds differ: 'y' gives a tensor, 'mask' takes a mask.");
  EXPECT_EQ(reason({}, {s.embed, "y"}, {s.embed, "tokens"}), "A node cannot feed itself.");
  EXPECT_EQ(reason({}, {s.layers, "y"}, {s.embed, "tokens"}),
            "Kinds differ: 'y' gives a tensor, 'tokens' takes tokens.");
  EXPECT_EQ(reason(s.inside, {s.add, "y"}, {s.norm, "x"}), "That would close a cycle: 'norm' feeds 'add' already.");
}

TEST_F(Wiring, PortsOfContainersAreWired) {
  EXPECT_EQ(reason({}, {s.embed, "y"}, {s.layers, "x"}), "");
  EXPECT_EQ(reason({}, {s.embed, "y"}, {s.layers, "state"}), "'layers' has no input 'state'; it has x.");
}

TEST_F(Wiring, UnknownBlocksHaveNoKnownPorts) {
  auto root = std::make_shared<Graph>(*s.document.root);
  root->nodes[500] = std::make_shared<Node>(Node{.id = 500, .name = "odd", .block = "future.block"});
  s.document.root = root;
  EXPECT_EQ(reason({}, {500, "y"}, {s.logits, "x"}),
            "'odd' has the unknown block 'future.block'; its ports are not known.");
  EXPECT_EQ(reason({}, {s.embed, "y"}, {500, "x"}),
            "'odd' has the unknown block 'future.block'; its ports are not known.");
  EXPECT_TRUE(connectablePorts(s.document, smallCatalog(), {}, {500, "y"}, true).empty());
}

TEST_F(Wiring, ConnectablePortsAgreeWithEachVerdict) {
  const NodeId mask = [&] {
    Editor editor(s.document, smallCatalog());
    const NodeId id = editor.addNode(s.inside, "source.mask", {});
    s.document = editor.result();
    return id;
  }();
  int found = 0;
  for (const GraphPath& path : {GraphPath{}, s.inside}) {
    const Graph& graph = *graphAt(s.document, path);
    std::vector<PortRef> outputs, inputs;
    for (const auto& [id, node] : graph.nodes) {
      const Ports ports = portsOf(*node, *smallCatalog().find(node->block));
      for (const PortDef& port : ports.outputs) outputs.push_back({id, port.name});
      for (const PortDef& port : ports.inputs) inputs.push_back({id, port.name});
    }
    for (const PortRef& from : outputs) {
      std::vector<PortRef> expected;
      for (const PortRef& to : inputs)
        if (canConnect(s.document, smallCatalog(), path, from, to).isAllowed) expected.push_back(to);
      auto ports = connectablePorts(s.document, smallCatalog(), path, from, true);
      std::sort(ports.begin(), ports.end());
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(ports, expected);
      found += int(ports.size());
    }
    for (const PortRef& to : inputs) {
      std::vector<PortRef> expected;
      for (const PortRef& from : outputs)
        if (canConnect(s.document, smallCatalog(), path, from, to).isAllowed) expected.push_back(from);
      EXPECT_EQ(connectablePorts(s.document, smallCatalog(), path, to, false), expected);
    }
  }
  EXPECT_GT(found, 10);
  EXPECT_EQ(connectablePorts(s.document, smallCatalog(), s.inside, {mask, "y"}, true),
            (std::vector<PortRef>{{s.y, "x"}, {s.attention, "mask"}}));
}

TEST_F(Wiring, ConnectablePortsOfNothing) {
  EXPECT_TRUE(connectablePorts(s.document, smallCatalog(), {{1, "absent"}}, {s.norm, "y"}, true).empty());
  EXPECT_TRUE(connectablePorts(s.document, smallCatalog(), {}, {s.embed, "absent"}, true).empty());
  EXPECT_TRUE(connectablePorts(s.document, smallCatalog(), {}, {4711, "y"}, true).empty());
}

}  // namespace
}  // namespace fw
