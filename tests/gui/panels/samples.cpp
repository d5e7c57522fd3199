// Panels with invented but plausible contents, in each state.
#include "samples.h"

#include <cmath>

namespace fw::ui {
namespace {

const double kNone = std::nan("");

// Similar neighbours, a dissimilar beginning, a redundant middle.
float sampleSimilarityOf(int a, int b) {
  const double distance = std::abs(std::sqrt(a + 1.0) - std::sqrt(b + 1.0));
  return float(std::exp(-1.6 * distance) * (a == b ? 1 : 0.97));
}

double wobble(int i) { return std::sin(i * 12.9898) * 0.5 + std::sin(i * 4.1414) * 0.5; }

}  // namespace

PanelState panelState(PanelPhase phase, const QString& empty, const QString& action) {
  switch (phase) {
    case PanelPhase::Empty:
      return {phase, empty, action};
    case PanelPhase::Busy:
      return {phase, "Recording activations, layer 5 of 12", "", 0.42};
    case PanelPhase::Stale:
      return {phase, "The model was changed after this was computed.", "recompute"};
    case PanelPhase::Ready:
      return {phase};
    case PanelPhase::Failed:
      return {phase, "[similarity] the model needs 41 GB, 24 GB are free; fewer tokens or a smaller batch would fit.",
              "Try again"};
  }
  return {};
}

std::vector<BlockEntry> sampleBlocks() {
  return {
      {"attention.multi_head",
       "Multi-head attention",
       "attention",
       {"MHA", "self-attention"},
       "Every token looks at every other one, in several heads."},
      {"attention.grouped_query",
       "Grouped-query",
       "attention",
       {"GQA", "MQA"},
       "Several query heads share one key and value head."},
      {"attention.sparse_query", "Sparse-query (SQA)", "attention", {"SQA"}, "Fewer query heads."},
      {"attention.sliding",
       "Sliding window",
       "attention",
       {"local attention", "SWA"},
       "Each token looks at the last few only."},
      {"attention.linear",
       "Linear (cosFormer)",
       "attention",
       {"cosFormer"},
       "Attention whose cost grows linearly with length."},
      {"ssm.mamba", "Mamba", "state space", {"S6", "selective scan"}, "A recurrence whose decay depends on the input."},
      {"ssm.mamba2", "Mamba-2", "state space", {"SSD"}, "Mamba in blocks of matrix products."},
      {"ssm.s4d", "S4D", "state space", {}, "A diagonal linear state space."},
      {"mlp.plain", "GELU MLP", "mlp", {"feed-forward", "FFN"}, "Two linear maps with GELU between."},
      {"mlp.gated", "SwiGLU", "mlp", {"gated MLP", "GeGLU"}, "A gated MLP with SiLU."},
      {"experts.mixture", "Mixture of experts", "experts", {"MoE"}, "A router sends each token to a few experts."},
      {"memory.titans",
       "Neural memory (Titans)",
       "memory",
       {"test-time memory"},
       "A memory that learns while it is read."},
      {"structure.repeat", "Repeat \u00d7N", "structure", {"stack", "layers"}, "Layers, one after the other."},
      {"structure.fork", "Fork by modality", "structure", {"Y shape"}, "A branch for each modality."},
      {"structure.residual", "Residual", "structure", {"skip"}, "Adds its input to its output."},
      {"norm.rms", "RMS norm", "norm", {"RMSNorm"}, "Scales each token to unit root mean square."}};
}

PaletteState samplePalette() { return {{PanelPhase::Ready}, sampleBlocks(), {"mlp.gated", "norm.rms"}}; }

InspectorState sampleInspector() {
  InspectorState state;
  state.panel.phase = PanelPhase::Ready;
  state.subject = "7";
  state.title = "Grouped-query attention";
  state.subtitle = "layers.*.attention \u00b7 12 copies";
  state.category = "attention";
  state.name = "attention";
  state.help = "Several query heads share one key and value head, which makes the cache of decoding smaller.";
  state.paper = "Ainslie et al., GQA, 2023";
  const auto field = [&](ParamDef def, ParamValue value) {
    state.fields.push_back({std::move(def), std::move(value)});
  };
  field(intParam("heads", 8).label("Heads").range(1, 256).powerOfTwo().help("Query heads."), int64_t(8));
  field(intParam("kv_heads", 2).label("Key/value heads").range(1, 256).help("Heads of keys and values."), int64_t(3));
  state.fields.back().error = "8 heads are not a multiple of 3 key/value heads; 1, 2, 4 and 8 are.";
  field(intParam("head_width", 64).label("Head width").range(1, 4096).help("Features of a head."),
        std::string("=width/8"));
  state.fields.back().resolved = "64";
  field(choiceParam("positions", "rotary", {"none", "learned", "rotary", "alibi"}).label("Positions"),
        std::string("rotary"));
  field(choiceParam("mask", "causal", {"causal", "bidirectional", "sliding"}).label("Mask"), std::string("causal"));
  field(realParam("theta", 10000).label("Rotary base").range(1, 1e8).help("Base of the rotary frequencies."), 10000.0);
  field(boolParam("qk_norm", true).label("QK norm").help("Normalises queries and keys."), true);
  WeightCard weights;
  weights.title = "Tied \u00d74 + LoRA rank 8";
  weights.series = 2;
  weights.change = "\u221261\u00a0%";
  weights.choices = {{"dense", "Dense", "Weights of its own.", false},
                     {"tied_lora", "Tied + LoRA", "Shared, with a small own part.", true}};
  weights.params.push_back({intParam("rank", 8).label("Rank").range(1, 512), int64_t(8)});
  state.weights = weights;
  state.costTitle = "Cost (B 1, T 1\u202f024)";
  state.costs = {{"Parameters", "3.9\u00a0M (1.5\u00a0M unique)", ""},
                 {"FLOPs, forward", "11.8\u00a0GFLOP", ""},
                 {"KV cache", "6.14\u00a0KB / token", ""},
                 {"Time, this CPU", "38\u00a0ms (meas. 36)", ""}};
  state.ports = {{"x", false, "B T D", "1 \u00d7 1\u202f024 \u00d7 512", ""},
                 {"mask", false, "B T", "", ""},
                 {"y", true, "B T D", "1 \u00d7 1\u202f024 \u00d7 512", ""}};
  state.problems = {{Severity::Error,
                     "node 'layers/attention' (id 7): 8 heads are not a multiple of 3 key/value heads.", "Set to 2"}};
  return state;
}

InspectorState sampleInspectorMixed() {
  InspectorState state = sampleInspector();
  state.subject = "7,8,9";
  state.title = "3 blocks";
  state.subtitle = "layers.*.attention, layers.*.mlp";
  state.name.clear();
  state.category.clear();
  state.problems.clear();
  state.fields[0].isMixed = true;
  state.fields[1] = state.fields[0];
  state.fields[1].def.name = "kv_heads";
  state.fields[1].def.title = "Key/value heads";
  state.fields[3].isMixed = true;
  state.fields[6].isMixed = true;
  state.weights.reset();
  state.ports.clear();
  return state;
}

ProblemsState sampleProblems() {
  return {
      {PanelPhase::Ready},
      {{Severity::Error, "node 'layers/attention' (id 7): 8 heads are not a multiple of 3 key/value heads.",
        "layers/attention", "Set to 2"},
       {Severity::Error, "node 'head' (id 12): the input 'x' is [2,5,8], the weight wants 512 features.", "head", ""},
       {Severity::Warning, "node 'probe' (id 14) reaches no output and is left out of the run.", "probe", ""},
       {Severity::Info, "The document is empty: drag a block from the palette to begin.", "document", ""}}};
}

HistoryState sampleHistory() {
  return {{PanelPhase::Ready},
          {"Open template Hybrid recall", "Add Grouped-query attention", "Set heads to 8", "Tie weights \u00d74 + LoRA",
           "Set pattern M M * \u2212", "Train 2\u202f000 steps", "Move 3 blocks"},
          5,
          2};
}

TrainingState sampleTraining() {
  TrainingState state;
  state.panel.phase = PanelPhase::Ready;
  state.totalSteps = 2000;
  state.tokensPerSecond = 41000;
  for (int step = 0; step <= 1240; step += 10) {
    state.steps.push_back(step);
    state.loss.push_back(3.9 * std::exp(-step / 520.0) + 0.06 + 0.05 * wobble(step));
    state.accuracy.push_back(
        std::clamp(0.03 + 0.95 / (1 + std::exp(-(step - 640) / 75.0)) + 0.01 * wobble(step + 3), 0.0, 1.0));
  }
  return state;
}

SimilarityState sampleSimilarity() {
  SimilarityState state;
  state.panel.phase = PanelPhase::Ready;
  const int layers = 12;
  HeatMapData cka;
  cka.rows = cka.columns = layers;
  cka.title = "Linear CKA, unbiased";
  cka.recipe = "2\u202f048 tokens \u00b7 seed 7";
  for (int a = 0; a < layers; ++a)
    for (int b = 0; b < layers; ++b) cka.values.push_back(sampleSimilarityOf(a, b));
  HeatMapData spans;
  spans.rows = spans.columns = layers;
  spans.title = "Angular distance of spans";
  spans.recipe = cka.recipe;
  spans.rowTitle = "layers left out";
  spans.columnTitle = "first layer";
  spans.maximum = 0.6;
  for (int length = 0; length < layers; ++length)
    for (int first = 0; first < layers; ++first)
      spans.values.push_back(first + length < layers ? float(0.05 * (length + 1) + 0.02 * std::fabs(first - 8.0))
                                                     : float(kNone));
  HeatMapData parts;
  parts.rows = 3;
  parts.columns = layers;
  parts.rowLabels = QStringList{"block", "attention", "MLP"};
  parts.columnTitle = "layer";
  parts.title = "Cosine block influence";
  parts.recipe = cka.recipe;
  parts.maximum = 0.42;
  const std::vector<double> influence = {0.42, 0.31, 0.24, 0.19, 0.16, 0.15, 0.12, 0.10, 0.035, 0.041, 0.090, 0.21};
  for (int part = 0; part < 3; ++part)
    for (int layer = 0; layer < layers; ++layer) parts.values.push_back(float(influence[size_t(layer)] / (1 + part)));
  state.measures = {{"cka", "Linear CKA", CellMeaning::Pair, cka},
                    {"influence", "Cosine block influence", CellMeaning::Part, parts},
                    {"angular", "Angular distance", CellMeaning::Span, spans}};
  state.rankingTitle = "Block influence 1 \u2212 cos(x, y)";
  InfluenceRanking attention{"attention", "Attention", "attention", {}};
  InfluenceRanking mlp{"mlp", "MLP", "MLP", {}};
  InfluenceRanking block{"block", "Block", "", {}};
  for (int layer = 0; layer < layers; ++layer) {
    attention.entries.push_back({layer, influence[size_t(layer)], 0.035, layer == 8 || layer == 9});
    mlp.entries.push_back({layer, influence[size_t(layers - 1 - layer)], 0.045, layer == 2});
    block.entries.push_back({layer, influence[size_t(layer)] * 1.7, 0.08, layer == 8});
  }
  state.rankings = {attention, mlp, block};
  return state;
}

JobsState sampleJobs() {
  return {{PanelPhase::Ready},
          {{"train", "Training hybrid-recall", "step 1\u202f240 of 2\u202f000", 0.62, JobPhase::Running},
           {"similarity", "Layer similarity", "recording layer 5 of 12", 0.42, JobPhase::Cancelling},
           {"export", "Export to PyTorch", "", -1, JobPhase::Waiting},
           {"cost", "Cost of gpt2", "", 1, JobPhase::Done},
           {"open", "Open llama-3-8b", "[safetensors] the header claims 1\u202f048\u202f576 bytes but the file has 40.",
            -1, JobPhase::Failed}}};
}

RunState sampleRun(RunPhase phase) {
  RunState state;
  state.phase = phase;
  state.tasks = {{"mqar", "Multi-query recall", "Recall values by keys."},
                 {"copy", "Selective copying", ""},
                 {"chars", "Characters of a file", ""}};
  state.devices = {{"cpu", "CPU \u00b7 AVX2 \u00d72", ""}, {"cuda", "CUDA", "No device was found.", false}};
  state.task = "mqar";
  state.device = "cpu";
  state.steps = 2000;
  state.step = phase == RunPhase::Idle ? 0 : 1240;
  state.secondsLeft = phase == RunPhase::Running ? 38 : -1;
  return state;
}

StartState sampleStart() {
  StartState state;
  state.panel.phase = PanelPhase::Ready;
  state.templates = {{"attention2",
                      "Attention, 2 layers",
                      "Recalls values by keys; the smallest model that shows what attention is good for.",
                      "0.2 M parameters \u00b7 trains in 40 s",
                      {{"embedding"}, {{"norm", "attention", "norm", "mlp"}}, 2, {"norm", "embedding"}}},
                     {"mamba",
                      "Mamba",
                      "Solves selective copying with a state instead of attention.",
                      "0.3 M parameters \u00b7 trains in 90 s",
                      {{"embedding"}, {{"norm", "state space"}}, 4, {"norm", "embedding"}}},
                     {"hybrid",
                      "Hybrid recall",
                      "Mamba layers with attention between, as MM*- strings write it.",
                      "18.4 M parameters",
                      {{"embedding"}, {{"state space", "state space", "attention", "mlp"}}, 12, {"norm", "embedding"}}},
                     {"fork",
                      "Image and text",
                      "A shared trunk that forks into an understanding and a generation half.",
                      "2.1 M parameters",
                      {{"embedding", "structure"}, {{"attention", "mlp"}, {"attention", "mlp"}}, 1, {"embedding"}}},
                     {"gpt2",
                      "GPT-2",
                      "The published shape; parameters and FLOPs are known without allocating any weight.",
                      "124 M parameters",
                      {{"embedding"}, {{"norm", "attention", "norm", "mlp"}}, 12, {"norm", "embedding"}}},
                     {"llama",
                      "Llama 3 8B",
                      "Grouped-query attention, SwiGLU and RMS norm.",
                      "8.03 B parameters",
                      {{"embedding"}, {{"norm", "attention", "norm", "mlp"}}, 32, {"norm", "embedding"}}}};
  state.recent = {
      {"/home/ada/models/hybrid-recall.fw.json", "hybrid-recall", "today, 9:41", true},
      {"/home/ada/models/a-very-long-folder-name/another-folder/char-level.fw.json", "char-level", "yesterday", true},
      {"/media/stick/old.fw.json", "old", "3 May", false}};
  return state;
}

namespace {

template <class Panel, class State>
std::function<QWidget*(PanelPhase)> maker(State (*sample)(), QString empty, QString action) {
  return [=](PanelPhase phase) {
    auto* panel = new Panel;
    State state = sample();
    panel->setState(state);
    state.panel = panelState(phase, empty, action);
    panel->setState(state);
    return panel;
  };
}

}  // namespace

GenerateState sampleGenerate() {
  return {
      .text = "Once upon a time there was a small model that wrote one token after the other, and never looked back.",
      .note = "23 tokens, 41 tokens/s"};
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> list = {
      {"palette", {232, 640}, maker<PalettePanel>(samplePalette, "The blocks are being read.", "")},
      {"inspector",
       {270, 860},
       maker<InspectorPanel>(sampleInspector, "Select a block to see its parameters, cost and shapes.", "")},
      {"inspector-mixed",
       {270, 560},
       maker<InspectorPanel>(sampleInspectorMixed, "Select a block to see its parameters, cost and shapes.", "")},
      {"problems", {620, 220}, maker<ProblemsPanel>(sampleProblems, "No problems: the model can run.", "")},
      {"history", {270, 300}, maker<HistoryPanel>(sampleHistory, "Edits will be listed here.", "")},
      {"training",
       {380, 330},
       maker<TrainingPanel>(sampleTraining, "Train the model to see its loss and accuracy here.", "Train")},
      {"similarity",
       {720, 380},
       maker<SimilarityPanel>(sampleSimilarity, "See which layers do the same work.", "Compute similarity")},
      {"generate", {720, 390}, maker<GeneratePanel>(sampleGenerate, "The text appears here, token by token.", "")},
      {"jobs", {380, 340}, maker<JobsPanel>(sampleJobs, "Nothing is running.", "")},
      {"start", {1180, 720}, maker<StartPage>(sampleStart, "There are no templates.", "")},
  };
  return list;
}

}  // namespace fw::ui
