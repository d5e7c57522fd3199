// Files that are no model, or a wrong one: the command line says where, with the file, the node and the port, whichever
// verb meets it. The sentences stand beside the files in tests/errors.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "engine/base/file.h"
#include "tests/cli/command_line.h"

namespace fw {
namespace {

struct Case {
  std::string path, expected;
};

/// The file's name in a sentence becomes the path that the command line was given.
std::vector<Case> cases(const std::string& folder) {
  std::vector<Case> found;
  for (const auto& file : std::filesystem::directory_iterator(sourceFolder() + "/tests/errors/" + folder)) {
    const std::string path = file.path(), name = "[" + file.path().filename().string() + "] ";
    if (!path.ends_with(".fw.json")) continue;
    std::string expected = readFile(path.substr(0, path.size() - std::string(".fw.json").size()) + ".txt");
    for (size_t at = 0; (at = expected.find(name, at)) != std::string::npos; ++at)
      expected.replace(at, name.size(), "[" + path + "] ");
    found.push_back({path, expected});
  }
  std::sort(found.begin(), found.end(), [](const Case& a, const Case& b) { return a.path < b.path; });
  return found;
}

TEST(WrongModel, FilesThatAreNoModelAreRefusedByEveryVerb) {
  const auto found = cases("load");
  EXPECT_GE(found.size(), 30u);
  for (const Case& c : found) {
    SCOPED_TRACE(c.path);
    expectRefusal({"check", c.path}, 1, c.expected.substr(0, c.expected.size() - 1));
  }
  const Case& one = found.front();
  const std::string sentence = one.expected.substr(0, one.expected.size() - 1);
  const TemporaryFolder folder;
  const std::string out = folder / "out.npz";
  expectRefusal({"cost", one.path, "--json"}, 1, sentence);
  expectRefusal({"run", one.path, "--input", out, "--output", out}, 1, sentence);
  expectRefusal({"train", one.path, "--out", out}, 1, sentence);
  expectRefusal({"eval", one.path, "--task", "mqar"}, 1, sentence);
  expectRefusal({"generate", one.path, "--prompt", "a"}, 1, sentence);
  expectRefusal({"analyze", one.path, "--analysis", "similarity", "--out", out}, 1, sentence);
  expectRefusal({"diff", "gpt2", one.path}, 1, sentence);
  expectRefusal({"export", one.path, "--to", "json", "--out", out}, 1, sentence);
  expectRefusal({"bench", one.path}, 1, sentence);
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(WrongModel, ShapesAndSizesThatDoNotFitAreReported) {
  const auto found = cases("lower");
  EXPECT_GE(found.size(), 6u);
  for (const Case& c : found) {
    SCOPED_TRACE(c.path);
    const ProcessResult result = cli({"check", c.path});
    EXPECT_EQ(result.exitCode, 1);
    std::string errors;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("error: ")) errors += line.substr(7) + "\n";
    EXPECT_EQ(errors, c.expected);
    // Nothing that needs the shapes goes on.
    const TemporaryFolder folder;
    const std::string first = c.expected.substr(0, c.expected.find('\n'));
    const std::string out = folder / "out";
    expectRefusal({"cost", c.path}, 1, first);
    expectRefusal({"bench", c.path}, 1, first);
    // With sizes of their own: the same file, node and port.
    const size_t port = first.find(" is [");
    const std::string place = first.substr(0, port == std::string::npos ? first.find("): ") + 3 : port);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"train", c.path, "--steps", "1", "--batch", "1", "--out", out},
          {"eval", c.path, "--task", "mqar"},
          {"export", c.path, "--to", "pytorch", "--out", out}}) {
      const ProcessResult refused = cli(arguments);
      EXPECT_EQ(refused.exitCode, 1) << arguments[0];
      EXPECT_TRUE(refused.err.starts_with("formwright-cli: " + place)) << arguments[0] << ": " << refused.err;
    }
    // The document itself is whole: saving it loses nothing.
    ASSERT_EQ(cli({"export", c.path, "--to", "json", "--out", folder / "again.fw.json"}).exitCode, 0);
    EXPECT_EQ(cliJson({"diff", c.path, folder / "again.fw.json", "--json"})["changes"], Json::array());
  }
}

TEST(WrongModel, MissingFilesAndFoldersAreNamed) {
  const TemporaryFolder folder;
  const ProcessResult result = cli({"check", folder / "none.fw.json"});
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.err.find("formwright-cli: [" + (folder / "none.fw.json") +
                            "] there is no preset, file or run folder of this "
                            "name; presets are: "),
            0u)
      << result.err;
  EXPECT_NE(result.err.find("gpt2"), std::string::npos);
}

/// Each file of a run broken in turn.
TEST(WrongRun, BrokenFilesAreNamed) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", copy = folder / "copy";
  ASSERT_EQ(cli({"train", "attention-recall", "--steps", "1", "--batch", "2", "--out", run}).exitCode, 0);
  const auto with = [&](const std::string& file, const std::string& bytes) {
    std::filesystem::remove_all(copy);
    std::filesystem::copy(run, copy);
    if (bytes.empty())
      std::filesystem::remove(copy + "/" + file);
    else
      writeFileAtomically(copy + "/" + file, bytes);
  };
  const std::vector<std::string> resume = {"train", copy, "--resume", "--steps", "2", "--out", copy};
  with("run.json", "{");
  EXPECT_EQ(cli(resume).err.find("formwright-cli: [" + copy + "/run.json] broken JSON at line 1, column 2: "), 0u);
  with("run.json", "{\"format\":\"soup\"}");
  expectRefusal(resume, 1, "[" + copy + "/run.json] is no run of Formwright.");
  with("run.json", "{\"format\":\"formwright-run\",\"version\":2}");
  expectRefusal(resume, 1, "[" + copy + "/run.json] has version 2; expected 1.");
  std::string options = readFile(run + "/run.json");
  options.replace(options.find("\"batch\": 2"), 10, "\"batch\": \"\"");
  with("run.json", options);
  EXPECT_EQ(
      cli(resume).err.find("formwright-cli: [" + copy + "/run.json] lacks an option or has one of another type: "), 0u);
  with("model.fw.json", "{");
  EXPECT_EQ(cli({"eval", copy}).err.find("formwright-cli: [" + copy + "/model.fw.json] broken JSON"), 0u);
  with("model.fw.json", "");
  expectRefusal(
      {"eval", copy}, 1,
      "[" + copy +
          "] is a folder without model.fw.json and config.json; expected a run folder or a Hugging Face folder.");
  const std::string checkpoint = readFile(run + "/checkpoint.safetensors");
  with("checkpoint.safetensors", checkpoint.substr(0, 100));
  EXPECT_EQ(cli({"eval", copy}).err.find("formwright-cli: [checkpoint.safetensors] the header claims "), 0u);
  with("checkpoint.safetensors", "");
  expectRefusal(resume, 1, "[" + copy + "/checkpoint.safetensors] cannot be opened: No such file or directory.");
  with("metrics.sqlite", "this is no database, but it is long enough to look like one");
  expectRefusal(resume, 1, "[" + copy + "/metrics.sqlite] file is not a database.");
}

}  // namespace
}  // namespace fw
