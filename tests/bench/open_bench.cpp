// Opening a checkpoint of 1 GB: its graph with shapes and cost, and the list of its tensors.
#include <benchmark/benchmark.h>

#include "engine/io/tensor_table.h"
#include "engine/workbench/workbench.h"
#include "tests/support/sparse_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

void openGigabyte(benchmark::State& state) {
  const TemporaryFolder folder;
  writeSparseLlama(folder.path(), {});
  for (auto _ : state) {
    const OpenedModel opened = openModel(folder.path(), false);
    benchmark::DoNotOptimize(check(*opened.architecture));
    benchmark::DoNotOptimize(cost(*opened.architecture, {.withPeak = false}));
    benchmark::DoNotOptimize(listTensors(folder.path()));
  }
}
BENCHMARK(openGigabyte)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace fw
