// Layer similarity: how much each block and sub-block changes the residual stream, how far apart any two depths are,
// and how alike their representations are. (Men et al., ShortGPT, 2024; He et al., What Matters in Transformers?, 2024:
// LLM-Drop; Gromov et al., 2024; Kornblith et al., 2019, with the unbiased estimator of Song et al., 2012.)
#include <algorithm>
#include <limits>
#include <optional>

#include "engine/analysis/analysis.h"
#include "engine/analysis/measures/depths.h"
#include "engine/analysis/measures/similarity.h"
#include "engine/base/error.h"

namespace fw {
namespace {

bool wants(const ir::ProbeInfo& probe, const Params&) {
  return isDepth(probe) || probe.kind == "sublayer.in" || probe.kind == "sublayer.out";
}

std::string pathOf(const ir::ProbeInfo& probe) { return probe.name.substr(0, probe.name.rfind(':')); }

class Similarity : public AnalysisRun {
 public:
  explicit Similarity(const Params& params) : samples_(std::get<int64_t>(params.at("samples"))) {}

  void consume(const Recording& recording, const CancelToken& cancel) override {
    if (!depths_) prepare(recording);
    for (Pair& pair : pairs_) {
      const Tensor &x = recording.values[pair.in], &y = recording.values[pair.out];
      const int64_t width = x.shape[-1], rows = x.count() / width;
      pair.sum += influenceSum(x.data(), y.data(), rows, width);
      pair.rows += rows;
    }
    throwIfCancelled(cancel);
    consumeDepths(recording);
    tokens_ += recording.values.empty() ? 0 : recording.values[0].count() / recording.values[0].shape[-1];
  }

  AnalysisResult finish(const CancelToken&) override {
    AnalysisResult result;
    if (depths_ && depths_->count() > 0) {
      Matrix cka{.name = "cka",
                 .title = "Linear CKA, unbiased",
                 .rowTitle = "depth",
                 .columnTitle = "depth",
                 .rows = depths_->labels,
                 .columns = depths_->labels,
                 .values = cka_->finish()};
      Matrix angular{.name = "angular_distance",
                     .title = "Angular distance of spans",
                     .unit = "rad/pi",
                     .rowTitle = "from",
                     .columnTitle = "to",
                     .rows = depths_->labels,
                     .columns = depths_->labels,
                     .values = angular_};
      for (double& value : angular.values)
        value = sequences_ > 0 ? value / double(sequences_) : std::numeric_limits<double>::quiet_NaN();
      result.matrices = {std::move(cka), std::move(angular)};
      if (skippedForCka_) result.warnings.push_back("Some batches had fewer than 4 tokens and did not enter CKA.");
    }
    Series blocks{.name = "block_influence", .title = "Block influence 1 - cos(x, y)"},
        parts{.name = "sublayer_influence", .title = "Sub-layer influence 1 - cos(x, y)"};
    for (const Pair& pair : pairs_) {
      Series& to = pair.isBlock ? blocks : parts;
      to.labels.push_back(pair.label);
      to.values.push_back(pair.rows > 0 ? pair.sum / double(pair.rows) : std::numeric_limits<double>::quiet_NaN());
      to.origins.push_back(pair.origin);
      to.layers.push_back(pair.layer);
    }
    if (!blocks.values.empty()) result.series.push_back(std::move(blocks));
    if (!parts.values.empty()) result.series.push_back(std::move(parts));
    result.recipe =
        text("residual stream; linear CKA, unbiased, minibatches of at most ", samples_, " tokens; cosine over all ",
             tokens_, " tokens; angular distance at the last of ", sequences_, " sequences");
    return result;
  }

 private:
  struct Pair {
    size_t in, out;
    std::string label;
    int64_t origin, layer;
    bool isBlock;
    double sum = 0;
    int64_t rows = 0;
  };

  void prepare(const Recording& recording) {
    std::map<std::string, size_t> ins;
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      const ir::ProbeInfo& probe = recording.probes[i];
      const bool isBlock = probe.kind.starts_with("layer");
      const std::string key = (isBlock ? "b" : "s") + pathOf(probe);
      if (probe.kind.ends_with(".in")) {
        ins[key] = i;
        continue;
      }
      const auto in = ins.find(key);
      if (in != ins.end() && recording.values[in->second].shape == recording.values[i].shape)
        pairs_.push_back({in->second, i, pathOf(probe), probe.origin, probe.layer, isBlock});
    }
    depths_.emplace(recording);
    cka_ = std::make_unique<MinibatchCka>(depths_->count());
    angular_.assign(depths_->count() * depths_->count(), 0);
  }

  void consumeDepths(const Recording& recording) {
    const std::vector<size_t>& depths = depths_->probes;
    if (depths.empty()) return;
    const Shape& shape = recording.values[depths.front()].shape;
    const int64_t batch = shape[0], time = shape[1], samples = std::min(batch * time, samples_);
    std::vector<std::vector<float>> picked;
    std::vector<const float*> pointers;
    std::vector<int64_t> widths;
    for (const size_t depth : depths) {
      picked.push_back(pickRows(recording.values[depth], samples));
      widths.push_back(recording.values[depth].shape[-1]);
    }
    for (const std::vector<float>& of : picked) pointers.push_back(of.data());
    if (samples >= 4)
      cka_->add(pointers, widths, samples);
    else
      skippedForCka_ = true;
    for (size_t i = 0; i < depths.size(); ++i)
      for (size_t j = i + 1; j < depths.size(); ++j) {
        if (widths[i] != widths[j]) continue;
        double sum = 0;
        for (int64_t b = 0; b < batch; ++b) {
          const int64_t last = (b * time + time - 1) * widths[i];
          sum += angularDistance(recording.values[depths[i]].data() + last, recording.values[depths[j]].data() + last,
                                 widths[i]);
        }
        angular_[i * depths.size() + j] += sum;
        angular_[j * depths.size() + i] += sum;
      }
    sequences_ += batch;
  }

  int64_t samples_;
  std::vector<Pair> pairs_;
  std::optional<Depths> depths_;
  std::unique_ptr<MinibatchCka> cka_;
  std::vector<double> angular_;
  int64_t sequences_ = 0, tokens_ = 0;
  bool skippedForCka_ = false;
};

std::unique_ptr<AnalysisRun> make(const Params& params) { return std::make_unique<Similarity>(params); }

}  // namespace

AnalysisDef analysis_similarity() {
  return {
      .id = "similarity",
      .title = "Layer similarity",
      .help =
          "Block influence of every block and sub-block, angular distance of every span of layers, linear CKA between "
          "all depths.",
      .paper = "Men et al., ShortGPT, 2024; Gromov et al., 2024; Kornblith et al., 2019",
      .params = {intParam("samples", 256)
                     .label("Tokens a minibatch")
                     .range(4, 8192)
                     .help("Rows of each CKA minibatch; they are spread evenly over the batch.")},
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
