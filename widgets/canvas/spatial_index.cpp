// Finds the boxes that touch an area: a grid for every size class, each box in the one cell that holds its centre.
#include "widgets/canvas/spatial_index.h"

namespace fw::ui {
namespace {

constexpr float smallestCell = 128;
constexpr int levelCount = 24;

int levelOf(const Box& box) {
  const float extent = std::max(box.width(), box.height());
  if (extent <= smallestCell) return 0;
  return std::min(levelCount - 1, int(std::ceil(std::log2(extent / smallestCell))));
}

}  // namespace

void SpatialIndex::build(std::vector<Box> boxes) {
  boxes_ = std::move(boxes);
  moved_.clear();
  isMoved_.assign(boxes_.size(), false);
  levels_.clear();

  std::vector<std::vector<uint32_t>> byLevel(levelCount);
  for (size_t i = 0; i < boxes_.size(); ++i)
    if (!boxes_[i].isEmpty()) byLevel[size_t(levelOf(boxes_[i]))].push_back(uint32_t(i));

  for (int l = 0; l < levelCount; ++l) {
    const std::vector<uint32_t>& members = byLevel[size_t(l)];
    if (members.empty()) continue;
    Level level;
    level.cell = smallestCell * float(1 << l);
    for (const uint32_t i : members) {
      level.bounds.include(boxes_[i].center());
      level.halfWidth = std::max(level.halfWidth, boxes_[i].width() / 2);
      level.halfHeight = std::max(level.halfHeight, boxes_[i].height() / 2);
    }
    // A few boxes far apart must not make a huge empty grid.
    const auto cells = [&] {
      return (double(level.bounds.width() / level.cell) + 1) * (double(level.bounds.height() / level.cell) + 1);
    };
    while (cells() > 2.0 * double(members.size()) + 64) level.cell *= 2;
    level.columns = int(level.bounds.width() / level.cell) + 1;
    level.rows = int(level.bounds.height() / level.cell) + 1;

    const auto cellOf = [&](uint32_t i) {
      const Vec c = boxes_[i].center();
      return size_t(level.row(c.y)) * size_t(level.columns) + size_t(level.column(c.x));
    };
    level.starts.assign(size_t(level.columns) * size_t(level.rows) + 1, 0);
    for (const uint32_t i : members) ++level.starts[cellOf(i) + 1];
    for (size_t c = 1; c < level.starts.size(); ++c) level.starts[c] += level.starts[c - 1];
    std::vector<uint32_t> next(level.starts.begin(), level.starts.end() - 1);
    level.members.resize(members.size());
    for (const uint32_t i : members) level.members[next[cellOf(i)]++] = i;
    levels_.push_back(std::move(level));
  }
}

void SpatialIndex::update(size_t i, const Box& box) {
  boxes_[i] = box;
  if (isMoved_[i]) return;
  isMoved_[i] = true;
  moved_.push_back(uint32_t(i));
}

void SpatialIndex::collect(const Box& area, IndexSet& out) const {
  query(area, [&](size_t i) { out.add(i); });
}

}  // namespace fw::ui
