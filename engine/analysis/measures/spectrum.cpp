// How many dimensions a representation really uses.
#include "engine/analysis/measures/spectrum.h"

#include "engine/analysis/measures/matrices.h"

namespace fw {

Spectrum spectrumOf(const Features& features) {
  Spectrum found{kNoValue, kNoValue, kNoValue};
  const Directions directions = directionsOf(features);
  if (directions.count() > 0) {
    const Eigen::VectorXd shares = directions.values / directions.values.sum();
    found.effectiveRank = std::exp(-(shares.array() * shares.array().log()).sum());
    const Eigen::VectorXd variances = directions.values.cwiseAbs2();
    found.participationRatio = variances.sum() * variances.sum() / variances.squaredNorm();
  }
  if (features.rows < 2) return found;
  Eigen::MatrixXd x = asMatrix(features);
  double units = 0;  // rows that are not zero
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    if (const double norm = x.row(i).norm(); norm > 0) {
      x.row(i) /= norm;
      units += 1;
    }
  // The sum over all pairs, each row with itself included, is the square of the sum of all rows.
  const double n = double(features.rows);
  found.anisotropy = (x.colwise().sum().squaredNorm() - units) / (n * (n - 1));
  return found;
}

}  // namespace fw
