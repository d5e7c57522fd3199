// Pictures and captions, both ways: the first half of each batch names what a picture shows (understanding), the second
// half draws what a caption says (generation).
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/ops/argmax.h"
#include "engine/ops/cross_entropy.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"
#include "engine/train/shapes.h"
#include "engine/train/token_loss.h"

namespace fw {
namespace {

// Words, then codes, then marks.
constexpr int64_t kFirstCode = kShapeWords, kUnderstand = kFirstCode + kShapeCodes, kGenerate = kUnderstand + 1,
                  kImage = kUnderstand + 2, kEndOfImage = kUnderstand + 3, kEnd = kUnderstand + 4,
                  kVocabulary = kUnderstand + 5;
constexpr int64_t kTime = 72;  // of 73 tokens, all but the last are read

class ImageText : public Task {
 public:
  ImageText(const Params& params, uint64_t seed) : noise_(std::get<double>(params.at("noise"))), seed_(seed) {}

  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", kTime}}; }
  int64_t vocabulary() const override { return kVocabulary; }

  Batch batch(Split split, int64_t index, int64_t batch) const override {
    Rng rng(seed_, uint64_t(index) * 2 + uint64_t(split == Split::Test));
    std::vector<int64_t> tokens, labels, branch;
    for (int64_t b = 0; b < batch; ++b) {
      const bool isGeneration = b >= (batch + 1) / 2;
      const ShapeScene scene = randomScene(rng);
      std::vector<int64_t> codes = drawScene(scene, rng, noise_);
      for (int64_t& code : codes) code += kFirstCode;
      const std::vector<int64_t> words = describeScene(scene, rng);
      std::vector<int64_t> row = {isGeneration ? kGenerate : kUnderstand};
      const auto append = [&](const std::vector<int64_t>& part) { row.insert(row.end(), part.begin(), part.end()); };
      if (isGeneration) append(words);
      row.push_back(kImage);
      append(codes);
      row.push_back(kEndOfImage);
      if (!isGeneration) {
        append(words);
        row.push_back(kEnd);
      }
      // Understanding answers with words and the end; generation with codes.
      const int64_t firstAnswer = isGeneration ? 7 : 67, answers = isGeneration ? 64 : 6;
      row.resize(kTime + 1, kEnd);
      for (int64_t t = 0; t < kTime; ++t) {
        tokens.push_back(row[size_t(t)]);
        const bool isAsked = t + 1 >= firstAnswer && t + 1 < firstAnswer + answers;
        labels.push_back(isAsked ? row[size_t(t + 1)] : kIgnoredLabel);
      }
      branch.push_back(isGeneration);
    }
    return {{"tokens", Tensor::fromInts({batch, kTime}, tokens)},
            {"labels", Tensor::fromInts({batch, kTime}, labels)},
            {"branch", Tensor::fromInts({batch}, branch)}};
  }

  /// The reference is the mean over the caption's words of a fixed normal vector of each word's meaning and, at 0.3,
  /// one of the synonym.
  Batch modalities(Split split, int64_t index, int64_t batch) const override {
    constexpr int64_t kReference = 64;
    const Batch made = this->batch(split, index, batch);
    const int64_t* tokens = made.at("tokens").data<int64_t>();
    Rng rng(20250617, 0);  // the same vectors for every seed
    std::vector<double> meanings(size_t(kShapeWords / 2 * kReference)), synonyms(size_t(kShapeWords * kReference));
    for (double& value : meanings) value = rng.normal();
    for (double& value : synonyms) value = rng.normal();
    std::vector<int64_t> modality;
    std::vector<float> reference;
    for (int64_t b = 0; b < batch; ++b) {
      std::vector<double> sum(size_t(kReference), 0);
      for (int64_t t = 0; t < kTime; ++t) {
        const int64_t token = tokens[b * kTime + t];
        const bool isWord = token < kFirstCode, isCode = !isWord && token < kUnderstand;
        modality.push_back(isWord ? 2 : isCode ? 1 : 0);
        for (int64_t i = 0; isWord && i < kReference; ++i)
          sum[size_t(i)] +=
              meanings[size_t(token / 2 * kReference + i)] + 0.3 * synonyms[size_t(token * kReference + i)];
      }
      for (const double value : sum) reference.push_back(float(value / 5));
    }
    return {{"modality", Tensor::fromInts({batch, kTime}, modality)},
            {"direction", made.at("branch")},
            {"reference", Tensor::fromFloats({batch, kReference}, reference)}};
  }

  /// Mean of the two halves' means. "accuracy" is that of attributes: either synonym of a word is right.
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    if (batch % 2 != 0)
      throw Error(Code::Usage, text("[image_text] a batch of ", batch, " cannot be halved; expected an even number."));
    const ir::Value logits = findOutput("image_text", outputs, "logits");
    const Shape expected{batch, kTime, kVocabulary};
    if (logits.rank() != 3 || logits.size(0) != batch || logits.size(1) != kTime || logits.size(2) < kVocabulary)
      throw Error(Code::Shape, text("[image_text] output 'logits' is ", logits.shape(), "; expected ", expected, "."));
    const ir::Value labels = builder.input("labels", {DType::I64, {batch, kTime}});
    const int64_t half = batch / 2, count = half * kTime;
    TaskLoss result;
    for (const bool isGeneration : {false, true}) {
      const int64_t start = isGeneration ? half : 0;
      const ir::Value rows = ir::reshape(ir::slice(logits, 0, start, start + half), Shape{count, logits.size(2)});
      const ir::Value asked = ir::reshape(ir::slice(labels, 0, start, start + half), Shape{count});
      const ir::Value counts = ir::cast(ir::notEqual(asked, double(kIgnoredLabel)), DType::F32);
      const ir::Value loss = ir::sum(ir::crossEntropy(rows, asked, kIgnoredLabel)) / ir::sum(counts);
      result.loss = result.loss.isValid() ? (result.loss + loss) * 0.5 : loss;
      const ir::Value guess = ir::argmax(rows, -1);
      if (isGeneration) {
        result.measures.push_back(
            {"generation_accuracy", ir::sum(ir::cast(ir::equal(guess, asked), DType::F32) * counts), ir::sum(counts)});
        result.measures.push_back(
            {"generation_loss", ir::sum(ir::crossEntropy(rows, asked, kIgnoredLabel)), ir::sum(counts)});
      } else {
        // Words only: ids below kFirstCode, a pair of synonyms is one meaning.
        const ir::Value isWord =
            ir::cast(ir::logicalAnd(ir::greaterEqual(asked, 0.0), ir::less(asked, double(kFirstCode))), DType::F32);
        const auto meaning = [](ir::Value word) { return ir::floor(ir::cast(word, DType::F32) * 0.5); };
        result.measures.push_back({"accuracy",
                                   ir::sum(ir::cast(ir::equal(meaning(guess), meaning(asked)), DType::F32) * isWord),
                                   ir::sum(isWord)});
      }
    }
    return result;
  }

 private:
  double noise_;
  uint64_t seed_;
};

std::unique_ptr<Task> make(const Params& params, uint64_t seed) { return std::make_unique<ImageText>(params, seed); }

}  // namespace

TaskDef task_image_text() {
  return {
      .id = "image_text",
      .title = "Shapes: image and text",
      .help = "Half of each batch names what a small picture shows, the other half draws what a caption says.",
      .params =
          {realParam("noise", 0.05).label("Noise").range(0, 1).help("Share of background cells drawn at random.")},
      .make = make,
  };
}

}  // namespace fw
