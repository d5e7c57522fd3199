// Alignment of modalities over depth: how alike pictures are, by what the stream holds at their tokens, to what their
// texts mean; one curve for understanding and one for generation, and the depth at which they part. For two towers, how
// alike both are at the same relative depth. (Li et al., UniFork, 2025; Huh et al., The Platonic Representation
// Hypothesis, 2024.)
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/analysis/analysis.h"
#include "engine/analysis/comparison.h"
#include "engine/analysis/measures/depths.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kImage = 1, kText = 2;

std::string pathOf(const ir::ProbeInfo& probe) { return probe.name.substr(0, probe.name.rfind(':')); }
/// "fork.generation.layers" of "fork.generation.layers.3".
std::string stackOf(const ir::ProbeInfo& probe) {
  const std::string path = pathOf(probe);
  return path.substr(0, path.rfind('.'));
}

bool wants(const ir::ProbeInfo& probe, const Params&) { return isDepth(probe); }

/// Features of samples, gathered row by row.
struct Gathered {
  std::vector<float> values;
  int64_t rows = 0, width = 0;

  /// The mean over tokens t of [time, width] for which `isWanted`; nothing where there are none.
  template <class Wanted>
  void addMean(const float* tokens, int64_t time, int64_t wide, const Wanted& isWanted) {
    std::vector<double> sums(size_t(wide), 0);
    int64_t count = 0;
    for (int64_t t = 0; t < time; ++t) {
      if (!isWanted(t)) continue;
      ++count;
      for (int64_t i = 0; i < wide; ++i) sums[size_t(i)] += tokens[t * wide + i];
    }
    if (count == 0) return;
    for (const double sum : sums) values.push_back(float(sum / double(count)));
    width = wide;
    ++rows;
  }
  Features view() const { return {values.data(), rows, width}; }
};

/// Mean cosine of x_i and y_i after each feature's mean is taken off; NaN for none.
double pairedCosine(const Gathered& x, const Gathered& y) {
  if (x.rows != y.rows || x.width != y.width || x.rows < 2) return kNone;
  const auto meanOf = [](const Gathered& of, int64_t i) {
    double sum = 0;
    for (int64_t r = 0; r < of.rows; ++r) sum += of.values[size_t(r * of.width + i)];
    return sum / double(of.rows);
  };
  std::vector<double> mx, my;
  for (int64_t i = 0; i < x.width; ++i) {
    mx.push_back(meanOf(x, i));
    my.push_back(meanOf(y, i));
  }
  double total = 0;
  for (int64_t r = 0; r < x.rows; ++r) {
    double xy = 0, xx = 0, yy = 0;
    for (int64_t i = 0; i < x.width; ++i) {
      const double a = x.values[size_t(r * x.width + i)] - mx[size_t(i)],
                   b = y.values[size_t(r * x.width + i)] - my[size_t(i)];
      xy += a * b;
      xx += a * a;
      yy += b * b;
    }
    total += xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
  }
  return total / double(x.rows);
}

/// What one direction (understanding, generation) shows at one depth.
struct DepthOfDirection {
  Gathered image, text, reference;
  int64_t layer = -1, origin = 0;
};

class Alignment : public AnalysisRun {
 public:
  explicit Alignment(const Params& params)
      : comparison_(findComparison(std::get<std::string>(params.at("comparison")))),
        samples_(std::get<int64_t>(params.at("samples"))),
        tolerance_(std::get<double>(params.at("tolerance"))) {}

  void consume(const Recording& recording, const CancelToken& cancel) override {
    const auto input = [&](const char* name) -> const Tensor* {
      if (!recording.inputs) return nullptr;
      const auto found = recording.inputs->find(name);
      return found == recording.inputs->end() ? nullptr : &found->second;
    };
    const Tensor *modality = input("modality"), *direction = input("direction"), *reference = input("reference");
    if (modality && direction && reference)
      consumeTask(recording, *modality, *direction, *reference, cancel);
    else
      consumeTowers(recording, cancel);
  }

  AnalysisResult finish(const CancelToken& cancel) override {
    return !directions_.empty() ? finishTask(cancel) : finishTowers(cancel);
  }

 private:
  void consumeTask(const Recording& recording, const Tensor& modality, const Tensor& direction, const Tensor& reference,
                   const CancelToken& cancel) {
    const int64_t batch = modality.shape[0], time = modality.shape[1], wide = reference.shape[1];
    // The branches of a Fork each hold a share of the rows, in the order in which they come.
    std::map<std::string, int64_t> shares;
    std::map<int64_t, size_t> next;  // depth that comes next in each direction
    bool hasFirst = false;
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      throwIfCancelled(cancel);
      const ir::ProbeInfo& probe = recording.probes[i];
      const Tensor& value = recording.values[i];
      if ((probe.kind == "layer.in" && hasFirst) || value.shape.rank() != 3 || value.shape[1] != time) continue;
      hasFirst = true;
      const int64_t rows = value.shape[0];
      int64_t start = 0;
      if (rows < batch) start = rows * shares.emplace(stackOf(probe), int64_t(shares.size())).first->second;
      if (start + rows > batch) continue;
      std::map<int64_t, bool> isHere;
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t of = direction.data<int64_t>()[start + r];
        std::vector<DepthOfDirection>& depths = directions_[of];
        const size_t depth = next[of];
        isHere[of] = true;
        if (depths.size() <= depth) depths.resize(depth + 1);
        DepthOfDirection& to = depths[depth];
        to.layer = probe.layer;
        to.origin = probe.origin;
        if (to.image.rows >= samples_) continue;
        const int64_t* what = modality.data<int64_t>() + (start + r) * time;
        const float* tokens = value.data() + r * time * value.shape[2];
        to.image.addMean(tokens, time, value.shape[2], [&](int64_t t) { return what[t] == kImage; });
        to.text.addMean(tokens, time, value.shape[2], [&](int64_t t) { return what[t] == kText; });
        to.reference.addMean(reference.data() + (start + r) * wide, 1, wide, [](int64_t) { return true; });
      }
      for (const auto& [of, is] : isHere) ++next[of];
    }
  }

  void consumeTowers(const Recording& recording, const CancelToken& cancel) {
    for (size_t i = 0; i < recording.probes.size(); ++i) {
      throwIfCancelled(cancel);
      const ir::ProbeInfo& probe = recording.probes[i];
      const Tensor& value = recording.values[i];
      if (probe.kind == "layer.in" || value.shape.rank() != 3) continue;
      const std::string stack = stackOf(probe), path = pathOf(probe);
      if (std::find(stacks_.begin(), stacks_.end(), stack) == stacks_.end()) stacks_.push_back(stack);
      std::vector<std::pair<std::string, Gathered>>& tower = towers_[stack];
      auto at = std::find_if(tower.begin(), tower.end(), [&](const auto& each) { return each.first == path; });
      if (at == tower.end()) at = tower.insert(tower.end(), {path, {}});
      const int64_t time = value.shape[1], width = value.shape[2];
      for (int64_t b = 0; b < value.shape[0] && at->second.rows < samples_; ++b)
        at->second.addMean(value.data() + b * time * width, time, width, [](int64_t) { return true; });
    }
  }

  AnalysisResult finishTask(const CancelToken& cancel) {
    AnalysisResult result;
    Curves alignment{.name = "alignment",
                     .title = text("Image tokens and what the text means: ", comparison_.title),
                     .xTitle = "depth"},
        cosine{.name = "paired_cosine", .title = "Cosine of a picture's and its text's mean token", .xTitle = "depth"};
    size_t longest = 0;
    for (const auto& [of, depths] : directions_) longest = std::max(longest, depths.size());
    for (size_t depth = 0; depth < longest; ++depth)
      alignment.labels.push_back(depth == 0 ? "in" : std::to_string(depth));
    cosine.labels = alignment.labels;
    int64_t rows = std::numeric_limits<int64_t>::max();
    for (const auto& [of, depths] : directions_) {
      const std::string name = of == 0 ? "understanding" : of == 1 ? "generation" : text("direction ", of);
      const std::vector<double> none(longest, kNone);
      Curves::Line line{name, none}, other{name, none};
      for (size_t depth = 0; depth < depths.size(); ++depth) {
        throwIfCancelled(cancel);
        const DepthOfDirection& at = depths[depth];
        if (at.image.rows < 2 || at.image.rows != at.reference.rows) continue;
        line.values[depth] = compareAcross(comparison_, {at.image.view()}, {at.reference.view()}, cancel)[0];
        other.values[depth] = pairedCosine(at.image, at.text);
        rows = std::min(rows, at.image.rows);
      }
      alignment.lines.push_back(std::move(line));
      cosine.lines.push_back(std::move(other));
    }
    result.curves = {alignment, std::move(cosine)};
    if (alignment.lines.size() == 2) addParting(alignment, result);
    if (comparison_.caution)
      if (const std::string caution = comparison_.caution(rows, 1); !caution.empty())
        result.warnings.push_back(caution);
    result.recipe = text("stream averaged over image tokens; text by its meaning; ", comparison_.title, ", ", rows,
                         " pairs a direction");
    return result;
  }

  /// The first depth from which on the curves differ by more than the tolerance.
  void addParting(const Curves& alignment, AnalysisResult& result) const {
    const std::vector<double>&a = alignment.lines[0].values, &b = alignment.lines[1].values;
    size_t parting = a.size();
    while (parting > 0 && std::abs(a[parting - 1] - b[parting - 1]) > tolerance_) --parting;
    if (parting == a.size()) {
      result.warnings.push_back(text("The curves do not part by more than ", tolerance_, "."));
      return;
    }
    Series series{.name = "parting", .title = "Depth at which the curves part", .unit = "layers"};
    series.labels = {"parting"};
    series.values = {double(parting)};
    // Depth 0 is the stream before layer 0: what parts at depth d is what layer d - 1 made.
    const DepthOfDirection& at = directions_.begin()->second[parting];
    series.layers = {parting == 0 ? 0 : at.layer};
    series.origins = {at.origin};
    result.series.push_back(std::move(series));
  }

  AnalysisResult finishTowers(const CancelToken& cancel) {
    AnalysisResult result;
    std::vector<std::string> stacks;
    for (const std::string& stack : stacks_)
      if (stacks.empty() || towers_.at(stack).front().second.rows == towers_.at(stacks.front()).front().second.rows)
        stacks.push_back(stack);
    if (stacks.size() < 2)
      throw Error(Code::Data,
                  "[alignment] the data says nothing of modalities and the model has no two towers; expected the task "
                  "image_text, or pictures and texts in pairs for a model of two towers.");
    const auto &first = towers_.at(stacks[0]), &second = towers_.at(stacks[1]);
    const auto viewsOf = [](const auto& tower) {
      std::vector<Features> views;
      for (const auto& [path, gathered] : tower) views.push_back(gathered.view());
      return views;
    };
    Matrix matrix{.name = "towers",
                  .title = comparison_.title,
                  .rowTitle = stacks[0],
                  .columnTitle = stacks[1],
                  .values = compareAcross(comparison_, viewsOf(first), viewsOf(second), cancel)};
    for (const auto& [path, gathered] : first) matrix.rows.push_back(path);
    for (const auto& [path, gathered] : second) matrix.columns.push_back(path);
    Curves curves{.name = "alignment",
                  .title = text("Both towers at the same relative depth: ", comparison_.title),
                  .xTitle = text("layer of ", stacks[0])};
    curves.lines.push_back({text(stacks[0], " and ", stacks[1]), {}});
    for (size_t i = 0; i < first.size(); ++i) {
      const size_t j = first.size() < 2 ? second.size() - 1 : i * (second.size() - 1) / (first.size() - 1);
      curves.labels.push_back(std::to_string(i + 1));
      curves.lines[0].values.push_back(matrix.at(i, j));
    }
    const int64_t rows = first.front().second.rows;
    result.matrices = {std::move(matrix)};
    result.curves = {std::move(curves)};
    if (comparison_.caution)
      if (const std::string caution = comparison_.caution(rows, 1); !caution.empty())
        result.warnings.push_back(caution);
    result.recipe = text("streams of both towers averaged over tokens; ", comparison_.title, ", ", rows, " pairs");
    return result;
  }

  const ComparisonDef& comparison_;
  int64_t samples_;
  double tolerance_;
  std::map<int64_t, std::vector<DepthOfDirection>> directions_;
  std::vector<std::string> stacks_;  // in their order
  std::map<std::string, std::vector<std::pair<std::string, Gathered>>> towers_;
};

std::unique_ptr<AnalysisRun> make(const Params& params) { return std::make_unique<Alignment>(params); }

std::vector<std::string> comparisonNames() {
  std::vector<std::string> names;
  for (const ComparisonDef& comparison : allComparisons()) names.push_back(comparison.id);
  return names;
}

}  // namespace

AnalysisDef analysis_alignment() {
  return {
      .id = "alignment",
      .title = "Modality alignment",
      .help = "How alike pictures and texts are at each depth, for understanding and for generation, or in two towers.",
      .paper = "Li et al., UniFork, 2025; Huh et al., The Platonic Representation Hypothesis, 2024",
      .params = {choiceParam("comparison", "mutual_knn", comparisonNames())
                     .label("Comparison")
                     .help("How pictures and texts are compared."),
                 intParam("samples", 1024).label("Pairs").range(4, 16384).help("Of each direction, at most."),
                 realParam("tolerance", 0.03)
                     .label("Parted by")
                     .range(0, 2)
                     .help("Curves have parted where they differ by more than this from there on.")},
      .needs = "layers in a Repeat",
      .wants = wants,
      .make = make,
  };
}

}  // namespace fw
