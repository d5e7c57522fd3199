// FAVOR+: f(x) = exp(W x' - |x'|^2 / 2 - shift) / sqrt(m) + epsilon, x' = x / d^(1/4), W m random rows, orthogonal in
// blocks of d: then f(q) . f(k) is exp(q . k / sqrt(d)) on average. (Choromanski et al., Rethinking Attention with
// Performers, 2020.)
#include <cmath>

#include "engine/base/rng.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/max.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

/// Rows of length `width`, each block of them orthogonal, with the lengths of independent normal rows.
std::vector<double> orthogonalRows(int64_t count, int64_t width, Rng& rng) {
  std::vector<double> rows;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<double> row(static_cast<size_t>(width));
    for (double& value : row) value = rng.normal();
    // Gram and Schmidt, twice: once leaves rounding of the size of the overlap.
    const int64_t before = i % width;
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = i - before; j < i; ++j) {
        const double* other = rows.data() + j * width;
        double along = 0, square = 0;
        for (int64_t c = 0; c < width; ++c) {
          along += other[c] * row[size_t(c)];
          square += other[c] * other[c];
        }
        for (int64_t c = 0; c < width; ++c) row[size_t(c)] -= along / square * other[c];
      }
    double square = 0, wanted = 0;
    for (int64_t c = 0; c < width; ++c) {
      square += row[size_t(c)] * row[size_t(c)];
      const double other = rng.normal();
      wanted += other * other;
    }
    for (double& value : row) value *= std::sqrt(wanted / square);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const HeadShape shape = headShape(at, x.size(2));
  const HeadValues heads = projectHeads(at, x, shape);
  const bool causal = isCausal(at), isExponential = at.text("kernel") == "exp";
  int64_t count = at.integer("features");
  if (count == 0) count = std::max<int64_t>(1, int64_t(double(shape.width) * std::log(double(shape.width))));
  Rng rng(uint64_t(at.integer("seed")), uint64_t(at.randomStream("features")));
  const ir::Value projection = listed(at.builder(), orthogonalRows(count, shape.width, rng), {count, shape.width});
  const auto features = [&](ir::Value rows, bool areQueries) {
    const ir::Value scaled = rows * std::pow(double(shape.width), -0.25);
    const ir::Value projected = ir::linear(scaled, projection);
    if (!isExponential) return ir::relu(projected) + at.real("epsilon");
    ir::Value exponent = projected - ir::sum(ir::square(scaled), {3}, true) * 0.5;
    // What is subtracted cancels in the ratio. A maximum over keys would let the future in.
    if (areQueries)
      exponent = exponent - ir::stopGradient(ir::max(projected, {3}, true));
    else if (!causal)
      exponent = exponent - ir::stopGradient(ir::max(projected, {1, 3}, true));
    return ir::exp(exponent) * (1 / std::sqrt(double(count))) + at.real("epsilon");
  };
  outputHeads(at,
              featureAttention(at, features(heads.q, true), features(heads.k, false), heads.v, causal,
                               [](ir::Value sum) { return sum; }),
              x.size(2));
}

}  // namespace

BlockDef block_attention_performer() {
  return headsBlock(
      {.id = "attention.performer",
       .title = "Performer",
       .help = "Softmax attention estimated by positive random features, in time that grows linearly with the "
               "sequence. More features are closer to softmax.",
       .paper = "Choromanski et al., Rethinking Attention with Performers, 2020",
       .synonyms = {"FAVOR+", "random features", "kernel attention"},
       .params = {maskParam("causal"),
                  intParam("features", 0).label("Features").range(0, 65536).help("0: d ln d of a head of width d."),
                  choiceParam("kernel", "exp", {"exp", "relu"})
                      .label("Kernel")
                      .help("exp estimates softmax; relu is another similarity, cheaper and often as good."),
                  realParam("epsilon", 1e-4).label("Epsilon").range(0, 1).help("Added to each feature."),
                  intParam("seed", 1).label("Seed").range(0, 1e12).help("Of the random directions.")},
       .summary = {"heads", "features", "mask"},
       .isCausal = true,
       .lower = lower,
       .examples = {
           {.params = {{"heads", int64_t(2)}, {"features", int64_t(7)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
           {.params = {{"heads", int64_t(2)}, {"bias", std::string("qkv")}, {"kernel", std::string("relu")}},
            .dims = {{"B", 1}, {"T", 5}, {"D", 8}}},
           {.params = {{"heads", int64_t(2)}, {"mask", std::string("causal")}, {"epsilon", 1e-3}},
            .dims = {{"B", 1}, {"T", 3}, {"D", 10}}}}});
}

}  // namespace fw
