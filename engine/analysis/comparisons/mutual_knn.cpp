// Mutual nearest neighbours: the mean share of each sample's 10 nearest others that both representations name, of
// centred features by cosine. (Huh et al., The Platonic Representation Hypothesis, 2024.)
#include "engine/analysis/measures/matrices.h"
#include "engine/analysis/measures/neighbours.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr int64_t kNeighbours = 10;

Neighbours prepare(const Features& features) { return nearestNeighbours(features, kNeighbours, true); }

std::string caution(int64_t rows, int64_t) {
  if (rows > 5 * kNeighbours) return {};
  return text("with ", rows, " samples chance alone gives ", double(kNeighbours) / double(rows - 1), ".");
}

}  // namespace

ComparisonDef comparison_mutual_knn() {
  return {.id = "mutual_knn",
          .title = "Mutual 10 nearest neighbours",
          .help = "Blind to rotation, one scale for all and translation; 10 / (samples - 1) by chance.",
          .paper = "Huh et al., The Platonic Representation Hypothesis, 2024",
          .mostRows = 2048,
          .prepare = preparing(prepare),
          .compare = comparing(sharedNeighbours),
          .caution = caution};
}

}  // namespace fw
