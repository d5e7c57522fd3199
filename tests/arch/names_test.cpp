// What may be a name.
#include "engine/arch/names.h"

#include <gtest/gtest.h>

namespace fw {
namespace {

TEST(Names, Identifiers) {
  for (const char* good : {"a", "0", "norm_2", "B-2", "_", "-"}) EXPECT_TRUE(isIdentifier(good)) << good;
  for (const char* bad : {"", "a b", "a.b", "a/b", "ü", "a\n", "a:"}) EXPECT_FALSE(isIdentifier(bad)) << bad;
  EXPECT_TRUE(isIdentifier(std::string(100, 'a')));
  EXPECT_FALSE(isIdentifier(std::string(101, 'a')));
  EXPECT_FALSE(isIdentifier(std::string_view("a\0b", 3)));
}

TEST(Names, BlocksVariablesBodies) {
  for (const char* good : {"in", "mlp.plain", "a.b.c-d"}) EXPECT_TRUE(isBlockId(good)) << good;
  for (const char* bad : {"", ".a", "a.", "a..b", "a b"}) EXPECT_FALSE(isBlockId(bad)) << bad;
  for (const char* good : {"width", "_a", "d2"}) EXPECT_TRUE(isVariableName(good)) << good;
  for (const char* bad : {"", "2d", "a-b", "a.b"}) EXPECT_FALSE(isVariableName(bad)) << bad;
  for (const char* good : {"M", "*", "-", "layer", "|", "~"}) EXPECT_TRUE(isBodyName(good)) << good;
  for (const char* bad : {"", " ", "a/b", "a.b", "'", "\"", "a,b", "\\", "\x7f", "\xc3"})
    EXPECT_FALSE(isBodyName(bad)) << bad;
}

TEST(Names, Utf8) {
  for (const char* good : {"", "abc", "größer", "日本", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(isUtf8(good)) << good;
  // Lone continuation, overlong, surrogate, beyond Unicode, cut short.
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98", "a\xff"})
    EXPECT_FALSE(isUtf8(bad)) << bad;
}

TEST(Names, QuotesAreSafeToShow) {
  EXPECT_EQ(inQuotes("norm"), "'norm'");
  EXPECT_EQ(inQuotes("a\nb\x1b[31m\xff"), "'a?b?[31m?'");
  EXPECT_EQ(inQuotes("größer"), "'größer'");
  EXPECT_EQ(inQuotes(std::string(1000, 'x')), "'" + std::string(60, 'x') + "...'");
}

TEST(Names, FreeNames) {
  Graph graph;
  NodeId id = 0;
  for (const char* name : {"norm", "norm_2", "norm_7", "norm_x", "mlp"}) {
    Node node{.id = ++id, .name = name};
    graph.nodes[id] = std::make_shared<Node>(node);
  }
  EXPECT_EQ(freeName(graph, "attention"), "attention");
  EXPECT_EQ(freeName(graph, "norm"), "norm_8");
  EXPECT_EQ(freeName(graph, "norm_2"), "norm_8");
  EXPECT_EQ(freeName(graph, "norm_3"), "norm_3");
  EXPECT_EQ(freeName(graph, "mlp"), "mlp_2");
  NamePool pool(graph);
  EXPECT_EQ(pool.take("norm"), "norm_3");
  EXPECT_EQ(pool.take("norm"), "norm_4");
  EXPECT_EQ(pool.take("norm_7"), "norm_5");
  EXPECT_EQ(pool.take("fresh"), "fresh");
  EXPECT_EQ(pool.take("fresh"), "fresh_2");

  const std::string longest(100, 'n');
  Node node{.id = ++id, .name = longest};
  graph.nodes[id] = std::make_shared<Node>(node);
  EXPECT_TRUE(isIdentifier(freeName(graph, longest)));
  EXPECT_NE(freeName(graph, longest), longest);
}

}  // namespace
}  // namespace fw
