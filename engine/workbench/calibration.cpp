// Measuring a device.
#include "engine/workbench/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/exec/executor.h"
#include "engine/ops/matmul.h"
#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

constexpr int kVersion = 1;
constexpr int64_t kRepeat = 5;
constexpr double kLongest = 60;  // seconds; a machine that others keep busy is measured as far as that goes

/// Seconds of the fastest of some runs of a graph of one input "x" or two inputs.
double fastest(Backend& backend, ir::Builder& builder, int runs) {
  Store store(backend);
  Executor executor(
      std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(builder.finish()), planOptions(backend))),
      store);
  for (const ir::InputInfo& input : executor.plan().graph->inputs) {
    const ir::TensorType& type = executor.plan().graph->type({input.node, 0});
    executor.setInput(input.name, Tensor::fromFloats(type.shape, std::vector<float>(size_t(type.shape.count()), 0.5f)));
  }
  double best = INFINITY;
  for (int i = 0; i < runs; ++i) {
    const double start = backend.seconds();
    executor.run();
    const double seconds = backend.seconds() - start;
    if (i > 0) best = std::min(best, seconds);
  }
  return best;
}

/// f32 products of 1024 x 1024, a sum over 64 MB, an addition of two numbers.
Roofs measuredRoofs(Backend& backend) {
  Roofs roofs;
  {
    ir::Builder builder;
    const ir::TensorType type{DType::F32, {1024, 1024}};
    builder.output("y", ir::matmul(builder.input("a", type), builder.input("b", type)));
    roofs.peak = 2.0 * 1024 * 1024 * 1024 / fastest(backend, builder, 6);
  }
  {
    ir::Builder builder;
    const ir::TensorType type{DType::F32, {1 << 24}};
    builder.output("y", builder.input("a", type) + builder.input("b", type));
    roofs.bandwidth = 3.0 * double(type.bytes()) / fastest(backend, builder, 4);
  }
  {
    ir::Builder builder;
    const ir::TensorType type{DType::F32, {1}};
    builder.output("y", builder.input("a", type) + builder.input("b", type));
    roofs.launch = fastest(backend, builder, 200);
  }
  return roofs;
}

/// What stacks are made of: attention with both kinds of MLP and norm, and selective state spaces.
std::vector<Architecture> models(int64_t width, int64_t layers) {
  const int64_t heads = std::max<int64_t>(1, width / 32);
  std::vector<Architecture> models;
  models.push_back(transformer({.name = "gated",
                                .vocabulary = 2 * width,
                                .width = width,
                                .layers = layers,
                                .attention = {{"heads", heads}},
                                .mlpParams = {{"hidden", width * 8 / 3 / 8 * 8}}},
                               catalog()));
  models.push_back(transformer({.name = "plain",
                                .vocabulary = 8 * width,
                                .width = width,
                                .layers = layers,
                                .positions = 1024,
                                .norm = "norm.layer",
                                .attention = {{"heads", std::max<int64_t>(1, width / 64)},
                                              {"positions", std::string("none")},
                                              {"bias", std::string("all")}},
                                .mlp = "mlp.mlp",
                                .mlpParams = {{"hidden", 4 * width}},
                                .isTied = false},
                               catalog()));
  Sketch sketch("selective", catalog());
  sketch.variable("width", double(width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", width}, {"width", std::string("=width")}});
  const NodeId stack = sketch.add("structure.repeat", {{"count", layers}});
  Sketch layer = sketch.inside(stack);
  layer.sublayer("norm.rms", "ssm.mamba", {{"state", int64_t(width > 128 ? 16 : 8)}});
  layer.finish();
  sketch.add("norm.rms", {}, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", width}, {"tied", true}});
  sketch.add("out", {}, "logits");
  models.push_back(sketch.result());
  return models;
}

struct Run {
  const char* mode;
  int64_t batch, time;
  bool isDeep = false;  // more weights than a cache holds
};

constexpr Run kRuns[] = {
    {"prefill", 1, 24}, {"prefill", 1, 192, true}, {"prefill", 8, 48}, {"prefill", 4, 224}, {"prefill", 1, 768},
    {"train", 2, 32},   {"train", 8, 64},          {"train", 16, 112}, {"train", 2, 320},   {"train", 1, 128, true},
    {"decode", 1, 96},  {"decode", 1, 384, true},  {"decode", 1, 768}, {"decode", 8, 256},  {"decode", 4, 128, true}};
constexpr int64_t kWidths[] = {32, 64, 144, 384};

}  // namespace

Calibration calibrate(const std::string& device, const CancelToken& cancel, const Progress& progress) {
  const std::unique_ptr<Backend> backend = makeBackend(device);
  const DeviceInfo info = backend->info();
  Calibration calibration{.device = device, .name = info.name, .threads = info.threads};
  const double start = backend->seconds();
  progress.report(0, "roofs");
  calibration.roofs = measuredRoofs(*backend);
  std::vector<double> around, aroundTraining, perToken;
  const double total = double(std::size(kWidths) * 3 * std::size(kRuns));
  double done = 0;
  for (const int64_t width : kWidths) {
    const std::vector<Architecture> flat = models(width, 1), deep = models(width, 4);
    for (size_t m = 0; m < flat.size(); ++m)
      for (const Run& run : kRuns) {
        const Architecture& model = run.isDeep ? deep[m] : flat[m];
        throwIfCancelled(cancel);
        if (backend->seconds() - start > kLongest) break;
        progress.report(done++ / total, text(model.name, " ", width, " ", run.mode));
        const BenchReport report =
            bench(model, {.batch = run.batch, .time = run.time, .repeat = kRepeat, .mode = run.mode, .device = device},
                  cancel);
        double steps = 0;
        for (const StepCost& step : stepCosts(*report.plan)) {
          const double seconds = report.stepSeconds[size_t(step.step)];
          steps += seconds;
          if (!step.body.empty()) continue;  // its steps are known from elsewhere
          calibration.samples.push_back({.op = step.op,
                                         .kind = step.kind,
                                         .flops = step.cost.flops,
                                         .bytes = step.bytes(),
                                         .columns = double(step.columns),
                                         .rows = double(step.rows),
                                         .footprint = step.footprint,
                                         .seconds = seconds});
        }
        const bool isTraining = std::string(run.mode) == "train";
        (isTraining ? aroundTraining : around).push_back(std::max(0.0, report.median - steps));
        if (isTraining) perToken.push_back(double(run.batch * run.time));
      }
  }
  calibration.runSeconds = median(around);
  // Around a training step: what it takes with few tokens, and for each more.
  std::vector<double> few, rates;
  for (size_t i = 0; i < aroundTraining.size(); ++i)
    if (perToken[i] < 100) few.push_back(aroundTraining[i]);
  calibration.trainSeconds = median(few);
  for (size_t i = 0; i < aroundTraining.size(); ++i)
    if (perToken[i] >= 100) rates.push_back(std::max(0.0, aroundTraining[i] - calibration.trainSeconds) / perToken[i]);
  calibration.tokenSeconds = median(rates);
  return calibration;
}

std::filesystem::path calibrationFile(const std::string& device) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder = cache && *cache ? cache : home ? std::string(home) + "/.cache" : ".cache";
  std::string name = device;
  std::replace(name.begin(), name.end(), ':', '-');
  return folder / "formwright" / ("calibration-" + name + ".json");
}

void saveCalibration(const Calibration& calibration, const std::filesystem::path& file) {
  Json samples = Json::array();
  for (const StepSample& s : calibration.samples)
    samples.push_back({s.op, s.kind, s.flops, s.bytes, s.columns, s.rows, s.footprint, s.seconds});
  const Json json = {{"format", "formwright-calibration"},
                     {"version", kVersion},
                     {"device", calibration.device},
                     {"name", calibration.name},
                     {"threads", calibration.threads},
                     {"peak", calibration.roofs.peak},
                     {"bandwidth", calibration.roofs.bandwidth},
                     {"launch", calibration.roofs.launch},
                     {"run_seconds", calibration.runSeconds},
                     {"train_seconds", calibration.trainSeconds},
                     {"token_seconds", calibration.tokenSeconds},
                     {"samples", std::move(samples)}};
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) throw Error(Code::File, text("[", file.string(), "] cannot be made: ", error.message(), "."));
  writeFileAtomically(file.string(), json.dump());
}

std::optional<Calibration> loadCalibration(const std::filesystem::path& file, const std::string& device) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  const Json json = readJsonFile(file.string());
  try {
    if (json.at("format") != "formwright-calibration" || json.at("version") != kVersion) return std::nullopt;
    Calibration calibration{
        .device = json.at("device").get<std::string>(),
        .name = json.at("name").get<std::string>(),
        .threads = json.at("threads").get<int>(),
        .roofs = {json.at("peak").get<double>(), json.at("bandwidth").get<double>(), json.at("launch").get<double>()},
        .runSeconds = json.at("run_seconds").get<double>(),
        .trainSeconds = json.at("train_seconds").get<double>(),
        .tokenSeconds = json.at("token_seconds").get<double>()};
    for (const Json& s : json.at("samples"))
      calibration.samples.push_back({.op = s.at(0).get<std::string>(),
                                     .kind = s.at(1).get<std::string>(),
                                     .flops = s.at(2).get<double>(),
                                     .bytes = s.at(3).get<double>(),
                                     .columns = s.at(4).get<double>(),
                                     .rows = s.at(5).get<double>(),
                                     .footprint = s.at(6).get<double>(),
                                     .seconds = s.at(7).get<double>()});
    const DeviceInfo info = makeBackend(device)->info();
    if (calibration.device != device || calibration.name != info.name || calibration.threads != info.threads)
      return std::nullopt;
    return calibration;
  } catch (const nlohmann::json::exception& error) {
    throw Error(Code::File, text("[", file.string(), "] is no calibration: ", error.what(), "."));
  }
}

Calibration calibrationOf(const std::string& device, bool isAnew, const CancelToken& cancel, const Progress& progress) {
  const std::filesystem::path file = calibrationFile(device);
  if (!isAnew)
    if (std::optional<Calibration> kept = loadCalibration(file, device)) return *std::move(kept);
  Calibration calibration = calibrate(device, cancel, progress);
  saveCalibration(calibration, file);
  return calibration;
}

LatencyModel measuredModel(const Calibration& calibration) {
  LatencyModel model(
      text(calibration.name, ", ", calibration.threads, calibration.threads == 1 ? " thread" : " threads"),
      "measured on this machine", calibration.roofs);
  model.setAround(calibration.runSeconds, calibration.trainSeconds, calibration.tokenSeconds);
  model.learn(calibration.samples);
  return model;
}

}  // namespace fw
