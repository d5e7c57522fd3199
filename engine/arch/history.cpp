// Undo and redo by publishing snapshots.
#include <algorithm>

#include "engine/arch/editor.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr size_t kMaxEntries = 500;
constexpr size_t kMinEntries = 20;
// Snapshots share what they can; at worst each entry has its own tables of nodes, wires and positions, about 300 bytes
// a node.
constexpr int64_t kMaxNodesKept = 2'000'000;

}  // namespace

History::History(ArchitecturePtr first, const Catalog& catalog) : catalog_(&catalog), saved_(first) {
  entries_.push_back({"Open", std::move(first)});
}

void History::edit(const std::string& title, const std::string& mergeKey, const std::function<void(Editor&)>& change) {
  const ArchitecturePtr before = current();
  Editor editor(*before, *catalog_);
  change(editor);
  editor.settle();
  const auto after = std::make_shared<const Architecture>(editor.result());
  const ChangeSet changes = difference(*before, *after);
  if (changes.isEmpty()) return;

  const bool isMerged = !mergeKey.empty() && mergeKey == mergeKey_ && index_ > 0 && !canRedo();
  entries_.resize(index_ + 1);
  mergeKey_ = mergeKey;
  if (!isMerged) {
    entries_.push_back({title, after});
    ++index_;
  } else if (!difference(*entries_[index_ - 1].snapshot, *after).isEmpty()) {
    entries_[index_] = {title, after};
  } else {
    entries_.pop_back();
    --index_;
    endMerge();
  }
  trim();
  publish(changes);
}

void History::undo() {
  if (canUndo()) goTo(index_ - 1);
}

void History::redo() {
  if (canRedo()) goTo(index_ + 1);
}

void History::goTo(size_t index) {
  if (index >= entries_.size())
    throw Error(Code::Usage, text("[history] there is no entry ", index, "; the last is ", entries_.size() - 1, "."));
  endMerge();
  if (index == index_) return;
  const ArchitecturePtr before = current();
  index_ = index;
  publish(difference(*before, *current()));
}

void History::markSaved() {
  endMerge();
  saved_ = current();
}

void History::publish(const ChangeSet& changes) const {
  if (!listener_) return;
  const ArchitecturePtr snapshot = current();
  listener_(snapshot, changes);
}

void History::trim() {
  const size_t byMemory = size_t(kMaxNodesKept / std::max<int64_t>(nodeCount(*current()), 1));
  const size_t limit = std::clamp(byMemory, kMinEntries, kMaxEntries);
  if (entries_.size() <= limit) return;
  const size_t excess = entries_.size() - limit;
  entries_.erase(entries_.begin(), entries_.begin() + std::ptrdiff_t(excess));
  index_ -= excess;
}

}  // namespace fw
