// Mean canonical correlation: the mean cosine between the subspaces that the features span. (Hotelling, Relations
// Between Two Sets of Variates, 1936.)
#include "engine/analysis/measures/matrices.h"

namespace fw {

ComparisonDef comparison_cca() {
  return {.id = "cca",
          .title = "Mean canonical correlation",
          .help = "Blind to every invertible linear map and to translation.",
          .paper = "Hotelling, 1936",
          .prepare = preparing(directionsOf),
          .compare = comparing(meanCorrelation),
          .caution = fewForSubspaces};
}

}  // namespace fw
