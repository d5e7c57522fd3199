// Pareto: accuracy against a cost over trained models, the front that nobody beats, its hypervolume and its bend.
// (Zitzler and Thiele, Multiobjective optimization using evolutionary algorithms, 1998.)
#include "engine/analysis/cost/pareto.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/analysis/analysis.h"
#include "engine/analysis/cost/planned_model.h"
#include "engine/base/error.h"

namespace fw {
namespace {

struct CostAxis {
  const char *id, *title;
  double (*of)(const RunFigures&);
};

constexpr CostAxis kAxes[] = {
    {"latency", "latency [ms]", [](const RunFigures& run) { return run.seconds * 1e3; }},
    {"parameters", "parameters", [](const RunFigures& run) { return run.parameters; }},
    {"flops", "FLOPs", [](const RunFigures& run) { return run.flops; }},
    {"energy", "energy, counted operations [uJ]", [](const RunFigures& run) { return run.picojoules * 1e-6; }},
};

/// What is made small: the share of wrong answers, or the loss where a run measured no accuracy.
struct Quality {
  bool isAccuracy = true;
  double error(const RunFigures& run) const { return isAccuracy ? 1 - run.accuracy : run.loss; }
  double shown(const RunFigures& run) const { return isAccuracy ? run.accuracy : run.loss; }
  const char* title() const { return isAccuracy ? "accuracy" : "loss [nats]"; }
};

Scatter plotOf(const std::vector<RunFigures>& runs, const CostAxis& axis, const Quality& quality,
               std::string* sentence) {
  Scatter plot{.name = axis.id,
               .title = text("Accuracy against ", axis.title),
               .xTitle = axis.title,
               .yTitle = quality.title(),
               .isLogX = true};
  if (!quality.isAccuracy) plot.title = text("Loss against ", axis.title);
  std::vector<Objectives> points;
  points.reserve(runs.size());
  for (const RunFigures& run : runs) points.push_back({axis.of(run), quality.error(run)});
  std::vector<size_t> front = paretoFront(points);
  std::sort(front.begin(), front.end(), [&](size_t a, size_t b) { return points[a] < points[b]; });
  const int knee = kneeOf(points, front);
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool isOnFront = std::find(front.begin(), front.end(), i) != front.end();
    plot.points.push_back({.label = runs[i].name,
                           .group = int(i) == knee ? "knee"
                                    : isOnFront    ? "front"
                                                   : "dominated",
                           .x = points[i][0],
                           .y = quality.shown(runs[i]),
                           .opens = runs[i].folder});
  }
  Scatter::Line line{.name = "front"};
  for (const size_t i : front) {
    if (!line.x.empty()) {  // a step: between two models there is only what the cheaper one achieves
      line.x.push_back(points[i][0]);
      line.y.push_back(line.y.back());
    }
    line.x.push_back(points[i][0]);
    line.y.push_back(quality.shown(runs[i]));
  }
  plot.lines = {std::move(line)};
  const Objectives reference = defaultReference(points);
  if (!front.empty())
    *sentence += text(sentence->empty() ? "" : ", ", axis.id, " ", hypervolume(points, reference), " (reference ",
                      reference[0], ", ", reference[1], ")");
  return plot;
}

AnalysisResult ofRuns(const std::vector<RunFigures>& given, const Params& complete) {
  const std::string& task = std::get<std::string>(complete.at("task"));
  std::vector<RunFigures> runs;
  for (const RunFigures& run : given)
    if (task.empty() || run.task == task) runs.push_back(run);
  if (runs.empty())
    throw Error(Code::Data, text("[pareto] there is no run", task.empty() ? "" : " of task '" + task + "'",
                                 "; train a model, or name a folder of runs."));
  const bool isAccuracy =
      std::any_of(runs.begin(), runs.end(), [](const RunFigures& run) { return std::isfinite(run.accuracy); });
  const Quality quality{isAccuracy};
  AnalysisResult result;
  std::string volumes;
  for (const CostAxis& axis : kAxes) result.scatters.push_back(plotOf(runs, axis, quality, &volumes));
  Matrix table{.name = "runs", .title = "Runs, all objectives", .rowTitle = "run", .columnTitle = "objective"};
  table.columns = {quality.title()};
  for (const CostAxis& axis : kAxes) table.columns.push_back(axis.title);
  for (const RunFigures& run : runs) {
    table.rows.push_back(run.name);
    table.values.push_back(quality.shown(run));
    for (const CostAxis& axis : kAxes) table.values.push_back(axis.of(run));
  }
  table.isParallel = true;
  result.matrices = {std::move(table)};
  std::set<std::string> tasks;
  for (const RunFigures& run : runs) tasks.insert(run.task);
  std::string names;
  for (const std::string& each : tasks) names += (names.empty() ? "" : ", ") + each;
  result.recipe = text(runs.size(), runs.size() == 1 ? " run of " : " runs of ", names, "; last held-out ",
                       quality.title(), "; hypervolume: ", volumes);
  if (tasks.size() > 1) result.warnings.push_back("The runs learned different tasks: their accuracies do not compare.");
  return result;
}

}  // namespace

AnalysisDef analysis_pareto() {
  return {.id = "pareto",
          .title = "Trained models",
          .help = "All runs: what each achieves against what it costs, and which ones no other beats.",
          .paper = "Zitzler and Thiele, 1998",
          .params = {textParam("task", "").label("Task").help("Runs of this task only; empty: of all.")},
          .needs = "a run",
          .ofRuns = ofRuns};
}

}  // namespace fw
