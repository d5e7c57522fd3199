// Presets of the attention family have the parameters and multiply-adds that their papers and their published code
// give.
#include <gtest/gtest.h>

#include <functional>

#include "engine/arch/editor.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

Architecture make(const std::string& preset) { return findPreset(preset)->make(catalog()); }

/// The parameter of every node of a block, in all graphs.
Architecture with(const Architecture& architecture, const std::string& block, const Params& params) {
  Editor editor(architecture, catalog());
  const std::function<void(const Graph&)> visit = [&](const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (node->block == block)
        for (const auto& [name, value] : params) editor.setParam(id, name, value);
      for (const auto& [name, body] : node->bodies) visit(*body);
    }
  };
  visit(*architecture.root);
  return editor.result();
}

double parameters(const Architecture& architecture) { return cost(architecture, {.withPeak = false}).parametersUnique; }

TEST(AttentionPresets, SparseQueriesHaveTheSizesOfTheDenseModels) {
  const std::map<std::string, double> sizes = {{"mha", 11966224},  {"gqa", 11179792},  {"mqa", 10983184},
                                               {"sqa", 10655504},  {"ssqa", 10917648}, {"xsqa", 10393360},
                                               {"xsmqa", 10196752}};
  for (const auto& [variant, count] : sizes)
    EXPECT_EQ(parameters(with(make("sqa"), "attention.sparse_query", {{"variant", variant}})), count) << variant;
}

TEST(AttentionPresets, SparseQueriesHaveTheSizesOfTheMixturesOfExperts) {
  const std::map<std::string, double> sizes = {
      {"gqa", 8666320}, {"mqa", 8641744}, {"sqa", 8568016}, {"ssqa", 8617168}, {"xsqa", 8518864}};
  for (const auto& [variant, count] : sizes)
    EXPECT_EQ(parameters(with(make("sqa-experts"), "attention.sparse_query", {{"variant", variant}})), count)
        << variant;
}

}  // namespace
}  // namespace fw
