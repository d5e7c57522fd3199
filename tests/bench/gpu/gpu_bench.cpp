// Times kernels and training steps on a GPU by the device's own clock and prints one JSON object: seconds, bytes and
// FLOPs of each case, what kind of work it is and its sizes (peers.py does the same by PyTorch, table.py compares).
//
//     gpu_bench [--device cuda:0] [--small] [--seconds 140]
//
// Cases that are left when the seconds are up are named without numbers.
// --small takes sizes that any device finishes at once: what the tests run on the CPU.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/op.h"
#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

using Json = nlohmann::ordered_json;
using Sizes = std::vector<int64_t>;

struct Input {
  Shape shape;
  DType dtype = DType::F32;
  int64_t below = 1;  // integers are in [0, below)
  double low = -1, high = 1;
};

/// Work on tensors, as a graph.
struct Case {
  std::string name, kind;
  Sizes sizes;
  std::vector<Input> inputs;
  std::function<std::vector<ir::Value>(ir::Builder&, const std::vector<ir::Value>&)> build;
  bool isBoundByBytes = true;  // else by multiplications
  bool isRounded = false;      // products in bf16
};

Tensor made(const Input& input, Rng& rng) {
  Tensor tensor = Tensor::make(input.dtype, input.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    if (input.dtype == DType::I64)
      tensor.data<int64_t>()[i] = int64_t(rng.below(uint64_t(input.below)));
    else
      tensor.data()[i] = float(input.low + (input.high - input.low) * double((i * 2654435761LL) & 0xffff) / 65536);
  }
  return tensor;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
  return values[values.size() / 2];
}

class Bench {
 public:
  Bench(const std::string& device, bool isSmall, double seconds) : isSmall_(isSmall), seconds_(seconds) {
    const bool isGpu = device.starts_with("cuda");
    plain_ = makeBackend(device);
    rounded_ = isGpu ? makeBackend(device + ":bf16") : makeBackend(device);
    const DeviceInfo info = plain_->info();
    report_ = {{"device", info.name}, {"capability", info.capability}, {"is_small", isSmall}, {"cases", Json::array()}};
    emptyRun_ = secondsOf({"empty", "empty", {}, {{{1}}}, [](auto&, const auto& x) { return std::vector{x[0] + 1.0}; }},
                          nullptr);
    report_["empty_run_seconds"] = emptyRun_;
  }

  void run(const Case& of) {
    if (isLate(of.name)) return;
    try {
      Json entry = {{"name", of.name}, {"kind", of.kind}, {"sizes", of.sizes}};
      entry["bound"] = of.isBoundByBytes ? "bytes" : "flops";
      entry["precision"] = of.isRounded ? "bf16" : "f32";
      entry["seconds"] = std::max(secondsOf(of, &entry) - emptyRun_, 1e-9);
      report_["cases"].push_back(entry);
      std::cerr << of.name << ": " << entry["seconds"].get<double>() * 1e3 << " ms\n";
    } catch (const Error& error) {
      report_["cases"].push_back({{"name", of.name}, {"error", error.what()}});
      std::cerr << of.name << ": " << error.what() << '\n';
    }
  }

  void copy(int64_t bytes) {
    const Memory from = plain_->allocate(bytes, "copied"), to = plain_->allocate(bytes, "copy");
    plain_->fill(from.pointer, 1, bytes);
    std::vector<double> seconds;
    for (int i = 0; i < repeats(); ++i) {
      const double begin = plain_->seconds();
      for (int n = 0; n < 4; ++n) plain_->copy(to.pointer, from.pointer, bytes);
      seconds.push_back((plain_->seconds() - begin) / 4);
    }
    report_["cases"].push_back({{"name", "copy"},
                                {"kind", "copy"},
                                {"sizes", Sizes{bytes}},
                                {"bound", "bytes"},
                                {"precision", "f32"},
                                {"bytes", 2 * bytes},
                                {"flops", 0},
                                {"seconds", median(seconds)}});
  }

  /// Steps of a GPT: forward, backward, norm of the gradient, AdamW.
  void train(const std::string& name, int64_t vocabulary, int64_t width, int64_t layers, int64_t heads, int64_t batch,
             int64_t time, bool isRounded) {
    const Sizes sizes = {vocabulary, width, layers, heads, batch, time};
    const std::string full = text("train/", name, isRounded ? "/bf16" : "/f32");
    if (isLate(full)) return;
    try {
      const auto architecture = std::make_shared<const Architecture>(transformer(
          {.name = name,
           .vocabulary = vocabulary,
           .width = width,
           .layers = layers,
           .positions = time,
           .norm = "norm.layer",
           .attention = {{"heads", heads}, {"positions", std::string("none")}, {"bias", std::string("all")}},
           .mlp = "mlp.mlp",
           .mlpParams = {{"hidden", std::string("=4*width")}, {"activation", std::string("gelu")}, {"bias", true}}},
          catalog()));
      Trainer trainer(architecture,
                      {.task = "random_tokens",
                       .taskOptions = {{"vocabulary", vocabulary}, {"length", time}},
                       .steps = 1 << 20,
                       .batch = batch,
                       .learningRate = 1e-4},
                      isRounded ? *rounded_ : *plain_);
      std::vector<double> seconds;
      for (int i = 0; i < 3; ++i) trainer.step();
      for (int i = 0; i < (isSmall_ ? 1 : 7); ++i) seconds.push_back(trainer.step().seconds);
      const CostReport cost =
          fw::cost(*architecture, {.batch = batch, .time = time, .mode = "train", .withPeak = false});
      report_["cases"].push_back({{"name", full},
                                  {"kind", "train"},
                                  {"sizes", sizes},
                                  {"bound", "flops"},
                                  {"precision", isRounded ? "bf16" : "f32"},
                                  {"bytes", 0},
                                  {"flops", cost.flops},
                                  {"seconds", median(seconds)}});
      std::cerr << full << ": " << median(seconds) * 1e3 << " ms\n";
    } catch (const Error& error) {
      report_["cases"].push_back({{"name", full}, {"error", error.what()}});
      std::cerr << full << ": " << error.what() << '\n';
    }
  }

  const Json& report() const { return report_; }

 private:
  int repeats() const { return isSmall_ ? 2 : 20; }

  bool isLate(const std::string& name) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    if (passed.count() < seconds_) return false;
    report_["cases"].push_back({{"name", name}, {"late", true}});
    return true;
  }

  /// Of one run, by the device's clock; bytes and FLOPs go into `entry`.
  double secondsOf(const Case& of, Json* entry) {
    Backend& backend = of.isRounded ? *rounded_ : *plain_;
    ir::Builder builder;
    std::vector<ir::Value> values;
    for (size_t i = 0; i < of.inputs.size(); ++i)
      values.push_back(builder.input(text("x", i), {of.inputs[i].dtype, of.inputs[i].shape}));
    const std::vector<ir::Value> results = of.build(builder, values);
    for (size_t i = 0; i < results.size(); ++i) builder.output(text("y", i), results[i]);
    const auto graph = std::make_shared<const ir::Graph>(builder.finish());
    Store store(backend);
    const auto plan = std::make_shared<const Plan>(makePlan(graph, planOptions(backend)));
    Executor executor(plan, store);
    Rng rng(1);
    for (size_t i = 0; i < of.inputs.size(); ++i) executor.setInput(text("x", i), made(of.inputs[i], rng));
    for (int i = 0; i < 3; ++i) executor.run();
    std::vector<double> seconds;
    for (int i = 0; i < repeats(); ++i) {
      const double begin = backend.seconds();
      executor.run();
      seconds.push_back(backend.seconds() - begin);
    }
    if (entry) {
      double flops = 0;
      for (const ir::Node& node : graph->nodes) {
        if (!node.op->cost) continue;
        std::vector<ir::TensorType> types;
        for (const ir::ValueRef& input : node.inputs) types.push_back(graph->type(input));
        flops += 2 * node.op->cost(OpCall{types, node.attrs, nullptr}).macs;
      }
      (*entry)["bytes"] = plan->inputBytes + plan->outputBytes;
      (*entry)["flops"] = flops;
    }
    return median(seconds);
  }

  bool isSmall_;
  double seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Backend> plain_, rounded_;
  double emptyRun_ = 0;
  Json report_;
};

/// A single op.
Case opCase(const std::string& name, const std::string& kind, const Sizes& sizes, const std::string& op,
            const std::vector<Input>& inputs, const ir::Attrs& attrs) {
  return {name, kind, sizes, inputs, [op, attrs](ir::Builder& builder, const std::vector<ir::Value>& values) {
            return builder.ops(op, values, attrs);
          }};
}

ir::Attrs layout(const char* activation) {
  return {{"transpose_a", false}, {"transpose_b", true}, {"activation", std::string(activation)}};
}

void products(Bench& bench, const Sizes& sizes) {
  for (const int64_t n : sizes)
    for (const bool isRounded : {true, false}) {
      const std::string precision = isRounded ? "/bf16" : "/f32";
      const std::vector<Input> two = {{{n, n}}, {{n, n}}}, three = {{{n, n}}, {{n, n}}, {{n}}};
      Case one = opCase(text("matmul/", n, precision), "matmul", {n}, "matmul", two, layout("none"));
      one.isBoundByBytes = false;
      one.isRounded = isRounded;
      bench.run(one);
      Case fused = opCase(text("matmul+bias+gelu/", n, precision), "linear_gelu", {n}, "matmul", three, layout("gelu"));
      fused.isBoundByBytes = false;
      fused.isRounded = isRounded;
      bench.run(fused);
      fused.name = text("matmul, bias, gelu apart/", n, precision);
      fused.kind = "apart";
      fused.build = [](ir::Builder& builder, const std::vector<ir::Value>& x) {
        const ir::Value product = builder.op("matmul", {x[0], x[1]}, layout("none"));
        return std::vector{builder.op("gelu", {product + x[2]})};
      };
      bench.run(fused);
    }
}

void attentions(Bench& bench, int64_t tokens, const Sizes& lengths, const Sizes& widths) {
  for (const int64_t T : lengths)
    for (const int64_t K : widths)
      for (const bool isCausal : {false, true})
        for (const bool isRounded : {true, false}) {
          if (!isRounded && T != lengths.front()) continue;
          const int64_t B = std::max<int64_t>(1, tokens / T), H = std::max<int64_t>(1, 2048 / K);
          const std::string suffix = text(T, "x", K, isCausal ? "/causal" : "/full", isRounded ? "/bf16" : "/f32");
          ir::Attrs attrs = {{"scale", 1 / std::sqrt(double(K))}};
          if (isCausal) attrs.set("window_right", int64_t(0));
          const Input x = {{B, T, H, K}};
          const Sizes sizes = {B, T, H, K, int64_t(isCausal)};
          Case forward = opCase("attention/" + suffix, "attention", sizes, "attention", {x, x, x}, attrs);
          forward.isBoundByBytes = false;
          forward.isRounded = isRounded;
          bench.run(forward);
          attrs.set("bias_gradient", false).set("log_sum_exp_gradient", false);
          Case backward = opCase("attention backward/" + suffix, "attention_backward", sizes, "attention_gradient",
                                 {x, x, x, x, {{B, H, T}, DType::F32, 1, 8, 9}, x}, attrs);
          backward.isBoundByBytes = false;
          backward.isRounded = isRounded;
          bench.run(backward);
        }
}

/// Bound by memory: rows of a model's width, logits of a large vocabulary, a model's parameters, a cache of keys.
void passes(Bench& bench, int64_t R, int64_t D, int64_t V, int64_t N, const Sizes& caches) {
  const Input x = {{R, D}}, w = {{D}};
  const auto norm = [](bool hasBias) { return ir::Attrs{{"epsilon", 1e-5}, {"weight", true}, {"bias", hasBias}}; };
  bench.run(opCase("add", "add", {R, D}, "add", {x, x}, {}));
  bench.run(opCase("gelu", "gelu", {R, D}, "gelu", {x}, {}));
  bench.run(opCase("rms norm", "rms_norm", {R, D}, "rms_norm", {x, w}, norm(false)));
  bench.run(opCase("layer norm", "layer_norm", {R, D}, "layer_norm", {x, w, w}, norm(true)));
  bench.run(opCase("residual + layer norm", "add_layer_norm", {R, D}, "add_layer_norm", {x, x, w, w}, norm(true)));
  bench.run(opCase("softmax", "softmax", {R, D}, "softmax", {x}, {}));
  bench.run(opCase("transpose", "transpose", {R, D}, "transpose", {x}, {{"permutation", Sizes{1, 0}}}));
  bench.run(opCase("sum of rows", "sum", {R, D}, "sum", {x}, {{"axes", Sizes{1}}, {"keep", false}}));
  const int64_t rows = std::max<int64_t>(1, R * D / V / 2);
  const Input logits = {{rows, V}}, labels = {{rows}, DType::I64, V}, row = {{rows}};
  const ir::Attrs entropy = {{"smoothing", 0.0}, {"ignored", int64_t(-100)}};
  bench.run(opCase("cross-entropy", "cross_entropy", {rows, V}, "cross_entropy", {logits, labels}, entropy));
  bench.run(opCase("cross-entropy backward", "cross_entropy_backward", {rows, V}, "cross_entropy_gradient",
                   {logits, labels, {{rows}, DType::F32, 1, 8, 9}, row}, entropy));
  bench.run(opCase("embedding", "embedding", {V, D, R}, "embedding", {{{V, D}}, {{R}, DType::I64, V}}, {}));
  std::vector<Input> step = {{{}, DType::F32, 1, 0.001, 0.002}, {{}, DType::I64, 1}, {{}, DType::F32, 1, 1, 2}};
  constexpr int64_t tensors = 32;
  for (int64_t i = 0; i < tensors; ++i) {
    for (int k = 0; k < 3; ++k) step.push_back({{N / tensors}});
    step.push_back({{N / tensors}, DType::F32, 1, 0.1, 2});
  }
  bench.run(opCase(
      "AdamW", "adamw", {N, tensors}, "fused_adamw", step,
      {{"beta1", 0.9}, {"beta2", 0.95}, {"epsilon", 1e-8}, {"decays", std::vector<double>(size_t(tensors), 0.1)}}));
  for (const int64_t S : caches) {
    const int64_t B = std::max<int64_t>(1, caches.back() / S / 2);
    bench.run(opCase(text("decode/", S), "decode", {B, S, 8, 128}, "attention",
                     {{{B, 1, 32, 128}}, {{B, S, 8, 128}}, {{B, S, 8, 128}}}, {{"scale", 0.1}}));
  }
}

void recurrences(Bench& bench, const std::vector<Sizes>& all) {
  for (const Sizes& sizes : all) {
    const int64_t B = sizes[0], T = sizes[1], D = sizes[2], N = sizes[3];
    bench.run(opCase(text("selective scan/", B, "x", T, "x", D, "x", N), "scan", sizes, "selective_scan",
                     {{{B, T, D}},
                      {{B, T, D}, DType::F32, 1, 0.01, 0.1},
                      {{D, N}, DType::F32, 1, -2, -0.1},
                      {{B, T, N}},
                      {{B, T, N}}},
                     {{"skip", false}, {"state", false}}));
    bench.run(opCase(text("linear recurrence/", B, "x", T, "x", D), "recurrence", {B, T, D}, "linear_recurrence",
                     {{{B, T, D}, DType::F32, 1, 0, 1}, {{B, T, D}}}, {{"axis", int64_t(1)}, {"reverse", false}}));
    bench.run(opCase(text("causal convolution/", B, "x", T, "x", D), "causal_conv1d", {B, T, D}, "causal_conv1d",
                     {{{B, T, D}}, {{D, 4}}}, {}));
  }
}

int measure(const std::string& device, bool isSmall, double seconds) {
  Bench bench(device, isSmall, seconds);
  if (isSmall) {
    bench.copy(1 << 16);
    products(bench, {32});
    attentions(bench, 64, {32}, {64});
    passes(bench, 8, 33, 50, 640, {40, 80});
    recurrences(bench, {{2, 9, 8, 4}});
    for (const bool isRounded : {true, false}) bench.train("0.1M", 64, 32, 1, 2, 2, 16, isRounded);
  } else {
    bench.copy(int64_t(1) << 30);
    products(bench, {2048, 4096, 8192});
    attentions(bench, 16384, {4096, 16384}, {64, 128});
    passes(bench, 65536, 1024, 50257, 124'000'000 / 32 * 32, {32768, 524288});
    recurrences(bench, {{8, 8192, 4096, 16}, {8, 256, 4096, 16}});
    for (const bool isRounded : {true, false}) {
      bench.train("10M", 256, 384, 6, 6, 32, 512, isRounded);
      bench.train("124M", 50257, 768, 12, 12, 16, 1024, isRounded);
      bench.train("350M", 50257, 1024, 24, 16, 8, 1024, isRounded);
    }
  }
  std::cout << bench.report().dump(1) << '\n';
  const Json& cases = bench.report()["cases"];
  return std::any_of(cases.begin(), cases.end(), [](const Json& one) { return one.contains("error"); }) ? 1 : 0;
}

}  // namespace
}  // namespace fw

int main(int count, char** arguments) {
  std::string device = "cuda:0";
  bool isSmall = false;
  double seconds = 140;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--small")
      isSmall = true;
    else if (argument == "--device" && i + 1 < count)
      device = arguments[++i];
    else if (argument == "--seconds" && i + 1 < count)
      seconds = std::atof(arguments[++i]);
    else
      return std::cerr << "usage: gpu_bench [--device cuda:0] [--small] [--seconds 140]\n", 2;
  }
  try {
    return fw::measure(device, isSmall, seconds);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
