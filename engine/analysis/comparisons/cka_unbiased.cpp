// Linear CKA, unbiased: HSIC_1(K,L) / sqrt(HSIC_1(K,K) HSIC_1(L,L)) of K = X X^T, L = Y Y^T. (Kornblith et al., 2019,
// with the estimator of Song et al., 2012.)
#include "engine/analysis/measures/blockwise_cka.h"
#include "engine/analysis/measures/hsic.h"
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

/// Rows are centred first: the estimator does not need it, but large means cost digits.
Kernel linear(const Features& features) { return makeKernel(linearKernel(centred(features))); }

}  // namespace

ComparisonDef comparison_cka_unbiased() {
  return {.id = "cka_unbiased",
          .title = "Linear CKA, unbiased",
          .help =
              "Blind to rotation, one scale for all and translation; about 0 for independent features and may be "
              "slightly negative.",
          .paper = "Kornblith et al., 2019; Song et al., 2012",
          .prepare = preparing(linear),
          .compare = comparing(kernelAlignment),
          .allPairs = blockwiseCka,
          .caution = fewForHsic};
}

}  // namespace fw
