// The layered layout of large graphs: edges run along the flow, nothing overlaps, chains are straight, and it stops
// when it is told to.
#include "app/layered_layout.h"

#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <atomic>
#include <random>
#include <thread>

namespace fw {
namespace {

using ui::Box;
using ui::Vec;

struct Graph {
  std::vector<LayeredNode> nodes;
  std::vector<LayeredEdge> edges;
};

/// Every node has an edge from one of the `near` nodes before it, and half of them a second one.
Graph randomGraph(int count, int near, unsigned seed) {
  std::mt19937 random(seed);
  Graph graph;
  for (int i = 0; i < count; ++i) graph.nodes.push_back({float(60 + random() % 200), float(30 + random() % 60)});
  for (int i = 1; i < count; ++i) {
    const auto before = [&] { return i - 1 - int(random() % unsigned(std::min(i, near))); };
    graph.edges.push_back({before(), i, 1});
    if (random() % 2) graph.edges.push_back({before(), i, 1});
  }
  return graph;
}

std::vector<Box> boxesOf(const Graph& graph, const std::vector<Vec>& middles) {
  std::vector<Box> boxes;
  for (size_t i = 0; i < middles.size(); ++i)
    boxes.push_back(Box::around(middles[i], graph.nodes[i].across, graph.nodes[i].along));
  return boxes;
}

int overlapping(const std::vector<Box>& boxes) {
  int found = 0;
  for (size_t a = 0; a < boxes.size(); ++a)
    for (size_t b = a + 1; b < boxes.size(); ++b) found += boxes[a].grown(-1).intersects(boxes[b].grown(-1));
  return found;
}

int64_t crossings(const Graph& graph, const std::vector<Vec>& at) {
  const auto side = [](Vec a, Vec b, Vec p) { return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x); };
  int64_t found = 0;
  for (size_t e = 0; e < graph.edges.size(); ++e)
    for (size_t f = e + 1; f < graph.edges.size(); ++f) {
      const Vec a = at[size_t(graph.edges[e].from)], b = at[size_t(graph.edges[e].to)];
      const Vec c = at[size_t(graph.edges[f].from)], d = at[size_t(graph.edges[f].to)];
      found += side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
    }
  return found;
}

TEST(LayeredLayout, EdgesRunAlongTheFlowAndNothingOverlaps) {
  for (const int count : {1, 2, 3, 33, 63, 700}) {
    const Graph graph = randomGraph(count, 9, 7);
    const std::vector<Vec> middles = layeredLayout(graph.nodes, graph.edges, {});
    ASSERT_EQ(middles.size(), size_t(count));
    const std::vector<Box> boxes = boxesOf(graph, middles);
    EXPECT_EQ(overlapping(boxes), 0) << count;
    for (const LayeredEdge& edge : graph.edges)
      EXPECT_GT(boxes[size_t(edge.to)].top, boxes[size_t(edge.from)].bottom) << count;
  }
}

TEST(LayeredLayout, AChainIsStraightWithItsShortcutsBesideIt) {
  Graph graph;
  for (int i = 0; i < 33; ++i) graph.nodes.push_back({float(80 + 20 * (i % 3)), 40});
  for (int i = 0; i + 1 < 33; ++i) graph.edges.push_back({i, i + 1, 40});
  for (int i = 0; i + 4 < 33; i += 4) graph.edges.push_back({i, i + 4, 1});
  const std::vector<Vec> middles = layeredLayout(graph.nodes, graph.edges, {});
  for (const Vec& middle : middles) EXPECT_NEAR(middle.x, middles[0].x, 1);
}

TEST(LayeredLayout, ATreeHasNoCrossings) {
  Graph graph;
  for (int i = 0; i < 127; ++i) graph.nodes.push_back({50, 30});
  std::vector<int> shuffled(127);
  for (int i = 0; i < 127; ++i) shuffled[size_t(i)] = i;
  std::shuffle(shuffled.begin() + 1, shuffled.end(), std::mt19937(3));
  for (int i = 1; i < 127; ++i) graph.edges.push_back({shuffled[size_t((i - 1) / 2)], shuffled[size_t(i)], 1});
  EXPECT_EQ(crossings(graph, layeredLayout(graph.nodes, graph.edges, {})), 0);
}

TEST(LayeredLayout, CrossesMuchLessThanARandomOrderDoes) {
  const Graph graph = randomGraph(300, 20, 11);
  std::vector<Vec> middles = layeredLayout(graph.nodes, graph.edges, {});
  const int64_t ours = crossings(graph, middles);
  std::mt19937 random(2);
  for (Vec& middle : middles) middle.x = float(random() % 100000);  // in the same layers
  EXPECT_LT(2 * ours, crossings(graph, middles));
}

TEST(LayeredLayout, CyclesTurnOneEdgeAndOtherOddGraphsPass) {
  const std::vector<LayeredNode> three(3, {50, 30});
  const std::vector<Vec> ring = layeredLayout(three, {{0, 1, 1}, {1, 2, 1}, {2, 0, 1}, {1, 1, 1}, {0, 1, 1}}, {});
  EXPECT_LT(ring[0].y, ring[1].y);
  EXPECT_LT(ring[1].y, ring[2].y);
  EXPECT_TRUE(layeredLayout({}, {}, {}).empty());
  // Parts that nothing joins: about a square, not a row.
  const std::vector<LayeredNode> many(400, {50, 30});
  const std::vector<Vec> spread = layeredLayout(many, {}, {});
  Box all;
  for (const Vec& middle : spread) all.include(middle);
  EXPECT_LT(all.width(), 3 * all.height());
  EXPECT_EQ(overlapping(boxesOf({many, {}}, spread)), 0);
}

TEST(LayeredLayout, AFewEdgesOverEverythingDoNotFillTheMemory) {
  Graph graph;
  for (int i = 0; i < 3000; ++i) graph.nodes.push_back({50, 30});
  for (int i = 0; i + 1 < 3000; ++i) graph.edges.push_back({i, i + 1, 1});
  for (int i = 0; i < 1000; ++i) graph.edges.push_back({i, 2999 - i, 1});
  const std::vector<Vec> middles = layeredLayout(graph.nodes, graph.edges, {});
  for (const LayeredEdge& edge : graph.edges) EXPECT_LT(middles[size_t(edge.from)].y, middles[size_t(edge.to)].y);
}

TEST(LayeredLayout, StopsWithinATenthOfASecond) {
  const Graph graph = randomGraph(50000, 400, 5);
  for (const int after : {1, 40, 200}) {
    std::stop_source stop;
    std::atomic<int64_t> asked = 0;
    QElapsedTimer clock;
    clock.start();
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(after));
      asked = clock.nsecsElapsed();
      stop.request_stop();
    });
    bool isStopped = false;
    try {
      layeredLayout(graph.nodes, graph.edges, {}, stop.get_token());
    } catch (const Error& error) {
      isStopped = error.code() == Code::Cancelled;
    }
    const int64_t ended = clock.nsecsElapsed();
    canceller.join();
    EXPECT_TRUE(isStopped || after == 200);
    if (!isStopped) continue;
    EXPECT_LT(double(ended - asked) / 1e6, 100) << "asked after " << after << " ms";
  }
}

}  // namespace
}  // namespace fw
