// The command line's contract (DESIGN section 8): verbs, flags, JSON keys, exit codes, what goes to stdout and stderr.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/io/arrays.h"
#include "tests/cli/command_line.h"

namespace fw {
namespace {

using Strings = std::vector<std::string>;

TEST(CommandLine, WithoutOrWithAnUnknownVerbIsWrongUsage) {
  expectUsage({}, "subcommand");
  expectUsage({"frobnicate"}, "subcommand");
  expectUsage({"check", "gpt2", "--frobnicate"}, "--frobnicate");
  expectUsage({"check"}, "MODEL");
}

TEST(CommandLine, HelpAndVersionSucceed) {
  for (const char* verb :
       {"list", "check", "cost", "run", "train", "eval", "generate", "analyze", "diff", "export", "bench"}) {
    const ProcessResult help = cli({verb, "--help"});
    EXPECT_EQ(help.exitCode, 0) << verb;
    EXPECT_NE(help.out.find(verb), std::string::npos) << verb;
  }
  EXPECT_EQ(cli({"--version"}).exitCode, 0);
}

TEST(CommandLine, OutputThatCannotBeWrittenIsAnError) {
  const ProcessResult result = cli({"list", "blocks"}, {.stdoutFile = "/dev/full"});
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.err, "formwright-cli: [stdout] cannot be written.\n");
}

TEST(CommandLineList, EveryKindIsOneObject) {
  for (const char* kind : {"blocks", "policies", "transforms", "analyses", "tasks", "presets", "experiments",
                           "exporters", "families", "devices"}) {
    SCOPED_TRACE(kind);
    const Json json = cliJson({"list", kind, "--json"});
    ASSERT_EQ(keysOf(json), Strings{kind});
    ASSERT_TRUE(json[kind].is_array());
    for (const Json& entry : json[kind])
      for (const char* key : {"id", std::string(kind) == "devices" ? "name" : "title"})
        EXPECT_TRUE(entry.contains(key) && entry[key].is_string() && !entry[key].get<std::string>().empty()) << entry;
    if (!json[kind].empty()) {
      const ProcessResult plain = cli({"list", kind});
      EXPECT_EQ(plain.exitCode, 0);
      EXPECT_NE(plain.out.find(json[kind][0]["id"].get<std::string>()), std::string::npos);
    }
  }
  expectUsage({"list", "spoons"}, "spoons");
}

TEST(CommandLineList, KnowsWhatTheIssueNames) {
  const auto has = [](const std::string& kind, const std::string& id) {
    const Json json = cliJson({"list", kind, "--json"});
    for (const Json& entry : json[kind])
      if (entry["id"] == id) return true;
    return false;
  };
  for (const char* id : {"attention.multi_head", "ssm.mamba", "mlp.gated", "structure.repeat"})
    EXPECT_TRUE(has("blocks", id)) << id;
  for (const char* id : {"mqar", "selective_copy", "char_lm", "image_text"}) EXPECT_TRUE(has("tasks", id)) << id;
  for (const char* id : {"gpt2", "llama-2-7b", "llama-3-8b", "mamba-130m"}) EXPECT_TRUE(has("presets", id)) << id;
  EXPECT_TRUE(has("policies", "tied_lora"));
  EXPECT_TRUE(has("analyses", "similarity"));
  EXPECT_TRUE(has("exporters", "json"));
  EXPECT_TRUE(has("devices", "cpu"));
}

TEST(CommandLineCheck, SoundModelIsValid) {
  const Json json = cliJson({"check", "attention-recall", "--json"});
  EXPECT_EQ(json["diagnostics"], Json::array());
  EXPECT_EQ(json["valid"], true);
  EXPECT_EQ(cli({"check", "attention-recall"}).out, "No problems.\n");
}

TEST(CommandLineCheck, ErrorsAreListedAndTheCodeIsOne) {
  const std::string file = sourceFolder() + "/tests/errors/check/cycle.fw.json";
  const ProcessResult result = cli({"check", file, "--json"});
  EXPECT_EQ(result.exitCode, 1);
  const Json json = parseJson(result.out, "stdout");
  EXPECT_EQ(json["valid"], false);
  ASSERT_FALSE(json["diagnostics"].empty());
  EXPECT_EQ(keysOf(json["diagnostics"][0]), (Strings{"severity", "code", "text", "node", "path", "port", "param"}));
  const ProcessResult plain = cli({"check", file});
  EXPECT_EQ(plain.exitCode, 1);
  EXPECT_NE(plain.out.find("error: [" + file + "] node 'norm' (id 3): "), std::string::npos) << plain.out;
}

TEST(CommandLineCost, KeysAndPublishedParameters) {
  const Json json = cliJson({"cost", "gpt2", "--json"});
  EXPECT_EQ(keysOf(json),
            (Strings{"parameters", "flops", "macs", "bytes", "kv_bytes_per_token", "state_bytes", "peak_bytes"}));
  EXPECT_EQ(keysOf(json["parameters"]), (Strings{"total", "active", "unique"}));
  EXPECT_EQ(json["parameters"]["total"], 124'439'808);
  EXPECT_EQ(json["kv_bytes_per_token"], 12.0 * 2 * 768 * 4);
  EXPECT_GE(json["flops"].get<double>(), 2 * json["macs"].get<double>());
}

TEST(CommandLineCost, BatchTimeModeAndBlocksCount) {
  const auto macs = [](const Strings& more) {
    Strings arguments = {"cost", "attention-recall", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cliJson(arguments)["macs"].get<double>();
  };
  const double one = macs({"--batch", "1", "--time", "32"});
  EXPECT_DOUBLE_EQ(macs({"--batch", "3", "--time", "32"}), 3 * one);
  EXPECT_GT(macs({"--batch", "1", "--time", "64"}), 2 * one);
  EXPECT_LT(macs({"--time", "32", "--mode", "decode"}), one / 16);
  EXPECT_GT(macs({"--batch", "1", "--time", "32", "--mode", "train"}), 2.5 * one);

  const Json json = cliJson({"cost", "attention-recall", "--per-block", "--json"});
  ASSERT_TRUE(json.contains("blocks"));
  double parameters = 0;
  for (const Json& block : json["blocks"]) {
    EXPECT_EQ(keysOf(block), (Strings{"node", "path", "block", "parameters", "flops", "bytes"}));
    parameters += block["parameters"].get<double>();
  }
  EXPECT_EQ(parameters, json["parameters"]["unique"].get<double>());
  expectUsage({"cost", "gpt2", "--mode", "sideways"}, "sideways");
  expectUsage({"cost", "gpt2", "--batch", "0"}, "--batch");
}

TEST(CommandLineDiff, EqualAndDifferentModels) {
  EXPECT_EQ(cliJson({"diff", "gpt2", "gpt2", "--json"})["changes"], Json::array());
  EXPECT_EQ(cli({"diff", "gpt2", "gpt2"}).out, "No differences.\n");
  const Json json = cliJson({"diff", "llama-2-7b", "llama-3-8b", "--json"});
  EXPECT_EQ(keysOf(json), (Strings{"changes", "parameters", "flops"}));
  EXPECT_EQ(json["parameters"], Json({{"before", 6'738'415'616}, {"after", 8'030'261'248}}));
  ASSERT_FALSE(json["changes"].empty());
  for (const char* key : {"kind", "path", "what", "before", "after"})
    EXPECT_TRUE(json["changes"][0].contains(key)) << key;
  EXPECT_NE(cli({"diff", "llama-2-7b", "llama-3-8b"}).out.find("~ "), std::string::npos);
}

TEST(CommandLineDiffSlow, TwoRunsAreComparedOnTheirTask) {
  const TemporaryFolder folder;
  for (const auto& [name, steps] : {std::pair("short", "2"), std::pair("long", "6")})
    ASSERT_EQ(cli({"train", "attention-recall", "--steps", steps, "--batch", "4", "--out", folder / name}).exitCode, 0);
  const Json json = cliJson({"diff", folder / "short", folder / "long", "--batches", "2", "--batch", "4", "--json"});
  ASSERT_TRUE(json.contains("quality")) << json;
  const Json before = cliJson({"eval", folder / "short", "--batches", "2", "--batch", "4", "--json"});
  const Json after = cliJson({"eval", folder / "long", "--batches", "2", "--batch", "4", "--json"});
  EXPECT_EQ(json["quality"]["task"], before["task"]);
  EXPECT_EQ(json["quality"]["before"]["loss"], before["loss"]);
  EXPECT_EQ(json["quality"]["before"]["accuracy"], before["accuracy"]);
  EXPECT_EQ(json["quality"]["after"]["loss"], after["loss"]);
  const std::string text = cli({"diff", folder / "short", folder / "long", "--batches", "2"}).out;
  EXPECT_NE(text.find("accuracy "), std::string::npos) << text;
  // A task that is asked for, with a model that nobody has trained.
  EXPECT_TRUE(cliJson({"diff", "attention-recall", folder / "long", "--task", "mqar", "--batches", "1", "--json"})
                  .contains("quality"));
  expectUsage({"diff", "gpt2", "gpt2", "--task", "spoons"}, "spoons");
}

TEST(CommandLineExport, DocumentRoundTrips) {
  const TemporaryFolder folder;
  const ProcessResult result = cli({"export", "hybrid-recall", "--to", "json", "--out", folder / "model.fw.json"});
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "wrote " + (folder / "model.fw.json") + "\n");
  EXPECT_EQ(cliJson({"diff", "hybrid-recall", folder / "model.fw.json", "--json"})["changes"], Json::array());
  expectUsage({"export", "gpt2", "--to", "papyrus", "--out", folder / "x"}, "papyrus");
}

TEST(CommandLineBench, KeysForEachMode) {
  for (const char* mode : {"prefill", "decode", "train"}) {
    SCOPED_TRACE(mode);
    const Json json = cliJson({"bench", "attention-recall", "--mode", mode, "--batch", "2", "--time", "16", "--repeat",
                               "3", "--device", "cpu:1", "--json"});
    EXPECT_EQ(keysOf(json), (Strings{"mode", "median_seconds", "seconds", "flops_per_second", "peak_bytes"}));
    EXPECT_EQ(json["mode"], mode);
    ASSERT_EQ(json["seconds"].size(), 3u);
    std::vector<double> seconds = json["seconds"];
    std::sort(seconds.begin(), seconds.end());
    EXPECT_EQ(json["median_seconds"].get<double>(), seconds[1]);
    EXPECT_GT(json["peak_bytes"], 0);
  }
  EXPECT_EQ(cli({"bench", "forked-shapes", "--time", "8", "--repeat", "1"}).exitCode, 0);
  expectUsage({"bench", "attention-recall", "--device", "abacus"}, "abacus");
}

TEST(CommandLineGenerate, ContinuesThePromptOnStdout) {
  const Strings call = {"generate", "char-lm", "--prompt", "the cat", "--tokens", "9", "--temperature", "0"};
  const ProcessResult first = cli(call), second = cli(call);
  EXPECT_EQ(first.exitCode, 0) << first.err;
  EXPECT_EQ(first.out.find("the cat"), 0u);
  EXPECT_EQ(first.out.size(), 7u + 9 + 1);
  EXPECT_EQ(first.out, second.out);
  Strings warm = {"generate", "char-lm", "--prompt", "the cat", "--tokens", "40", "--seed", "1"};
  const std::string one = cli(warm).out;
  warm.back() = "2";
  EXPECT_NE(one, cli(warm).out);
  expectRefusal({"generate", "char-lm", "--prompt", ""}, 2, "[generate] the prompt is empty.");
  expectRefusal({"generate", "attention-recall", "--prompt", "z", "--tokens", "1"}, 1,
                "[generate] token 122 is outside the vocabulary of 64.");
  expectUsage({"generate", "char-lm", "--prompt", "a", "--temperature", "-1"}, "--temperature");
}

class CommandLineRun : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<int64_t> tokens;
    for (int64_t i = 0; i < 3 * 7; ++i) tokens.push_back(i * 5 % 64);
    saveArrays(folder / "in.npz", {{"tokens", Tensor::fromInts({3, 7}, tokens)}});
  }
  std::map<std::string, Tensor> run(const Strings& more, const std::string& output = "out.npz") {
    Strings arguments = {"run", "attention-recall", "--input", folder / "in.npz", "--output", folder / output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = cli(arguments);
    EXPECT_EQ(result.exitCode, 0) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "wrote " + (folder / output) + "\n");
    return loadArrays(folder / output);
  }

  TemporaryFolder folder;
};

TEST_F(CommandLineRun, OutputsBearTheNamesOfOutputNodes) {
  const auto one = run({"--seed", "1"}), same = run({"--seed", "1"}, "out.safetensors"), other = run({"--seed", "2"});
  ASSERT_EQ(one.size(), 1u);
  ASSERT_TRUE(one.contains("logits"));
  EXPECT_EQ(one.at("logits").shape, Shape({3, 7, 64}));
  EXPECT_EQ(one.at("logits").toFloats(), same.at("logits").toFloats());
  EXPECT_NE(one.at("logits").toFloats(), other.at("logits").toFloats());
}

TEST_F(CommandLineRun, RecordedActivationsJoinTheOutput) {
  const auto plain = run({}), recorded = run({"--record", "layers.*:layer.out"});
  Strings names;
  for (const auto& [name, tensor] : recorded) names.push_back(name);
  EXPECT_EQ(names, (Strings{"logits", "probe/layers.0:layer.out", "probe/layers.1:layer.out"}));
  EXPECT_EQ(recorded.at("probe/layers.0:layer.out").shape, Shape({3, 7, 64}));
  EXPECT_EQ(plain.at("logits").toFloats(), recorded.at("logits").toFloats());
  const ProcessResult none = cli(
      {"run", "attention-recall", "--input", folder / "in.npz", "--output", folder / "x.npz", "--record", "spoon*"});
  EXPECT_EQ(none.exitCode, 2);
  EXPECT_EQ(none.err.find("formwright-cli: no probe is called 'spoon*'; there are: "), 0u) << none.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
}

TEST_F(CommandLineRun, WrongArraysAreNamed) {
  const auto refuse = [&](const std::map<std::string, Tensor>& arrays, int code, const std::string& sentence) {
    saveArrays(folder / "wrong.npz", arrays);
    expectRefusal({"run", "attention-recall", "--input", folder / "wrong.npz", "--output", folder / "o.npz"}, code,
                  sentence);
  };
  refuse({}, 1, "[tokens] the input file has no array of this name.");
  refuse({{"words", Tensor::fromInts({1, 2}, {1, 2})}}, 1, "[tokens] the input file has no array of this name.");
  refuse({{"tokens", Tensor::fromInts({2}, {1, 2})}}, 1, "[tokens] the array is [2]; expected 2 dimensions, B T.");
  refuse({{"tokens", Tensor::fromInts({1, 2}, {1, 64})}}, 1,
         "[embedding] token 64 at position [0,1] is outside the vocabulary of 64.");
  refuse({{"tokens", Tensor::fromInts({1, 2}, {-1, 2})}}, 1,
         "[embedding] token -1 at position [0,0] is outside the vocabulary of 64.");
  refuse({{"tokens", Tensor::fromFloats({1, 2}, {1, 1.5f})}}, 1, "[tokens] 1.5 at element 1 is no whole number.");
  refuse({{"tokens", Tensor::fromFloats({1, 1}, {NAN})}}, 1, "[tokens] nan at element 0 is no whole number.");
  refuse({{"tokens", Tensor::fromInts({0, 4}, {})}}, 1,
         "[attention-recall] node 'tokens' (id 1): the size of 'B' in its dims is 0; expected a whole number from 1 to "
         "1099511627776.");
  EXPECT_FALSE(std::filesystem::exists(folder / "o.npz"));
  expectRefusal({"run", "attention-recall", "--input", folder / "none.npz", "--output", folder / "o.npz"}, 1,
                "[" + (folder / "none.npz") + "] cannot be opened: No such file or directory.");
  expectRefusal({"run", "attention-recall", "--input", folder / "in.npz", "--output", folder / "o.txt"}, 2,
                "[" + (folder / "o.txt") + "] expected a name that ends in .npz or .safetensors.");
}

}  // namespace
}  // namespace fw
