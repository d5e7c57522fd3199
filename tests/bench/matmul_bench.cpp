// Matrix products against oneDNN and OpenBLAS, in interleaved pairs: rows C1 (large), C2 (small, skinny, batched) and
// C7 (a vector through a matrix). Counter "ratio": the median over the pairs of the best library's time through ours,
// both on as many threads as there are cores; "gflops" is ours. Outputs are compared first.
#include <benchmark/benchmark.h>
#include <oneapi/dnnl/dnnl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "kernels/matmul.h"

#ifdef FORMWRIGHT_OPENBLAS
#include <cblas.h>
#endif

namespace {

using fw::kernels::MatmulArgs;

struct Release {
  void operator()(float* memory) const { ::operator delete[](memory, std::align_val_t(64)); }
};
using Buffer = std::unique_ptr<float[], Release>;

Buffer makeBuffer(int64_t count, int seed) {
  Buffer buffer(new (std::align_val_t(64)) float[size_t(std::max<int64_t>(count, 1))]);
  for (int64_t i = 0; i < count; ++i) buffer[size_t(i)] = float((i * 7919 + seed) % 1000) / 500.0f - 1;
  return buffer;
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// One sample: the threads of the rival before have gone to sleep, the caches are warm.
double sample(const std::function<void()>& run, int repeats) {
  usleep(5000);
  for (int i = 0; i <= repeats / 4; ++i) run();
  const double start = seconds();
  for (int i = 0; i < repeats; ++i) run();
  return (seconds() - start) / repeats;
}

/// batch, m, n, k, layout: 0 A B, 1 A^T B, 2 A B^T
void compare(benchmark::State& state) {
  const int64_t batch = state.range(0), m = state.range(1), n = state.range(2), k = state.range(3);
  const int threads = std::max(1, int(std::thread::hardware_concurrency()));
  const bool transposeA = state.range(4) == 1, transposeB = state.range(4) == 2;
  const Buffer a = makeBuffer(batch * m * k, 1), b = makeBuffer(batch * n * k, 2), ours = makeBuffer(batch * m * n, 3),
               theirs = makeBuffer(batch * m * n, 4);
  MatmulArgs args;
  args.a = a.get();
  args.b = b.get();
  args.c = ours.get();
  args.batch = batch;
  args.m = m;
  args.n = n;
  args.k = k;
  args.lda = transposeA ? m : k;
  args.ldb = transposeB ? k : n;
  args.ldc = n;
  args.batchStrideA = m * k;
  args.batchStrideB = n * k;
  args.batchStrideC = m * n;
  args.transposeA = transposeA;
  args.transposeB = transposeB;
  const Buffer workspace = makeBuffer(fw::kernels::cpu::matmulWorkspace(args, threads) / 4, 5);
  const auto run = [&] { fw::kernels::cpu::matmul({threads}, args, workspace.get()); };
  std::vector<std::function<void()>> rivals = {[&] {
    for (int64_t i = 0; i < batch; ++i)
      dnnl_sgemm(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, 1, a.get() + i * m * k, args.lda,
                 b.get() + i * n * k, args.ldb, 0, theirs.get() + i * m * n, n);
  }};
#ifdef FORMWRIGHT_OPENBLAS
  rivals.push_back([&] {
    for (int64_t i = 0; i < batch; ++i)
      cblas_sgemm(CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, int(m),
                  int(n), int(k), 1, a.get() + i * m * k, int(args.lda), b.get() + i * n * k, int(args.ldb), 0,
                  theirs.get() + i * m * n, int(n));
  });
#endif
  run();
  for (const auto& rival : rivals) {
    rival();
    for (int64_t i = 0; i < batch * m * n; ++i)
      if (std::abs(ours[size_t(i)] - theirs[size_t(i)]) > 1e-5f * float(k) + 1e-4f)
        return state.SkipWithError("results differ");
  }

  const double start = seconds();
  run();
  const int repeats = std::clamp(int(0.003 / (seconds() - start + 1e-9)), 1, 100000);
  std::vector<double> times, ratios;
  for (auto _ : state) {
    times.push_back(sample(run, repeats));
    double best = 1e9;
    for (const auto& rival : rivals) best = std::min(best, sample(rival, repeats));
    ratios.push_back(best / times.back());
    state.SetIterationTime(times.back());
  }
  state.counters["ratio"] = median(ratios);
  state.counters["gflops"] = 2e-9 * double(batch) * double(m) * double(n) * double(k) / median(times);
}

void shape(benchmark::internal::Benchmark* bench, std::vector<int64_t> sizes) {
  for (int64_t layout = 0; layout < 3; ++layout) {
    std::vector<int64_t> all = sizes;
    all.push_back(layout);
    bench->Args(all);
  }
}

void large(benchmark::internal::Benchmark* bench) {
  for (int64_t size : {512, 768, 1024}) shape(bench, {1, size, size, size});
  shape(bench, {1, 1024, 768, 768});
  shape(bench, {1, 1024, 3072, 768});
  shape(bench, {1, 1024, 768, 3072});
}

void small(benchmark::internal::Benchmark* bench) {
  for (int64_t size : {16, 32, 64, 128, 256}) shape(bench, {1, size, size, size});
  for (int64_t m : {1, 4, 16})
    for (int64_t size : {64, 256})
      for (int64_t layout : {0, 2}) bench->Args({1, m, size, size, layout});
  for (int64_t width : {32, 64}) {
    bench->Args({32, 64, 64, width, 2});
    bench->Args({32, 64, width, 64, 0});
    bench->Args({32, 64, width, 64, 1});
    bench->Args({1, 2048, 4 * width, width, 2});
    bench->Args({1, 2048, width, 4 * width, 0});
    bench->Args({1, 4 * width, width, 2048, 1});
  }
}

void vectors(benchmark::internal::Benchmark* bench) {
  for (int64_t layout : {0, 2}) bench->Args({1, 1, 4096, 4096, layout});
}

BENCHMARK(compare)->Name("matmul/C1")->Apply(large)->UseManualTime()->Iterations(15);
BENCHMARK(compare)->Name("matmul/C2")->Apply(small)->UseManualTime()->Iterations(15);
BENCHMARK(compare)->Name("matmul/C7")->Apply(vectors)->UseManualTime()->Iterations(15);

}  // namespace
