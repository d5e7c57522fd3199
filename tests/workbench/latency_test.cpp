// Predicted against measured latency on this machine: configurations that the calibration has not seen.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <iostream>

#include "engine/arch/editor.h"
#include "engine/arch/walk.h"
#include "engine/presets/preset.h"
#include "engine/workbench/calibration.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

struct Case {
  const char* preset;
  int64_t width, depth, hidden;
  const char* mode;
  int64_t batch, time;
};

// Presets and templates in other widths, depths, lengths and batches.
constexpr Case kCases[] = {
    {"gpt2", 96, 3, 384, "prefill", 2, 100},
    {"gpt2", 160, 2, 640, "prefill", 1, 300},
    {"gpt2", 256, 4, 1024, "prefill", 1, 64},
    {"gpt2", 128, 2, 512, "train", 4, 96},
    {"gpt2", 224, 2, 700, "train", 2, 200},
    {"gpt2", 320, 3, 1280, "decode", 1, 400},
    {"gpt2", 64, 6, 256, "decode", 4, 200},
    {"gpt2", 48, 2, 192, "train", 12, 40},
    {"llama-2-7b", 128, 3, 352, "prefill", 1, 128},
    {"llama-2-7b", 256, 2, 688, "prefill", 3, 120},
    {"llama-2-7b", 384, 2, 1024, "prefill", 1, 96},
    {"llama-2-7b", 192, 2, 512, "train", 4, 64},
    {"llama-2-7b", 64, 4, 176, "train", 16, 50},
    {"llama-2-7b", 256, 4, 688, "decode", 1, 500},
    {"llama-2-7b", 384, 2, 1024, "decode", 2, 150},
    {"llama-2-7b", 320, 1, 864, "train", 1, 256},
    {"llama-3-8b", 128, 2, 448, "prefill", 4, 80},
    {"llama-3-8b", 256, 3, 900, "prefill", 1, 200},
    {"llama-3-8b", 192, 2, 640, "train", 2, 150},
    {"llama-3-8b", 128, 5, 448, "decode", 1, 250},
    {"char-lm", 96, 4, 256, "train", 16, 128},
    {"char-lm", 144, 3, 400, "prefill", 5, 90},
    {"char-lm", 56, 5, 150, "prefill", 1, 500},
    {"char-lm", 112, 2, 300, "decode", 16, 128},
    {"attention-recall", 64, 2, 172, "train", 32, 64},
    {"attention-recall", 40, 4, 100, "prefill", 20, 30},
    {"attention-recall", 168, 2, 450, "train", 3, 180},
    {"mamba-copy", 64, 2, 0, "train", 16, 64},
    {"mamba-copy", 96, 3, 0, "prefill", 2, 200},
    {"mamba-copy", 128, 2, 0, "prefill", 6, 60},
    {"mamba-copy", 160, 4, 0, "decode", 1, 100},
    {"mamba-copy", 48, 4, 0, "train", 4, 150},
    {"mamba-130m", 192, 2, 0, "prefill", 1, 150},
    {"mamba-130m", 256, 2, 0, "train", 2, 90},
    {"mamba-130m", 384, 3, 0, "decode", 3, 100},
    {"mamba-130m", 320, 2, 0, "prefill", 3, 100},
    {"hybrid-recall", 64, 8, 160, "train", 8, 64},
    {"hybrid-recall", 128, 4, 320, "prefill", 2, 160},
    {"hybrid-recall", 96, 8, 240, "decode", 2, 128},
    {"hybrid-recall", 176, 4, 440, "train", 2, 100},
};

Architecture shrunk(const Case& of) {
  const Architecture full = findPreset(of.preset)->make(catalog());
  Editor editor(full, catalog());
  editor.setVariable("width", double(of.width));
  int64_t heads = std::max<int64_t>(1, of.width / 24);
  while (of.width % heads != 0 || of.width / heads % 2 != 0) --heads;
  const auto set = [&](const GraphPath&, const Node& node) {
    if (node.block.starts_with("attention.")) editor.setParam(node.id, "heads", heads);
    if (node.block == "attention.grouped_query")
      editor.setParam(node.id, "kv_heads", heads % 2 == 0 ? heads / 2 : heads);
    if (node.block.starts_with("mlp.") && of.hidden > 0) editor.setParam(node.id, "hidden", of.hidden);
    if (node.block == "embedding.token" || node.block == "head.language_model")
      editor.setParam(node.id, "vocabulary", 3 * of.width);
    if (node.block == "structure.repeat") editor.setParam(node.id, "count", of.depth);
  };
  forEachNode(
      full, [](const Node& node) { return node.block != "structure.repeat"; }, set);
  forEachNode(
      full, [](const Node& node) { return node.block == "structure.repeat"; }, set);
  return editor.result();
}

TEST(SlowLatencyModel, MedianErrorOnFortyOtherConfigurationsIsAtMost15Percent) {
  const auto start = std::chrono::steady_clock::now();
  const Calibration calibration = calibrate("cpu");
  std::cerr << "calibrated in " << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()
            << " s: " << calibration.roofs.peak / 1e9 << " GFLOP/s, " << calibration.roofs.bandwidth / 1e9 << " GB/s, "
            << calibration.roofs.launch * 1e6 << " us a step, " << calibration.samples.size() << " steps\n";
  const LatencyModel model = measuredModel(calibration);
  std::vector<double> errors;
  for (const Case& of : kCases) {
    const Architecture architecture = shrunk(of);
    const BenchReport report =
        bench(architecture, {.batch = of.batch, .time = of.time, .repeat = 11, .mode = of.mode, .device = "cpu"});
    const std::vector<StepCost> steps = stepCosts(*report.plan);
    const double predicted = model.runSeconds(steps, std::string(of.mode) == "train" ? double(of.batch * of.time) : 0);
    errors.push_back(std::fabs(predicted / report.median - 1));
    std::cerr << of.preset << ' ' << of.width << ' ' << of.depth << ' ' << of.mode << ' ' << of.batch << 'x' << of.time
              << ": " << report.median * 1e3 << " ms, predicted " << predicted * 1e3 << " ms, "
              << (predicted / report.median - 1) * 100 << " %\n";
  }
  std::cerr << "median error " << median(errors) * 100 << " %\n";
  EXPECT_LE(median(errors), 0.15);
}

}  // namespace
}  // namespace fw
