// Selective copying: a few content tokens scattered among noise, to be repeated in order at the end.
// (Gu and Dao, Mamba, 2023.)
#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/train/token_loss.h"

namespace fw {
namespace {

/// Token 0 is noise, 1 asks for an answer, 2.. are content.
class SelectiveCopy : public Task {
 public:
  SelectiveCopy(const Params& params, uint64_t seed)
      : content_(std::get<int64_t>(params.at("content"))),
        kinds_(std::get<int64_t>(params.at("kinds"))),
        noise_(std::get<int64_t>(params.at("noise"))),
        isFixed_(std::get<bool>(params.at("fixed"))),
        seed_(seed) {}

  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", length()}}; }
  int64_t vocabulary() const override { return kinds_ + 2; }
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    return tokenLoss("selective_copy", builder, outputs, batch, length(), vocabulary());
  }

  Batch batch(Split split, int64_t index, int64_t batch) const override {
    Rng rng(seed_, uint64_t(index) * 2 + uint64_t(split == Split::Test));
    std::vector<int64_t> tokens(size_t(batch * length()), 0), labels(size_t(batch * length()), kIgnoredLabel);
    for (int64_t b = 0; b < batch; ++b) {
      int64_t* row = tokens.data() + b * length();
      int64_t* answers = labels.data() + b * length();
      int64_t copied = 0;
      for (int64_t t = 0; t < content_ + noise_; ++t) {
        // Each place is taken with the share of content still to come, so that all choices of places are alike.
        const int64_t left = content_ - copied, places = content_ + noise_ - t;
        const bool isContent = isFixed_ ? t < content_ : rng.below(places) < left;
        if (!isContent) continue;
        row[t] = 2 + rng.below(kinds_);
        row[content_ + noise_ + copied] = 1;
        answers[content_ + noise_ + copied++] = row[t];
      }
    }
    return {{"tokens", Tensor::fromInts({batch, length()}, tokens)},
            {"labels", Tensor::fromInts({batch, length()}, labels)}};
  }

 private:
  int64_t length() const { return 2 * content_ + noise_; }

  int64_t content_, kinds_, noise_;
  bool isFixed_;
  uint64_t seed_;
};

std::unique_ptr<Task> make(const Params& params, uint64_t seed) {
  return std::make_unique<SelectiveCopy>(params, seed);
}

}  // namespace

TaskDef task_selective_copy() {
  return {
      .id = "selective_copy",
      .title = "Selective copying",
      .help = "Content tokens scattered among noise must be repeated in order at the end.",
      .paper = "Gu and Dao, Mamba: Linear-Time Sequence Modeling with Selective State Spaces, 2023",
      .params = {intParam("content", 8).label("Content tokens").range(1, 4096).help("Tokens to repeat."),
                 intParam("kinds", 14).label("Kinds").range(2, 1 << 20).help("Different content tokens."),
                 intParam("noise", 64).label("Noise tokens").range(0, 1 << 20).help("Tokens to ignore."),
                 boolParam("fixed", false)
                     .label("Fixed places")
                     .help("Content first, noise after it: plain copying, which needs no selection.")},
      .make = make,
  };
}

}  // namespace fw
