// analyze: an analysis on recorded activations, as CSV and JSON.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"

namespace fw::cli {

void addAnalyze(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("analyze", "An analysis of activations on a task's or a file's data");
  struct Options {
    std::string model, task;
    std::vector<std::string> options, taskOptions;
    AnalyzeCall call;
    std::string out;
    bool isJson = false;
  };
  const auto options = std::make_shared<Options>();
  AnalyzeCall& call = options->call;
  verb->add_option("MODEL", options->model, "Run folder, preset or .fw.json")->required();
  verb->add_option("--analysis", call.analysis, "See: list analyses")->required();
  verb->add_option("--option", options->options, "name=value, again for more");
  CLI::Option* data =
      verb->add_option("--data", call.dataFile, "Arrays named as the model's inputs (.npz or .safetensors)");
  verb->add_option("--task", options->task, "Data from this task; default: the run's, else mqar")->excludes(data);
  verb->add_option("--task-option", options->taskOptions, "name=value, again for more");
  verb->add_option("--batches", call.batches, "Batches of the task")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--batch", call.batch, "Rows of each")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--seed", call.seed, "Of data and starting weights")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--device", call.device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  verb->add_option("--out", options->out, "Folder for CSV and JSON")->required();
  verb->add_flag("--json", options->isJson, "The result as one JSON object on stdout too");
  verb->callback([options] {
    AnalyzeCall& call = options->call;
    const OpenedModel opened = openModel(options->model);
    call.architecture = opened.architecture;
    call.weights = opened.weights;
    call.options = parseOptions(options->options);
    call.taskOptions = parseOptions(options->taskOptions);
    if (!options->task.empty()) call.task = options->task;
    if (opened.run && call.dataFile.empty()) {
      const RunInfo info = readRun(*opened.run);
      if (options->task.empty()) call.task = info.options.task;
      if (call.task == info.options.task)
        for (const auto& [name, value] : info.options.taskOptions) call.taskOptions.emplace(name, value);
    }
    const AnalysisResult result = naming(options->model, opened, [&] { return analyze(call, interruptToken()); });
    writeAnalysis(result, options->out);
    for (const std::string& warning : result.warnings) std::cerr << "warning: " << warning << std::endl;
    if (options->isJson)
      std::cout << analysisJson(result);
    else
      std::cout << "wrote " << options->out << " (" << result.recipe << ")" << std::endl;
  });
}

}  // namespace fw::cli
