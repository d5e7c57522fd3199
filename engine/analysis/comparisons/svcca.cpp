// SVCCA: the mean canonical correlation of the directions that explain 99 % of the variance of each side. (Raghu et
// al., SVCCA, 2017.)
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

constexpr double kExplained = 0.99;

Directions leading(const Features& features) {
  Directions all = directionsOf(features);
  const double total = all.values.squaredNorm();
  Eigen::Index kept = 0;
  for (double sum = 0; kept < all.count() && sum < kExplained * total; ++kept)
    sum += all.values[kept] * all.values[kept];
  all.left.conservativeResize(Eigen::NoChange, kept);
  all.right.conservativeResize(Eigen::NoChange, kept);
  all.values.conservativeResize(kept);
  return all;
}

}  // namespace

ComparisonDef comparison_svcca() {
  return {.id = "svcca",
          .title = "SVCCA, 99 % of the variance",
          .help = "Blind to rotation, one scale for all and translation.",
          .paper = "Raghu et al., SVCCA, 2017",
          .prepare = preparing(leading),
          .compare = comparing(meanCorrelation),
          .caution = fewForSubspaces};
}

}  // namespace fw
