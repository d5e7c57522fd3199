// Verbs that work on run folders: train, eval, analyze; resuming after an interrupt.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

#include "engine/base/file.h"
#include "engine/io/arrays.h"
#include "engine/io/safetensors.h"
#include "tests/cli/command_line.h"

namespace fw {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

Strings small(const std::string& out, const Strings& more = {}) {
  Strings arguments = {"train", "attention-recall", "--steps",   "4",     "--batch", "4", "--device",
                       "cpu:1", "--task-option",    "length=24", "--out", out};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// "step,split,name,value" lines of a run, as (step, split, name) -> text.
std::map<std::string, std::string> metricsOf(const std::string& run) {
  std::istringstream in(readFile(run + "/metrics.csv"));
  std::map<std::string, std::string> metrics;
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "step,split,name,value");
  while (std::getline(in, line)) metrics[line.substr(0, line.rfind(','))] = line.substr(line.rfind(',') + 1);
  return metrics;
}

TEST(CommandLineTrain, OneObjectOnStdoutAndProgressOnStderr) {
  const TemporaryFolder folder;
  const ProcessResult result = cli(small(folder / "run", {"--json"}));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json json = parseJson(result.out, "stdout");
  EXPECT_EQ(keysOf(json), (Strings{"run", "steps", "seconds", "cancelled", "test"}));
  EXPECT_EQ(json["steps"], 4);
  EXPECT_EQ(json["cancelled"], false);
  EXPECT_EQ(keysOf(json["test"]), (Strings{"loss", "rows", "accuracy"}));
  for (int step = 1; step <= 4; ++step)
    EXPECT_NE(result.err.find("step " + std::to_string(step) + " / 4  loss "), std::string::npos) << result.err;
  Strings files;
  for (const auto& entry : fs::directory_iterator(folder / "run")) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files, (Strings{"checkpoint.safetensors", "metrics.csv", "metrics.sqlite", "model.fw.json", "run.json"}));
  const auto metrics = metricsOf(folder / "run");
  for (const char* name : {"loss", "gradient_norm", "learning_rate", "accuracy"})
    EXPECT_TRUE(metrics.contains(std::string("1,train,") + name)) << name;
  EXPECT_NEAR(std::stod(metrics.at("4,test,loss")), json["test"]["loss"].get<double>(), 1e-7);
}

TEST(CommandLineTrain, ARunThatIsThereIsLeftAlone) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(cli(small(run)).exitCode, 0);
  const std::string checkpoint = readFile(run + "/checkpoint.safetensors"), metrics = readFile(run + "/metrics.csv");
  expectRefusal(small(run, {"--seed", "7"}), 2,
                "[" + run + "] holds a run already; expected another folder (--out), or --resume to go on with it.");
  EXPECT_EQ(readFile(run + "/checkpoint.safetensors"), checkpoint);
  EXPECT_EQ(readFile(run + "/metrics.csv"), metrics);
  EXPECT_EQ(cli(small(run, {"--resume"})).exitCode, 0);
}

TEST(CommandLineTrain, SeedsDecideTheBits) {
  const TemporaryFolder folder;
  for (const auto& [name, seed] : std::map<std::string, std::string>{{"a", "1"}, {"b", "1"}, {"c", "2"}})
    ASSERT_EQ(cli(small(folder / name, {"--seed", seed})).exitCode, 0);
  const auto checkpoint = [&](const std::string& run) { return readFile(folder / run + "/checkpoint.safetensors"); };
  EXPECT_EQ(checkpoint("a"), checkpoint("b"));
  EXPECT_NE(checkpoint("a"), checkpoint("c"));
}

TEST(CommandLineTrain, OptionsReachTheRun) {
  const TemporaryFolder folder;
  const ProcessResult result =
      cli(small(folder / "run", {"--lr", "0.01", "--warmup", "0", "--clip", "0.5", "--accumulate", "2", "--optimizer",
                                 "sgd", "--optimizer-option", "momentum=0.5", "--eval-every", "2", "--task-option",
                                 "pairs=3", "--seed", "9"}));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json options = readJsonFile(folder / "run/run.json")["options"];
  EXPECT_EQ(options["learning_rate"], 0.01);
  EXPECT_EQ(options["warmup"], 0.0);
  EXPECT_EQ(options["clip"], 0.5);
  EXPECT_EQ(options["accumulate"], 2);
  EXPECT_EQ(options["optimizer"], "sgd");
  EXPECT_EQ(options["optimizer_options"]["momentum"], 0.5);
  EXPECT_EQ(options["task_options"]["pairs"], 3);
  EXPECT_EQ(options["seed"], 9);
  EXPECT_TRUE(metricsOf(folder / "run").contains("2,test,loss"));
}

TEST(CommandLineTrain, WrongOptionsAreWrongUsageAndLeaveNoFolder) {
  const TemporaryFolder folder;
  const std::string out = folder / "run";
  expectRefusal(small(out, {"--task", "juggling"}), 2,
                "there is no task 'juggling'; there are: char_lm, image_text, mqar, random_tokens, selective_copy.");
  expectRefusal(small(out, {"--task-option", "pairs=0"}), 2, "[mqar.pairs] 0 is too small; expected 1 to 4096.");
  expectRefusal(small(out, {"--task-option", "spoons=3"}), 2,
                "[mqar] has no option 'spoons'; it has: vocabulary, pairs, length, power, noise.");
  expectRefusal(small(out, {"--task-option", "pairs"}), 2, "'pairs' is no option; expected name=value.");
  expectRefusal(small(out, {"--task-option", "pairs=many"}), 2, "[mqar.pairs] 'many' is not a number.");
  expectRefusal(small(out, {"--optimizer", "guesswork"}), 2,
                "there is no optimizer 'guesswork'; there are: adamw, muon, sgd.");
  expectRefusal(small(out, {"--accumulate", "3"}), 2,
                "[train] a batch of 4 cannot be computed in 3 pieces; expected a divisor.");
  expectUsage({"train", "attention-recall", "--device", "abacus", "--out", out}, "abacus");
  expectUsage({"train", "attention-recall", "--steps", "0", "--out", out}, "--steps");
  expectUsage(small(out, {"--lr", "-1"}), "--lr");
  expectUsage(small(out, {"--seed", "-1"}), "--seed");
  EXPECT_FALSE(fs::exists(out));
}

TEST(CommandLineTrain, MissingDataIsNamed) {
  const TemporaryFolder folder;
  expectRefusal(
      {"train", "char-lm", "--steps", "1", "--task-option", "file=" + (folder / "none.txt"), "--out", folder / "run"},
      1, "[" + (folder / "none.txt") + "] cannot be opened: No such file or directory.");
  writeFileAtomically(folder / "short.txt", "too short");
  expectRefusal(
      {"train", "char-lm", "--steps", "1", "--task-option", "file=" + (folder / "short.txt"), "--out", folder / "run"},
      1, "[" + (folder / "short.txt") + "] has 9 bytes; expected at least 1290 for a context of 128.");
  expectRefusal({"train", "attention-recall", "--resume", "--out", folder / "run"}, 1,
                "[" + (folder / "run") + "/run.json] cannot be opened: No such file or directory.");
  EXPECT_FALSE(fs::exists(folder / "run"));
}

/// A diverging run stops, says where, and keeps what it had.
TEST(CommandLineTrain, NotFiniteStopsWithTheFirstOpAndItsBlock) {
  const TemporaryFolder folder;
  const ProcessResult result = cli(small(folder / "run", {"--lr", "1e30", "--warmup", "0"}));
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.out, "");
  const std::string line = result.err.substr(result.err.rfind("formwright-cli: "));
  EXPECT_EQ(line.find("formwright-cli: [train] the "), 0u) << line;
  EXPECT_NE(line.find(" of step 2 is not finite; first in op '"), std::string::npos) << line;
  EXPECT_NE(line.find("' of '"), std::string::npos) << line;
  const SafetensorsFile checkpoint = loadSafetensors(folder / "run/checkpoint.safetensors");
  EXPECT_EQ(checkpoint.metadata.at("step"), "1");
  EXPECT_EQ(metricsOf(folder / "run").count("2,train,loss"), 0u);
}

TEST(CommandLineEval, EqualsTheTestOfTheTraining) {
  const TemporaryFolder folder;
  const Json trained = parseJson(cli(small(folder / "run", {"--json"})).out, "stdout");
  const Json json = cliJson({"eval", folder / "run", "--batches", "8", "--batch", "4", "--json"});
  EXPECT_EQ(keysOf(json), (Strings{"loss", "rows", "accuracy", "task"}));
  EXPECT_EQ(json["task"], "mqar");
  EXPECT_EQ(json["rows"], 32);
  EXPECT_EQ(json["loss"], trained["test"]["loss"]);
  EXPECT_EQ(json["accuracy"], trained["test"]["accuracy"]);
  expectRefusal({"eval", "attention-recall"}, 2, "--task is needed: the model is no run folder.");
  const Json fresh = cliJson({"eval", "attention-recall", "--task", "mqar", "--batches", "1", "--json"});
  EXPECT_NEAR(fresh["loss"].get<double>(), std::log(64.0), 0.3);  // untrained: as good as guessing
}

TEST(CommandLineRunFolder, WeightsByModulePathGiveWhatTheRunGives) {
  const TemporaryFolder folder;
  ASSERT_EQ(cli(small(folder / "run")).exitCode, 0);
  std::map<std::string, Tensor> weights;
  for (const auto& [name, tensor] : loadSafetensors(folder / "run/checkpoint.safetensors").tensors)
    if (name.starts_with("parameter/")) weights[name.substr(10)] = tensor;
  EXPECT_TRUE(weights.contains("layers.0.attention.q.weight"));
  saveArrays(folder / "weights.safetensors", weights);
  saveArrays(folder / "in.npz", {{"tokens", Tensor::fromInts({1, 5}, {1, 2, 3, 4, 63})}});
  const auto logits = [&](const Strings& model) {
    Strings arguments = {"run", model[0], "--input", folder / "in.npz", "--output", folder / "out.npz"};
    arguments.insert(arguments.end(), model.begin() + 1, model.end());
    const ProcessResult result = cli(arguments);
    EXPECT_EQ(result.exitCode, 0) << result.err;
    return loadArrays(folder / "out.npz").at("logits").toFloats();
  };
  const auto fromRun = logits({folder / "run"});
  EXPECT_EQ(fromRun, logits({"attention-recall", "--weights", folder / "weights.safetensors"}));
  EXPECT_NE(fromRun, logits({"attention-recall"}));

  weights.erase("layers.0.attention.q.weight");
  saveArrays(folder / "weights.safetensors", weights);
  expectRefusal({"run", "attention-recall", "--weights", folder / "weights.safetensors", "--input", folder / "in.npz",
                 "--output", folder / "out.npz"},
                1, "[weights] no tensor for layers.0.attention.q.weight.");
  weights["layers.0.attention.q.weight"] = Tensor::fromFloats({1, 2}, {1, 2});
  saveArrays(folder / "weights.safetensors", weights);
  expectRefusal({"run", "attention-recall", "--weights", folder / "weights.safetensors", "--input", folder / "in.npz",
                 "--output", folder / "out.npz"},
                1, "[layers.0.attention.q.weight] the weights have [1,2]; expected [64,64].");
}

TEST(CommandLineAnalyze, WritesFilesAndOneObject) {
  const TemporaryFolder folder;
  ASSERT_EQ(cli(small(folder / "run")).exitCode, 0);
  const Json json = cliJson({"analyze", folder / "run", "--analysis", "similarity", "--batches", "2", "--batch", "4",
                             "--option", "samples=16", "--out", folder / "out", "--json"});
  EXPECT_EQ(keysOf(json), (Strings{"analysis", "recipe", "warnings", "matrices", "series", "curves", "scatters"}));
  EXPECT_EQ(json["analysis"], "similarity");
  EXPECT_NE(json["recipe"].get<std::string>().find("trained weights"), std::string::npos);
  EXPECT_NE(json["recipe"].get<std::string>().find("at most 16 tokens"), std::string::npos);
  for (const char* file : {"cka.csv", "angular_distance.csv", "block_influence.csv", "sublayer_influence.csv"})
    EXPECT_TRUE(fs::exists(folder / "out/" + file)) << file;
  EXPECT_EQ(readJsonFile(folder / "out/similarity.json"), json);
  const std::map<std::string, Tensor> arrays = loadArrays(folder / "out/similarity.npz");
  EXPECT_EQ(arrays.size(), json["matrices"].size() + json["series"].size());
  for (const Json& matrix : json["matrices"]) {
    const Tensor& array = arrays.at(matrix["name"].get<std::string>());
    EXPECT_EQ(array.shape, (Shape{int64_t(matrix["rows"].size()), int64_t(matrix["columns"].size())}));
    const std::vector<float> values = array.toFloats();
    for (size_t i = 0; i < values.size(); ++i)
      if (matrix["values"][i].is_null())
        EXPECT_TRUE(std::isnan(values[i]));
      else
        EXPECT_FLOAT_EQ(values[i], matrix["values"][i].get<float>());
  }
  // Data from a file instead of the task.
  saveArrays(folder / "data.npz",
             {{"tokens", Tensor::fromInts({2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})}});
  const Json fromFile = cliJson({"analyze", folder / "run", "--analysis", "similarity", "--data", folder / "data.npz",
                                 "--out", folder / "out", "--json"});
  EXPECT_NE(fromFile["recipe"].get<std::string>().find("data of " + (folder / "data.npz")), std::string::npos);
}

TEST(CommandLineAnalyze, WrongOptionsAndDataAreNamed) {
  const TemporaryFolder folder;
  const Strings call = {"analyze", "attention-recall", "--out", folder / "out", "--analysis"};
  const auto with = [&](const Strings& more) {
    Strings arguments = call;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  expectRefusal(with({"reading"}), 2,
                "there is no analysis 'reading'; there are: alignment, attention, expert_load, latency, logit_lens, "
                "memory, pareto, representations, roofline, similarity, sparsity.");
  expectRefusal(with({"similarity", "--option", "samples=1"}), 2,
                "[similarity.samples] 1 is too small; expected 4 to 8192.");
  expectRefusal(with({"similarity", "--option", "spoons=1"}), 2,
                "[similarity] has no option 'spoons'; it has: samples.");
  expectRefusal(with({"similarity", "--data", folder / "none.npz"}), 1,
                "[" + (folder / "none.npz") + "] cannot be opened: No such file or directory.");
  expectUsage(with({"similarity", "--data", "x", "--task", "mqar"}), "--task");
  EXPECT_FALSE(fs::exists(folder / "out"));
}

/// Ctrl+C leaves a run that goes on as if nothing had happened.
TEST(CommandLineTrain, InterruptLeavesACheckpointToGoOnFrom) {
  const TemporaryFolder folder;
  const auto call = [&](const std::string& out, const Strings& more) {
    Strings arguments = small(folder / out, more);
    arguments[3] = "1000";
    return arguments;
  };
  ASSERT_EQ(cli(call("whole", {})).exitCode, 0);
  Process process(cliPath(), call("parts", {"--json"}));
  while (process.isRunning() && !fs::exists(folder / "parts/run.json"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  process.kill(SIGINT);
  const ProcessResult stopped = process.wait();
  EXPECT_EQ(stopped.exitCode, 0) << stopped.err;
  const Json json = parseJson(stopped.out, "stdout");
  EXPECT_EQ(json["cancelled"], true);
  EXPECT_LT(json["steps"], 1000);
  ASSERT_EQ(cli(call("parts", {"--resume"})).exitCode, 0);
  for (const char* file : {"/checkpoint.safetensors", "/metrics.csv"})
    EXPECT_EQ(readFile(folder / "parts" + file), readFile(folder / "whole" + file)) << file;
}

}  // namespace
}  // namespace fw
