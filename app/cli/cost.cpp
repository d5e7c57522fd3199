// cost: parameters, FLOPs, bytes and memory, counted on the null device.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/tensor.h"

namespace fw::cli {

void addCost(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("cost", "Parameters, FLOPs, bytes and memory; allocates no weights");
  struct Options {
    std::string model;
    CostOptions cost;
    bool isPerBlock = false, isJson = false;
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
  verb->add_flag("--per-block", options->isPerBlock, "Each node of the document too");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel opened = openModel(options->model, false);
    const CostReport report = naming(options->model, opened, [&] { return cost(*opened.architecture, options->cost); });
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
    if (options->isPerBlock)
      for (const NodeCost& node : report.perNode)
        std::cout << node.path << "  " << node.block << "  " << shortNumber(node.parameters) << " parameters  "
                  << shortNumber(node.flops) << "FLOP  " << formatBytes(node.bytes) << '\n';
  });
}

}  // namespace fw::cli
