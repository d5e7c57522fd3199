// analyze: an analysis on recorded activations, as CSV and JSON.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/arch/document_file.h"
#include "engine/base/file.h"
#include "engine/workbench/drop.h"
#include "engine/workbench/recording.h"
#include "engine/workbench/trade_off.h"

namespace fw::cli {
namespace {

struct Options {
  std::string model, task;
  std::vector<std::string> options, taskOptions;
  AnalyzeCall call;
  std::string out, drop, against;
  int64_t samples = 2048;
  bool isIterative = false, isOverSteps = false, isJson = false;
};

/// The analysis, or with --against and --steps the comparison.
AnalysisResult analysed(const Options& options, const OpenedModel& opened) {
  const AnalyzeCall& call = options.call;
  if (options.against.empty() && !options.isOverSteps) return analyze(call, interruptToken());
  if (call.analysis != "representations")
    throw Error(Code::Usage, "--against and --steps go with --analysis representations.");
  const Params complete = completeOptions(call.analysis, findAnalysis(call.analysis).params, call.options);
  const ComparisonDef& comparison = findComparison(std::get<std::string>(complete.at("comparison")));
  if (options.isOverSteps) {
    if (!opened.run) throw Error(Code::Usage, "--steps needs a run folder.");
    return compareSteps(call, *opened.run, comparison, options.samples, interruptToken());
  }
  const DepthSamples mine = depthSamples(call, options.model, options.samples, interruptToken());
  if (isRecording(options.against))
    return compareDepths(mine, depthSamples(RecordingFile(options.against)), comparison, interruptToken());
  const OpenedModel other = openModel(options.against);
  AnalyzeCall same = call;
  same.architecture = other.architecture;
  same.weights = other.weights;
  return naming(options.against, other, [&] {
    return compareDepths(mine, depthSamples(same, options.against, options.samples, interruptToken()), comparison,
                         interruptToken());
  });
}

/// "attention=4": what to drop and how many.
void parseDrop(const std::string& given, DropCall& call) {
  const size_t equals = given.find('=');
  const std::string count = equals == std::string::npos ? "" : given.substr(equals + 1);
  if (equals == 0 || count.empty() || count.size() > 6 || count.find_first_not_of("0123456789") != std::string::npos)
    throw Error(Code::Usage,
                text("--drop '", given, "' is no choice; expected PART=COUNT, such as attention=4, mlp=2, ",
                     kWholeBlock, "=1 or ", kJoint, "=3."));
  call.part = given.substr(0, equals);
  call.count = std::stoll(count);
}

/// Writes drop.json and model.fw.json into the folder; the JSON text.
std::string dropInto(const DropCall& call, const std::string& folder) {
  const Dropped dropped = dropLeast(call, interruptToken());
  const std::string json = dropJson(dropped, dropEffect(call.data, dropped.architecture, interruptToken()));
  writeFileAtomically(folder + "/drop.json", json);
  saveDocument(*dropped.architecture, folder + "/model.fw.json");
  return json;
}

/// MODEL is a folder of runs; the figures are for this machine unless the option "on" names another device.
AnalysisResult ofRuns(const Options& options) {
  Params rest = parseOptions(options.options);
  std::string on = "cpu";
  if (const auto at = rest.find("on"); at != rest.end()) {
    if (const std::string* name = std::get_if<std::string>(&at->second)) on = *name;
    rest.erase(at);
  }
  return analyzeRuns(options.call.analysis, rest, {options.model}, latencyModelOf(on, false, interruptToken()),
                     interruptToken());
}

void printDrop(const Json& drop) {
  std::cout << "dropped";
  for (const Json& item : drop["items"])
    std::cout << ' ' << item["part"].get<std::string>() << " of layer " << item["layer"] << " (influence "
              << item["influence"] << ")";
  std::cout << std::endl;
  for (const char* when : {"before", "after"}) {
    const Json& figures = drop[when];
    std::cout << when << ": loss " << figures["loss"] << ", perplexity " << figures["perplexity"];
    if (figures.contains("accuracy")) std::cout << ", accuracy " << figures["accuracy"];
    std::cout << ", " << shortNumber(figures["parameters"].get<double>()) << " parameters, "
              << figures["seconds"].get<double>() * 1e3 << " ms a pass" << std::endl;
  }
}

}  // namespace

void addAnalyze(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("analyze", "An analysis of activations on a task's or a file's data");
  const auto options = std::make_shared<Options>();
  AnalyzeCall& call = options->call;
  verb->add_option("MODEL", options->model, "Run folder, preset or .fw.json; for pareto a folder of runs")->required();
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
  CLI::Option* record = verb->add_option("--record", call.recordFile,
                                         "Also writes what the analysis looks at into this file (.safetensors)");
  verb->add_option("--samples", options->samples, "Tokens that are recorded or compared, spread over the data; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI::Option* against =
      verb->add_option(
              "--against", options->against,
              "With representations: every depth with every depth of this recording or MODEL, on the same data")
          ->excludes(record);
  verb->add_flag("--steps", options->isOverSteps,
                 "With representations: the kept checkpoints of the run (train --keep-checkpoints)")
      ->excludes(record)
      ->excludes(against);
  CLI::Option* drop =
      verb->add_option(
              "--drop", options->drop,
              "PART=COUNT: leaves out what has least influence and tells the figures before and after; PART is "
              "block, attention, mlp (the name of any part) or joint")
          ->excludes(data);
  verb->add_flag("--iterative", options->isIterative, "Ranks again after each drop")->needs(drop);
  verb->add_flag("--json", options->isJson, "The result as one JSON object on stdout too");
  verb->callback([options] {
    AnalyzeCall& call = options->call;
    DropCall dropping{.isIterative = options->isIterative};
    if (!options->drop.empty()) parseDrop(options->drop, dropping);
    const auto write = [&](const AnalysisResult& result) {
      writeAnalysis(result, options->out);
      for (const std::string& warning : result.warnings) std::cerr << "warning: " << warning << std::endl;
    };
    if (findAnalysis(call.analysis).ofRuns) {
      const AnalysisResult result = ofRuns(*options);
      write(result);
      if (options->isJson) return printJson(parseJson(analysisJson(result), "result"));
      std::cout << "wrote " << options->out << " (" << result.recipe << ")" << std::endl;
      return;
    }
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
    call.modelName = options->model;
    call.recordSamples = options->samples;
    const AnalysisResult result = naming(options->model, opened, [&] { return analysed(*options, opened); });
    write(result);
    Json json = parseJson(analysisJson(result), "result");
    if (!options->drop.empty()) {
      dropping.data = call;
      json["drop"] =
          parseJson(naming(options->model, opened, [&] { return dropInto(dropping, options->out); }), "drop");
    }
    if (options->isJson) return printJson(json);
    std::cout << "wrote " << options->out << " (" << result.recipe << ")" << std::endl;
    if (json.contains("drop")) printDrop(json["drop"]);
  });
}

}  // namespace fw::cli
