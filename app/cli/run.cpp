// run: one forward pass from file to file.
#include <iostream>

#include "app/cli/command.h"
#include "engine/io/arrays.h"

namespace fw::cli {

void addRun(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("run", "One forward pass on arrays from a file");
  struct Options {
    std::string model, weights, input, output;
    RunOptions run;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--weights", options->weights, "Parameters by module path (.safetensors or .npz)");
  verb->add_option("--input", options->input, "Arrays named as the model's inputs (.npz or .safetensors)")->required();
  verb->add_option("--output", options->output, "Where the outputs go (.npz or .safetensors)")->required();
  verb->add_option("--seed", options->run.seed, "Of starting weights where there are none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--device", options->run.device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  addWeightsDtype(*verb, options->run.weightFormat);
  verb->add_option("--record", options->run.record, "Glob over probe names: recorded values join the outputs");
  verb->callback([options] {
    requireArraysName(options->output);
    const OpenedModel opened = openModel(options->model);
    options->run.inputs = loadArrays(options->input);
    options->run.weights = options->weights.empty() ? opened.weights : loadArrays(options->weights);
    saveArrays(options->output, naming(options->model, opened,
                                       [&] { return run(*opened.architecture, options->run, interruptToken()); }));
    std::cerr << "wrote " << options->output << std::endl;
  });
}

}  // namespace fw::cli
