// What the exporters share, and what they refuse.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "engine/base/file.h"
#include "engine/presets/preset.h"
#include "engine/workbench/export/modules.h"
#include "engine/workbench/export/onnx_graph.h"
#include "engine/workbench/export/portable_graph.h"
#include "engine/workbench/export/torch_forms.h"
#include "engine/workbench/export/torch_writer.h"
#include "engine/workbench/exporter.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

const ExporterDef& exporter(const std::string& id) {
  for (const ExporterDef& one : allExporters())
    if (one.id == id) return one;
  throw Error(Code::Internal, "no exporter " + id);
}

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("fw_export_" + name)).string();
}

TEST(SymbolicSize, ReadsAsArithmetic) {
  EXPECT_EQ((SymbolicSize{.constant = 7}.toString()), "7");
  EXPECT_EQ((SymbolicSize{.batch = 1}.toString()), "B");
  EXPECT_EQ((SymbolicSize{.batch = 1, .divisor = 2}.toString()), "B // 2");
  EXPECT_EQ((SymbolicSize{.constant = -1, .time = 1}.toString()), "T - 1");
  EXPECT_EQ((SymbolicSize{.constant = 1, .time = 2, .both = 3, .divisor = 4}.toString()),
            "(3 * B * T + 2 * T + 1) // 4");
  EXPECT_EQ((SymbolicSize{.time = 1}.toString("b", "t")), "t");
}

TEST(PortableGraph, SizesFollowBatchAndTime) {
  const Architecture model = findPreset("char-lm")->make(catalog());
  const PortableGraph portable = PortableGraph::of(model, hasTorchForm);
  EXPECT_TRUE(portable.hasTime());
  ASSERT_EQ(portable.graph().outputs.size(), 1u);
  const SymbolicSizes dims = portable.dims(portable.graph().outputs[0].value);
  ASSERT_EQ(dims.size(), 3u);
  EXPECT_EQ(dims[0], (SymbolicSize{.batch = 1}));
  EXPECT_EQ(dims[1], (SymbolicSize{.time = 1}));
  EXPECT_TRUE(dims[2].isConstant());
}

TEST(ModuleTree, HoldsEachStepAndEachParameterOnce) {
  for (const PresetDef& preset : allPresets()) {
    if (!preset.isTemplate) continue;
    SCOPED_TRACE(preset.id);
    const PortableGraph portable = PortableGraph::of(preset.make(catalog()), hasTorchForm);
    const ir::Graph& graph = portable.graph();
    const ModuleTree tree = moduleTree(graph);
    std::set<int> nodes, parameters;
    size_t calls = 0;
    for (const Module& module : tree.modules) {
      for (const ModuleStep& step : module.steps) {
        if (step.node >= 0) {
          EXPECT_TRUE(nodes.insert(step.node).second);
        }
        calls += step.child >= 0;
      }
      for (const int p : module.parameters) {
        EXPECT_TRUE(parameters.insert(p).second);
        const std::string& name = graph.parameters[size_t(p)].name;
        EXPECT_TRUE(module.path.empty() || name.starts_with(module.path + ".")) << name;
      }
    }
    EXPECT_EQ(calls, tree.modules.size() - 1);
    EXPECT_EQ(parameters.size(), graph.parameters.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) EXPECT_EQ(nodes.contains(int(i)), tree.moduleOf[i] >= 0);
  }
}

TEST(TorchSource, RepeatsAreLoopsAndClassesAreWrittenOnce) {
  const std::string source = torchSource(findPreset("llama-3-8b")->make(catalog()));
  const auto count = [&](const std::string& words) {
    int found = 0;
    for (size_t at = source.find(words); at != std::string::npos; at = source.find(words, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("for layer in self.layers:"), 1);
  EXPECT_EQ(count("layers: int = 32"), 1);
  EXPECT_EQ(count("parameters: int = 8030261248"), 1);
  EXPECT_EQ(count("\nclass RmsNorm"), 1);
  EXPECT_EQ(count("\nclass GatedMlp"), 1);
  EXPECT_LT(source.size(), 16'000u);
}

TEST(OnnxModel, EqualModulesShareAFunction) {
  const OnnxModel model = onnxModel(findPreset("llama-3-8b")->make(catalog()));
  EXPECT_LT(model.functions.size(), 10u);
  EXPECT_EQ(model.parameters.size(), 32u * 9 + 3);
  std::set<std::string> names;
  for (const OnnxBody& function : model.functions) EXPECT_TRUE(names.insert(function.name).second) << function.name;
}

TEST(ExportError, SaysWhatIsMissing) {
  const Architecture model = findPreset("char-lm")->make(catalog());
  std::map<std::string, Tensor> weights = startingWeights(model, 1);
  weights.erase("embedding.weight");
  expectError(
      [&] {
        exporter("onnx").write({model, &weights, temporary("missing.onnx")});
      },
      Code::Data, "[onnx] there is no weight 'embedding.weight'.");
  EXPECT_FALSE(std::filesystem::exists(temporary("missing.onnx")));
  for (const char* id : {"onnx", "pytorch", "dot", "mermaid", "svg", "pdf", "tikz", "model-explorer"})
    EXPECT_THROW(exporter(id).write({model, nullptr, "/proc/nothing/x" + exporter(id).extension}), Error) << id;
}

TEST(ExportError, OptionsAndSourcesThatDoNotFitAreNamed) {
  const Architecture model = findPreset("char-lm")->make(catalog());
  const auto refused = [&](const std::string& id, const Params& options, const std::string& sentence) {
    expectError(
        [&] {
          exporter(id).write(
              {.architecture = model, .path = temporary("refused") + exporter(id).extension, .options = options});
        },
        Code::Usage, sentence);
  };
  refused("onnx", {{"unroll", true}},
          "[onnx] a scan is unrolled for one length; expected the option time=N beside unroll.");
  refused(
      "mergekit", {},
      "[mergekit] the model was opened from no Hugging Face folder whose layers could be stacked anew; expected one "
      "(--source).");
  EXPECT_THROW(
      exporter("huggingface").write({.architecture = model, .path = temporary("refused"), .options = {{"soup", true}}}),
      Error);
}

TEST(OnnxModel, LengthsMayBeFixed) {
  const Architecture model = findPreset("mamba-copy")->make(catalog());
  const OnnxModel open = onnxModel(model), fixed = onnxModel(model, {.time = 9});
  ASSERT_EQ(open.graph.inputs.size(), 1u);
  EXPECT_EQ(open.graph.inputs[0].dims[1], (SymbolicSize{.time = 1}));
  EXPECT_EQ(fixed.graph.inputs[0].dims[0], (SymbolicSize{.batch = 1}));
  EXPECT_EQ(fixed.graph.inputs[0].dims[1], (SymbolicSize{.constant = 9}));
  const auto scans = [](const OnnxModel& of) {
    int count = 0;
    for (const OnnxBody& body : of.functions)
      for (const OnnxNode& node : body.nodes) count += node.op == "Scan";
    return count;
  };
  EXPECT_GT(scans(fixed), 0);
  EXPECT_EQ(scans(onnxModel(model, {.time = 9, .unrollsScans = true})), 0);
  EXPECT_EQ(scans(onnxModel(model, {.unrollsScans = true})), scans(open));
}

TEST(ExportError, AModelWithMistakesIsRefusedWithTheirText) {
  const Architecture empty;
  for (const char* id : {"onnx", "pytorch"})
    expectError(
        [&] {
          exporter(id).write({empty, nullptr, temporary("empty") + exporter(id).extension});
        },
        Code::Graph, "[] the model has no output.");
}

}  // namespace
}  // namespace fw
