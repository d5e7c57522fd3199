// Character-level language modelling: the next byte of a text.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/train/token_loss.h"
#include "engine/train/toy_language.h"

namespace fw {
namespace {

constexpr int64_t kBytes = 256;

/// The last tenth of the text is the test split.
class CharLm : public Task {
 public:
  CharLm(const Params& params, uint64_t seed) : context_(std::get<int64_t>(params.at("context"))), seed_(seed) {
    const std::string& file = std::get<std::string>(params.at("file"));
    const int64_t least = (context_ + 1) * 10;
    text_ = file.empty() ? toyText(std::max<int64_t>(1'000'000, least), seed).text : readFile(file);
    trainBytes_ = int64_t(text_.size()) - int64_t(text_.size()) / 10;
    if (int64_t(text_.size()) < least)
      throw Error(Code::Data, text("[", file, "] has ", text_.size(), " bytes; expected at least ", least,
                                   " for a context of ", context_, "."));
  }

  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", context_}}; }
  int64_t vocabulary() const override { return kBytes; }
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    return tokenLoss("char_lm", builder, outputs, batch, context_, kBytes);
  }

  Batch batch(Split split, int64_t index, int64_t batch) const override {
    Rng rng(seed_, uint64_t(index) * 2 + uint64_t(split == Split::Test));
    const int64_t first = split == Split::Train ? 0 : trainBytes_;
    const int64_t size = split == Split::Train ? trainBytes_ : int64_t(text_.size()) - trainBytes_;
    std::vector<int64_t> tokens, labels;
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t start = first + rng.below(size - context_);
      for (int64_t t = 0; t < context_; ++t) {
        tokens.push_back(uint8_t(text_[size_t(start + t)]));
        labels.push_back(uint8_t(text_[size_t(start + t + 1)]));
      }
    }
    return {{"tokens", Tensor::fromInts({batch, context_}, tokens)},
            {"labels", Tensor::fromInts({batch, context_}, labels)}};
  }

  std::string decode(const std::vector<int64_t>& tokens) const override {
    std::string out;
    for (const int64_t token : tokens) out += char(uint8_t(token));
    return out;
  }
  std::vector<int64_t> encode(const std::string& text) const override {
    std::vector<int64_t> tokens;
    for (const char c : text) tokens.push_back(uint8_t(c));
    return tokens;
  }

 private:
  int64_t context_;
  uint64_t seed_;
  std::string text_;
  int64_t trainBytes_ = 0;
};

std::unique_ptr<Task> make(const Params& params, uint64_t seed) { return std::make_unique<CharLm>(params, seed); }

}  // namespace

TaskDef task_char_lm() {
  return {
      .id = "char_lm",
      .title = "Character language model",
      .help =
          "The next byte of a text file, or of a built-in toy language where no file is named. The last tenth of the "
          "text is for testing.",
      .params =
          {textParam("file", "").label("Text file").help("Any text; empty: the toy language."),
           intParam("context", 128).label("Context").range(1, 1 << 20).help("Bytes that the model sees at once.")},
      .make = make,
  };
}

}  // namespace fw
