// Writes every preset (shrunk) and every example of every block by the exporters that are named, with inputs, outputs
// and gradients that our engine computes. usage: write_exports FOLDER EXPORTER...
#include <filesystem>
#include <iostream>

#include "engine/arch/editor.h"
#include "engine/base/rng.h"
#include "engine/blocks/policy.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/io/arrays.h"
#include "engine/ir/autodiff.h"
#include "engine/presets/preset.h"
#include "engine/workbench/exporter.h"
#include "engine/workbench/workbench.h"
#include "tests/support/block_document.h"

namespace fw {
namespace {

Tensor randomTensor(const ir::TensorType& type, uint64_t seed, double scale) {
  Rng rng(seed);
  Tensor tensor = Tensor::make(type.dtype, type.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    if (type.dtype == DType::I64)
      tensor.data<int64_t>()[i] = rng.below(5);
    else
      tensor.data<float>()[i] = float(rng.normal() * scale);
  }
  return tensor;
}

void shrink(Editor& editor, const GraphPath& path, const Graph& graph) {
  static const std::map<std::string, int64_t> most = {{"vocabulary", 61}, {"hidden", 40}, {"count", 4}, {"width", 96}};
  for (const auto& [id, node] : graph.nodes) {
    for (const auto& [name, value] : node->params) {
      const auto limit = most.find(name);
      const int64_t* number = std::get_if<int64_t>(&value);
      if (limit != most.end() && number && *number > limit->second) editor.setParam(id, name, limit->second);
    }
    for (const auto& [name, body] : node->bodies) {
      GraphPath inner = path;
      inner.push_back({id, name});
      shrink(editor, inner, *body);
    }
  }
}

Architecture shrunk(const Architecture& architecture) {
  Editor editor(architecture, catalog());
  if (const auto width = architecture.variables.find("width");
      width != architecture.variables.end() && width->second > 96)
    editor.setVariable("width", 96);
  shrink(editor, {}, *architecture.root);
  return editor.result();
}

void writeCase(const std::filesystem::path& folder, const Architecture& architecture,
               const std::map<std::string, int64_t>& dims, const std::vector<std::string>& exporters) {
  std::filesystem::create_directories(folder);
  const auto model = lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = dims});
  std::map<std::string, Tensor> weights, data;
  uint64_t seed = 100;
  for (const ir::ParameterInfo& parameter : model->parameters)
    weights[parameter.name] = randomTensor(model->type({parameter.node, 0}), ++seed, 0.3);
  for (const std::string& id : exporters)
    for (const ExporterDef& exporter : allExporters())
      if (exporter.id == id)
        exporter.write({architecture, &weights, (folder / ("model" + exporter.extension)).string()});

  ir::Builder builder(*model);
  std::vector<ir::Value> results, seeds, wanted;
  std::vector<std::string> names;
  for (const ir::OutputInfo& output : model->outputs) {
    const ir::Value value = builder.value(output.value);
    if (value.dtype() != DType::F32) continue;
    results.push_back(value);
    seeds.push_back(builder.input("seed/" + output.name, value.type()));
  }
  for (const ir::ParameterInfo& parameter : model->parameters) {
    wanted.push_back(builder.value({parameter.node, 0}));
    names.push_back("gradient/" + parameter.name);
  }
  for (const ir::InputInfo& input : model->inputs)
    if (model->type({input.node, 0}).dtype == DType::F32) {
      wanted.push_back(builder.value({input.node, 0}));
      names.push_back("gradient/input/" + input.name);
    }
  const std::vector<ir::Value> gradients = ir::gradients(builder, results, wanted, seeds);
  for (size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].isValid()) builder.output(names[i], gradients[i]);
  ir::Graph graph = builder.finish();
  graph.probes.clear();

  const std::unique_ptr<Backend> backend = makeBackend("cpu");
  Store store(*backend);
  for (const auto& [name, tensor] : weights) store.set(name, tensor);
  Executor executor(
      std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(optimized(graph)), {.threads = 2})),
      store);
  for (const ir::InputInfo& input : executor.plan().graph->inputs) {
    const Tensor value = randomTensor(graph.type({graph.findInput(input.name)->node, 0}), ++seed, 1);
    executor.setInput(input.name, value);
    data[input.name.starts_with("seed/") ? input.name : "input/" + input.name] = value;
  }
  executor.run();
  for (const ir::OutputInfo& output : graph.outputs)
    data[output.name.starts_with("gradient/") ? output.name : "output/" + output.name] = executor.output(output.name);
  saveArrays((folder / "data.safetensors").string(), data);
}

}  // namespace
}  // namespace fw

int main(int argc, char** argv) {
  using namespace fw;
  if (argc < 3) {
    std::cerr << "usage: write_exports FOLDER EXPORTER...\n";
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  const std::vector<std::string> exporters(argv + 2, argv + argc);
  int failures = 0;
  const auto attempt = [&](const std::string& name, const Architecture& architecture,
                           const std::map<std::string, int64_t>& dims) {
    try {
      writeCase(folder / name, architecture, dims, exporters);
    } catch (const std::exception& error) {
      std::cerr << name << ": " << error.what() << '\n';
      ++failures;
    }
  };
  for (const PresetDef& preset : allPresets()) {
    const Architecture architecture = shrunk(preset.make(catalog()));
    attempt("preset." + preset.id, architecture, {{"B", 2 * smallestBatch(architecture)}, {"T", 11}});
  }
  // Layers that share their weights in each way there is.
  for (const WeightPolicyDef& policy : allWeightPolicies()) {
    Editor editor(shrunk(findPreset("char-lm")->make(catalog())), catalog());
    editor.setGroupPolicy("group", {.policy = policy.id});
    const Architecture before = editor.result();
    for (const auto& [id, node] : before.root->nodes)
      if (node->block == "structure.repeat") editor.setWeightGroup(id, "group");
    attempt("policy." + policy.id, editor.result(), {{"B", 2}, {"T", 11}});
  }
  for (const BlockDef& block : allBlocks())
    for (size_t i = 0; i < block.examples.size(); ++i)
      attempt(block.id + "." + std::to_string(i), testing::documentOf(block, block.examples[i], catalog()),
              block.examples[i].dims);
  return failures == 0 ? 0 : 1;
}
