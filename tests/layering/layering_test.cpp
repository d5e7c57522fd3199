// Holds the layers of the tree: reads every #include and says which may not stand there.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/source_folder.h"

namespace fw {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

struct Layer {
  std::string folder;    // of the longest matching folder, the rules hold
  Names mayInclude;      // layers, besides its own
  Names libraries = {};  // first words of the <...> headers that are not the standard's
};

const Names kUpToExec = {"engine/base",   "engine/ir",      "engine/ops", "engine/arch",
                         "engine/blocks", "engine/weights", "engine/exec"};

Names operator+(Names a, const Names& b) {
  a.insert(b.begin(), b.end());
  return a;
}

/// The whole of the rules, lowest layer first.
std::vector<Layer> layers() {
  const Names kTop = {"engine/io",    "engine/analysis", "engine/search",  "engine/transforms",
                      "engine/train", "engine/decode",   "engine/parallel"};
  const Names kValues = {"engine/base", "engine/ir", "engine/arch", "engine/blocks", "engine/analysis", "engine/train"};
  std::vector<Layer> all = {
      {"kernels", {}, {"hwy", "oneapi", "omp.h", "cuda_runtime.h", "cublasLt.h", "cub"}},
      {"engine/base", {}, {"nlohmann"}},
      {"engine/ir", {"engine/base"}, {"nlohmann"}},
      {"engine/ops", {"engine/base", "engine/ir", "kernels"}, {"nlohmann"}},
      {"engine/arch", {"engine/base"}, {"nlohmann"}},
      {"engine/exec",
       {"engine/base", "engine/ir", "engine/ops", "kernels"},
       {"nlohmann", "cuda_runtime.h", "cublasLt.h"}},
      {"engine/blocks", {"engine/base", "engine/ir", "engine/ops", "engine/arch", "engine/weights"}, {"nlohmann"}},
      {"engine/weights", {"engine/base", "engine/ir", "engine/ops", "engine/arch", "engine/blocks"}, {"nlohmann"}},
  };
  all.push_back({"engine/presets", {"engine/base", "engine/arch", "engine/blocks"}, {"nlohmann"}});
  all.push_back({"engine/families", {"engine/base", "engine/arch", "engine/blocks", "engine/presets"}, {"nlohmann"}});
  for (const std::string& folder : kTop) {
    Names libraries = {"nlohmann", "Eigen", "zlib.h"};
    if (folder == "engine/io") libraries = libraries + Names{"unicode", "pcre2.h"};
    all.push_back({folder, kUpToExec + Names{"engine/families"}, libraries});
  }
  all.push_back({"engine/workbench",
                 kUpToExec + kTop + Names{"engine/presets", "engine/families"},
                 {"nlohmann", "sqlite3.h", "onnx"}});
  all.push_back({"widgets/canvas", {"widgets"}, {"Q"}});
  all.push_back({"widgets", kValues + Names{"widgets/canvas"}, {"Q", "nlohmann", "qcustomplot.h"}});
  all.push_back({"app/cli",
                 kUpToExec + kTop + Names{"engine/presets", "engine/families", "engine/workbench"},
                 {"CLI", "nlohmann"}});
  all.push_back({"app",
                 kUpToExec + kTop + Names{"engine/presets", "engine/workbench", "widgets", "widgets/canvas"},
                 {"Q", "nlohmann", "graphviz"}});
  return all;
}

/// The layer that the path lies in: the one with the longest folder.
const Layer* layerOf(const std::vector<Layer>& all, const std::string& path) {
  const Layer* best = nullptr;
  for (const Layer& layer : all)
    if (path.rfind(layer.folder + "/", 0) == 0 && (!best || layer.folder.size() > best->folder.size())) best = &layer;
  return best;
}

bool isSystemHeader(const std::string& header) {
  static const Names posix = {"cpuid.h",  "fnmatch.h",   "fcntl.h", "sched.h",  "signal.h",
                              "unistd.h", "immintrin.h", "dlfcn.h", "pthread.h"};
  const bool isStandard =
      std::all_of(header.begin(), header.end(), [](char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
  return isStandard || posix.count(header) || header.rfind("sys/", 0) == 0;
}

bool matches(const std::string& header, const std::string& library) {
  if (library == "Q")
    return header.size() > 1 && header[0] == 'Q' && (std::isupper(header[1]) || header.rfind("Qt", 0) == 0);
  return header == library || header.rfind(library + "/", 0) == 0;
}

/// What is wrong with `#include "header"` (quoted) or `#include <header>` in the file, or nothing.
std::optional<std::string> verdict(const std::string& file, const std::string& header, bool isQuoted) {
  static const std::vector<Layer> all = layers();
  const Layer* from = layerOf(all, file);
  if (!from) return "lies in no layer";
  if (isQuoted) {
    if (header.size() > 4 && header.substr(header.size() - 4) == ".moc") return std::nullopt;
    const Layer* to = layerOf(all, header);
    const bool isLibrary = std::any_of(from->libraries.begin(), from->libraries.end(),
                                       [&](const std::string& library) { return matches(header, library); });
    if (!to && isLibrary) return std::nullopt;
    if (!to) return "includes \"" + header + "\", which is no path from the root";
    if (to == from || from->mayInclude.count(to->folder)) return std::nullopt;
    return "includes \"" + header + "\": " + from->folder + " may not know " + to->folder;
  }
  if (isSystemHeader(header)) return std::nullopt;
  for (const std::string& library : from->libraries)
    if (matches(header, library)) return std::nullopt;
  return "includes <" + header + ">: " + from->folder + " may not know that library";
}

struct Include {
  int line;
  std::string header;
  bool isQuoted;
};

std::vector<Include> includesOf(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string hash, word;
    words >> hash;
    if (hash == "#") {
      words >> word;
      hash += word;
    }
    if (hash.rfind("#include", 0) != 0) continue;
    const size_t open = line.find_first_of("<\"");
    if (open == std::string::npos) continue;  // a macro names the file
    const size_t close = line.find_first_of(">\"", open + 1);
    found.push_back({number, line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return found;
}

std::map<std::string, std::string> sourcesBelow(const std::vector<std::string>& folders) {
  static const Names kinds = {".h", ".cpp", ".cu", ".cuh"};
  std::map<std::string, std::string> found;
  const fs::path root = sourceFolder();
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !kinds.count(entry.path().extension())) continue;
      std::ifstream file(entry.path());
      std::ostringstream text;
      text << file.rdbuf();
      found[fs::relative(entry.path(), root).string()] = text.str();
    }
  }
  return found;
}

const std::map<std::string, std::string>& program() {
  static const auto sources = sourcesBelow({"app", "engine", "kernels", "widgets"});
  return sources;
}

TEST(Layering, EveryIncludeRunsDownwards) {
  int count = 0;
  for (const auto& [path, text] : program()) {
    for (const Include& include : includesOf(text)) {
      ++count;
      const auto wrong = verdict(path, include.header, include.isQuoted);
      EXPECT_FALSE(wrong) << path << ":" << include.line << " " << wrong.value_or("");
      if (include.isQuoted && layerOf(layers(), include.header)) {
        const bool isGenerated = fs::exists(fs::path(buildFolder()) / "generated" / include.header);
        EXPECT_TRUE(program().count(include.header) || isGenerated)
            << path << ":" << include.line << " includes a file that is not there";
      }
    }
  }
  EXPECT_GT(count, 30) << "the sources were not found";
}

TEST(Layering, NoFileIncludesItselfByADetour) {
  std::map<std::string, int> state;  // 1 while on the way, 2 when done
  std::vector<std::string> way;
  const auto visit = [&](const auto& self, const std::string& path) -> void {
    if (state[path] == 2 || !program().count(path)) return;
    way.push_back(path);
    if (state[path] == 1) {
      std::string circle;
      for (auto it = std::find(way.begin(), way.end(), path); it != way.end(); ++it) circle += " " + *it;
      ADD_FAILURE() << "a circle of includes:" << circle;
    } else {
      state[path] = 1;
      // Highway includes a source again for each instruction set.
      for (const Include& include : includesOf(program().at(path)))
        if (include.isQuoted && include.header != path) self(self, include.header);
      state[path] = 2;
    }
    way.pop_back();
  };
  for (const auto& [path, text] : program()) visit(visit, path);
}

/// A header that includes Eigen is for sources alone: no other header includes it.
TEST(Layering, HeavyHeadersStayInSources) {
  const auto includesEigen = [](const std::string& header) {
    const auto found = program().find(header);
    if (found == program().end()) return header.rfind("Eigen", 0) == 0;
    const std::vector<Include> includes = includesOf(found->second);
    return std::any_of(includes.begin(), includes.end(),
                       [](const Include& include) { return include.header.rfind("Eigen", 0) == 0; });
  };
  for (const auto& [path, text] : program()) {
    if (fs::path(path).extension() != ".h" || path.rfind("app/", 0) == 0) continue;
    for (const Include& include : includesOf(text)) {
      EXPECT_NE(include.header, "nlohmann/json.hpp") << path << ": a header includes nlohmann/json_fwd.hpp";
      EXPECT_FALSE(include.isQuoted && includesEigen(include.header))
          << path << " includes " << include.header << ", which includes Eigen";
    }
  }
}

TEST(Layering, DevicesAreNamedInKernelsAndExecAlone) {
  for (const auto& [path, text] : program()) {
    if (path.rfind("kernels/", 0) == 0 || path.rfind("engine/exec/", 0) == 0) continue;
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number)
      EXPECT_FALSE(line.rfind("#if", 0) == 0 && line.find("CUDA") != std::string::npos) << path << ":" << number;
  }
}

TEST(Layering, OpsReachKernelsThroughTheTableOfTheDevice) {
  for (const auto& [path, text] : program()) {
    if (path.rfind("engine/ops/", 0) != 0) continue;
    for (size_t at = 0; (at = text.find("kernels::cpu::", at)) != std::string::npos; ++at)
      EXPECT_EQ(text.substr(at, 20), "kernels::cpu::tile::") << path << " would run on the CPU whatever the device";
  }
}

TEST(Layering, AFileOpensWithWhatItIs) {
  auto sources = sourcesBelow({"app", "engine", "kernels", "widgets", "tests"});
  for (const auto& [path, text] : sources) {
    EXPECT_EQ(text.rfind("// ", 0), 0u) << path << " does not open with a comment";
    if (fs::path(path).extension() == ".h") {
      // Highway's headers are read once for each instruction set and have a guard that toggles.
      const bool isGuarded =
          text.find("\n#pragma once\n") != std::string::npos || text.find("HWY_TARGET_TOGGLE") != std::string::npos;
      EXPECT_TRUE(isGuarded) << path << " lacks #pragma once";
    }
  }
}

TEST(LayeringError, RefusesWhatRunsUpwards) {
  EXPECT_EQ(verdict("engine/base/shape.h", "engine/ir/graph.h", true),
            "includes \"engine/ir/graph.h\": engine/base may not know engine/ir");
  EXPECT_EQ(verdict("engine/arch/editor.cpp", "engine/ir/graph.h", true),
            "includes \"engine/ir/graph.h\": engine/arch may not know engine/ir");
  EXPECT_EQ(verdict("kernels/cpu/softmax.cpp", "engine/base/shape.h", true),
            "includes \"engine/base/shape.h\": kernels may not know engine/base");
  EXPECT_EQ(verdict("engine/blocks/mlp/relu.cpp", "kernels/softmax.h", true),
            "includes \"kernels/softmax.h\": engine/blocks may not know kernels");
  EXPECT_EQ(verdict("engine/train/trainer.cpp", "engine/analysis/analysis.h", true),
            "includes \"engine/analysis/analysis.h\": engine/train may not know engine/analysis");
  EXPECT_EQ(verdict("widgets/form.cpp", "engine/workbench/workbench.h", true),
            "includes \"engine/workbench/workbench.h\": widgets may not know engine/workbench");
  EXPECT_EQ(verdict("engine/train/trainer.cpp", "QString", false),
            "includes <QString>: engine/train may not know that library");
  EXPECT_EQ(verdict("app/cli/main.cpp", "QCoreApplication", false),
            "includes <QCoreApplication>: app/cli may not know that library");
  EXPECT_EQ(verdict("engine/exec/planner.cpp", "oneapi/dnnl/dnnl.hpp", false),
            "includes <oneapi/dnnl/dnnl.hpp>: engine/exec may not know that library");
  EXPECT_EQ(verdict("engine/ops/softmax.cpp", "softmax.h", true),
            "includes \"softmax.h\", which is no path from the root");
  EXPECT_FALSE(verdict("engine/ops/softmax.cpp", "kernels/softmax.h", true));
  EXPECT_FALSE(verdict("engine/base/file.cpp", "sys/stat.h", false));
  EXPECT_FALSE(verdict("app/main.cpp", "QApplication", false));
}

TEST(LayeringError, SeesIncludesHoweverTheyAreWritten) {
  const auto found =
      includesOf("// a\n#include <vector>\n  #  include \"engine/base/shape.h\"  // why\n#include MACRO\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].header, "vector");
  EXPECT_FALSE(found[0].isQuoted);
  EXPECT_EQ(found[1].header, "engine/base/shape.h");
  EXPECT_TRUE(found[1].isQuoted);
  EXPECT_EQ(found[1].line, 3);
}

}  // namespace
}  // namespace fw
