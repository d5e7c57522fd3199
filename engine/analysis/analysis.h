// What an analysis is: which probes it needs, and a result with axes, units and recipe. One file each in
// engine/analysis.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/block.h"
#include "engine/base/job.h"
#include "engine/base/tensor.h"
#include "engine/ir/builder.h"
#include "engine/ir/graph.h"

namespace fw {

/// A table of numbers over two axes: layers x layers, say. NaN where there is no value.
struct Matrix {
  std::string name;   // "cka"
  std::string title;  // "Linear CKA, unbiased"
  std::string unit;   // "", "rad/pi"
  std::string rowTitle, columnTitle;
  std::vector<std::string> rows, columns;  // labels
  std::vector<double> values;              // row-major
  bool isSigned = false;                   // shown in a diverging colour map
  /// One picture for each of these, one after the other in `values`: steps of a training, heads. Empty: one picture.
  std::vector<std::string> frames = {};
  std::string frameTitle = {};          // "step", "head"
  std::vector<std::string> cells = {};  // texts for people, one a cell; empty: none
  bool isParallel = false;              // columns have units of their own: shown as parallel coordinates
  double at(size_t row, size_t column) const { return values[row * columns.size() + column]; }
};

/// Numbers over one axis, ranked: block influence per block, say.
struct Series {
  std::string name, title, unit;
  std::vector<std::string> labels;
  std::vector<double> values;
  std::vector<int64_t> origins;  // document nodes the values speak of; 0: none
  std::vector<int64_t> layers;   // index in the unrolled stack; -1: none
};

/// Lines over one common axis: alignment over depth, say.
struct Curves {
  struct Line {
    std::string name;
    std::vector<double> values;  // one for each label; NaN: none
  };
  std::string name, title, unit;
  std::string xTitle;               // "depth"
  std::vector<std::string> labels;  // along the axis
  std::vector<Line> lines;
  bool isBars = false;  // labels have no order between them: a group of bars for each
};

/// Points over two axes and lines between them: steps under a roof, runs and their front.
struct Scatter {
  struct Point {
    std::string label, group;  // one colour a group
    double x = 0, y = 0;
    int64_t origin = 0;      // document node; 0: none
    std::string opens = {};  // a model that the point stands for; empty: none
  };
  struct Line {
    std::string name;
    std::vector<double> x, y;
  };
  std::string name, title;
  std::string xTitle, yTitle;  // with units
  bool isLogX = false, isLogY = false;
  std::vector<Point> points;
  std::vector<Line> lines;
};

struct AnalysisResult {
  std::string analysis;
  std::vector<Matrix> matrices;
  std::vector<Series> series;
  std::vector<Curves> curves = {};
  std::vector<Scatter> scatters = {};
  std::vector<std::string> warnings;
  /// Units that never fire, by the module path of what has them; places without one are left out.
  std::map<std::string, std::vector<int64_t>> deadUnits = {};
  /// How to make the same figure again: "linear CKA, unbiased; residual stream; 2,048 tokens of mqar, seed 7".
  std::string recipe;
};

/// What one pass of data through the model recorded: by probe name, the rows of all batches so far are not kept; each
/// batch is handed to `consume` and forgotten.
struct Recording {
  std::vector<ir::ProbeInfo> probes;  // in the order of `values`
  std::vector<Tensor> values;         // of this batch, f32; those that the run does not read are empty
  const std::map<std::string, Tensor>* inputs = nullptr;  // of this batch: what the data source gave
  int64_t batch = 0;                                      // number of the batch
  const std::function<std::string(int64_t)>* tokenText = nullptr;
  /// A token as text: what it says, or its number.
  std::string textOf(int64_t token) const {
    const std::string said = tokenText && *tokenText ? (*tokenText)(token) : std::string();
    return said.empty() ? std::to_string(token) : said;
  }
};

/// Accumulates over batches in bounded memory.
class AnalysisRun {
 public:
  virtual ~AnalysisRun() = default;
  /// Whether it looks at a probe of a batch; what nobody reads does not leave the device.
  virtual bool reads(const ir::ProbeInfo&, int64_t /*batch*/) const { return true; }
  virtual void consume(const Recording& recording, const CancelToken& cancel) = 0;
  /// The result of all batches; throws Code::Cancelled.
  virtual AnalysisResult finish(const CancelToken& cancel) = 0;
};

struct PlannedModel;
struct RunFigures;

struct AnalysisDef {
  std::string id;     // "similarity"
  std::string title;  // "Layer similarity"
  std::string help;
  std::string paper;
  std::vector<ParamDef> params;
  /// What a model must have, for the sentence that it has not.
  std::string needs = "layers in a Repeat or sub-layers joined by residuals";
  /// Appends what the analysis looks at and no block offers, as probes; absent: nothing.
  void (*extend)(ir::Builder& builder, const Params& complete) = nullptr;
  /// Whether the run wants a probe.
  bool (*wants)(const ir::ProbeInfo& probe, const Params& complete) = nullptr;
  std::unique_ptr<AnalysisRun> (*make)(const Params& complete) = nullptr;
  /// Instead of `make`: of the model as a device runs it; no data, and only where `needsTiming` it runs.
  AnalysisResult (*ofPlan)(const PlannedModel& model, const Params& complete) = nullptr;
  bool needsTiming = false;
  /// Instead of `make`: of trained models, each with what it achieves and costs.
  AnalysisResult (*ofRuns)(const std::vector<RunFigures>& runs, const Params& complete) = nullptr;
  /// Whether it looks at activations that data makes.
  bool needsData() const { return make != nullptr; }
};

/// Every analysis (generated).
const std::vector<AnalysisDef>& allAnalyses();

/// Throws Code::Usage that lists the analyses.
const AnalysisDef& findAnalysis(const std::string& id);

/// Yields batch after batch of model inputs; an empty map ends the data.
using BatchSource = std::function<std::map<std::string, Tensor>(int64_t index)>;

class Backend;
class Store;
struct Plan;

/// An analysis of one model, ready to run: known to fit into memory, nothing allocated.
struct PlannedAnalysis {
  const AnalysisDef* analysis = nullptr;
  Params params;                      // complete
  std::vector<ir::ProbeInfo> probes;  // that it wants
  std::shared_ptr<const Plan> plan;
  std::function<std::string(int64_t)> tokenText = {};  // what a token says; empty: unknown
};

/// `graph` is lowered for Prefill. Throws Code::Data when the model has no probe that the analysis wants, Code::Memory
/// when it does not fit.
PlannedAnalysis planAnalysis(const AnalysisDef& analysis, const Params& complete, const ir::Graph& graph,
                             const Backend& backend);

/// Runs the model over the data, with the weights in `store`: each batch is handed to `run` and then to `alsoTo`.
void record(const PlannedAnalysis& planned, Store& store, const BatchSource& source, AnalysisRun& run,
            const std::function<void(const Recording&)>& alsoTo, const CancelToken& cancel, const Progress& progress);

/// The same and the result. `recipeData` is the part of the recipe that names data and seed.
AnalysisResult analyze(const PlannedAnalysis& planned, Store& store, const BatchSource& source,
                       const std::string& recipeData, const CancelToken& cancel = {}, const Progress& progress = {},
                       const std::function<void(const Recording&)>& alsoTo = {});

}  // namespace fw
