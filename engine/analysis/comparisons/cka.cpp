// Linear CKA, biased: |Y^T X|_F^2 / (|X^T X|_F |Y^T Y|_F) of centred features. (Kornblith et al., Similarity of Neural
// Network Representations Revisited, 2019.)
#include "engine/analysis/measures/matrices.h"

namespace fw {
namespace {

struct Centred {
  Eigen::MatrixXd x;
  double own = 0;  // |X^T X|_F
};

/// |Y^T X|_F^2 through whichever product is smaller: features by features or samples by samples.
double crossSquares(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  if (double(x.cols()) * double(y.cols()) <= double(x.rows()) * double(x.rows()))
    return (y.transpose() * x).squaredNorm();
  return (x * x.transpose()).cwiseProduct(y * y.transpose()).sum();
}

Centred prepare(const Features& features) {
  Centred result{centred(features)};
  result.own = std::sqrt(crossSquares(result.x, result.x));
  return result;
}

double compare(const Centred& x, const Centred& y) {
  return x.own > 0 && y.own > 0 ? crossSquares(x.x, y.x) / (x.own * y.own) : kNoValue;
}

}  // namespace

ComparisonDef comparison_cka() {
  return {.id = "cka",
          .title = "Linear CKA, biased",
          .help =
              "Blind to rotation, one scale for all and translation. Independent features do not give 0 but about "
              "width / (samples - 1 + width).",
          .paper = "Kornblith et al., 2019",
          .prepare = preparing(prepare),
          .compare = comparing(compare)};
}

}  // namespace fw
