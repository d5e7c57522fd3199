// export: a model as a file of another tool.
#include <iostream>

#include "app/cli/command.h"
#include "engine/base/error.h"
#include "engine/io/arrays.h"
#include "engine/workbench/exporter.h"

namespace fw::cli {

void addExport(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("export", "A model as a file of another tool");
  struct Options {
    std::string model, to, path, source, weights;
    std::vector<std::string> options;
    uint64_t seed = 0;
  };
  const auto options = std::make_shared<Options>();
  std::vector<std::string> names;
  for (const ExporterDef& exporter : allExporters()) names.push_back(exporter.id);
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--to", options->to, "Format")->required()->check(CLI::IsMember(names));
  verb->add_option("--out", options->path, "File or folder")->required();
  verb->add_option("--option", options->options, "name=value, again for more; see: list exporters --json");
  verb->add_option("--source", options->source,
                   "The Hugging Face folder that MODEL was edited from: its weights and its tokenizer; default: MODEL "
                   "itself where it is one");
  verb->add_option("--weights", options->weights, "Parameters by module path (.safetensors or .npz)");
  CLI::Option* seed = verb->add_option("--seed", options->seed, "Writes starting weights where the model has none");
  verb->callback([options, seed] {
    OpenedModel opened = openModel(options->model);
    if (!opened.family.empty() && options->source.empty()) options->source = options->model;
    naming(options->model, opened, [&] {
      if (!options->weights.empty())
        opened.weights = weightsFor(*opened.architecture, loadArrays(options->weights));
      else if (!options->source.empty() && options->source != options->model)
        opened.weights = weightsFor(*opened.architecture, openModel(options->source).weights);
      if (opened.weights.empty() && seed->count() > 0)
        opened.weights = startingWeights(*opened.architecture, options->seed);
      for (const ExporterDef& exporter : allExporters())
        if (exporter.id == options->to)
          exporter.write({.architecture = *opened.architecture,
                          .weights = opened.weights.empty() ? nullptr : &opened.weights,
                          .path = options->path,
                          .source = options->source,
                          .options = parseOptions(options->options)});
    });
    std::cerr << "wrote " << options->path << std::endl;
  });
}

}  // namespace fw::cli
