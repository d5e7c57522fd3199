// Finds the boxes that touch an area: a grid for every size class, each box in the one cell that holds its centre.
#pragma once

#include <cstdint>
#include <vector>

#include "widgets/canvas/box.h"

namespace fw::ui {

/// A set of indices into boxes or wires, walked in rising order: the drawing order.
class IndexSet {
 public:
  void reset(size_t count) { words_.assign((count + 63) / 64, 0); }
  void add(size_t i) { words_[i / 64] |= uint64_t(1) << (i % 64); }
  void remove(size_t i) { words_[i / 64] &= ~(uint64_t(1) << (i % 64)); }
  bool has(size_t i) const { return words_[i / 64] >> (i % 64) & 1; }

  /// Calls `visit(index)` for the members in [begin, end).
  template <class Visit>
  void forEach(size_t begin, size_t end, Visit visit) const {
    for (size_t w = begin / 64; w * 64 < end; ++w) {
      uint64_t word = words_[w];
      if (w == begin / 64) word &= ~uint64_t(0) << (begin % 64);
      while (word != 0) {
        const size_t i = w * 64 + size_t(__builtin_ctzll(word));
        if (i >= end) return;
        word &= word - 1;
        visit(i);
      }
    }
  }
  size_t count() const {
    size_t sum = 0;
    for (const uint64_t word : words_) sum += size_t(__builtin_popcountll(word));
    return sum;
  }

 private:
  std::vector<uint64_t> words_;
};

class SpatialIndex {
 public:
  /// Empty boxes are never found. Building is linear in the number of boxes.
  void build(std::vector<Box> boxes);
  /// Replaces a box. Changed boxes are searched one by one until the next build, so keep them few.
  void update(size_t i, const Box& box);
  const Box& box(size_t i) const { return boxes_[i]; }
  size_t size() const { return boxes_.size(); }

  /// Calls `visit(index)` once for each box that touches `area`, in no order.
  template <class Visit>
  void query(const Box& area, Visit visit) const {
    for (const Level& level : levels_) {
      const Box reach = area.grown(level.halfWidth + 1, level.halfHeight + 1);  // 1: rounding of the centres
      const int x0 = level.column(reach.left), x1 = level.column(reach.right);
      const int y0 = level.row(reach.top), y1 = level.row(reach.bottom);
      if (reach.left > level.bounds.right || reach.right < level.bounds.left || reach.top > level.bounds.bottom ||
          reach.bottom < level.bounds.top)
        continue;
      for (int y = y0; y <= y1; ++y) {
        const uint32_t first = level.starts[size_t(y) * size_t(level.columns) + size_t(x0)];
        const uint32_t last = level.starts[size_t(y) * size_t(level.columns) + size_t(x1) + 1];
        for (uint32_t k = first; k < last; ++k) {
          const uint32_t i = level.members[k];
          if (boxes_[i].intersects(area) && !isMoved_[i]) visit(size_t(i));
        }
      }
    }
    for (const uint32_t i : moved_)
      if (boxes_[i].intersects(area)) visit(size_t(i));
  }

  /// Adds what touches `area` to `out`, which must have room for size() members.
  void collect(const Box& area, IndexSet& out) const;

 private:
  struct Level {
    float cell = 0;                       // side of a cell
    float halfWidth = 0, halfHeight = 0;  // of the largest member
    Box bounds;                           // of the members' centres
    int columns = 0, rows = 0;
    std::vector<uint32_t> starts;  // of each cell in `members`, and the end
    std::vector<uint32_t> members;
    int column(float x) const { return std::clamp(int(std::floor((x - bounds.left) / cell)), 0, columns - 1); }
    int row(float y) const { return std::clamp(int(std::floor((y - bounds.top) / cell)), 0, rows - 1); }
  };

  std::vector<Box> boxes_;
  std::vector<Level> levels_;
  std::vector<uint32_t> moved_;
  std::vector<bool> isMoved_;
};

}  // namespace fw::ui
