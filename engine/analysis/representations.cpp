// Representations: how alike the residual stream is at any two depths, by a comparison of choice, and how many
// dimensions it uses at each.
#include <algorithm>
#include <optional>

#include "engine/analysis/analysis.h"
#include "engine/analysis/comparison.h"
#include "engine/analysis/measures/depths.h"
#include "engine/analysis/measures/spectrum.h"
#include "engine/base/error.h"

namespace fw {
namespace {

bool wants(const ir::ProbeInfo& probe, const Params&) { return isDepth(probe); }

std::vector<std::string> comparisonNames() {
  std::vector<std::string> names;
  for (const ComparisonDef& comparison : allComparisons()) names.push_back(comparison.id);
  return names;
}

class Representations : public AnalysisRun {
 public:
  explicit Representations(const Params& params)
      : comparison_(findComparison(std::get<std::string>(params.at("comparison")))),
        samples_(std::get<int64_t>(params.at("samples"))) {}

  void consume(const Recording& recording, const CancelToken& cancel) override {
    if (!depths_) {
      depths_.emplace(recording);
      rows_.resize(depths_->count());
      for (const size_t depth : depths_->probes) widths_.push_back(recording.values[depth].shape[-1]);
    }
    if (depths_->count() == 0) return;
    const Shape& shape = recording.values[depths_->probes.front()].shape;
    const int64_t taken = std::min(shape[0] * shape[1], samples_ - count_);
    if (taken <= 0) return;
    for (size_t i = 0; i < depths_->count(); ++i) {
      throwIfCancelled(cancel);
      const std::vector<float> picked = pickRows(recording.values[depths_->probes[i]], taken);
      rows_[i].insert(rows_[i].end(), picked.begin(), picked.end());
    }
    count_ += taken;
  }

  AnalysisResult finish(const CancelToken& cancel) override {
    AnalysisResult result;
    const size_t count = depths_ ? depths_->count() : 0;
    if (count == 0 || count_ == 0) {
      result.warnings.push_back("No layer's stream is [batch, time, width]: there is nothing to compare.");
      return result;
    }
    const int64_t compared = comparison_.mostRows > 0 ? std::min(comparison_.mostRows, count_) : count_;
    if (compared < count_)
      result.warnings.push_back(
          text(comparison_.title, " compares ", compared, " of the ", count_, " samples: more would take too long."));
    std::vector<Features> all;
    Series rank{.name = "effective_rank", .title = "Effective rank", .unit = "dimensions"},
        ratio{.name = "participation_ratio", .title = "Participation ratio", .unit = "dimensions"},
        anisotropy{.name = "anisotropy", .title = "Anisotropy: mean cosine of two tokens"};
    for (size_t i = 0; i < count; ++i) {
      throwIfCancelled(cancel);
      all.push_back({rows_[i].data(), count_, widths_[i]});
      const Spectrum spectrum = spectrumOf(all.back());
      rank.values.push_back(spectrum.effectiveRank);
      ratio.values.push_back(spectrum.participationRatio);
      anisotropy.values.push_back(spectrum.anisotropy);
    }
    Matrix matrix{.name = comparison_.id,
                  .title = comparison_.title,
                  .rowTitle = "depth",
                  .columnTitle = "depth",
                  .rows = depths_->labels,
                  .columns = depths_->labels,
                  .values = compareAll(comparison_, all, cancel)};
    const int64_t widest = *std::max_element(widths_.begin(), widths_.end());
    const std::string caution = comparison_.caution ? comparison_.caution(compared, widest) : "";
    if (!caution.empty()) result.warnings.push_back(caution);
    result.matrices = {std::move(matrix)};
    for (Series* series : {&rank, &ratio, &anisotropy}) {
      series->labels = depths_->labels;
      result.series.push_back(std::move(*series));
    }
    result.recipe =
        text("residual stream; ", comparison_.title, ", ", compared, " tokens; spectra of ", count_, " tokens");
    return result;
  }

 private:
  const ComparisonDef& comparison_;
  int64_t samples_, count_ = 0;
  std::optional<Depths> depths_;
  std::vector<std::vector<float>> rows_;  // [depth], count_ rows each
  std::vector<int64_t> widths_;
};

std::unique_ptr<AnalysisRun> make(const Params& params) { return std::make_unique<Representations>(params); }

}  // namespace

AnalysisDef analysis_representations() {
  return {
      .id = "representations",
      .title = "Representations",
      .help =
          "Any two depths by CKA, canonical correlations, Procrustes, RSA or nearest neighbours; effective rank, "
          "participation ratio and anisotropy of each.",
      .paper = "Kornblith et al., 2019; Raghu et al., 2017; Morcos et al., 2018; Huh et al., 2024",
      .params = {choiceParam("comparison", "cka_unbiased", comparisonNames())
                     .label("Comparison")
                     .help("How two representations are compared."),
                 intParam("samples", 2048)
                     .label("Tokens")
                     .range(4, 16384)
                     .help("Taken from the first batches, spread evenly over each.")},
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
