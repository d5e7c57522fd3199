// Matrix products by us, oneDNN and OpenBLAS: rows C1 (large), C2 (small, skinny, batched) and C7 (a vector through a
// matrix) of the performance goals. Names are those of peers/matmul.py, which pairs them. Items are FLOPs. Every
// library gets both operands as they lie in memory: whatever it packs is timed.
#include <benchmark/benchmark.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "kernels/matmul.h"
#include "tests/bench/threads.h"

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

/// batch, m, n, k, layout: 0 A B, 1 A^T B, 2 A B^T
struct Product {
  explicit Product(const benchmark::State& state)
      : batch(state.range(0)),
        m(state.range(1)),
        n(state.range(2)),
        k(state.range(3)),
        transposeA(state.range(4) == 1),
        transposeB(state.range(4) == 2),
        a(makeBuffer(batch * m * k, 1)),
        b(makeBuffer(batch * n * k, 2)),
        c(makeBuffer(batch * m * n, 3)) {
    args.a = a.get();
    args.b = b.get();
    args.c = c.get();
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
  }

  /// The first and the last row of each product against loops in double.
  bool isRight() const {
    for (int64_t i = 0; i < batch; ++i)
      for (const int64_t row : {int64_t(0), m - 1})
        for (int64_t column = 0; column < n; ++column) {
          double sum = 0;
          for (int64_t j = 0; j < k; ++j)
            sum += double(a[size_t(i * m * k + (transposeA ? j * m + row : row * k + j))]) *
                   double(b[size_t(i * n * k + (transposeB ? column * k + j : j * n + column))]);
          if (!(std::abs(sum - double(c[size_t((i * m + row) * n + column)])) <= 1e-6 * double(k) + 1e-5)) return false;
        }
    return true;
  }

  int64_t batch, m, n, k;
  bool transposeA, transposeB;
  Buffer a, b, c;
  MatmulArgs args;
};

void timeProduct(benchmark::State& state, const Product& product, const std::function<void()>& run) {
  run();
  if (!product.isRight()) return state.SkipWithError("wrong result");
  for (auto _ : state) run();
  state.SetItemsProcessed(state.iterations() * 2 * product.batch * product.m * product.n * product.k);
}

void ours(benchmark::State& state) {
  const Product p(state);
  const int threads = fw::benchThreads();
  const Buffer workspace = makeBuffer(fw::kernels::cpu::matmulWorkspace(p.args, threads) / 4, 5);
  timeProduct(state, p, [&] { fw::kernels::cpu::matmul({threads}, p.args, workspace.get()); });
}

void oneDnn(benchmark::State& state) {
  const Product p(state);
  timeProduct(state, p, [&] {
    for (int64_t i = 0; i < p.batch; ++i)
      dnnl_sgemm(p.transposeA ? 'T' : 'N', p.transposeB ? 'T' : 'N', p.m, p.n, p.k, 1, p.a.get() + i * p.m * p.k,
                 p.args.lda, p.b.get() + i * p.n * p.k, p.args.ldb, 0, p.c.get() + i * p.m * p.n, p.n);
  });
}

void openBlas([[maybe_unused]] benchmark::State& state) {
#ifdef FORMWRIGHT_OPENBLAS
  const Product p(state);
  timeProduct(state, p, [&] {
    for (int64_t i = 0; i < p.batch; ++i)
      cblas_sgemm(CblasRowMajor, p.transposeA ? CblasTrans : CblasNoTrans, p.transposeB ? CblasTrans : CblasNoTrans,
                  int(p.m), int(p.n), int(p.k), 1, p.a.get() + i * p.m * p.k, int(p.args.lda),
                  p.b.get() + i * p.n * p.k, int(p.args.ldb), 0, p.c.get() + i * p.m * p.n, int(p.n));
  });
#else
  state.SkipWithError("OpenBLAS was not found when this was built");
#endif
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

BENCHMARK(ours)->Name("matmul/C1")->Apply(large)->UseRealTime();
BENCHMARK(ours)->Name("matmul/C2")->Apply(small)->UseRealTime();
BENCHMARK(ours)->Name("matmul/C7")->Apply(vectors)->UseRealTime();
BENCHMARK(oneDnn)->Name("matmul_onednn/C1")->Apply(large)->UseRealTime();
BENCHMARK(oneDnn)->Name("matmul_onednn/C2")->Apply(small)->UseRealTime();
BENCHMARK(oneDnn)->Name("matmul_onednn/C7")->Apply(vectors)->UseRealTime();
BENCHMARK(openBlas)->Name("matmul_openblas/C1")->Apply(large)->UseRealTime();
BENCHMARK(openBlas)->Name("matmul_openblas/C2")->Apply(small)->UseRealTime();
BENCHMARK(openBlas)->Name("matmul_openblas/C7")->Apply(vectors)->UseRealTime();

}  // namespace
