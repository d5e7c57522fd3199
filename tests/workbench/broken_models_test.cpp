// One thing that is wrong gives one or two problems, however large the model is.
#include <gtest/gtest.h>

#include <functional>

#include "engine/arch/editor.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

void forEachGraph(const Graph& graph, const GraphPath& path,
                  const std::function<void(const Graph&, GraphPath)>& visit) {
  visit(graph, path);
  for (const auto& [id, node] : graph.nodes)
    for (const auto& [name, body] : node->bodies) {
      GraphPath inner = path;
      inner.push_back({id, name});
      forEachGraph(*body, inner, visit);
    }
}

TEST(BrokenModels, AMissingWireIsNoCascade) {
  for (const char* preset : {"attention-recall", "hybrid-recall", "llama-3-8b"}) {
    const Architecture whole = findPreset(preset)->make(catalog());
    ASSERT_FALSE(hasErrors(check(whole)));
    int broken = 0;
    forEachGraph(*whole.root, {}, [&](const Graph& graph, const GraphPath& path) {
      for (const Wire& wire : graph.wires) {
        Editor editor(whole, catalog());
        editor.disconnect(path, wire);
        const std::vector<Diagnostic> found = check(editor.result());
        const auto count = std::count_if(found.begin(), found.end(),
                                         [](const Diagnostic& each) { return each.severity != Severity::Info; });
        EXPECT_GE(count, 1) << preset << ": " << wire.from.port << " of " << pathText(whole, path, wire.from.node);
        EXPECT_LE(count, 2) << preset << ": " << wire.from.port << " of " << pathText(whole, path, wire.from.node);
        ++broken;
      }
    });
    EXPECT_GT(broken, 8) << preset;
  }
}

}  // namespace
}  // namespace fw
