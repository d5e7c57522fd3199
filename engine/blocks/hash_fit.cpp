// Each bit minimises -(y^T R y) / (T b), y = 2 sigmoid(A g) - 1, where R is what the bits before left of b S.
#include "engine/blocks/hash_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/rng.h"

namespace fw {
namespace {

using Vector = std::vector<double>;

/// exp(-|z - p|^2 / 2 s^2), [T,m], with s^2 the mean of all distances.
Vector kernels(const Vector& tokens, const Vector& anchors, int64_t width) {
  const int64_t count = int64_t(tokens.size()) / width, number = int64_t(anchors.size()) / width;
  Vector distances(size_t(count * number));
  double spread = 0;
  for (int64_t t = 0; t < count; ++t)
    for (int64_t a = 0; a < number; ++a) {
      double sum = 0;
      for (int64_t c = 0; c < width; ++c) {
        const double difference = tokens[size_t(t * width + c)] - anchors[size_t(a * width + c)];
        sum += difference * difference;
      }
      distances[size_t(t * number + a)] = sum;
      spread += sum / double(count * number);
    }
  for (double& value : distances) value = std::exp(-value / (2 * spread));
  return distances;
}

/// b for the tokens most alike, -b for those least alike, 0 for the rest: [T,T].
Vector targets(const Vector& tokens, int64_t width, int64_t top, double size) {
  const int64_t count = int64_t(tokens.size()) / width;
  const int64_t ends = std::min(top, count / 2);
  Vector target(size_t(count * count), 0.0);
  for (int64_t i = 0; i < count; ++i) {
    std::vector<std::pair<double, int64_t>> alike;
    for (int64_t j = 0; j < count; ++j) {
      double product = 0;
      for (int64_t c = 0; c < width; ++c) product += tokens[size_t(i * width + c)] * tokens[size_t(j * width + c)];
      alike.emplace_back(product, j);
    }
    std::sort(alike.begin(), alike.end());
    for (int64_t e = 0; e < ends; ++e) {
      target[size_t(i * count + alike[size_t(e)].second)] = -size;
      target[size_t(i * count + alike[size_t(count - 1 - e)].second)] = size;
    }
  }
  return target;
}

Vector times(const Vector& matrix, const Vector& vector) {
  const size_t columns = vector.size(), rows = matrix.size() / columns;
  Vector y(rows, 0.0);
  for (size_t i = 0; i < rows; ++i)
    y[i] = std::inner_product(vector.begin(), vector.end(), matrix.begin() + int64_t(i * columns), 0.0);
  return y;
}

double quadratic(const Vector& matrix, const Vector& y) {
  const Vector along = times(matrix, y);
  return std::inner_product(y.begin(), y.end(), along.begin(), 0.0);
}

Vector signs(Vector y) {
  for (double& value : y) value = value >= 0 ? 1 : -1;
  return y;
}

}  // namespace

HashFit fitHashes(const std::vector<double>& tokens, int64_t width, const HashFitOptions& options) {
  const int64_t count = width > 0 ? int64_t(tokens.size()) / width : 0, number = options.anchors;
  if (count < number || number < 1)
    throw Error(Code::Parameter, text("there are ", count, " tokens; expected at least the ", number, " anchors."));
  Rng rng(options.seed);
  HashFit fit;
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t a = 0; a < number; ++a) {
    std::swap(order[size_t(a)], order[size_t(a + rng.below(count - a))]);
    const auto token = tokens.begin() + order[size_t(a)] * width;
    fit.anchors.insert(fit.anchors.end(), token, token + width);
  }
  Vector features = kernels(tokens, fit.anchors, width);
  fit.means.assign(size_t(number), 0.0);
  for (int64_t t = 0; t < count; ++t)
    for (int64_t a = 0; a < number; ++a) fit.means[size_t(a)] += features[size_t(t * number + a)] / double(count);
  for (int64_t t = 0; t < count; ++t)
    for (int64_t a = 0; a < number; ++a) features[size_t(t * number + a)] -= fit.means[size_t(a)];

  Vector rest = targets(tokens, width, options.top, double(options.bits));
  const double scale = 1 / double(count * options.bits);
  for (int64_t bit = 0; bit < options.bits; ++bit) {
    Vector start(static_cast<size_t>(number));
    for (double& value : start) value = rng.normal();
    Vector direction = start, speed(size_t(number), 0.0);
    for (int64_t step = 0; step < options.steps; ++step) {
      Vector y = times(features, direction);
      for (double& value : y) value = 2 / (1 + std::exp(-value)) - 1;
      const Vector along = times(rest, y);
      Vector slope(static_cast<size_t>(count));  // of the loss, by A g
      for (int64_t i = 0; i < count; ++i) {
        double across = 0;
        for (int64_t j = 0; j < count; ++j) across += rest[size_t(j * count + i)] * y[size_t(j)];
        slope[size_t(i)] = -scale * (along[size_t(i)] + across) * (1 - y[size_t(i)] * y[size_t(i)]) / 2;
      }
      for (int64_t a = 0; a < number; ++a) {
        double gradient = 0;
        for (int64_t i = 0; i < count; ++i) gradient += slope[size_t(i)] * features[size_t(i * number + a)];
        speed[size_t(a)] = options.momentum * speed[size_t(a)] + gradient;
        direction[size_t(a)] -= options.learningRate * (gradient + options.momentum * speed[size_t(a)]);
      }
    }
    const Vector before = signs(times(features, start)), after = signs(times(features, direction));
    const double startLoss = -scale * quadratic(rest, before), loss = -scale * quadratic(rest, after);
    const bool isBetter = loss < startLoss;
    fit.startLoss.push_back(startLoss);
    fit.loss.push_back(isBetter ? loss : startLoss);
    const Vector &kept = isBetter ? direction : start, &code = isBetter ? after : before;
    fit.directions.insert(fit.directions.end(), kept.begin(), kept.end());
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < count; ++j) rest[size_t(i * count + j)] -= code[size_t(i)] * code[size_t(j)];
  }
  return fit;
}

}  // namespace fw
