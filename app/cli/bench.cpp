// bench: a model on the clock.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/tensor.h"

namespace fw::cli {

void addBench(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("bench", "Time of a forward pass, a decode step or a training step");
  struct Options {
    std::string model;
    BenchOptions bench;
    bool isJson = false;
  };
  const auto options = std::make_shared<Options>();
  BenchOptions& bench = options->bench;
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--batch", bench.batch, "Sequences; default: 1, or the fewest that a Fork can deal out")
      ->check(CLI::PositiveNumber);
  verb->add_option("--time", bench.time, "Tokens of each; for decode, those already in the cache")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--mode", bench.mode, "What is timed")
      ->check(CLI::IsMember({"prefill", "decode", "train"}))
      ->capture_default_str();
  verb->add_option("--device", bench.device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
  addWeightsDtype(*verb, bench.weightFormat);
  verb->add_option("--repeat", bench.repeat, "Repetitions; the median is told")
      ->check(CLI::Range(int64_t(1), int64_t(100000)))
      ->capture_default_str();
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel opened = openModel(options->model);
    options->bench.weights = opened.weights;
    const BenchReport report = naming(
        options->model, opened, [&] { return fw::bench(*opened.architecture, options->bench, interruptToken()); });
    if (options->isJson)
      return printJson({{"mode", options->bench.mode},
                        {"median_seconds", report.median},
                        {"seconds", report.seconds},
                        {"flops_per_second", report.flopsPerSecond},
                        {"peak_bytes", report.peakBytes}});
    std::cout << options->bench.mode << ": " << report.median * 1e3 << " ms (median of " << report.seconds.size()
              << "), " << shortNumber(report.flopsPerSecond) << "FLOP/s, " << formatBytes(double(report.peakBytes))
              << '\n';
  });
}

}  // namespace fw::cli
