// Tasks: what their data promises, that seeds decide it, and that losses and accuracies are those of perfect, ignorant
// and random answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/train/shapes.h"
#include "engine/train/task.h"
#include "engine/train/token_loss.h"
#include "engine/train/toy_language.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

struct Rows {
  explicit Rows(const Batch& batch, const std::string& name)
      : values(batch.at(name).data<int64_t>()), time(batch.at(name).shape[-1]), memory(batch.at(name)) {}
  int64_t at(int64_t row, int64_t t) const { return values[row * time + t]; }
  const int64_t* values;
  int64_t time;
  Tensor memory;
};

std::vector<int64_t> intsOf(const Tensor& tensor) {
  return {tensor.data<int64_t>(), tensor.data<int64_t>() + tensor.count()};
}

bool isSame(const Batch& a, const Batch& b) {
  for (const auto& [name, tensor] : a)
    if (intsOf(tensor) != intsOf(b.at(name))) return false;
  return a.size() == b.size();
}

TEST(Tasks, DataIsAPureFunctionOfSeedSplitAndIndex) {
  for (const TaskDef& def : allTasks()) {
    SCOPED_TRACE(def.id);
    const auto task = makeTask(def.id, {}, 5), again = makeTask(def.id, {}, 5), other = makeTask(def.id, {}, 6);
    const Batch batch = task->batch(Split::Train, 3, 4);
    EXPECT_TRUE(isSame(batch, again->batch(Split::Train, 3, 4)));
    again->batch(Split::Train, 9, 4);
    EXPECT_TRUE(isSame(batch, again->batch(Split::Train, 3, 4))) << "asking for one batch changed another";
    EXPECT_FALSE(isSame(batch, other->batch(Split::Train, 3, 4)));
    EXPECT_FALSE(isSame(batch, task->batch(Split::Test, 3, 4)));
    EXPECT_FALSE(isSame(batch, task->batch(Split::Train, 4, 4)));
  }
}

TEST(Tasks, TokensAndLabelsLieInTheVocabulary) {
  for (const TaskDef& def : allTasks()) {
    SCOPED_TRACE(def.id);
    const auto task = makeTask(def.id, {}, 1);
    EXPECT_FALSE(def.title.empty() || def.help.empty());
    const auto dims = task->dims(6);
    EXPECT_EQ(dims.at("B"), 6);
    for (const Split split : {Split::Train, Split::Test}) {
      const Batch batch = task->batch(split, 0, 6);
      EXPECT_EQ(batch.at("tokens").shape, Shape({6, dims.at("T")}));
      for (const int64_t token : intsOf(batch.at("tokens"))) ASSERT_TRUE(token >= 0 && token < task->vocabulary());
      int64_t asked = 0;
      for (const int64_t label : intsOf(batch.at("labels"))) {
        ASSERT_TRUE(label == kIgnoredLabel || (label >= 0 && label < task->vocabulary()));
        asked += label != kIgnoredLabel;
      }
      EXPECT_GT(asked, 0);
    }
  }
}

TEST(Mqar, AnswersAreTheValuesOfEarlierKeys) {
  constexpr int64_t kPairs = 4, kRows = 50;
  const auto task = makeTask("mqar", {}, 2);
  const Batch batch = task->batch(Split::Train, 0, kRows);
  const Rows tokens(batch, "tokens"), labels(batch, "labels");
  std::vector<int64_t> slots(12, 0);
  for (int64_t row = 0; row < kRows; ++row) {
    std::map<int64_t, int64_t> book;
    for (int64_t i = 0; i < kPairs; ++i) {
      const int64_t key = tokens.at(row, 2 * i), value = tokens.at(row, 2 * i + 1);
      EXPECT_TRUE(key >= 1 && key < 32) << key;
      EXPECT_TRUE(value >= 32 && value < 64) << value;
      book[key] = value;
    }
    EXPECT_EQ(book.size(), size_t(kPairs)) << "keys are distinct";
    std::set<int64_t> asked, values;
    for (const auto& [key, value] : book) values.insert(value);
    EXPECT_EQ(values.size(), size_t(kPairs)) << "values are distinct";
    for (int64_t t = 0; t < tokens.time; ++t) {
      if (labels.at(row, t) == kIgnoredLabel) continue;
      EXPECT_GE(t, 2 * kPairs);
      EXPECT_EQ(t % 2, 0);
      ASSERT_TRUE(book.contains(tokens.at(row, t)));
      EXPECT_EQ(labels.at(row, t), book.at(tokens.at(row, t)));
      asked.insert(tokens.at(row, t));
      ++slots[size_t(t - 2 * kPairs) / 2];
    }
    EXPECT_EQ(asked.size(), size_t(kPairs)) << "each key is asked for once";
  }
  // Weights 1, 2^-0.99, 3^-0.99 ...: the first place is the likeliest, by far more than the last.
  EXPECT_EQ(std::max_element(slots.begin(), slots.end()), slots.begin());
  EXPECT_GT(slots.front(), 2 * slots.back());
}

TEST(Mqar, WithoutNoiseTheRestIsZero) {
  const auto task = makeTask("mqar", {{"noise", false}}, 2);
  const Batch batch = task->batch(Split::Train, 0, 8);
  const Rows tokens(batch, "tokens"), labels(batch, "labels");
  for (int64_t row = 0; row < 8; ++row)
    for (int64_t t = 8; t < tokens.time; ++t)
      EXPECT_EQ(tokens.at(row, t) == 0, labels.at(row, t) == kIgnoredLabel) << row << " " << t;
}

TEST(SelectiveCopy, AnswersAreTheContentInOrder) {
  for (const bool isFixed : {false, true}) {
    const auto task =
        makeTask("selective_copy", {{"fixed", isFixed}, {"content", int64_t(5)}, {"noise", int64_t(20)}}, 4);
    const Batch batch = task->batch(Split::Test, 1, 40);
    const Rows tokens(batch, "tokens"), labels(batch, "labels");
    EXPECT_EQ(tokens.time, 5 + 20 + 5);
    std::vector<int64_t> places(25, 0);
    for (int64_t row = 0; row < 40; ++row) {
      std::vector<int64_t> content, answers;
      for (int64_t t = 0; t < tokens.time; ++t) {
        const int64_t token = tokens.at(row, t);
        if (token >= 2) {
          content.push_back(token);
          ++places[size_t(t)];
        }
        EXPECT_EQ(token == 1, t >= 25) << "the last five places ask";
        if (labels.at(row, t) != kIgnoredLabel) {
          EXPECT_GE(t, 25);
          answers.push_back(labels.at(row, t));
        }
      }
      EXPECT_EQ(content.size(), 5u);
      EXPECT_EQ(answers, content);
    }
    // 40 rows of 5 in 25 places: each is taken 8 times on average where places are free.
    EXPECT_EQ(*std::max_element(places.begin(), places.end()) == 40, isFixed);
    EXPECT_EQ(std::count(places.begin(), places.end(), 0) > 0, isFixed);
  }
}

TEST(CharLm, LabelsAreTheNextBytesAndTheLastTenthIsForTesting) {
  const TemporaryFolder folder;
  // Small letters first, capitals in the last tenth, so that a byte tells its split.
  std::string text;
  for (int i = 0; i < 9000; ++i) text += char('a' + i * i % 23);
  for (int i = 0; i < 1000; ++i) text += char('A' + i * i % 23);
  writeFileAtomically(folder / "text.txt", text);
  const auto task = makeTask("char_lm", {{"file", folder / "text.txt"}, {"context", int64_t(50)}}, 4);
  for (const Split split : {Split::Train, Split::Test}) {
    const Batch batch = task->batch(split, 0, 30);
    const Rows tokens(batch, "tokens"), labels(batch, "labels");
    for (int64_t row = 0; row < 30; ++row) {
      std::string window;
      for (int64_t t = 0; t < 50; ++t) window += char(tokens.at(row, t));
      window += char(labels.at(row, 49));
      EXPECT_NE(text.find(window), std::string::npos);
      for (int64_t t = 0; t + 1 < 50; ++t) EXPECT_EQ(labels.at(row, t), tokens.at(row, t + 1));
      for (const char c : window) EXPECT_EQ(std::isupper(c) != 0, split == Split::Test);
    }
  }
  // The toy language is as long as the context asks for.
  EXPECT_EQ(makeTask("char_lm", {{"context", int64_t(200'000)}}, 1)->batch(Split::Test, 0, 1).at("tokens").count(),
            200'000);
  EXPECT_EQ(task->decode(task->encode("caf\xc3\xa9\n")), "caf\xc3\xa9\n");
  expectError(
      [&] {
        makeTask("char_lm", {{"file", folder / "none"}}, 1);
      },
      Code::File, "[" + (folder / "none") + "] cannot be opened: No such file or directory.");
}

TEST(ToyLanguage, IsMadeOfSentencesAndKnowsItsEntropy) {
  const ToyText toy = toyText(50'000, 3);
  EXPECT_EQ(toy.text, toyText(50'000, 3).text);
  EXPECT_NE(toy.text, toyText(50'000, 4).text);
  EXPECT_GE(toy.text.size(), 50'000u);
  for (const char c : toy.text) ASSERT_TRUE((c >= 'a' && c <= 'z') || c == ' ' || c == '.') << c;
  EXPECT_EQ(toy.text.substr(0, 4), "the ");
  EXPECT_EQ(toy.text.substr(toy.text.size() - 2), ". ");
  // Below what single characters leave open, above nothing.
  std::map<char, double> counts;
  for (const char c : toy.text) ++counts[c];
  double unigram = 0;
  for (const auto& [c, count] : counts)
    unigram -= count / double(toy.text.size()) * std::log2(count / double(toy.text.size()));
  const double floor = toy.bits / double(toy.text.size());
  EXPECT_GT(floor, 0.3);
  EXPECT_LT(floor, 0.5 * unigram);
}

TEST(Shapes, PicturesAreReadBackExactly) {
  Rng rng(12);
  for (int i = 0; i < 500; ++i) {
    const ShapeScene scene = randomScene(rng);
    const auto codes = drawScene(scene, rng, 0);
    ASSERT_EQ(codes.size(), 64u);
    const auto read = readScene(codes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->attributes(), scene.attributes()) << i;
    // The background says nothing of the object, whatever noise is on it.
    EXPECT_EQ(readScene(drawScene(scene, rng, 0.5))->attributes(), scene.attributes()) << i;
  }
  EXPECT_FALSE(readScene(std::vector<int64_t>(64, 1)).has_value());
}

TEST(ImageText, BothHalvesSayTheSame) {
  const auto task = makeTask("image_text", {{"noise", 0.0}}, 4);
  const Batch batch = task->batch(Split::Train, 0, 32);
  const Rows tokens(batch, "tokens"), labels(batch, "labels");
  const std::vector<int64_t> branch = intsOf(batch.at("branch"));
  constexpr int64_t kFirstCode = 38, kUnderstand = 62, kGenerate = 63, kImage = 64;
  std::set<int64_t> seenThirds;
  for (int64_t row = 0; row < 32; ++row) {
    const bool isGeneration = row >= 16;
    EXPECT_EQ(branch[size_t(row)], int64_t(isGeneration));
    EXPECT_EQ(tokens.at(row, 0), isGeneration ? kGenerate : kUnderstand);
    // Understanding: mark, image mark, 64 codes, end mark, 5 words, end. Generation: mark, 5 words, image mark, codes.
    const int64_t image = isGeneration ? 7 : 2, words = isGeneration ? 1 : 67;
    EXPECT_EQ(tokens.at(row, image - 1), kImage);
    const auto token = [&](int64_t t) { return t < tokens.time ? tokens.at(row, t) : labels.at(row, t - 1); };
    std::vector<int64_t> codes;
    for (int64_t i = 0; i < 64; ++i) codes.push_back(token(image + i) - kFirstCode);
    const auto scene = readScene(codes);
    ASSERT_TRUE(scene.has_value());
    for (size_t a = 0; a < 5; ++a)
      EXPECT_EQ((token(words + int64_t(a)) - kShapeWordOffsets[a]) / 2, scene->attributes()[a]) << row << " " << a;
    seenThirds.insert(scene->verticalThird());
    int64_t asked = 0;
    for (int64_t t = 0; t < tokens.time; ++t) {
      if (labels.at(row, t) == kIgnoredLabel) continue;
      ++asked;
      if (t + 1 < tokens.time) {
        EXPECT_EQ(labels.at(row, t), tokens.at(row, t + 1));
      }
    }
    EXPECT_EQ(asked, isGeneration ? 64 : 6);
  }
  EXPECT_EQ(seenThirds, (std::set<int64_t>{0, 1, 2}));
}

// ---- what losses and measures say of given answers

struct Judged {
  double loss = 0;
  std::map<std::string, double> measures;
};

/// The task's verdict on logits; `answer(row, t, label)` is the token that gets `confidence`, the rest get 0.
Judged judge(const Task& task, int64_t rows, const std::function<int64_t(int64_t, int64_t, int64_t)>& answer,
             float confidence = 50) {
  const Batch batch = task.batch(Split::Test, 0, rows);
  const Rows labels(batch, "labels");
  const int64_t time = labels.time, vocabulary = task.vocabulary();
  std::vector<float> logits(size_t(rows * time * vocabulary), 0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t t = 0; t < time; ++t)
      if (const int64_t chosen = answer(row, t, labels.at(row, t)); chosen >= 0)
        logits[size_t((row * time + t) * vocabulary + chosen)] = confidence;
  ir::Builder builder;
  const ir::Value value = builder.input("given", {DType::F32, {rows, time, vocabulary}});
  const TaskLoss loss = task.loss(builder, {{"logits", value}}, rows);
  builder.output("loss", loss.loss);
  for (const Measure& measure : loss.measures) {
    builder.output(measure.name + "/n", measure.numerator);
    builder.output(measure.name + "/d", measure.denominator);
  }
  const std::unique_ptr<Backend> backend = makeCpuBackend(1);
  Store store(*backend);
  Executor executor(std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(builder.finish()))), store);
  executor.setInput("given", Tensor::fromFloats({rows, time, vocabulary}, logits));
  for (const auto& [name, tensor] : batch)
    if (executor.plan().graph->findInput(name)) executor.setInput(name, tensor);
  executor.run();
  Judged judged{.loss = executor.outputScalar("loss")};
  for (const Measure& measure : loss.measures)
    judged.measures[measure.name] =
        double(executor.outputScalar(measure.name + "/n")) / executor.outputScalar(measure.name + "/d");
  return judged;
}

TEST(Tasks, PerfectAnswersScoreOne) {
  for (const TaskDef& def : allTasks()) {
    SCOPED_TRACE(def.id);
    const auto task = makeTask(def.id, {}, 1);
    const Judged judged = judge(*task, 8, [](int64_t, int64_t, int64_t label) { return label; });
    ASSERT_TRUE(judged.measures.contains(def.metric));
    EXPECT_EQ(judged.measures.at(def.metric), 1);
    EXPECT_NEAR(judged.loss, 0, 1e-6);
  }
}

/// Equal scores for all tokens: the loss is log V, whatever the labels are.
TEST(Tasks, IgnoranceCostsTheLogarithmOfTheVocabulary) {
  for (const TaskDef& def : allTasks()) {
    const auto task = makeTask(def.id, {}, 1);
    const Judged judged = judge(*task, 8, [](int64_t, int64_t, int64_t) { return -1; });
    EXPECT_NEAR(judged.loss, std::log(double(task->vocabulary())), 1e-4) << def.id;
  }
}

TEST(Tasks, RandomAnswersScoreOneInAsManyAsThereAreTokens) {
  const auto mqar = makeTask("mqar", {}, 1), copy = makeTask("selective_copy", {}, 1);
  Rng rng(3);
  // 2000 rows of 4 questions: the standard deviation is 0.0014; 1000 rows of 8 among 16: 0.0027.
  EXPECT_NEAR(judge(*mqar, 2000, [&](auto...) { return rng.below(64); }).measures.at("accuracy"), 1.0 / 64, 0.007);
  EXPECT_NEAR(judge(*copy, 1000, [&](auto...) { return rng.below(16); }).measures.at("accuracy"), 1.0 / 16, 0.014);
}

TEST(Tasks, HalfOfTheAnswersRightIsHalf) {
  const auto task = makeTask("mqar", {}, 1);
  const Judged judged = judge(*task, 10, [](int64_t row, int64_t, int64_t label) {
    return row < 5 || label == kIgnoredLabel ? label : (label + 1) % 64;
  });
  EXPECT_EQ(judged.measures.at("accuracy"), 0.5);
  EXPECT_NEAR(judged.loss, 25, 1e-3);  // half of them miss by the confidence of 50
}

TEST(ImageText, TheOtherSynonymIsAsGood) {
  const auto task = makeTask("image_text", {}, 1);
  const auto isWord = [](int64_t label) { return label >= 0 && label < kShapeWords; };
  const Judged synonyms =
      judge(*task, 8, [&](int64_t, int64_t, int64_t label) { return isWord(label) ? label ^ 1 : label; });
  EXPECT_EQ(synonyms.measures.at("accuracy"), 1);
  EXPECT_EQ(synonyms.measures.at("generation_accuracy"), 1);
  const Judged others = judge(
      *task, 8, [&](int64_t, int64_t, int64_t label) { return isWord(label) ? (label + 2) % kShapeWords : label; });
  EXPECT_EQ(others.measures.at("accuracy"), 0);
  EXPECT_EQ(others.measures.at("generation_accuracy"), 1);
  const auto isCode = [](int64_t label) { return label >= kShapeWords && label < kShapeWords + kShapeCodes; };
  const Judged blind = judge(*task, 8, [&](int64_t, int64_t, int64_t label) { return isCode(label) ? 0 : label; });
  EXPECT_EQ(blind.measures.at("accuracy"), 1);
  EXPECT_EQ(blind.measures.at("generation_accuracy"), 0);
  // Mean of the halves' means: understanding is perfect, each code misses by 50.
  EXPECT_NEAR(blind.loss, 25, 1e-3);
}

}  // namespace
}  // namespace fw
