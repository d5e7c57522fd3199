// train: a run on a task, into a run folder.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/presets/preset.h"

namespace fw::cli {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> taskOptions, optimizerOptions;
  std::string task;
  int64_t steps = 0, batch = 0;
  double rate = 0;
  TrainCall call;
  bool isJson = false;
};

/// What a preset knows of its own training fills what the user left open.
void fillFromPreset(Options& options) {
  TrainOptions& training = options.call.options;
  const PresetDef* preset = findPreset(options.model);
  training.task = !options.task.empty() ? options.task : preset && !preset->task.empty() ? preset->task : "mqar";
  if (preset && preset->task == training.task)
    for (const auto& [name, value] : preset->taskOptions) training.taskOptions.emplace(name, value);
  training.steps = options.steps > 0 ? options.steps : preset && preset->steps > 0 ? preset->steps : 1000;
  training.batch = options.batch > 0 ? options.batch : preset && preset->batch > 0 ? preset->batch : 32;
  training.learningRate = options.rate > 0 ? options.rate : preset ? preset->learningRate : 0;
}

Json toJson(const Evaluation& evaluation) {
  Json json = {{"loss", evaluation.loss}, {"rows", evaluation.rows}};
  for (const auto& [name, value] : evaluation.measures) json[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  return json;
}

void work(Options& options) {
  const OpenedModel opened = openModel(options.model);
  options.call.architecture = opened.architecture;
  options.call.options.taskOptions = parseOptions(options.taskOptions);
  options.call.options.optimizerOptions = parseOptions(options.optimizerOptions);
  if (options.call.isResumed) {
    const RunInfo info = readRun(options.call.out);
    const int64_t steps = options.steps > 0 ? options.steps : info.options.steps;
    options.call.options = info.options;
    options.call.options.steps = steps;
    options.call.architecture = openModel(options.call.out.string()).architecture;
  } else {
    fillFromPreset(options);
    options.call.weights = opened.weights;
  }
  TrainObserver observer;
  int64_t lastPrinted = 0;
  observer.onStep = [&](const StepReport& report, int64_t steps, double secondsLeft) {
    if (report.step != steps && report.step - lastPrinted < std::max<int64_t>(1, steps / 50)) return;
    lastPrinted = report.step;
    char line[200];
    const auto accuracy = report.measures.find("accuracy");
    std::snprintf(line, sizeof line, "step %lld / %lld  loss %.4f  accuracy %.3f  %.0f ms a step  %.0f s left",
                  static_cast<long long>(report.step), static_cast<long long>(steps), report.loss,
                  accuracy == report.measures.end() ? NAN : accuracy->second, report.seconds * 1e3, secondsLeft);
    std::cerr << line << std::endl;
  };
  const TrainResult result =
      naming(options.model, opened, [&] { return train(options.call, observer, interruptToken()); });
  Json json = {{"run", options.call.out.string()},
               {"steps", result.steps},
               {"seconds", result.seconds},
               {"cancelled", result.wasCancelled}};
  if (!result.wasCancelled) json["test"] = toJson(result.final);
  if (options.isJson) return printJson(json);
  std::cout << "run " << options.call.out.string() << ": " << result.steps << " steps in " << result.seconds << " s";
  if (!result.wasCancelled) {
    std::cout << ", test loss " << result.final.loss;
    for (const auto& [name, value] : result.final.measures) std::cout << ", " << name << ' ' << value;
  }
  std::cout << std::endl;
}

}  // namespace

void addTrain(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("train", "Train a model on a task into a run folder");
  const auto options = std::make_shared<Options>();
  TrainCall& call = options->call;
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--task", options->task, "See: list tasks");
  verb->add_option("--task-option", options->taskOptions, "name=value, again for more");
  verb->add_option("--optimizer", call.options.optimizer, "adamw, sgd or muon")->capture_default_str();
  verb->add_option("--optimizer-option", options->optimizerOptions, "name=value, again for more");
  verb->add_option("--steps", options->steps, "Optimiser steps; default: the preset's, else 1000")
      ->check(CLI::PositiveNumber);
  verb->add_option("--batch", options->batch, "Rows of a step; default: the preset's, else 32")
      ->check(CLI::PositiveNumber);
  verb->add_option("--accumulate", call.options.accumulate, "Pieces a step is computed in")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--lr", options->rate, "Learning rate; default: the preset's, else the optimiser's")
      ->check(CLI::PositiveNumber);
  verb->add_option("--warmup", call.options.warmup, "Share of the steps")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_option("--clip", call.options.clip, "Global norm of the gradient; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--seed", call.options.seed, "Of weights and data")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--device", call.device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  verb->add_option("--eval-every", call.evaluateEvery, "Steps between tests; 0: at the end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--checkpoint-every", call.checkpointEvery, "Steps between checkpoints; 0: at the end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_flag("--keep-checkpoints", call.keepsCheckpoints, "Each one's parameters stay, for analyze --steps");
  verb->add_option("--out", call.out, "Run folder")->required();
  verb->add_flag("--resume", call.isResumed, "Goes on from the checkpoint in --out with its options");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] { work(*options); });
}

namespace {

/// The task "text": options file (needed), context and tokens (at most; 0: all).
void evaluateOnText(const std::string& model, const OpenedModel& opened, const Params& given, TextOptions options,
                    bool isJson) {
  options.tokenizer = findTokenizer(model);
  std::string file;
  for (const auto& [name, value] : given) {
    const int64_t* number = std::get_if<int64_t>(&value);
    if (name == "file")
      file = toText(value);
    else if (name == "context" && number && *number > 0)
      options.context = *number;
    else if (name == "tokens" && number && *number >= 0)
      options.most = *number;
    else
      throw Error(Code::Usage, text("[text] option '", name, "' is ", toText(value),
                                    "; expected file=PATH, context=N of at least 1 or tokens=N."));
  }
  if (file.empty()) throw Error(Code::Usage, "[text] --task-option file=PATH is needed.");
  options.text = readFile(file);
  const TextEvaluation result = naming(
      model, opened, [&] { return evaluateText(*opened.architecture, opened.weights, options, interruptToken()); });
  if (isJson)
    return printJson({{"task", "text"},
                      {"loss", result.loss},
                      {"perplexity", result.perplexity},
                      {"bits_per_byte", result.bitsPerByte},
                      {"accuracy", result.accuracy},
                      {"tokens", result.tokens},
                      {"bytes", result.bytes}});
  std::cout << "text: loss " << result.loss << ", perplexity " << result.perplexity << ", bits per byte "
            << result.bitsPerByte << ", accuracy " << result.accuracy << " over " << result.tokens << " tokens"
            << std::endl;
}

}  // namespace

void addEval(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("eval", "Loss and measures on the test split of a task");
  struct Eval {
    std::string model, task;
    std::vector<std::string> taskOptions;
    uint64_t seed = 1;
    int64_t batches = 16, batch = 32;
    std::string device = "cpu";
    WeightFormat weightFormat = WeightFormat::Stored;
    bool isJson = false;
  };
  const auto options = std::make_shared<Eval>();
  verb->add_option("MODEL", options->model, "Run folder, preset or .fw.json")->required();
  verb->add_option("--task", options->task,
                   "See: list tasks, or text with the options file, context, tokens; default: the run's");
  verb->add_option("--task-option", options->taskOptions, "name=value, again for more");
  verb->add_option("--batches", options->batches, "Test batches")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--batch", options->batch, "Rows of each")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--seed", options->seed, "Of the data")->check(CLI::NonNegativeNumber)->capture_default_str();
  verb->add_option("--device", options->device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  addWeightsDtype(*verb, options->weightFormat);
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel opened = openModel(options->model);
    Params taskOptions = parseOptions(options->taskOptions);
    if (opened.run && (options->task.empty() || options->task == readRun(*opened.run).options.task)) {
      const RunInfo info = readRun(*opened.run);
      options->task = info.options.task;
      for (const auto& [name, value] : info.options.taskOptions) taskOptions.emplace(name, value);
    }
    if (options->task.empty()) throw Error(Code::Usage, "--task is needed: the model is no run folder.");
    if (options->task == "text")
      return evaluateOnText(options->model, opened, taskOptions,
                            {.device = options->device, .weightFormat = options->weightFormat}, options->isJson);
    if (options->weightFormat != WeightFormat::Stored)
      throw Error(Code::Usage, "--weights-dtype goes with --task text; other tasks are evaluated in f32.");
    const Evaluation evaluation = naming(options->model, opened, [&] {
      return evaluate(*opened.architecture, opened.weights, options->task, taskOptions, options->seed, options->batches,
                      options->batch, options->device, interruptToken());
    });
    Json json = toJson(evaluation);
    json["task"] = options->task;
    if (options->isJson) return printJson(json);
    std::cout << options->task << ": loss " << evaluation.loss;
    for (const auto& [name, value] : evaluation.measures) std::cout << ", " << name << ' ' << value;
    std::cout << std::endl;
  });
}

}  // namespace fw::cli
