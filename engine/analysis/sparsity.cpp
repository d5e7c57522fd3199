// Activation sparsity and activation flow: how few dimensions carry each activation, which units never fire, which
// dimensions stay active over neighbouring tokens, and where single activations are massive. (Li et al., The Lazy
// Neuron Phenomenon, 2023; Sun et al., Massive Activations in Large Language Models, 2024; Chen et al., Mixture of
// Hidden Dimensions, 2024, whose thresholds are ours.)
#include <algorithm>
#include <cmath>
#include <deque>

#include "engine/analysis/analysis.h"
#include "engine/analysis/measures/depths.h"
#include "engine/analysis/measures/in_parallel.h"
#include "engine/analysis/measures/sparsity.h"
#include "engine/base/error.h"

namespace fw {
namespace {

bool wants(const ir::ProbeInfo& probe, const Params&) {
  // What goes into a later layer came out of the one before.
  if (probe.kind == "layer.in") return probe.layer == 0;
  return isDepth(probe) || probe.kind == "sublayer.out" || probe.kind == "mlp.hidden";
}

/// "layers.0 in", "layers.0.mlp hidden", "layers.0.mlp" for what comes out.
std::string labelOf(const ir::ProbeInfo& probe) {
  const std::string path = probe.name.substr(0, probe.name.rfind(':'));
  return probe.kind == "layer.in" ? path + " in" : probe.kind == "mlp.hidden" ? path + " hidden" : path;
}

/// One place in the model, over all batches.
struct Site {
  Site(const ir::ProbeInfo& probe, int64_t width, size_t index)
      : index(index),
        label(labelOf(probe)),
        path(probe.name.substr(0, probe.name.rfind(':'))),
        isHidden(probe.kind == "mlp.hidden"),
        origin(probe.origin),
        layer(probe.layer),
        units(width),
        flow(width) {}

  size_t index;  // in the recording
  std::string label, path;
  bool isHidden;  // units of an MLP
  int64_t origin, layer;
  UnitActivity units;
  ActivationFlow flow;
  VectorSparsity sums{};
  int64_t vectors = 0;  // that are not zero
  double zeroShares = 0;
  int64_t tokens = 0;
  double largest = 0, median = 0;  // of |a| in the first batch, for massive activations

  void add(const Tensor& value) {
    const int64_t width = value.shape[-1], rows = value.count() / width;
    const int64_t time = value.shape.rank() == 3 ? value.shape[1] : 1;
    units.add(value.data(), rows);
    std::vector<VectorActivity> activities(static_cast<size_t>(rows));
    inParallel(rows, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) activities[size_t(r)] = activityOf(value.data() + r * width, width);
    });
    for (const VectorActivity& activity : activities) {
      const VectorSparsity& of = activity.sparsity;
      zeroShares += of.zeroShare;
      ++tokens;
      if (std::isnan(of.activeShare)) continue;
      ++vectors;
      sums.smallShare += of.smallShare;
      sums.activeShare += of.activeShare;
      sums.hoyer += of.hoyer;
      sums.gini += of.gini;
      sums.kurtosis += std::isnan(of.kurtosis) ? 0 : of.kurtosis;
      sums.effectiveNumber += of.effectiveNumber;
    }
    for (int64_t r = 0; r + time <= rows; r += time) flow.add(value.data() + r * width, time, activities.data() + r);
    std::vector<float> magnitudes(value.data(), value.data() + value.count());
    for (float& magnitude : magnitudes) magnitude = std::abs(magnitude);
    const auto middle = magnitudes.begin() + std::ptrdiff_t(magnitudes.size() / 2);
    std::nth_element(magnitudes.begin(), middle, magnitudes.end());
    if (median == 0) median = *middle;
    largest = std::max(largest, double(*std::max_element(middle, magnitudes.end())));
  }

  double mean(double sum) const { return vectors > 0 ? sum / double(vectors) : std::nan(""); }
};

class Sparsity : public AnalysisRun {
 public:
  void consume(const Recording& recording, const CancelToken& cancel) override {
    if (sites_.empty())
      for (size_t i = 0; i < recording.probes.size(); ++i)
        if (recording.values[i].shape.rank() >= 2)
          sites_.emplace_back(recording.probes[i], recording.values[i].shape[-1], i);
    for (Site& site : sites_) {
      throwIfCancelled(cancel);
      site.add(recording.values[site.index]);
    }
  }

  AnalysisResult finish(const CancelToken&) override {
    AnalysisResult result;
    const auto add = [&](const char* name, const char* title, const char* unit, auto value) {
      Series series{.name = name, .title = title, .unit = unit};
      for (const Site& site : sites_) {
        series.labels.push_back(site.label);
        series.values.push_back(value(site));
        series.origins.push_back(site.origin);
        series.layers.push_back(site.layer);
      }
      result.series.push_back(std::move(series));
    };
    add("zero_share", "Zeros", "share", [](const Site& site) { return site.zeroShares / double(site.tokens); });
    add("small_share", "Below 1 % of the largest", "share",
        [](const Site& site) { return site.mean(site.sums.smallShare); });
    add("active_share", "Dimensions that hold half of the magnitude", "share",
        [](const Site& site) { return site.mean(site.sums.activeShare); });
    add("hoyer", "Hoyer sparsity", "", [](const Site& site) { return site.mean(site.sums.hoyer); });
    add("gini", "Gini coefficient", "", [](const Site& site) { return site.mean(site.sums.gini); });
    add("kurtosis", "Excess kurtosis", "", [](const Site& site) { return site.mean(site.sums.kurtosis); });
    add("effective_number", "Effective number of dimensions", "dimensions",
        [](const Site& site) { return site.mean(site.sums.effectiveNumber); });
    add("dead_units", "Units that never fire", "units", [](const Site& site) { return double(site.units.dead()); });
    add("always_on_units", "Units that always fire", "units",
        [](const Site& site) { return double(site.units.alwaysOn()); });
    add("massive_ratio", "Largest magnitude over the median", "",
        [](const Site& site) { return site.median > 0 ? site.largest / site.median : std::nan(""); });
    add("mean_magnitude", "Mean magnitude", "", [](const Site& site) { return site.flow.meanMagnitude(); });
    add("shared_dimensions", "Dimensions active in 80 % of 32 tokens", "share",
        [](const Site& site) { return site.flow.sharedShare(); });
    add("shared_mass", "Magnitude held by shared dimensions", "share",
        [](const Site& site) { return site.flow.sharedMass(); });
    add("specialised_dimensions", "Dimensions active in some, at most 20 % of 32 tokens", "share",
        [](const Site& site) { return site.flow.specialisedShare(); });

    Matrix persistence{.name = "persistence",
                       .title = "Overlap of active dimensions (Jaccard)",
                       .rowTitle = "place",
                       .columnTitle = "tokens apart"};
    for (int64_t lag = 1; lag <= ActivationFlow::longestLag; ++lag) persistence.columns.push_back(std::to_string(lag));
    // Units stand in the order of their rates: their numbers mean nothing to compare across places.
    constexpr int64_t kRates = 32;
    Matrix rates{.name = "firing_rates",
                 .title = "Share of tokens for which units fire, rarest first",
                 .unit = "share",
                 .rowTitle = "place",
                 .columnTitle = "percentile of units"};
    for (int64_t i = 0; i < kRates; ++i) rates.columns.push_back(std::to_string(100 * i / (kRates - 1)));
    for (const Site& site : sites_) {
      persistence.rows.push_back(site.label);
      for (const double overlap : site.flow.persistence()) persistence.values.push_back(overlap);
      rates.rows.push_back(site.label);
      std::vector<double> sorted = site.units.firingRates();
      std::sort(sorted.begin(), sorted.end());
      for (int64_t i = 0; i < kRates; ++i)
        rates.values.push_back(sorted[size_t(i) * (sorted.size() - 1) / size_t(kRates - 1)]);
    }
    result.matrices = {std::move(persistence), std::move(rates)};
    for (const Site& site : sites_)
      if (std::vector<int64_t> dead = site.units.deadUnits(); site.isHidden && !dead.empty())
        result.deadUnits[site.path] = std::move(dead);
    const int64_t tokens = sites_.empty() ? 0 : sites_.front().tokens;
    result.recipe = text("stream after each layer, sub-layers' results, MLPs' hidden units; means over ", tokens,
                         " tokens; active: the fewest dimensions with half of the magnitude");
    return result;
  }

 private:
  std::deque<Site> sites_;
};

std::unique_ptr<AnalysisRun> make(const Params&) { return std::make_unique<Sparsity>(); }

}  // namespace

AnalysisDef analysis_sparsity() {
  return {
      .id = "sparsity",
      .title = "Activation sparsity",
      .help =
          "How few dimensions carry each activation, units that never fire, massive activations, and which "
          "dimensions stay active over neighbouring tokens.",
      .paper =
          "Li et al., The Lazy Neuron Phenomenon, 2023; Sun et al., Massive Activations, 2024; Mixture of Hidden "
          "Dimensions, 2024",
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
