// analyze: recordings, comparisons and drops on the command line.
#include <filesystem>

#include "tests/cli/command_line.h"

namespace fw {
namespace {

using Strings = std::vector<std::string>;

Strings joined(Strings first, const Strings& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

TEST(CommandLineAnalyze, ARecordingIsComparedWithModelsAndSteps) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", recording = folder / "r.safetensors";
  cliJson({"train", "attention-recall", "--steps", "4", "--batch", "2", "--checkpoint-every", "2", "--keep-checkpoints",
           "--out", run, "--json"});
  const auto analyze = [&](const std::string& model, const Strings& more) {
    return joined({"analyze", model, "--analysis", "representations", "--task", "mqar", "--batch", "4", "--batches",
                   "2", "--samples", "64", "--out", folder / "out", "--json"},
                  more);
  };
  const Json plain = cliJson(analyze(run, {"--record", recording}));
  EXPECT_TRUE(std::filesystem::exists(recording));
  EXPECT_EQ(plain["matrices"][0]["name"], "cka_unbiased");

  const Json self = cliJson(analyze(run, {"--against", recording}));
  const Json& matrix = self["matrices"][0];
  ASSERT_EQ(matrix["name"], "cka_unbiased_across");
  const size_t depths = matrix["rows"].size();
  for (size_t i = 0; i < depths; ++i) EXPECT_NEAR(double(matrix["values"][i * depths + i]), 1, 1e-5);
  const Json other = cliJson(analyze("attention-recall", {"--against", run}));
  EXPECT_EQ(other["matrices"][0]["column_title"], "depth of " + run);

  const Json steps = cliJson(analyze(run, {"--steps"}));
  EXPECT_EQ(steps["matrices"][0]["frames"], Json::parse(R"(["0","2","4"])"));
  EXPECT_EQ(steps["curves"][0]["lines"].size(), depths);

  expectUsage(analyze("attention-recall", {"--steps"}), "--steps needs a run folder.");
  expectUsage(analyze(run, {"--steps", "--against", recording}), "--against");
}

TEST(CommandLineAnalyze, ADropTellsBeforeAndAfterAndLeavesItsModel) {
  const TemporaryFolder folder;
  const auto analyze = [&](const Strings& more) {
    return joined({"analyze", "attention-recall", "--analysis", "similarity", "--task", "mqar", "--batch", "4",
                   "--batches", "1", "--out", folder / "out"},
                  more);
  };
  for (const Strings& order : {Strings{}, Strings{"--iterative"}}) {
    const Json result = cliJson(joined(analyze({"--drop", "joint=2", "--json"}), order));
    EXPECT_EQ(result["drop"]["items"].size(), 2u);
    EXPECT_LT(double(result["drop"]["after"]["parameters"]), double(result["drop"]["before"]["parameters"]));
    for (const char* figure : {"loss", "perplexity", "accuracy", "seconds"})
      EXPECT_TRUE(result["drop"]["after"][figure].is_number()) << figure;
  }
  EXPECT_EQ(cli({"check", folder / "out/model.fw.json"}).exitCode, 0);
  expectUsage(analyze({"--drop", "joint"}), "expected PART=COUNT");
  expectUsage(analyze({"--drop", "mlp=9"}), "[drop] 9 of 'mlp' are to be dropped, but there are 2.");
  expectUsage(analyze({"--iterative"}), "--drop");
}

}  // namespace
}  // namespace fw
