// GPUs of this machine, or the sentences that say why there is none; where there is one, plans run on it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/exec/backend.h"
#include "engine/exec/cuda_backend.h"
#include "engine/exec/executor.h"
#include "engine/ir/builder.h"

namespace fw {
namespace {

bool hasGpu() { return listCudaDevices().front().absence.empty(); }

std::string sentenceOf(const std::string& device, Code expected) {
  try {
    makeBackend(device);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return {};
}

TEST(CudaDevices, AreListedOrTheirAbsenceIsExplained) {
  const std::vector<DeviceInfo> devices = listDevices();
  const auto gpu = std::find_if(devices.begin(), devices.end(),
                                [](const DeviceInfo& device) { return device.id.starts_with("cuda"); });
  ASSERT_NE(gpu, devices.end());
  if (!gpu->absence.empty()) {
    EXPECT_EQ(gpu->memoryBytes, 0);
    return;
  }
  EXPECT_EQ(gpu->id, "cuda:0");
  EXPECT_FALSE(gpu->name.empty());
  EXPECT_FALSE(gpu->capability.empty());
  EXPECT_GT(gpu->memoryBytes, int64_t(1) << 30);
}

TEST(CudaDevices, AForcedOneThatIsAbsentIsASentence) {
  if (!hasGpu()) {
    const std::string reason = listCudaDevices().front().absence;
    EXPECT_TRUE(sentenceOf("cuda", Code::Device).starts_with("[cuda")) << sentenceOf("cuda", Code::Device);
    EXPECT_NE(sentenceOf("cuda:0", Code::Device).find(reason), std::string::npos) << reason;
  }
  EXPECT_NE(sentenceOf("cuda:99", Code::Device), "");
  EXPECT_TRUE(sentenceOf("cuda:99:bf16", Code::Device).starts_with("[cuda"));
  EXPECT_TRUE(sentenceOf("cpu:bf16", Code::Usage).starts_with("[device] there is no device 'cpu:bf16' here"));
  EXPECT_TRUE(sentenceOf("cuda:x", Code::Usage).starts_with("[device] there is no device 'cuda:x' here"));
}

TEST(CudaBackend, RunsAPlanAndRepeatsIt) {
  if (!hasGpu()) GTEST_SKIP() << listCudaDevices().front().absence;
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {33, 70}}), w = builder.input("w", {DType::F32, {70, 65}});
  builder.output(
      "y",
      builder.op("softmax",
                 {builder.op("matmul", {x, w},
                             {{"transpose_a", false}, {"transpose_b", false}, {"activation", std::string("none")}})}));
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  std::vector<float> results[2];
  const std::unique_ptr<Backend> backends[2] = {makeCpuBackend(), makeCudaBackend(0)};
  for (int i = 0; i < 2; ++i) {
    Store store(*backends[i]);
    Executor executor(std::make_shared<const Plan>(makePlan(graph, planOptions(*backends[i]))), store);
    for (int run = 1; run <= 4; ++run) {  // the third and the fourth are replays
      std::vector<float> a(33 * 70), b(70 * 65);
      for (size_t j = 0; j < a.size(); ++j) a[j] = float(std::sin(double(j) * run));
      for (size_t j = 0; j < b.size(); ++j) b[j] = float(std::cos(double(j) * run));
      executor.setInput("x", Tensor::fromFloats({33, 70}, a));
      executor.setInput("w", Tensor::fromFloats({70, 65}, b));
      executor.run();
    }
    results[i] = executor.output("y").toFloats();
  }
  for (size_t j = 0; j < results[0].size(); ++j) ASSERT_NEAR(results[1][j], results[0][j], 1e-5) << j;
}

}  // namespace
}  // namespace fw
