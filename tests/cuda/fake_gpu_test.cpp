// The backend's own source on GPUs that do not exist: absent, too old, full, lost in the middle of a run; recorded
// plans that repeat themselves; uploads in pieces; the library's products.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "engine/base/error.h"
#include "engine/exec/executor.h"
#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"
#include "tests/cuda/fake/cuda_runtime.h"
#include "tests/cuda/fake/fake_backend.h"
#include "tests/cuda/probe.h"
#include "tests/support/temporary_folder.h"

namespace fw::testing {
namespace {

/// Two GPUs that work, before each test; nothing of a test's is left on them after it.
class FakeGpu : public ::testing::Test {
 protected:
  FakeGpu() { fakeGpus() = {}; }
  ~FakeGpu() override {
    const FakeGpus& gpus = fakeGpus();
    EXPECT_EQ(gpus.allocated, 0);
    EXPECT_EQ(gpus.events, 0);
    EXPECT_EQ(gpus.streams, 0);
    EXPECT_EQ(gpus.graphs, 0);
  }

  template <class F>
  static std::string sentenceOf(const F& f, Code expected) {
    try {
      f();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), expected) << error.what();
      return error.what();
    }
    return "no error";
  }
  static std::string absence() { return listFakeCudaDevices().front().absence; }
};

TEST_F(FakeGpu, WhatIsThereIsListed) {
  const std::vector<DeviceInfo> devices = listFakeCudaDevices();
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[1].id, "cuda:1");
  EXPECT_EQ(devices[1].name, "Fake GPU");
  EXPECT_EQ(devices[1].capability, "9.0");
  EXPECT_EQ(devices[1].memoryBytes, int64_t(2) << 30);
  EXPECT_EQ(devices[1].absence, "");
  EXPECT_EQ(makeFakeCudaBackend(1)->info().id, "cuda:1");
}

TEST_F(FakeGpu, WhyThereIsNoneIsASentence) {
  fakeGpus().driverVersion = 0;
  EXPECT_EQ(absence(), "there is no NVIDIA driver");
  fakeGpus().driverVersion = 12040;
  EXPECT_EQ(absence(), "the NVIDIA driver is too old: it knows CUDA 12.4, this build needs 13.0");
  EXPECT_EQ(sentenceOf([] { makeFakeCudaBackend(0); }, Code::Device),
            "[cuda:0] the NVIDIA driver is too old: it knows CUDA 12.4, this build needs 13.0.");
  fakeGpus().driverVersion = 13000;
  fakeGpus().devices = 0;
  EXPECT_EQ(absence(), "the NVIDIA driver finds no GPU");
  fakeGpus().devices = 2;
  EXPECT_EQ(sentenceOf([] { makeFakeCudaBackend(5); }, Code::Device),
            "[cuda:5] there is no such GPU; expected cuda:0 to cuda:1.");
  fakeGpus().capability = 75;
  EXPECT_EQ(sentenceOf([] { makeFakeCudaBackend(0); }, Code::Device), "[cuda:0] compute capability 7.5 is below 8.0.");
}

std::shared_ptr<const ir::Graph> productGraph(int64_t m, int64_t k, int64_t n, const std::string& activation) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {m, k}}), w = builder.input("w", {DType::F32, {k, n}});
  builder.output(
      "y", builder.op("matmul", {x, w}, {{"transpose_a", false}, {"transpose_b", false}, {"activation", activation}}));
  return std::make_shared<const ir::Graph>(builder.finish());
}

Tensor waves(const Shape& shape, double phase) {
  Tensor tensor = Tensor::make(DType::F32, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.data()[i] = float(std::sin(phase + double(i)));
  return tensor;
}

TEST_F(FakeGpu, ADeviceThatFailsAtOnceLeavesNothingBehind) {
  for (int64_t steps = 0; steps < 2; ++steps) {
    fakeGpus() = {};
    fakeGpus().stepsUntilLost = steps;
    const std::string sentence = sentenceOf([] { makeFakeCudaBackend(0)->wait(); }, Code::Device);
    EXPECT_TRUE(sentence.starts_with("[cuda:0] ")) << sentence;
    EXPECT_EQ(fakeGpus().allocated, 0);
  }
}

TEST_F(FakeGpu, MemoryThatDoesNotSufficeIsToldBeforeAnythingRuns) {
  fakeGpus().freeBytes = size_t(28) << 20;  // the ring takes most of it
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0);
  const auto graph = productGraph(600, 600, 600, "none");
  const std::string sentence = sentenceOf([&] { makePlan(graph, planOptions(*gpu)); }, Code::Memory);
  EXPECT_TRUE(sentence.starts_with("[plan] needs 4.")) << sentence;
  EXPECT_TRUE(sentence.ends_with(" MB free.")) << sentence;
  EXPECT_TRUE(sentenceOf([&] { gpu->allocate(int64_t(1) << 30, "activations"); }, Code::Memory)
                  .starts_with("[activations] needs 1.0"));
  EXPECT_NO_THROW(gpu->allocate(1 << 20, "activations"));
}

TEST_F(FakeGpu, AForcedDeviceThatIsTooSmallRefusesToTrain) {
  fakeGpus().freeBytes = (size_t(24) << 20) + 100'000;
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0);
  const int64_t before = fakeGpus().allocated;
  const auto train = [&] {
    Trainer(std::make_shared<const Architecture>(
                transformer({.name = "small", .vocabulary = 64, .width = 64, .layers = 1}, catalog())),
            {.batch = 8}, *gpu);
  };
  const std::string sentence = sentenceOf(train, Code::Memory);
  EXPECT_TRUE(sentence.starts_with("[train] needs ")) << sentence;
  EXPECT_TRUE(sentence.ends_with("a smaller batch or more pieces a step need less.")) << sentence;
  EXPECT_EQ(fakeGpus().allocated, before);
}

TEST_F(FakeGpu, LargeUploadsGoInPieces) {
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0);
  std::vector<int> sent((size_t(20) << 20) / sizeof(int) + 3), got(sent.size());
  std::iota(sent.begin(), sent.end(), 7);
  const int64_t bytes = int64_t(sent.size() * sizeof(int));
  const Memory memory = gpu->allocate(bytes, "numbers");
  const int64_t before = fakeGpus().uploads;
  gpu->upload(memory, 0, sent.data(), bytes);
  gpu->download(got.data(), memory, 0, bytes);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(fakeGpus().uploads - before, 3);
}

TEST_F(FakeGpu, PlansOnTheSameTensorsShareOneArena) {
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0);
  Store store(*gpu);
  const int64_t before = fakeGpus().allocated;
  const Memory first = store.arena(1000);
  EXPECT_EQ(store.arena(500).pointer, first.pointer);
  EXPECT_EQ(fakeGpus().allocated, before + 1);
  EXPECT_GE(store.arena(2000).bytes, 2000);
  EXPECT_NE(store.arena(1).pointer, first.pointer);  // which its holder keeps
}

/// The second run is recorded, it and all later ones are repetitions: with new inputs, new results.
TEST_F(FakeGpu, APlanIsRecordedOnceAndRepeated) {
  for (const std::string activation : {"relu", "gelu"}) {
    const auto graph = productGraph(33, 40, 17, activation);
    const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0), cpu = makeCpuBackend(1);
    Store stores[2] = {Store(*gpu), Store(*cpu)};
    Executor onGpu(std::make_shared<const Plan>(makePlan(graph, planOptions(*gpu))), stores[0]);
    Executor onCpu(std::make_shared<const Plan>(makePlan(graph, planOptions(*cpu))), stores[1]);
    const int64_t before = fakeGpus().replays;
    for (int run = 0; run < 4; ++run) {
      for (Executor* executor : {&onGpu, &onCpu}) {
        executor->setInput("x", waves({33, 40}, run));
        executor->setInput("w", waves({40, 17}, 2 * run));
        executor->run();
      }
      const std::vector<float> got = onGpu.output("y").toFloats(), expected = onCpu.output("y").toFloats();
      for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-5) << "run " << run;
    }
    EXPECT_EQ(fakeGpus().replays - before, 3);
  }
}

TEST_F(FakeGpu, TheLibraryGetsRoundedOperands) {
  const OpExample example = {
      .inputs = {{.shape = {33, 40}}, {.shape = {40, 17}}},
      .attrs = {{"transpose_a", false}, {"transpose_b", false}, {"activation", std::string("silu")}}};
  const Probe probe({&findOp("matmul"), &example, 0});
  const auto graph = probe.forward();
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  Tensors rounded = probe.tensors();
  for (auto& [name, tensor] : rounded)
    for (int64_t i = 0; i < tensor.count(); ++i) tensor.data()[i] = bfloatToFloat(floatToBfloat(tensor.data()[i]));
  const std::vector<float> expected = Probe::run(*cpu, graph, rounded).at("y0").toFloats();
  const std::vector<float> got =
      Probe::run(*makeFakeCudaBackend(0, Precision::Bf16), graph, probe.tensors()).at("y0").toFloats();
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 2e-5) << i;
}

TEST_F(FakeGpu, ALostDeviceEndsTheRunWithTheKernelsName) {
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0);
  const auto graph = productGraph(33, 40, 17, "gelu");
  Store store(*gpu);
  Executor executor(std::make_shared<const Plan>(makePlan(graph, planOptions(*gpu))), store);
  executor.setInput("x", waves({33, 40}, 0));
  executor.setInput("w", waves({40, 17}, 1));
  executor.run();
  fakeGpus().isLost = true;
  const std::string sentence = sentenceOf([&] { gpu->wait(); }, Code::Device);
  EXPECT_EQ(sentence, "[cuda:0] gives no download: unspecified launch failure.");
  EXPECT_TRUE(sentenceOf([&] { gpu->seconds(); }, Code::Device).starts_with("[cuda:0] "));
  EXPECT_TRUE(sentenceOf([&] { executor.run(); }, Code::Device).starts_with("[cuda:0] "));
}

/// From the second step on the whole step, optimiser included, is one launch of what was recorded.
TEST_F(FakeGpu, ATrainingStepIsOneLaunch) {
  const auto architecture = std::make_shared<const Architecture>(transformer(
      {.name = "small", .vocabulary = 64, .width = 16, .layers = 1, .attention = {{"heads", int64_t(2)}}}, catalog()));
  const TrainOptions options = {
      .taskOptions = {{"length", int64_t(16)}, {"pairs", int64_t(2)}}, .steps = 5, .batch = 2};
  const std::unique_ptr<Backend> gpu = makeFakeCudaBackend(0), cpu = makeCpuBackend(1);
  Trainer onGpu(architecture, options, *gpu), onCpu(architecture, options, *cpu);
  for (int64_t step = 0; step < options.steps; ++step) {
    const int64_t before = fakeGpus().replays;
    const StepReport got = onGpu.step(), expected = onCpu.step();
    EXPECT_NEAR(got.loss, expected.loss, 2e-5 * expected.loss) << step;
    EXPECT_NEAR(got.gradientNorm, expected.gradientNorm, 2e-4 * expected.gradientNorm) << step;
    EXPECT_EQ(fakeGpus().replays - before, step > 0) << step;
  }
}

/// The last checkpoint stays what it was, the run's folder says so, and the run goes on from there on another device.
TEST_F(FakeGpu, ARunOnALostDeviceKeepsItsLastCheckpoint) {
  const TemporaryFolder folder;
  TrainCall call;
  call.architecture = std::make_shared<const Architecture>(transformer(
      {.name = "small", .vocabulary = 64, .width = 16, .layers = 1, .attention = {{"heads", int64_t(2)}}}, catalog()));
  call.options.taskOptions = {{"length", int64_t(16)}, {"pairs", int64_t(2)}};
  call.options.batch = 2;
  call.options.steps = 9;
  call.device = "cuda:0";
  call.out = folder / "run";
  call.checkpointEvery = 4;
  call.evaluateEvery = 0;
  call.evaluationBatches = 1;
  call.open = [](const std::string&) { return makeFakeCudaBackend(0); };
  TrainObserver observer;
  observer.onStep = [](const StepReport& report, int64_t, double) {
    if (report.step == 6) fakeGpus().stepsUntilLost = 5;  // in the middle of the next one
  };
  const std::string sentence = sentenceOf([&] { train(call, observer); }, Code::Device);
  EXPECT_TRUE(sentence.starts_with("[cuda:0] ")) << sentence;
  EXPECT_NE(sentence.find("unspecified launch failure"), std::string::npos) << sentence;
  EXPECT_TRUE(std::filesystem::exists(call.out / "model.fw.json"));
  EXPECT_TRUE(std::filesystem::exists(call.out / "metrics.csv"));

  fakeGpus().isLost = false;
  call.isResumed = true;
  call.device = "cpu:1";
  call.open = makeBackend;
  const TrainResult result = train(call);
  ASSERT_EQ(result.reports.size(), 5U);
  EXPECT_EQ(result.reports.front().step, 5);
  EXPECT_EQ(result.steps, 9);
}

}  // namespace
}  // namespace fw::testing
