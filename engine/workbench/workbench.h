// The facade of window and command line: opens models, checks, counts, runs, trains, analyses, exports. No global
// state; every function takes snapshots and may be called from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/analysis.h"
#include "engine/arch/architecture.h"
#include "engine/arch/diagnostic.h"
#include "engine/blocks/lowering.h"
#include "engine/train/trainer.h"

namespace fw {

class Tokenizer;

/// The catalog of all blocks of this build.
const Catalog& catalog();

// ---- models

/// A model as MODEL of the command line says it: preset id, `.fw.json`, run folder, or Hugging Face folder.
struct OpenedModel {
  ArchitecturePtr architecture;
  std::string name;                          // for titles and messages
  std::string file;                          // what Save writes; empty: none yet
  std::optional<std::filesystem::path> run;  // the run folder it came from
  std::map<std::string, Tensor> weights;     // trained; empty: starting values
  std::string family = {};                   // of a Hugging Face folder
  std::vector<std::string> notes = {};       // what was not understood in it, a sentence each
};

/// Throws Code::Usage "there is no preset, file or run 'x'; presets are: ..." or what reading the file throws. Without
/// `withWeights` only the document and the headers of weight files are read.
OpenedModel openModel(const std::string& model, bool withWeights = true);

/// The tokenizer.json that `model` is, or that lies in the folder `model`; null where there is none. Throws what
/// reading it throws.
std::shared_ptr<const Tokenizer> findTokenizer(const std::string& model);

/// The fewest rows that a batch may have: 1, or what every Fork can deal out evenly to its branches.
int64_t smallestBatch(const Architecture& architecture);

/// `wish`, or fewer where a table of learned positions is shorter.
int64_t longestTime(const Architecture& architecture, int64_t wish);

/// Lengths of a text above which rotations of queries and keys are others.
struct RotationLimits {
  std::set<int64_t> switches;  // longrope: up to it one list of frequencies, above it another
  int64_t gradual = 0;         // dynamic: above it each length has frequencies of its own; 0: nowhere
  /// The smallest; 0: there is none.
  int64_t first() const;
};
RotationLimits rotationLimits(const Architecture& architecture);

/// What generate() does of a model with gradual rotations on the way to `length` tokens, a sentence; empty: nothing
/// special.
std::string rotationNote(const Architecture& architecture, int64_t length);

/// Structure, parameters and shapes at the smallest batch and time 128, or the longest time below (or `dims`).
std::vector<Diagnostic> check(const Architecture& architecture, const std::map<std::string, int64_t>& dims = {});

// ---- cost

struct NodeCost {
  NodeId node = 0;
  std::string path;
  std::string block;
  double parameters = 0, flops = 0, bytes = 0;
};

/// One layer of the unrolled stack.
struct LayerCost {
  std::string path;  // "layers.3"
  double parameters = 0, flops = 0, bytes = 0;
};

struct CostOptions {
  int64_t batch = 0;  // rows; 0: the smallest batch
  int64_t time = 128;
  std::string mode = "prefill";  // prefill, decode, train
  bool withPeak = true;          // plans memory; the slowest part
};

struct CostReport {
  double parametersTotal = 0;   // counted once for each use by a weight group
  double parametersActive = 0;  // that one token meets
  double parametersUnique = 0;  // stored
  double flops = 0, macs = 0, bytes = 0;
  double kvBytesPerToken = 0;  // rows of decode caches that one token adds to one sequence
  double stateBytes = 0;       // decode states of one sequence that do not grow
  double peakBytes = 0;
  std::vector<NodeCost> perNode;    // by document node, all applications together
  std::vector<LayerCost> perLayer;  // as LowerResult::layers; weights that layers share are in none
};

/// The graph that is counted: of training, forward and backward; the optimiser aside. Throws what lowering throws.
ir::Graph countedGraph(const Architecture& architecture, const CostOptions& options);

/// On the null device: no weight is allocated. Throws what lowering throws.
CostReport cost(const Architecture& architecture, const CostOptions& options);

// ---- running

/// Weights for a model: those given, the rest from `seed`. Throws Code::Data for tensors that fit nothing.
void loadWeights(const ir::Graph& graph, const std::map<std::string, Tensor>& given, uint64_t seed, Store& store);

/// Those of `given` that the store has replace its values. Throws Code::Data for one of another shape.
void replaceWeights(const std::map<std::string, Tensor>& given, Store& store);

/// Those of `given` that the model asks for. Throws Code::Data for one that is missing and one of another shape.
std::map<std::string, Tensor> weightsFor(const Architecture& architecture, const std::map<std::string, Tensor>& given);

/// The starting values of all parameters, by name.
std::map<std::string, Tensor> startingWeights(const Architecture& architecture, uint64_t seed);

/// How weights of linear maps and embeddings lie in memory while a model runs; sums are f32 whatever they are.
enum class WeightFormat {
  Stored,  // f16 and bf16 as the file has them, mapped and read in place; the rest, and all on a GPU, f32
  F32,
  BF16,
  I8,  // with a scale for each output, made from the file's values
};

struct RunOptions {
  std::map<std::string, Tensor> inputs;
  std::map<std::string, Tensor> weights;
  uint64_t seed = 1;
  std::string device = "cpu";
  std::string record;  // glob over probe names; empty: none. One that no probe has is Code::Usage.
  WeightFormat weightFormat = WeightFormat::Stored;
};

/// Outputs by name; recorded probes as "probe/<name>".
std::map<std::string, Tensor> run(const Architecture& architecture, const RunOptions& options,
                                  const CancelToken& cancel = {}, const Progress& progress = {});

// ---- training

/// What a run folder holds: run.json (options), model.fw.json, metrics.sqlite, metrics.csv, checkpoint.safetensors.
struct RunInfo {
  std::filesystem::path folder;
  TrainOptions options;
  std::string device;
  int64_t step = 0;
};

struct TrainCall {
  ArchitecturePtr architecture;
  TrainOptions options;
  std::string device = "cpu";
  std::filesystem::path out;
  bool isResumed = false;         // goes on from the checkpoint in `out`
  bool replacesRun = false;       // else a run that `out` holds is left alone: Code::Usage
  int64_t evaluateEvery = 100;    // steps
  int64_t checkpointEvery = 200;  // steps; 0: only at the end
  bool keepsCheckpoints = false;  // each one's parameters stay as checkpoints/STEP.safetensors; see recording.h
  int64_t evaluationBatches = 8;
  std::map<std::string, Tensor> weights;  // start from these; empty: from the seed
  std::function<std::unique_ptr<Backend>(const std::string& device)> open = makeBackend;
};

/// What a training tells while it runs; called on its thread.
struct TrainObserver {
  std::function<void(const StepReport&, int64_t steps, double secondsLeft)> onStep;
  std::function<void(int64_t step, const Evaluation&)> onEvaluation;
  std::function<bool()> isPaused;  // asked between steps; while true the training waits
};

struct TrainResult {
  int64_t steps = 0;
  Evaluation final;
  double seconds = 0;
  bool wasCancelled = false;
  std::vector<StepReport> reports;
};

/// Trains, writes metrics after each step and checkpoints; a cancel leaves a checkpoint and returns. `kill -9` loses at
/// most what came after the last checkpoint.
TrainResult train(const TrainCall& call, const TrainObserver& observer = {}, const CancelToken& cancel = {});

RunInfo readRun(const std::filesystem::path& folder);

Evaluation evaluate(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                    const std::string& task, const Params& taskOptions, uint64_t seed, int64_t batches, int64_t batch,
                    const std::string& device = "cpu", const CancelToken& cancel = {});

struct GenerateOptions {
  std::vector<int64_t> prompt;
  int64_t tokens = 64;
  int64_t least = 0;       // tokens before one of `stops` may be chosen
  double temperature = 1;  // 0: the likeliest
  uint64_t seed = 1;
  std::vector<int64_t> stops = {};  // end the text and are no part of it
  std::string device = "cpu";
  WeightFormat weightFormat = WeightFormat::Stored;
};

/// Step by step with the model's own states, which are computed anew where rotations switch at a length; `onToken` sees
/// each new token and may end it with false. The prompt and what follows it.
std::vector<int64_t> generate(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                              const GenerateOptions& options, const std::function<bool(int64_t)>& onToken = {},
                              const CancelToken& cancel = {});

/// Tokens that end a text: "eos_token_id" of generation_config.json or config.json in the folder `model`; none
/// elsewhere.
std::vector<int64_t> stopTokens(const std::string& model);

struct TextEvaluation {
  double loss = 0;  // nats a token
  double perplexity = 0;
  double bitsPerByte = 0;
  double accuracy = 0;
  int64_t tokens = 0;  // foretold: all but the first
  int64_t bytes = 0;
};

struct TextOptions {
  std::string text;
  std::shared_ptr<const Tokenizer> tokenizer;  // null: tokens are bytes
  int64_t context = 256;                       // the text is cut into pieces of so many tokens, seen one by one
  int64_t most = 0;                            // tokens; 0: all
  std::string device = "cpu";
  WeightFormat weightFormat = WeightFormat::Stored;
};

/// How well a language model foretells a text: each token from those before it in its piece. Throws Code::Data for a
/// text of fewer than two tokens and for tokens outside the model's vocabulary.
TextEvaluation evaluateText(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                            const TextOptions& options, const CancelToken& cancel = {}, const Progress& progress = {});

// ---- analysis

struct AnalyzeCall {
  ArchitecturePtr architecture;
  std::map<std::string, Tensor> weights;
  uint64_t seed = 1;
  std::string analysis = "similarity";
  Params options;
  std::string task = "mqar";  // where the data comes from...
  Params taskOptions;
  std::string dataFile;  // ...or a safetensors or npz file of model inputs
  int64_t batch = 32, batches = 8;
  std::string device = "cpu";
  std::string recordFile = {};   // also written: see recording.h
  int64_t recordSamples = 2048;  // rows of it; 0: all
  std::string modelName = {};    // stands in it
};

AnalysisResult analyze(const AnalyzeCall& call, const CancelToken& cancel = {}, const Progress& progress = {});

/// Everything of a result as JSON text; missing values are null.
std::string analysisJson(const AnalysisResult& result);

/// CSV for each matrix and series, all of them in one NPZ, and that JSON, into `folder`.
void writeAnalysis(const AnalysisResult& result, const std::filesystem::path& folder);

// ---- measuring

struct BenchOptions {
  int64_t batch = 0;  // rows; 0: the smallest batch
  int64_t time = 128, repeat = 10;
  std::string mode = "prefill";
  std::string device = "cpu";
  std::map<std::string, Tensor> weights = {};  // not for training; empty: random
  WeightFormat weightFormat = WeightFormat::Stored;
};

struct BenchReport {
  std::vector<double> seconds;  // of each repetition
  double median = 0;
  double flopsPerSecond = 0;
  std::map<NodeId, double> nodeSeconds;  // of one repetition, by document node
  int64_t peakBytes = 0;
  std::shared_ptr<const Plan> plan = {};  // that ran
  std::vector<double> stepSeconds = {};   // of each step of the plan, medians of some repetitions; views have 0
};

BenchReport bench(const Architecture& architecture, const BenchOptions& options, const CancelToken& cancel = {});

}  // namespace fw
