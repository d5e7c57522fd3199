// cost: parameters, FLOPs, bytes and memory, counted on the null device.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/tensor.h"
#include "engine/workbench/calibration.h"
#include "engine/workbench/trade_off.h"

namespace fw::cli {
namespace {

/// Time on a device, and what bounds it.
Json timeOn(const Architecture& architecture, const CostOptions& options, const LatencyModel& device) {
  const std::vector<StepCost> steps = stepCosts(*planOf(architecture, options));
  const double tokens = double(options.time) * double(options.batch > 0 ? options.batch : smallestBatch(architecture));
  const double total = device.runSeconds(steps, options.mode == "train" ? tokens : 0);
  double byMemory = 0, picojoules = 0, inSteps = 0;
  for (const StepCost& step : steps) {
    const double seconds = device.seconds(step);
    inSteps += seconds;
    if (device.bound(step) == Bound::Memory) byMemory += seconds;
    picojoules += energyPicojoules(step.cost);
  }
  return {{"device", device.title()},
          {"source", device.source()},
          {"peak_flops", device.roofs().peak},
          {"bandwidth", device.roofs().bandwidth},
          {"is_measured", device.isMeasured()},
          {"seconds", total},
          {"memory_bound_share", inSteps > 0 ? byMemory / inSteps : 0},
          {"counted_picojoules", picojoules}};
}

}  // namespace

void addCost(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("cost", "Parameters, FLOPs, bytes and memory; allocates no weights");
  struct Options {
    std::string model;
    CostOptions cost;
    bool isPerBlock = false, isJson = false, isCalibrating = false;
    std::string device;
    int bits = 32;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--batch", options->cost.batch, "Sequences; default: 1, or the fewest that a Fork can deal out")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 30));
  verb->add_option("--time", options->cost.time, "Tokens of each; for decode, those already in the cache")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 30))
      ->capture_default_str();
  verb->add_option("--mode", options->cost.mode, "What is counted")
      ->check(CLI::IsMember({"prefill", "decode", "train"}))
      ->capture_default_str();
  CLI::Option* device =
      verb->add_option("--device", options->device,
                       "Predicts the time too: cpu (calibrated by measurement) or a data sheet, such as h100");
  verb->add_option("--bits", options->bits, "Of values and products on a device with a data sheet")
      ->check(CLI::IsMember({16, 32}))
      ->needs(device)
      ->capture_default_str();
  verb->add_flag("--calibrate", options->isCalibrating, "Measures this machine anew")->needs(device);
  verb->add_flag("--per-block", options->isPerBlock, "Each node of the document too");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel opened = openModel(options->model, false);
    const CostReport report = naming(options->model, opened, [&] { return cost(*opened.architecture, options->cost); });
    Json timed;
    if (options->isCalibrating) calibrationOf("cpu", true, interruptToken());
    if (!options->device.empty())
      timed = naming(options->model, opened, [&] {
        return timeOn(*opened.architecture, options->cost,
                      latencyModelOf(options->device, options->bits == 16, interruptToken()));
      });
    if (options->isJson) {
      Json json = {{"parameters",
                    {{"total", int64_t(report.parametersTotal)},
                     {"active", int64_t(report.parametersActive)},
                     {"unique", int64_t(report.parametersUnique)}}},
                   {"flops", report.flops},
                   {"macs", report.macs},
                   {"bytes", report.bytes},
                   {"kv_bytes_per_token", report.kvBytesPerToken},
                   {"state_bytes", report.stateBytes},
                   {"peak_bytes", report.peakBytes}};
      if (!timed.is_null()) json["time"] = timed;
      if (options->isPerBlock) {
        json["blocks"] = Json::array();
        for (const NodeCost& node : report.perNode)
          json["blocks"].push_back({{"node", node.node},
                                    {"path", node.path},
                                    {"block", node.block},
                                    {"parameters", int64_t(node.parameters)},
                                    {"flops", node.flops},
                                    {"bytes", node.bytes}});
      }
      return printJson(json);
    }
    std::cout << "parameters   " << int64_t(report.parametersTotal) << " (" << int64_t(report.parametersUnique)
              << " stored, " << int64_t(report.parametersActive) << " active)\n"
              << "FLOPs        " << shortNumber(report.flops) << " (" << shortNumber(report.macs) << " MAC)\n"
              << "bytes moved  " << formatBytes(report.bytes) << "\n"
              << "KV cache     " << formatBytes(report.kvBytesPerToken) << " a token\n"
              << "state        " << formatBytes(report.stateBytes) << " a sequence\n"
              << "peak memory  " << formatBytes(report.peakBytes) << "\n";
    if (!timed.is_null())
      std::cout << "time         " << timed["seconds"].get<double>() * 1e3 << " ms on "
                << timed["device"].get<std::string>() << " (" << timed["source"].get<std::string>() << "), "
                << int(100 * timed["memory_bound_share"].get<double>() + 0.5) << " % bound by memory\n";
    if (options->isPerBlock)
      for (const NodeCost& node : report.perNode)
        std::cout << node.path << "  " << node.block << "  " << shortNumber(node.parameters) << " parameters  "
                  << shortNumber(node.flops) << "FLOP  " << formatBytes(node.bytes) << '\n';
  });
}

}  // namespace fw::cli
