// What differs between two snapshots, by id.
#include <algorithm>
#include <iterator>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

bool sameFields(const Node& a, const Node& b) {
  return a.name == b.name && a.block == b.block && a.params == b.params && a.isMuted == b.isMuted &&
         a.weightGroup == b.weightGroup && a.label == b.label && a.link == b.link && a.overrides == b.overrides &&
         a.promoted == b.promoted && a.extra == b.extra;
}

/// Calls `onlyA`, `onlyB` or `both` for each key of two sorted maps.
template <class Map, class OnlyA, class OnlyB, class Both>
void compareMaps(const Map& a, const Map& b, const OnlyA& onlyA, const OnlyB& onlyB, const Both& both) {
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && i->first < j->first)) {
      onlyA(*i++);
    } else if (i == a.end() || j->first < i->first) {
      onlyB(*j++);
    } else {
      both(*i++, *j++);
    }
  }
}

class Comparison {
 public:
  ChangeSet run(const Architecture& before, const Architecture& after) {
    compareGraphs(before.root, after.root, 0);
    // A node that has left one graph and come into another one is there still.
    std::vector<NodeId> regrouped;
    std::set_intersection(changes_.added.begin(), changes_.added.end(), changes_.removed.begin(),
                          changes_.removed.end(), std::back_inserter(regrouped));
    for (NodeId id : regrouped) {
      changes_.added.erase(id);
      changes_.removed.erase(id);
      changes_.changed.insert(id);
    }
    compareLayout(before, after);
    for (NodeId id : changes_.added) changes_.changed.erase(id);
    for (NodeId id : changes_.removed) changes_.changed.erase(id);
    changes_.documentChanged = before.name != after.name || before.variables != after.variables ||
                               before.weightGroups != after.weightGroups || before.extra != after.extra;
    return std::move(changes_);
  }

 private:
  void compareGraphs(const GraphPtr& before, const GraphPtr& after, NodeId container) {
    if (before == after) return;
    bool portsChanged = false;
    const auto onRemoved = [&](const auto& entry) {
      collect(*entry.second, changes_.removed);
      portsChanged = portsChanged || isPort(*entry.second);
    };
    const auto onAdded = [&](const auto& entry) {
      collect(*entry.second, changes_.added);
      portsChanged = portsChanged || isPort(*entry.second);
    };
    compareMaps(before->nodes, after->nodes, onRemoved, onAdded, [&](const auto& a, const auto& b) {
      if (a.second == b.second) return;
      const bool isSame = sameFields(*a.second, *b.second);
      if (!isSame) changes_.changed.insert(a.first);
      portsChanged = portsChanged || (!isSame && (isPort(*a.second) || isPort(*b.second)));
      compareBodies(*a.second, *b.second);
    });
    if (before->wires != after->wires) {
      std::vector<Wire> wires;
      std::set_symmetric_difference(before->wires.begin(), before->wires.end(), after->wires.begin(),
                                    after->wires.end(), std::back_inserter(wires));
      for (const Wire& wire : wires) changes_.changed.insert({wire.from.node, wire.to.node});
    }
    if (container != 0 && (portsChanged || before->extra != after->extra)) changes_.changed.insert(container);
    if (container == 0 && before->extra != after->extra) changes_.documentChanged = true;
  }

  void compareBodies(const Node& before, const Node& after) {
    const auto onRemoved = [&](const auto& body) {
      changes_.changed.insert(before.id);
      for (const auto& [id, node] : body.second->nodes) collect(*node, changes_.removed);
    };
    const auto onAdded = [&](const auto& body) {
      changes_.changed.insert(after.id);
      for (const auto& [id, node] : body.second->nodes) collect(*node, changes_.added);
    };
    compareMaps(before.bodies, after.bodies, onRemoved, onAdded,
                [&](const auto& a, const auto& b) { compareGraphs(a.second, b.second, before.id); });
  }

  static void collect(const Node& node, std::set<NodeId>& ids) {
    ids.insert(node.id);
    collectIdsInside(node, ids);
  }

  void compareLayout(const Architecture& before, const Architecture& after) {
    const auto isNew = [&](NodeId id) { return changes_.added.count(id) > 0 || changes_.removed.count(id) > 0; };
    const auto onOne = [&](const auto& entry) {
      if (!isNew(entry.first)) changes_.moved.insert(entry.first);
    };
    compareMaps(before.layout, after.layout, onOne, onOne, [&](const auto& a, const auto& b) {
      if (!(a.second == b.second)) onOne(a);
    });
    const auto onRemoved = [&](const auto& entry) { changes_.removed.insert(entry.first); };
    const auto onAdded = [&](const auto& entry) { changes_.added.insert(entry.first); };
    compareMaps(before.frames, after.frames, onRemoved, onAdded, [&](const auto& a, const auto& b) {
      if (a.second == b.second) return;
      Frame placed = a.second;
      placed.x = b.second.x;
      placed.y = b.second.y;
      (placed == b.second ? changes_.moved : changes_.changed).insert(a.first);
    });
    compareMaps(before.dots, after.dots, onRemoved, onAdded, [&](const auto& a, const auto& b) {
      if (!(a.second == b.second)) changes_.moved.insert(a.first);
    });
  }

  ChangeSet changes_;
};

}  // namespace

bool ChangeSet::isEmpty() const {
  return added.empty() && removed.empty() && changed.empty() && moved.empty() && !documentChanged;
}

void ChangeSet::merge(const ChangeSet& later) {
  for (NodeId id : later.removed) {
    changed.erase(id);
    moved.erase(id);
    if (added.erase(id) == 0) removed.insert(id);
  }
  for (NodeId id : later.added) {
    if (removed.erase(id) > 0) {
      changed.insert(id);
    } else {
      added.insert(id);
    }
  }
  for (NodeId id : later.changed)
    if (!added.count(id)) changed.insert(id);
  for (NodeId id : later.moved)
    if (!added.count(id)) moved.insert(id);
  documentChanged = documentChanged || later.documentChanged;
}

ChangeSet difference(const Architecture& before, const Architecture& after) { return Comparison().run(before, after); }

}  // namespace fw
