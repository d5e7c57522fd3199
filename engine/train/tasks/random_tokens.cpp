// Tokens without meaning, each asked to predict the next: for measuring speed and for tests of the trainer.
#include "engine/base/rng.h"
#include "engine/train/token_loss.h"

namespace fw {
namespace {

class RandomTokens : public Task {
 public:
  RandomTokens(const Params& params, uint64_t seed)
      : vocabulary_(std::get<int64_t>(params.at("vocabulary"))),
        length_(std::get<int64_t>(params.at("length"))),
        seed_(seed) {}

  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", length_}}; }
  int64_t vocabulary() const override { return vocabulary_; }
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    return tokenLoss("random_tokens", builder, outputs, batch, length_, vocabulary_);
  }
  Batch batch(Split split, int64_t index, int64_t batch) const override {
    Rng rng(seed_, uint64_t(index) * 2 + uint64_t(split == Split::Test));
    std::vector<int64_t> tokens, labels;
    for (int64_t b = 0; b < batch; ++b) {
      int64_t token = rng.below(vocabulary_);
      for (int64_t t = 0; t < length_; ++t) {
        tokens.push_back(token);
        labels.push_back(token = rng.below(vocabulary_));
      }
    }
    return {{"tokens", Tensor::fromInts({batch, length_}, tokens)},
            {"labels", Tensor::fromInts({batch, length_}, labels)}};
  }

 private:
  int64_t vocabulary_, length_;
  uint64_t seed_;
};

std::unique_ptr<Task> make(const Params& params, uint64_t seed) { return std::make_unique<RandomTokens>(params, seed); }

}  // namespace

TaskDef task_random_tokens() {
  return {
      .id = "random_tokens",
      .title = "Random tokens",
      .help = "Uniform tokens: nothing can be learned. For measuring speed.",
      .params = {intParam("vocabulary", 64).label("Vocabulary").range(2, 1 << 22).help("Token ids."),
                 intParam("length", 128).label("Length").range(1, 1 << 20).help("Tokens of each sequence.")},
      .make = make,
  };
}

}  // namespace fw
