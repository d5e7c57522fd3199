// Searching blocks by a few letters.
#include <gtest/gtest.h>

#include "widgets/canvas/search_palette.h"

namespace fw::ui {
namespace {

std::vector<PaletteBlock> blocks() {
  return {{"attention.multi_head", "Multi-head attention", "attention", "", {"MHA", "self-attention"}},
          {"attention.grouped_query", "Grouped-query attention", "attention", "", {"GQA"}},
          {"attention.sliding", "Sliding-window attention", "attention", "", {"SWA", "local attention"}},
          {"mlp.swiglu", "SwiGLU", "mlp", "", {"gated MLP"}},
          {"mlp.gelu", "GELU MLP", "mlp", "", {"FFN", "feed-forward"}},
          {"ssm.mamba", "Mamba", "state space", "", {"selective scan", "S6"}},
          {"norm.rms", "RMS norm", "norm", "", {}},
          {"embedding.token", "Token embedding", "embedding", "", {}}};
}

QString best(const QString& query) {
  const auto found = searchBlocks(blocks(), query, {});
  return found.empty() ? QString() : found.front().title;
}

TEST(SearchBlocks, FindsByTitleSynonymLettersAndCategory) {
  EXPECT_EQ(best("mha"), "Multi-head attention");
  EXPECT_EQ(best("gqa"), "Grouped-query attention");
  EXPECT_EQ(best("swi"), "SwiGLU");
  EXPECT_EQ(best("ffn"), "GELU MLP");
  EXPECT_EQ(best("rms"), "RMS norm");
  EXPECT_EQ(best("local"), "Sliding-window attention");
  EXPECT_EQ(best("state"), "Mamba");
  EXPECT_EQ(best("tok emb"), "Token embedding");
  EXPECT_EQ(best("qqqq"), QString());
  EXPECT_EQ(searchBlocks(blocks(), "attention", {}).size(), 3u);
}

TEST(SearchBlocks, AnEmptyQueryShowsAllTheRecentOnesFirst) {
  const auto found = searchBlocks(blocks(), "", {"norm.rms", "ssm.mamba"});
  ASSERT_EQ(found.size(), blocks().size());
  EXPECT_EQ(found[0].id, "norm.rms");
  EXPECT_EQ(found[1].id, "ssm.mamba");
  EXPECT_EQ(found[2].id, "attention.multi_head");
}

}  // namespace
}  // namespace fw::ui
