// Writes every preset (shrunk), containers and every example of every block by the exporters that are named, with
// inputs, outputs, gradients and, of causal language models, the likeliest text that our engine computes. usage:
// write_exports FOLDER EXPORTER...
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>

#include "engine/arch/editor.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/blocks/policy.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/io/arrays.h"
#include "engine/ir/autodiff.h"
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"
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

/// A prompt and the 32 likeliest tokens after it, one by one with the model's states; none for what cannot be run so.
std::optional<Tensor> greedyText(const Architecture& architecture, const std::map<std::string, Tensor>& weights) {
  const auto named = [&](const char* block, const char* name) {
    return std::any_of(architecture.root->nodes.begin(), architecture.root->nodes.end(),
                       [&](const auto& node) { return node.second->block == block && node.second->name == name; });
  };
  if (!named(kInBlock, "tokens") || !named(kOutBlock, "logits") || smallestBatch(architecture) > 1) return std::nullopt;
  if (longestTime(architecture, 37) < 37) return std::nullopt;
  try {
    const std::vector<int64_t> tokens =
        generate(architecture, weights, {.prompt = {3, 1, 4, 1, 5}, .tokens = 32, .temperature = 0});
    return Tensor::fromInts({1, int64_t(tokens.size())}, tokens);
  } catch (const Error& error) {
    std::cout << architecture.name << " writes no text: " << error.what() << '\n';
    return std::nullopt;
  }
}

/// Inputs, outputs and gradients at these sizes, and `more`.
void writeData(const std::string& path, const Architecture& architecture, const std::map<std::string, Tensor>& weights,
               const std::map<std::string, int64_t>& dims, uint64_t seed,
               const std::map<std::string, Tensor>& more = {}) {
  const auto model = lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = dims});
  std::map<std::string, Tensor> data = more;
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
  saveArrays(path, data);
}

void writeCase(const std::filesystem::path& folder, const Architecture& architecture,
               const std::map<std::string, int64_t>& dims, const std::vector<std::string>& exporters,
               const std::map<std::string, int64_t>& otherDims = {}) {
  std::filesystem::create_directories(folder);
  const auto model = lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = dims});
  std::map<std::string, Tensor> weights;
  uint64_t seed = 100;
  for (const ir::ParameterInfo& parameter : model->parameters) {
    // Sums over many inputs stay of the size of one: else a softmax behind them would be all or nothing.
    const ir::TensorType& type = model->type({parameter.node, 0});
    const double inputs = type.shape.rank() > 1 ? double(type.shape[-1]) : 1;
    weights[parameter.name] = randomTensor(type, ++seed, inputs > 100 ? 1 / std::sqrt(inputs) : 0.3);
  }
  for (const std::string& id : exporters)
    for (const ExporterDef& exporter : allExporters())
      if (exporter.id == id)
        exporter.write({architecture, &weights, (folder / ("model" + exporter.extension)).string()});
  std::map<std::string, Tensor> text;
  if (const std::optional<Tensor> tokens = greedyText(architecture, weights)) text["greedy"] = *tokens;
  writeData((folder / "data.safetensors").string(), architecture, weights, dims, seed, text);
  if (!otherDims.empty())
    writeData((folder / "other.data.safetensors").string(), architecture, weights, otherDims, seed + 50);
}

void addSublayer(Sketch& layer, const char* block, const Params& params, const char* norm) {
  layer.sublayer("norm.rms", block, params, {}, norm);
}

/// A text model around what `write` adds.
Architecture around(const std::string& name, const std::function<void(Sketch&)>& write) {
  Sketch sketch(name, catalog());
  sketch.variable("width", 24);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(11)}, {"width", std::string("=width")}});
  write(sketch);
  sketch.add("norm.layer", {}, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", int64_t(11)}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

/// Containers, which have no examples: groups, patterns, stacks in stacks, layers with something of their own.
std::map<std::string, Architecture> containers() {
  const Params attention = {{"heads", int64_t(4)}}, mlp = {{"hidden", int64_t(33)}};
  std::map<std::string, Architecture> all;
  all["group"] = around("Group", [&](Sketch& sketch) {
    Sketch inside = sketch.inside(sketch.add("structure.group"), "body");
    addSublayer(inside, "attention.multi_head", attention, "norm_attention");
    addSublayer(inside, "mlp.gated", mlp, "norm_mlp");
    inside.finish();
  });
  all["pattern"] = around("Pattern", [&](Sketch& sketch) {
    const NodeId layers = sketch.add("structure.repeat", {{"count", int64_t(5)}, {"pattern", std::string("AM-")}});
    for (const auto& [letter, block] : {std::pair{"A", "attention.multi_head"}, {"M", "ssm.mamba"}, {"-", "mlp.mlp"}}) {
      Sketch layer = sketch.inside(layers, letter);
      addSublayer(layer, block, *letter == 'A' ? attention : *letter == '-' ? mlp : Params{}, "norm_mixer");
      layer.finish();
    }
  });
  all["nested"] = around("Nested", [&](Sketch& sketch) {
    Sketch outer = sketch.inside(sketch.add("structure.repeat", {{"count", int64_t(2)}}));
    Sketch inner = outer.inside(outer.add("structure.repeat", {{"count", int64_t(3)}}));
    addSublayer(inner, "mlp.gated", mlp, "norm_mlp");
    inner.finish();
    addSublayer(outer, "attention.multi_head", attention, "norm_attention");
    outer.finish();
  });
  NodeId repeat = 0;
  Architecture alike = around("Overrides", [&](Sketch& sketch) {
    repeat = sketch.add("structure.repeat", {{"count", int64_t(4)}});
    Sketch layer = sketch.inside(repeat);
    addSublayer(layer, "attention.multi_head", attention, "norm_attention");
    addSublayer(layer, "mlp.gated", mlp, "norm_mlp");
    layer.finish();
  });
  Editor editor(alike, catalog());
  const Graph& body = *findNode(alike, repeat)->bodies.at("layer");
  std::vector<NodeId> sums;
  for (const auto& [id, node] : body.nodes) {
    if (node->block == "structure.residual") sums.push_back(id);
    if (node->block == "mlp.gated") editor.setLayerParam(repeat, 2, id, "hidden", int64_t(7));
    if (node->block == "attention.multi_head") editor.setLayerParam(repeat, 0, id, "heads", int64_t(2));
  }
  editor.setLayerMuted(repeat, 1, sums.front(), true);
  editor.setLayerMuted(repeat, 3, sums.back(), true);
  all["overrides"] = editor.result();
  return all;
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
                           const std::map<std::string, int64_t>& dims,
                           const std::map<std::string, int64_t>& otherDims = {}) {
    try {
      writeCase(folder / name, architecture, dims, exporters, otherDims);
    } catch (const std::exception& error) {
      std::cerr << name << ": " << error.what() << '\n';
      ++failures;
    }
  };
  for (const PresetDef& preset : allPresets()) {
    const Architecture architecture = shrunk(preset.make(catalog()));
    const int64_t rows = smallestBatch(architecture);
    attempt("preset." + preset.id, architecture, {{"B", 2 * rows}, {"T", 11}}, {{"B", rows}, {"T", 17}});
  }
  for (const auto& [name, architecture] : containers())
    attempt("container." + name, architecture, {{"B", 2}, {"T", 7}}, {{"B", 3}, {"T", 1}});
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
