// A layered layout. An edge over several layers is led through one dummy node a layer, which all edges of a node share.
#include "app/layered_layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fw {
namespace {

using ui::Vec;

constexpr int kMostSweeps = 40;       // of barycentres; the last ones change little
constexpr int kPatience = 8;          // sweeps without fewer crossings before it ends
constexpr int kPlaceSweeps = 8;       // of medians
constexpr float kDummyWeight = 8;     // a long edge is straight between its ends
constexpr size_t kDummiesANode = 12;  // more are not worth the time: the longest edges are then led nowhere
constexpr size_t kDummiesAtLeast = 1 << 14;

/// Who is next to whom, as one list with a start for each node.
struct Neighbours {
  std::vector<int> starts, nodes;
  std::vector<float> weights;
  int begin(int node) const { return starts[size_t(node)]; }
  int end(int node) const { return starts[size_t(node) + 1]; }
  int count(int node) const { return end(node) - begin(node); }
};

Neighbours neighbours(size_t count, const std::vector<LayeredEdge>& edges, bool isBackwards) {
  Neighbours lists{std::vector<int>(count + 1), std::vector<int>(edges.size()), std::vector<float>(edges.size())};
  for (const LayeredEdge& edge : edges) ++lists.starts[size_t(isBackwards ? edge.to : edge.from) + 1];
  std::partial_sum(lists.starts.begin(), lists.starts.end(), lists.starts.begin());
  std::vector<int> next(lists.starts.begin(), lists.starts.end() - 1);
  for (const LayeredEdge& edge : edges) {
    const auto at = size_t(next[size_t(isBackwards ? edge.to : edge.from)]++);
    lists.nodes[at] = isBackwards ? edge.from : edge.to;
    lists.weights[at] = edge.weight;
  }
  return lists;
}

/// Depth first from the first node on, without a call a node. `enter(node)`, then `seen(node, next)` for each edge.
template <class Enter, class Seen, class Leave>
void depthFirst(const Neighbours& down, const std::vector<int>& roots, Enter enter, Seen seen, Leave leave) {
  std::vector<char> isKnown(down.starts.size() - 1);
  std::vector<std::pair<int, int>> stack;  // node, its next edge
  for (const int root : roots) {
    if (isKnown[size_t(root)]) continue;
    isKnown[size_t(root)] = 1;
    enter(root);
    stack.push_back({root, down.begin(root)});
    while (!stack.empty()) {
      auto& [node, edge] = stack.back();
      if (edge == down.end(node)) {
        leave(node);
        stack.pop_back();
        continue;
      }
      const int next = down.nodes[size_t(edge++)];
      seen(node, next);
      if (isKnown[size_t(next)]) continue;
      isKnown[size_t(next)] = 1;
      enter(next);
      stack.push_back({next, down.begin(next)});
    }
  }
}

/// The layout of a graph that hangs together.
class Layered {
 public:
  Layered(const std::vector<LayeredNode>& nodes, std::vector<LayeredEdge> edges, const LayeredGaps& gaps,
          const CancelToken& cancel)
      : sizes_(nodes), edges_(std::move(edges)), gaps_(gaps), cancel_(cancel), realCount_(nodes.size()) {
    turnCycles();
    rank();
    addDummies();
    order();
    uncross();
    place();
  }

  std::vector<Vec> middles() const {
    std::vector<float> along(layers_.size());
    float at = 0;
    for (size_t r = 0; r < layers_.size(); ++r) {
      float most = 0;
      for (const int node : layers_[r]) most = std::max(most, sizes_[size_t(node)].along);
      along[r] = at + most / 2;
      at += most + gaps_.along;
    }
    std::vector<Vec> middles(realCount_);
    for (size_t node = 0; node < realCount_; ++node) middles[node] = {x_[node], along[size_t(rank_[node])]};
    return middles;
  }

 private:
  void turnCycles() {
    const Neighbours down = neighbours(realCount_, edges_, false);
    std::vector<char> isOpen(realCount_);
    std::vector<std::pair<int, int>> back;
    std::vector<int> roots(realCount_);
    std::iota(roots.begin(), roots.end(), 0);
    depthFirst(
        down, roots, [&](int node) { isOpen[size_t(node)] = 1; },
        [&](int node, int next) {
          if (isOpen[size_t(next)]) back.push_back({node, next});
        },
        [&](int node) { isOpen[size_t(node)] = 0; });
    std::sort(back.begin(), back.end());
    for (LayeredEdge& edge : edges_)
      if (std::binary_search(back.begin(), back.end(), std::pair(edge.from, edge.to))) std::swap(edge.from, edge.to);
  }

  /// Longest path; then each node goes to the end of its room where it has the heavier edges.
  void rank() {
    const Neighbours down = neighbours(realCount_, edges_, false), up = neighbours(realCount_, edges_, true);
    rank_.assign(realCount_, 0);
    std::vector<int> waiting(realCount_), sorted;
    for (size_t node = 0; node < realCount_; ++node)
      if ((waiting[node] = up.count(int(node))) == 0) sorted.push_back(int(node));
    for (size_t i = 0; i < sorted.size(); ++i) {
      const int node = sorted[i];
      for (int e = down.begin(node); e < down.end(node); ++e) {
        const int next = down.nodes[size_t(e)];
        rank_[size_t(next)] = std::max(rank_[size_t(next)], rank_[size_t(node)] + 1);
        if (--waiting[size_t(next)] == 0) sorted.push_back(next);
      }
    }
    const auto sum = [](const Neighbours& lists, int node) {
      return std::accumulate(lists.weights.begin() + lists.begin(node), lists.weights.begin() + lists.end(node), 0.0f);
    };
    for (size_t i = sorted.size(); i-- > 0;) {
      const int node = sorted[i];
      if (down.count(node) == 0 || sum(down, node) <= sum(up, node)) continue;
      int room = std::numeric_limits<int>::max();
      for (int e = down.begin(node); e < down.end(node); ++e)
        room = std::min(room, rank_[size_t(down.nodes[size_t(e)])] - 1);
      rank_[size_t(node)] = room;
    }
    const int first = *std::min_element(rank_.begin(), rank_.end());
    for (int& rank : rank_) rank -= first;
  }

  void addDummies() {
    std::vector<int> reach(realCount_);  // layers below a node through which its edges are led
    for (const LayeredEdge& edge : edges_)
      reach[size_t(edge.from)] = std::max(reach[size_t(edge.from)], span(edge) - 1);
    std::vector<int> byReach;
    for (size_t node = 0; node < realCount_; ++node)
      if (reach[node] > 0) byReach.push_back(int(node));
    std::sort(byReach.begin(), byReach.end(), [&](int a, int b) { return reach[size_t(a)] < reach[size_t(b)]; });
    size_t room = std::max(kDummiesAtLeast, kDummiesANode * realCount_);
    std::vector<int> firstDummy(realCount_, -1);
    for (const int node : byReach) {
      const auto wanted = size_t(reach[size_t(node)]);
      if (wanted > room) break;
      room -= wanted;
      firstDummy[size_t(node)] = int(sizes_.size());
      for (size_t i = 0; i < wanted; ++i) {
        sizes_.push_back({0, 0});
        rank_.push_back(rank_[size_t(node)] + 1 + int(i));
      }
    }
    std::vector<LayeredEdge> led;
    std::vector<char> isLed(sizes_.size());  // whether the edge into a dummy is there
    for (const LayeredEdge& edge : edges_) {
      const int steps = span(edge), dummy = firstDummy[size_t(edge.from)];
      if (steps == 1) {
        led.push_back(edge);
        continue;
      }
      if (dummy < 0) continue;
      for (int i = 0; i < steps - 1; ++i) {
        if (isLed[size_t(dummy + i)]) continue;
        isLed[size_t(dummy + i)] = 1;
        led.push_back({i == 0 ? edge.from : dummy + i - 1, dummy + i, i == 0 ? edge.weight : kDummyWeight});
      }
      led.push_back({dummy + steps - 2, edge.to, edge.weight});
    }
    edges_ = std::move(led);
    down_ = neighbours(sizes_.size(), edges_, false);
    up_ = neighbours(sizes_.size(), edges_, true);
  }

  int span(const LayeredEdge& edge) const { return rank_[size_t(edge.to)] - rank_[size_t(edge.from)]; }

  /// Each layer in the order in which a walk along the edges first comes by.
  void order() {
    layers_.resize(size_t(*std::max_element(rank_.begin(), rank_.end())) + 1);
    std::vector<int> roots;
    for (size_t node = 0; node < sizes_.size(); ++node)
      if (up_.count(int(node)) == 0) roots.push_back(int(node));
    depthFirst(
        down_, roots, [&](int node) { layers_[size_t(rank_[size_t(node)])].push_back(node); }, [](int, int) {},
        [](int) {});
    index_.resize(sizes_.size());
    for (const std::vector<int>& layer : layers_) number(layer);
  }

  void number(const std::vector<int>& layer) {
    for (size_t i = 0; i < layer.size(); ++i) index_[size_t(layer[i])] = int(i);
  }

  void uncross() {
    std::vector<std::vector<int>> best = layers_;
    int64_t fewest = crossings();
    for (int sweep = 0, idle = 0; sweep < kMostSweeps && idle < kPatience && fewest > 0; ++sweep) {
      const bool isDown = sweep % 2 == 0;
      for (size_t i = 1; i < layers_.size(); ++i)
        sortLayer(layers_[isDown ? i : layers_.size() - 1 - i], isDown ? up_ : down_);
      const int64_t now = crossings();
      ++idle;
      if (now >= fewest) continue;
      if (double(now) < 0.99 * double(fewest)) idle = 0;
      fewest = now;
      best = layers_;
    }
    layers_ = std::move(best);
    for (const std::vector<int>& layer : layers_) number(layer);
  }

  void sortLayer(std::vector<int>& layer, const Neighbours& fixed) {
    throwIfCancelled(cancel_);
    keys_.clear();
    for (const int node : layer) {
      float sum = 0;
      for (int e = fixed.begin(node); e < fixed.end(node); ++e) sum += float(index_[size_t(fixed.nodes[size_t(e)])]);
      // One without neighbours stays about where it is.
      keys_.push_back({fixed.count(node) > 0 ? sum / float(fixed.count(node)) : float(index_[size_t(node)]), node});
    }
    std::stable_sort(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < layer.size(); ++i) layer[i] = keys_[i].second;
    number(layer);
  }

  /// Counted with sums over a binary indexed tree (Barth, Mutzel, Juenger, Simple and efficient bilayer cross counting,
  /// 2004).
  int64_t crossings() {
    int64_t total = 0;
    std::vector<int> ends, tree;
    for (size_t r = 0; r + 1 < layers_.size(); ++r) {
      throwIfCancelled(cancel_);
      tree.assign(layers_[r + 1].size() + 1, 0);
      int64_t entered = 0;
      for (const int node : layers_[r]) {
        ends.clear();
        for (int e = down_.begin(node); e < down_.end(node); ++e)
          ends.push_back(index_[size_t(down_.nodes[size_t(e)])]);
        for (const int end : ends) {
          int64_t before = 0;  // earlier edges that end at `end` or left of it
          for (int i = end + 1; i > 0; i -= i & -i) before += tree[size_t(i)];
          total += entered - before;
        }
        for (const int end : ends)
          for (auto i = size_t(end) + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
        entered += int64_t(ends.size());
      }
    }
    return total;
  }

  void place() {
    x_.resize(sizes_.size());
    for (const std::vector<int>& layer : layers_) {
      float at = 0;
      for (size_t i = 0; i < layer.size(); ++i) {
        if (i > 0) at += apart(layer[i - 1], layer[i]);
        x_[size_t(layer[i])] = at;
      }
      for (const int node : layer) x_[size_t(node)] -= at / 2;
    }
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) {
      const bool isDown = sweep % 2 == 0, isLast = sweep + 1 == kPlaceSweeps;
      for (size_t i = 0; i < layers_.size(); ++i)
        placeLayer(layers_[isDown ? i : layers_.size() - 1 - i], isDown || isLast, !isDown || isLast);
    }
  }

  float apart(int a, int b) const { return (sizes_[size_t(a)].across + sizes_[size_t(b)].across) / 2 + gaps_.across; }

  /// Each node as near to the weighted median of its neighbours as order and gaps let it: least squares for a fixed
  /// order, by pooling adjacent violators.
  void placeLayer(const std::vector<int>& layer, bool seesUp, bool seesDown) {
    throwIfCancelled(cancel_);
    struct Pool {
      double weight, sum;
      size_t count;
      double mean() const { return sum / weight; }
    };
    std::vector<Pool> pools;
    double offset = 0;
    for (size_t i = 0; i < layer.size(); ++i) {
      const int node = layer[i];
      if (i > 0) offset += double(apart(layer[i - 1], node));
      keys_.clear();
      weights_.clear();
      if (seesUp) gather(up_, node);
      if (seesDown) gather(down_, node);
      double weight = 0.001, wanted = double(x_[size_t(node)]);
      if (!keys_.empty()) {
        // Cubed, so that a chain hardly yields to what lies beside it.
        weight = std::pow(double(std::accumulate(weights_.begin(), weights_.end(), 0.0f)), 3.0);
        wanted = double(median());
      }
      pools.push_back({weight, weight * (wanted - offset), 1});
      while (pools.size() > 1 && pools[pools.size() - 2].mean() >= pools.back().mean()) {
        const Pool last = pools.back();
        pools.pop_back();
        pools.back().weight += last.weight;
        pools.back().sum += last.sum;
        pools.back().count += last.count;
      }
    }
    offset = 0;
    size_t i = 0;
    for (const Pool& pool : pools)
      for (size_t n = 0; n < pool.count; ++n, ++i) {
        if (i > 0) offset += double(apart(layer[i - 1], layer[i]));
        x_[size_t(layer[i])] = float(pool.mean() + offset);
      }
  }

  void gather(const Neighbours& lists, int node) {
    for (int e = lists.begin(node); e < lists.end(node); ++e) {
      keys_.push_back({x_[size_t(lists.nodes[size_t(e)])], int(weights_.size())});
      weights_.push_back(lists.weights[size_t(e)]);
    }
  }

  /// Of keys_ with weights_; halfway between two where the weights on both sides are the same.
  float median() {
    std::sort(keys_.begin(), keys_.end());
    const double half = double(std::accumulate(weights_.begin(), weights_.end(), 0.0f)) / 2;
    double below = 0;
    for (size_t i = 0; i < keys_.size(); ++i) {
      below += double(weights_[size_t(keys_[i].second)]);
      if (below == half && i + 1 < keys_.size()) return (keys_[i].first + keys_[i + 1].first) / 2;
      if (below > half) return keys_[i].first;
    }
    return keys_.back().first;
  }

  std::vector<LayeredNode> sizes_;  // dummies after the nodes, as all of these
  std::vector<LayeredEdge> edges_;
  const LayeredGaps gaps_;
  const CancelToken& cancel_;
  size_t realCount_;
  std::vector<int> rank_, index_;
  std::vector<std::vector<int>> layers_;
  Neighbours down_, up_;
  std::vector<float> x_;
  std::vector<std::pair<float, int>> keys_;
  std::vector<float> weights_;
};

/// The parts of a graph, each a list of nodes.
std::vector<std::vector<int>> partsOf(size_t count, const std::vector<LayeredEdge>& edges) {
  std::vector<int> root(count);
  std::iota(root.begin(), root.end(), 0);
  const auto find = [&](int node) {
    while (root[size_t(node)] != node) node = root[size_t(node)] = root[size_t(root[size_t(node)])];
    return node;
  };
  for (const LayeredEdge& edge : edges) {
    const int a = find(edge.from), b = find(edge.to);
    root[size_t(std::max(a, b))] = std::min(a, b);
  }
  std::vector<std::vector<int>> parts;
  std::vector<int> partOf(count, -1);
  for (int node = 0; node < int(count); ++node) {
    int& part = partOf[size_t(find(node))];
    if (part < 0) {
      part = int(parts.size());
      parts.emplace_back();
    }
    parts[size_t(part)].push_back(node);
  }
  return parts;
}

}  // namespace

std::vector<Vec> layeredLayout(const std::vector<LayeredNode>& nodes, const std::vector<LayeredEdge>& edges,
                               const LayeredGaps& gaps, const CancelToken& cancel) {
  std::vector<Vec> middles(nodes.size());
  const std::vector<std::vector<int>> parts = partsOf(nodes.size(), edges);
  std::vector<int> partOf(nodes.size()), indexIn(nodes.size());
  for (size_t p = 0; p < parts.size(); ++p)
    for (size_t i = 0; i < parts[p].size(); ++i) {
      partOf[size_t(parts[p][i])] = int(p);
      indexIn[size_t(parts[p][i])] = int(i);
    }
  std::vector<std::vector<LayeredEdge>> edgesOf(parts.size());
  for (const LayeredEdge& edge : edges)
    if (edge.from != edge.to)
      edgesOf[size_t(partOf[size_t(edge.from)])].push_back(
          {indexIn[size_t(edge.from)], indexIn[size_t(edge.to)], edge.weight});

  // Parts stand in rows, about as wide together as they are high.
  std::vector<ui::Box> boxes(parts.size());
  double area = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    throwIfCancelled(cancel);
    std::vector<LayeredNode> sizes;
    for (const int node : parts[p]) sizes.push_back(nodes[size_t(node)]);
    const std::vector<Vec> placed =
        sizes.size() == 1 ? std::vector<Vec>(1) : Layered(sizes, std::move(edgesOf[p]), gaps, cancel).middles();
    for (size_t i = 0; i < placed.size(); ++i) {
      middles[size_t(parts[p][i])] = placed[i];
      boxes[p].include(ui::Box::around(placed[i], sizes[i].across, sizes[i].along));
    }
    area += double(boxes[p].width() + gaps.across) * double(boxes[p].height() + gaps.along);
  }
  float room = float(std::sqrt(area));
  for (const ui::Box& box : boxes) room = std::max(room, box.width());
  if (parts.size() < 4) room = std::numeric_limits<float>::max();
  Vec at;
  float height = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    if (at.x > 0 && at.x + boxes[p].width() > room) at = {0, at.y + height + gaps.along}, height = 0;
    const Vec by = at - Vec(boxes[p].left, boxes[p].top);
    for (const int node : parts[p]) middles[size_t(node)] += by;
    at.x += boxes[p].width() + gaps.across;
    height = std::max(height, boxes[p].height());
  }
  return middles;
}

}  // namespace fw
