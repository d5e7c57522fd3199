// Unbiased linear CKA between all pairs of representations, exact (row C10 of the performance goals). Names are those
// of peers/cka.py.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "engine/analysis/measures/blockwise_cka.h"
#include "engine/base/rng.h"
#include "engine/io/safetensors.h"
#include "tests/support/example_input.h"

namespace fw {
namespace {

/// Each representation is the one before and noise, as layers are. Where FORMWRIGHT_BENCH_SHARE names a folder,
/// features and result go there for a rival to be compared with.
void cka(benchmark::State& state, int64_t count, int64_t rows, int64_t width) {
  Rng rng(1);
  std::map<std::string, Tensor> tensors;
  std::vector<Features> all;
  for (int64_t l = 0; l < count; ++l) {
    Tensor& x = tensors["x" + std::to_string(l)];
    x = testing::makeInput({.shape = {rows, width}}, rng);
    if (l > 0)
      for (int64_t i = 0; i < rows * width; ++i) x.data()[i] = 0.5f * x.data()[i] + all.back().data[i];
    all.push_back({x.data(), rows, width});
  }
  if (const char* folder = std::getenv("FORMWRIGHT_BENCH_SHARE")) {
    const std::vector<double> values = blockwiseCka(all);
    tensors["cka"] = Tensor::fromFloats({count, count}, {values.begin(), values.end()});
    saveSafetensors(std::string(folder) + "/cka.safetensors", tensors);
  }
  for (auto _ : state) benchmark::DoNotOptimize(blockwiseCka(all));
}

BENCHMARK_CAPTURE(cka, 12x2048x768, 12, 2048, 768)->UseRealTime();

}  // namespace
}  // namespace fw
