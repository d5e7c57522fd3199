// Moving, picking, drawing and stepping: transpose, embedding, dropout, AdamW, top-k. Names are those of
// peers/movement.py.
#include <benchmark/benchmark.h>

#include <memory>
#include <numeric>
#include <vector>

#include "engine/base/tensor.h"
#include "kernels/copy.h"
#include "kernels/optimizer.h"
#include "kernels/random.h"
#include "kernels/take.h"
#include "kernels/top_k.h"
#include "tests/bench/threads.h"

namespace fw::kernels {
namespace {

const Launch launch = {benchThreads()};

Tensor filled(int64_t count) {
  Tensor tensor = Tensor::make(DType::F32, {count});
  for (int64_t i = 0; i < count; ++i) tensor.data()[i] = float(i * 7919 % 1000) * 0.001f + 0.1f;
  return tensor;
}

void adamwStep(benchmark::State& state, int64_t count) {
  Tensor p = filled(count), g = filled(count), m = filled(count), v = filled(count);
  const float rate = 1e-3f, scale = 1;
  const int64_t step = 10;
  for (auto _ : state)
    cpu::adamw(launch, {p.data(), g.data(), m.data(), v.data(), &rate, &step, &scale, p.data(), m.data(), v.data(),
                        count, 0.9, 0.999, 1e-8, 0.01});
  state.SetBytesProcessed(state.iterations() * count * 28);
}

void sumOfSquares(benchmark::State& state, int64_t count) {
  const Tensor x = filled(count);
  std::vector<double> partials(size_t(cpu::sumSquaresPartials(count)));
  float y = 0;
  for (auto _ : state) {
    cpu::sumSquares(launch, {x.data(), &y, partials.data(), count});
    benchmark::DoNotOptimize(y);
  }
  state.SetBytesProcessed(state.iterations() * count * 4);
}

void dropoutOf(benchmark::State& state, int64_t count) {
  const Tensor x = filled(count);
  Tensor y = filled(count);
  const int64_t seed = 1;
  for (auto _ : state) cpu::dropout(launch, {x.data(), &seed, 1, y.data(), count, 0.1});
  state.SetItemsProcessed(state.iterations() * count);
}

void normal(benchmark::State& state, int64_t count) {
  Tensor y = filled(count);
  const int64_t seed = 1;
  for (auto _ : state) cpu::randomNormal(launch, {&seed, 1, y.data(), count, 0, 1});
  state.SetItemsProcessed(state.iterations() * count);
}

std::vector<int64_t> tokens(int64_t count, int64_t vocabulary) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[size_t(i)] = i * 7919 % vocabulary;
  return values;
}

void embedding(benchmark::State& state, int64_t vocabulary, int64_t width, int64_t count) {
  const Tensor table = filled(vocabulary * width);
  Tensor y = filled(count * width);
  const std::vector<int64_t> at = tokens(count, vocabulary);
  for (auto _ : state) cpu::take(launch, {table.data(), at.data(), y.data(), 4, 1, vocabulary, count, width});
}

void embeddingGradient(benchmark::State& state, int64_t vocabulary, int64_t width, int64_t count) {
  const Tensor dy = filled(count * width);
  Tensor gradient = filled(vocabulary * width);
  const std::vector<int64_t> at = tokens(count, vocabulary);
  for (auto _ : state)
    cpu::indexAdd(launch, {nullptr, at.data(), dy.data(), gradient.data(), 1, vocabulary, count, width});
}

void transpose(benchmark::State& state, const std::vector<int64_t>& shape, const std::vector<int64_t>& permutation) {
  const int rank = int(shape.size());
  const int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
  const Tensor x = filled(count);
  Tensor y = filled(count);
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; stride *= shape[size_t(i--)]) strides[size_t(i)] = stride;
  CopyArgs args = {x.data(), y.data(), 4, rank, {}, {}, {}};
  stride = 1;
  for (int i = rank - 1; i >= 0; stride *= args.sizes[i--]) {
    args.sizes[i] = shape[size_t(permutation[size_t(i)])];
    args.fromStrides[i] = strides[size_t(permutation[size_t(i)])];
    args.toStrides[i] = stride;
  }
  for (auto _ : state) cpu::copyStrided(launch, args);
  state.SetBytesProcessed(state.iterations() * count * 8);
}

void topKOf(benchmark::State& state, int64_t rows, int64_t width, int64_t k) {
  const Tensor x = filled(rows * width);
  Tensor values = filled(rows * k);
  std::vector<int64_t> indices(size_t(rows * k));
  for (auto _ : state) cpu::topK(launch, {x.data(), values.data(), indices.data(), rows, width, k});
}

void argmaxOf(benchmark::State& state, int64_t rows, int64_t width) {
  const Tensor x = filled(rows * width);
  std::vector<int64_t> y(static_cast<size_t>(rows));
  for (auto _ : state) cpu::argmax(launch, {x.data(), y.data(), rows, width, 1});
}

BENCHMARK_CAPTURE(adamwStep, 65536, 65536)->UseRealTime();
BENCHMARK_CAPTURE(adamwStep, 1000000, 1000000)->UseRealTime();
BENCHMARK_CAPTURE(adamwStep, 16000000, 16000000)->UseRealTime();
BENCHMARK_CAPTURE(sumOfSquares, 1000000, 1000000)->UseRealTime();
BENCHMARK_CAPTURE(dropoutOf, 65536, 65536)->UseRealTime();
BENCHMARK_CAPTURE(dropoutOf, 1000000, 1000000)->UseRealTime();
BENCHMARK_CAPTURE(normal, 1000000, 1000000)->UseRealTime();
BENCHMARK_CAPTURE(embedding, 64x64_2048, 64, 64, 2048)->UseRealTime();
BENCHMARK_CAPTURE(embedding, 50257x768_1024, 50257, 768, 1024)->UseRealTime();
BENCHMARK_CAPTURE(embeddingGradient, 64x64_2048, 64, 64, 2048)->UseRealTime();
BENCHMARK_CAPTURE(embeddingGradient, 50257x768_1024, 50257, 768, 1024)->UseRealTime();
BENCHMARK_CAPTURE(transpose, 1024x768, {1024, 768}, {1, 0})->UseRealTime();
BENCHMARK_CAPTURE(transpose, 2048x2048, {2048, 2048}, {1, 0})->UseRealTime();
BENCHMARK_CAPTURE(transpose, heads_8x256x8x32, {8, 256, 8, 32}, {0, 2, 1, 3})->UseRealTime();
BENCHMARK_CAPTURE(transpose, keys_8x8x256x64, {8, 8, 256, 64}, {0, 1, 3, 2})->UseRealTime();
BENCHMARK_CAPTURE(transpose, channels_last_32x64x32x32, {32, 64, 32, 32}, {0, 2, 3, 1})->UseRealTime();
BENCHMARK_CAPTURE(topKOf, 4096x64_2, 4096, 64, 2)->UseRealTime();
BENCHMARK_CAPTURE(topKOf, 64x50257_50, 64, 50257, 50)->UseRealTime();
BENCHMARK_CAPTURE(argmaxOf, 4096x64, 4096, 64)->UseRealTime();

}  // namespace
}  // namespace fw::kernels
