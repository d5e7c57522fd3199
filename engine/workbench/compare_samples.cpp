// Depths of one model compared with those of another, and of one run over its checkpoints.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/workbench/recording.h"

namespace fw {
namespace {

std::vector<Features> featuresOf(const DepthSamples& samples) {
  std::vector<Features> features;
  for (const Tensor& value : samples.values) features.push_back({value.data(), value.shape[0], value.shape[1]});
  return features;
}

int64_t rowsOf(const DepthSamples& samples) { return samples.values.empty() ? 0 : samples.values.front().shape[0]; }

std::string cautionOf(const ComparisonDef& comparison, const DepthSamples& samples) {
  if (!comparison.caution) return {};
  int64_t widest = 1;
  for (const Tensor& value : samples.values) widest = std::max(widest, value.shape[1]);
  const int64_t rows = rowsOf(samples);
  return comparison.caution(comparison.mostRows > 0 ? std::min(rows, comparison.mostRows) : rows, widest);
}

}  // namespace

AnalysisResult compareDepths(const DepthSamples& rows, const DepthSamples& columns, const ComparisonDef& comparison,
                             const CancelToken& cancel) {
  if (rows.data != columns.data || rowsOf(rows) != rowsOf(columns))
    throw Error(Code::Data,
                text("[", columns.name, "] ", rowsOf(columns), " samples of ", columns.data,
                     " cannot be compared with ", rowsOf(rows), " of ", rows.data, "; expected the same samples."));
  AnalysisResult result{.analysis = "representations"};
  result.matrices.push_back({.name = comparison.id + "_across",
                             .title = text(comparison.title, ": ", rows.name, " and ", columns.name),
                             .rowTitle = text("depth of ", rows.name),
                             .columnTitle = text("depth of ", columns.name),
                             .rows = rows.labels,
                             .columns = columns.labels,
                             .values = compareAcross(comparison, featuresOf(rows), featuresOf(columns), cancel)});
  if (const std::string caution = cautionOf(comparison, columns); !caution.empty()) result.warnings.push_back(caution);
  result.recipe = text("residual stream of ", rows.name, " and ", columns.name, "; ", comparison.title, ", ",
                       rowsOf(rows), " tokens; ", rows.data);
  return result;
}

AnalysisResult compareSteps(const AnalyzeCall& call, const std::filesystem::path& run, const ComparisonDef& comparison,
                            int64_t samples, const CancelToken& cancel, const Progress& progress) {
  const std::vector<int64_t> steps = keptSteps(run);
  if (steps.size() < 2)
    throw Error(Code::Data, text("[", run.string(), "] keeps ", steps.size(),
                                 " checkpoints; expected at least 2 (train --keep-checkpoints)."));
  const auto at = [&](int64_t step) {
    AnalyzeCall with = call;
    with.weights = weightsAt(run, step);
    return depthSamples(with, text("step ", step), samples, cancel);
  };
  const DepthSamples last = at(steps.back());
  const size_t depths = last.labels.size();
  Matrix within{.name = comparison.id,
                .title = text(comparison.title, " within a step"),
                .rowTitle = "depth",
                .columnTitle = "depth",
                .rows = last.labels,
                .columns = last.labels,
                .frameTitle = "step"};
  Matrix toLast = within;
  toLast.name = comparison.id + "_to_last";
  toLast.title = text(comparison.title, " with step ", steps.back());
  toLast.columnTitle = text("depth at step ", steps.back());
  Curves curves{.name = comparison.id + "_over_steps",
                .title = text("Each depth and itself at step ", steps.back(), ": ", comparison.title),
                .xTitle = "step"};
  for (const std::string& label : last.labels) curves.lines.push_back({label, {}});
  for (size_t i = 0; i < steps.size(); ++i) {
    progress.report(double(i) / double(steps.size()), text("step ", steps[i]));
    const DepthSamples now = i + 1 == steps.size() ? last : at(steps[i]);
    const std::vector<double> own = compareAll(comparison, featuresOf(now), cancel);
    const std::vector<double> across = compareAcross(comparison, featuresOf(now), featuresOf(last), cancel);
    within.values.insert(within.values.end(), own.begin(), own.end());
    toLast.values.insert(toLast.values.end(), across.begin(), across.end());
    within.frames.push_back(std::to_string(steps[i]));
    curves.labels.push_back(std::to_string(steps[i]));
    for (size_t depth = 0; depth < depths; ++depth)
      curves.lines[depth].values.push_back(across[depth * depths + depth]);
  }
  toLast.frames = within.frames;
  AnalysisResult result{.analysis = "representations"};
  result.matrices = {std::move(within), std::move(toLast)};
  result.curves = {std::move(curves)};
  if (const std::string caution = cautionOf(comparison, last); !caution.empty()) result.warnings.push_back(caution);
  result.recipe = text("residual stream; ", comparison.title, ", ", rowsOf(last), " tokens; ", steps.size(),
                       " checkpoints of ", run.filename().string(), "; ", last.data);
  return result;
}

}  // namespace fw
