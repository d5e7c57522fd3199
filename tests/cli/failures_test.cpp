// What goes wrong outside the program: full disk, read-only folder, no memory, kill -9. Each has a sentence, and
// nothing that was there before is lost.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/safetensors.h"
#include "tests/cli/command_line.h"

namespace fw {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

Strings training(const std::string& out, int steps, const Strings& more = {}) {
  Strings arguments = {"train",         "attention-recall", "--steps",      "",   "--batch", "4", "--device", "cpu:1",
                       "--task-option", "length=24",        "--eval-every", "10", "--out",   out};
  arguments[3] = std::to_string(steps);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

bool endsWith(const std::string& text, const std::string& end) { return text.ends_with(end); }

/// Nothing in `folder` is half a file.
void expectNoLeftovers(const std::string& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    EXPECT_EQ(entry.path().filename().string().find(kPartSuffix), std::string::npos) << entry.path();
}

TEST(FullDisk, SavingKeepsTheOldFile) {
  const TemporaryFolder folder;
  const std::string file = folder / "model.fw.json";
  ASSERT_EQ(cli({"export", "attention-recall", "--to", "json", "--out", file}).exitCode, 0);
  const std::string before = readFile(file);
  expectRefusal({"export", "gpt2", "--to", "json", "--out", file}, 1,
                "[" + file + "] cannot be written: File too large.", {.fileLimit = 1000});
  EXPECT_EQ(readFile(file), before);
  expectNoLeftovers(folder.path());
}

TEST(FullDisk, TrainingStopsWithASentenceAndKeepsTheLastCheckpoint) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(cli(training(run, 4)).exitCode, 0);
  const std::string checkpoint = readFile(run + "/checkpoint.safetensors");
  // Less than a checkpoint, more than the rest.
  const ProcessResult result = cli(training(run, 8, {"--resume"}), {.fileLimit = int64_t(checkpoint.size()) - 1000});
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_TRUE(
      endsWith(result.err, "formwright-cli: [" + run + "/checkpoint.safetensors] cannot be written: File too large.\n"))
      << result.err;
  EXPECT_EQ(readFile(run + "/checkpoint.safetensors"), checkpoint);
  expectNoLeftovers(folder.path());
  // With room again it goes on as if nothing had happened.
  ASSERT_EQ(cli(training(run, 8, {"--resume"})).exitCode, 0);
  ASSERT_EQ(cli(training(folder / "again", 4)).exitCode, 0);
  ASSERT_EQ(cli(training(folder / "again", 8, {"--resume"})).exitCode, 0);
  EXPECT_EQ(readFile(run + "/checkpoint.safetensors"), readFile(folder / "again/checkpoint.safetensors"));
}

TEST(FullDisk, MetricsThatCannotGrowStopTheTraining) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  // The model's document, its checkpoint and its options fit; the log of metrics soon does not.
  const ProcessResult result = cli({"train", "attention-recall", "--steps", "4000", "--batch", "1", "--device", "cpu:1",
                                    "--task-option", "length=16", "--out", run},
                                   {.fileLimit = 1'500'000, .timeoutSeconds = 100});
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_NE(result.err.find("formwright-cli: [" + run + "/metrics.sqlite] "), std::string::npos) << result.err;
  EXPECT_EQ(loadSafetensors(run + "/checkpoint.safetensors").metadata.count("step"), 1u);
  EXPECT_EQ(cli({"eval", run, "--batches", "1"}).exitCode, 0);
}

/// A file system of its own that is really full; where the test may not mount one, the limits above stand in.
TEST(FullDisk, SmallFileSystem) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "this user may not mount";
  struct Unmount {
    std::string path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{disk};
  const std::string file = disk + "/model.fw.json";
  ASSERT_EQ(cli({"export", "attention-recall", "--to", "json", "--out", file}).exitCode, 0);
  const std::string before = readFile(file);
  {
    std::string rest(1 << 16, 'x');
    try {
      writeFileAtomically(disk + "/rest", rest);
    } catch (const Error&) {
    }
  }
  for (size_t bytes = 1 << 15; bytes >= 4096; bytes /= 2) try {
      writeFileAtomically(disk + "/rest" + std::to_string(bytes), std::string(bytes, 'x'));
    } catch (const Error&) {
    }
  expectRefusal({"export", "gpt2", "--to", "json", "--out", file}, 1,
                "[" + file + "] cannot be written: No space left on device.");
  EXPECT_EQ(readFile(file), before);
  const ProcessResult result = cli(training(disk + "/run", 4));
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.err, "formwright-cli: [" + disk +
                            "/run/checkpoint.safetensors] cannot be written: No space left on "
                            "device.\n");
  expectNoLeftovers(disk);
}

TEST(ReadOnlyFolder, IsNamedAndNothingChanges) {
  const TemporaryFolder folder;
  const std::string shut = folder / "shut", file = shut + "/model.fw.json";
  fs::create_directory(shut);
  ASSERT_EQ(cli({"export", "attention-recall", "--to", "json", "--out", file}).exitCode, 0);
  const std::string before = readFile(file);
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(shut.c_str(), 0555);
  const ProcessOptions nobody{.isNobody = true};
  expectRefusal({"export", "gpt2", "--to", "json", "--out", file}, 1,
                "[" + file + "] cannot be written: Permission denied.", nobody);
  expectRefusal(training(shut + "/run", 2), 1, "[" + shut + "/run] cannot be made: Permission denied.", nobody);
  EXPECT_EQ(readFile(file), before);
  // Reading is still allowed.
  EXPECT_EQ(cli({"check", file}, nobody).exitCode, 0);
  ::chmod(shut.c_str(), 0755);
}

TEST(ReadOnlyFolder, RunIsNamedAndKept) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(cli(training(run, 2)).exitCode, 0);
  const std::string checkpoint = readFile(run + "/checkpoint.safetensors");
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(run.c_str(), 0555);
  const ProcessResult result = cli(training(run, 4, {"--resume"}), {.isNobody = true});
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.err, "formwright-cli: [" + run + "/model.fw.json] cannot be written: Permission denied.\n");
  EXPECT_EQ(readFile(run + "/checkpoint.safetensors"), checkpoint);
  ::chmod(run.c_str(), 0755);
}

/// A folder below a file can be made by nobody, not even by root.
TEST(ReadOnlyFolder, FileInTheWay) {
  const TemporaryFolder folder;
  writeFileAtomically(folder / "file", "x");
  expectRefusal(training(folder / "file/run", 2), 1,
                "[" + (folder / "file/run") + "] cannot be made: Not a directory.");
}

/// Planning says so; weights are never made.
TEST(OutOfMemory, IsSaidBeforeAnythingIsAllocated) {
  const TemporaryFolder folder;
  const auto expectPlanned = [&](const Strings& arguments, const std::string& place) {
    const auto start = std::chrono::steady_clock::now();
    const ProcessResult result = cli(arguments);
    EXPECT_EQ(result.exitCode, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err.find("formwright-cli: [" + place + "] needs "), 0u) << result.err;
    EXPECT_NE(result.err.find(" free"), std::string::npos) << result.err;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  };
  // 400 billion weights, 1.7 TB.
  ASSERT_EQ(cli({"export", "llama-3-8b", "--to", "json", "--out", folder / "large.fw.json"}).exitCode, 0);
  std::string text = readFile(folder / "large.fw.json");
  const std::string width = "\"width\": 4096";
  ASSERT_NE(text.find(width), std::string::npos);
  text.replace(text.find(width), width.size(), "\"width\": 65536");
  writeFileAtomically(folder / "large.fw.json", text);
  saveSafetensors(folder / "in.safetensors", {{"tokens", Tensor::fromInts({1, 4}, {1, 2, 3, 4})}});
  const std::string large = folder / "large.fw.json";
  expectPlanned({"run", large, "--input", folder / "in.safetensors", "--output", folder / "out.npz"}, "plan");
  expectPlanned({"train", large, "--task", "random_tokens", "--steps", "1", "--batch", "1", "--out", folder / "run"},
                "train");
  expectPlanned({"generate", large, "--prompt", "a", "--tokens", "1"}, "plan");
  expectPlanned({"bench", large, "--time", "4", "--repeat", "1"}, "plan");
  expectPlanned(
      {"analyze", large, "--analysis", "similarity", "--data", folder / "in.safetensors", "--out", folder / "analysis"},
      "plan");
  EXPECT_FALSE(fs::exists(folder / "run"));
}

/// SIGKILL at any moment: what the folder holds opens, and going on gives the bits of a run that nobody killed.
TEST(Kill, TrainingGoesOnBitForBit) {
  const TemporaryFolder folder;
  constexpr int kSteps = 120;
  const Strings every = {"--checkpoint-every", "3"};
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(cli(training(folder / "whole", kSteps, every)).exitCode, 0);
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;
  std::mt19937 random(20260101);
  int killedWhileTraining = 0;
  for (int round = 0; round < 3; ++round) {
    const std::string run = folder / "run" + std::to_string(round);
    int kills = 0;
    for (bool isDone = false; !isDone;) {
      const bool isStarted = fs::exists(run + "/run.json");
      const Strings more = isStarted ? Strings{"--resume", "--checkpoint-every", "3"} : every;
      Process process(cliPath(), training(run, kSteps, more));
      const bool isLastTry = kills >= 6;
      if (!isLastTry) {
        std::this_thread::sleep_for(whole * (0.05 + 0.8 * double(random() % 1000) / 1000));
        process.kill(SIGKILL);
      }
      const ProcessResult result = process.wait();
      isDone = result.exitCode == 0;
      ASSERT_TRUE(isDone || result.signal == SIGKILL) << result.err;
      ++kills;
      if (!fs::exists(run + "/run.json")) continue;
      killedWhileTraining += !isDone;
      const SafetensorsFile checkpoint = loadSafetensors(run + "/checkpoint.safetensors");
      EXPECT_EQ(std::stoi(checkpoint.metadata.at("step")) % 3, 0);
      EXPECT_EQ(cli({"check", run}).exitCode, 0);
    }
    for (const char* file : {"/checkpoint.safetensors", "/metrics.csv"})
      EXPECT_EQ(readFile(run + file), readFile(folder / "whole" + file)) << file;
    expectNoLeftovers(run);
  }
  EXPECT_GT(killedWhileTraining, 3);
}

/// SIGKILL while a file is being replaced again and again: it is always one of the two whole ones.
TEST(Kill, SavingLeavesTheOldFileOrTheNewOne) {
  const TemporaryFolder folder;
  ASSERT_EQ(cli(training(folder / "run", 1)).exitCode, 0);
  const std::string checkpoint = folder / "run/checkpoint.safetensors";
  std::mt19937 random(7);
  for (int round = 0; round < 8; ++round) {
    // A checkpoint after every step: most of the time goes into saving.
    Process process(cliPath(), training(folder / "run", 100000, {"--resume", "--checkpoint-every", "1"}));
    const int64_t before = std::stoll(loadSafetensors(checkpoint).metadata.at("step"));
    // Whole at every look, and then at the end.
    while (process.isRunning() && std::stoll(loadSafetensors(checkpoint).metadata.at("step")) == before) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    process.kill(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL);
    EXPECT_GT(std::stoll(loadSafetensors(checkpoint).metadata.at("step")), before);
  }
}

}  // namespace
}  // namespace fw
