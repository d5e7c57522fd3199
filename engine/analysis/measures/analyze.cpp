// Running an analysis: the model with the wanted probes as outputs, batch after batch.
#include <algorithm>

#include "engine/analysis/analysis.h"
#include "engine/base/error.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/passes.h"

namespace fw {

const AnalysisDef& findAnalysis(const std::string& id) {
  std::string known;
  for (const AnalysisDef& analysis : allAnalyses()) {
    if (analysis.id == id) return analysis;
    known += (known.empty() ? "" : ", ") + analysis.id;
  }
  throw Error(Code::Usage, text("there is no analysis '", id, "'; there are: ", known, "."));
}

PlannedAnalysis planAnalysis(const AnalysisDef& analysis, const Params& complete, const ir::Graph& graph,
                             const Backend& backend) {
  ir::Graph extended = graph;
  if (analysis.extend) {
    ir::Builder builder(std::move(extended));
    analysis.extend(builder, complete);
    extended = builder.finish();
  }
  ir::Graph probed =
      ir::withProbes(extended, [&](const ir::ProbeInfo& probe) { return analysis.wants(probe, complete); });
  probed.outputs.erase(std::remove_if(probed.outputs.begin(), probed.outputs.end(),
                                      [](const ir::OutputInfo& output) { return !output.name.starts_with("probe/"); }),
                       probed.outputs.end());
  if (probed.outputs.empty())
    throw Error(Code::Data,
                text("[", analysis.id, "] the model has nothing to look at; expected ", analysis.needs, "."));
  PlannedAnalysis planned{.analysis = &analysis, .params = complete};
  for (const ir::ProbeInfo& probe : extended.probes)
    if (analysis.wants(probe, complete)) planned.probes.push_back(probe);
  planned.plan = std::make_shared<const Plan>(
      makePlan(std::make_shared<const ir::Graph>(optimized(probed)), planOptions(backend)));
  return planned;
}

void record(const PlannedAnalysis& planned, Store& store, const BatchSource& source, AnalysisRun& run,
            const std::function<void(const Recording&)>& alsoTo, const CancelToken& cancel, const Progress& progress) {
  Recording recording{.probes = planned.probes, .tokenText = &planned.tokenText};
  Executor executor(planned.plan, store);
  for (int64_t index = 0;; ++index) {
    throwIfCancelled(cancel);
    const std::map<std::string, Tensor> inputs = source(index);
    if (inputs.empty()) break;
    for (const auto& [name, value] : inputs)
      if (executor.plan().graph->findInput(name)) executor.setInput(name, value);
    executor.run(cancel);
    recording.values.clear();
    for (const ir::ProbeInfo& probe : recording.probes)
      recording.values.push_back(alsoTo || run.reads(probe, index) ? executor.output("probe/" + probe.name) : Tensor());
    recording.batch = index;
    recording.inputs = &inputs;
    run.consume(recording, cancel);
    if (alsoTo) alsoTo(recording);
    progress.report(0, text("batch ", index + 1));
  }
}

AnalysisResult analyze(const PlannedAnalysis& planned, Store& store, const BatchSource& source,
                       const std::string& recipeData, const CancelToken& cancel, const Progress& progress,
                       const std::function<void(const Recording&)>& alsoTo) {
  const std::unique_ptr<AnalysisRun> run = planned.analysis->make(planned.params);
  record(planned, store, source, *run, alsoTo, cancel, progress);
  AnalysisResult result = run->finish(cancel);
  result.analysis = planned.analysis->id;
  result.recipe += (result.recipe.empty() || recipeData.empty() ? "" : "; ") + recipeData;
  return result;
}

}  // namespace fw
