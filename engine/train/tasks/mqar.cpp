// Multi-query associative recall: key-value pairs, then the keys again; the answer is the key's value.
// (Arora et al., Zoology: Measuring and Improving Recall in Efficient Language Models, 2023.)
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/train/token_loss.h"

namespace fw {
namespace {

class Mqar : public Task {
 public:
  Mqar(const Params& params, uint64_t seed)
      : vocabulary_(std::get<int64_t>(params.at("vocabulary"))),
        pairs_(std::get<int64_t>(params.at("pairs"))),
        length_(std::get<int64_t>(params.at("length"))),
        power_(std::get<double>(params.at("power"))),
        hasNoise_(std::get<bool>(params.at("noise"))),
        seed_(seed) {
    const auto require = [](bool isTrue, const std::string& sentence) {
      if (!isTrue) throw Error(Code::Usage, "[mqar] " + sentence);
    };
    require(4 * pairs_ <= length_,
            text("length ", length_, " is too short for ", pairs_, " pairs; expected at least ", 4 * pairs_, "."));
    require(length_ % 2 == 0, text("length is ", length_, "; expected an even number."));
    require(vocabulary_ / 2 - 1 >= pairs_,
            text("vocabulary ", vocabulary_, " has ", vocabulary_ / 2 - 1, " keys; expected at least ", pairs_, "."));
    // Slots g = 0, 1, ... of the rest of the sequence, with weight a (g+1)^(a-1): near ones are likelier.
    for (int64_t g = 0; g < (length_ - 2 * pairs_) / 2; ++g)
      slotWeights_.push_back(power_ * std::pow(double(g + 1), power_ - 1));
  }

  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", length_}}; }
  int64_t vocabulary() const override { return vocabulary_; }
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    return tokenLoss("mqar", builder, outputs, batch, length_, vocabulary_);
  }

  Batch batch(Split split, int64_t index, int64_t batch) const override {
    Rng rng(seed_, uint64_t(index) * 2 + uint64_t(split == Split::Test));
    std::vector<int64_t> tokens, labels;
    tokens.reserve(size_t(batch * length_));
    for (int64_t b = 0; b < batch; ++b) addRow(rng, tokens, labels);
    return {{"tokens", Tensor::fromInts({batch, length_}, tokens)},
            {"labels", Tensor::fromInts({batch, length_}, labels)}};
  }

 private:
  void addRow(Rng& rng, std::vector<int64_t>& tokens, std::vector<int64_t>& labels) const {
    const int64_t half = vocabulary_ / 2;
    const std::vector<int64_t> keys = distinct(rng, half - 1, 1), values = distinct(rng, vocabulary_ - half, half);
    std::vector<int64_t> row(size_t(length_), 0), answers(size_t(length_), kIgnoredLabel);
    if (hasNoise_)
      for (int64_t& token : row) token = rng.below(vocabulary_);
    for (int64_t i = 0; i < pairs_; ++i) {
      row[size_t(2 * i)] = keys[size_t(i)];
      row[size_t(2 * i + 1)] = values[size_t(i)];
    }
    std::vector<double> weights = slotWeights_;
    for (int64_t i = 0; i < pairs_; ++i) {
      double at = rng.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
      size_t slot = 0;
      while (slot + 1 < weights.size() && at >= weights[slot]) at -= weights[slot++];
      while (weights[slot] == 0) slot = (slot + 1) % weights.size();  // rounding may end on a slot that is taken
      weights[slot] = 0;
      const size_t place = size_t(2 * pairs_) + 2 * slot;
      row[place] = keys[size_t(i)];
      answers[place] = values[size_t(i)];
    }
    tokens.insert(tokens.end(), row.begin(), row.end());
    labels.insert(labels.end(), answers.begin(), answers.end());
  }

  /// As many different numbers as there are pairs, from [first, first + count).
  std::vector<int64_t> distinct(Rng& rng, int64_t count, int64_t first) const {
    std::vector<int64_t> found;
    while (int64_t(found.size()) < pairs_) {
      const int64_t candidate = first + rng.below(count);
      if (std::find(found.begin(), found.end(), candidate) == found.end()) found.push_back(candidate);
    }
    return found;
  }

  int64_t vocabulary_, pairs_, length_;
  double power_;
  bool hasNoise_;
  uint64_t seed_;
  std::vector<double> slotWeights_;
};

std::unique_ptr<Task> make(const Params& params, uint64_t seed) { return std::make_unique<Mqar>(params, seed); }

}  // namespace

TaskDef task_mqar() {
  return {
      .id = "mqar",
      .title = "Multi-query recall",
      .help = "Key-value pairs, then the keys again among other tokens: at each the model must give the key's value.",
      .paper = "Arora et al., Zoology: Measuring and Improving Recall in Efficient Language Models, 2023",
      .params = {intParam("vocabulary", 64)
                     .label("Vocabulary")
                     .range(4, 1 << 20)
                     .help("Token ids; the lower half are keys, the upper half values."),
                 intParam("pairs", 4).label("Pairs").range(1, 4096).help("Key-value pairs of each sequence."),
                 intParam("length", 32).label("Length").range(4, 1 << 20).help("Tokens of each sequence."),
                 realParam("power", 0.01)
                     .label("Power")
                     .range(1e-6, 1)
                     .help("How strongly queries stand near the pairs; 1: anywhere alike."),
                 boolParam("noise", true).label("Noise").help("Random tokens between the queries instead of zeros.")},
      .make = make,
  };
}

}  // namespace fw
