// Visiting and gathering the nodes of a document.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "engine/arch/architecture.h"

namespace fw {

/// The ids of the nodes inside a container, at every depth.
void collectIdsInside(const Node& container, std::set<NodeId>& ids);

/// How many graphs lie inside each other in a node: 0 without a body.
int nesting(const Node& node);

/// Calls `visit` for every node that `wanted` picks; what is inside of a picked node is not looked at.
void forEachNode(const Architecture& architecture, const std::function<bool(const Node&)>& wanted,
                 const std::function<void(const GraphPath&, const Node&)>& visit);

/// The nodes of `ids` by the graph that holds them, in one walk; those inside of another one of `ids` are left out.
std::map<GraphPath, std::set<NodeId>> locate(const Architecture& architecture, const std::set<NodeId>& ids);

}  // namespace fw
