// What a comparison of several objectives says: who is beaten by nobody, how much is covered, where the bend is. All
// objectives are costs: less is better.
#pragma once

#include <cstddef>
#include <vector>

namespace fw {

using Objectives = std::vector<double>;

/// a <= b everywhere and a < b somewhere; false where an objective of either is NaN.
bool dominates(const Objectives& a, const Objectives& b);

/// Indices of the points that no other dominates, ascending; points with a NaN are left out. Equal points all stay.
std::vector<size_t> paretoFront(const std::vector<Objectives>& points);

/// The front number of each point: 0 for the front, 1 for that of the rest, and so on; -1 for points with a NaN.
std::vector<int> nonDominatedRanks(const std::vector<Objectives>& points);

/// The volume of what the points dominate and `reference` bounds, of 1, 2 or 3 objectives; points that do not lie below
/// the reference everywhere count for nothing. Throws Code::Data for other numbers of objectives.
double hypervolume(const std::vector<Objectives>& points, const Objectives& reference);

/// 1.1 x the worst of each objective.
Objectives defaultReference(const std::vector<Objectives>& points);

/// Of two objectives: the point of the front that is farthest below the line between its ends, both objectives scaled
/// to 0..1; -1 where the front has fewer than three points or none lies below.
int kneeOf(const std::vector<Objectives>& points, const std::vector<size_t>& front);

}  // namespace fw
