// What the machine gives at this moment: multiply-adds on registers, and reading from memory. Items are FLOPs.
#include <benchmark/benchmark.h>

#include <thread>
#include <vector>

#include "tests/bench/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/bench/probe_bench.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fw::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Ten chains of multiply-adds hide the latency of one; returns their FLOPs.
double multiplyAdd(int64_t rounds, float* result) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.999f), term = hn::Set(d, 0.001f);
  // Unlike starts, or the compiler would see that the chains are one.
  auto a0 = hn::Set(d, 0), a1 = hn::Set(d, 1), a2 = hn::Set(d, 2), a3 = hn::Set(d, 3), a4 = hn::Set(d, 4),
       a5 = hn::Set(d, 5), a6 = hn::Set(d, 6), a7 = hn::Set(d, 7), a8 = hn::Set(d, 8), a9 = hn::Set(d, 9);
  for (int64_t i = 0; i < rounds; ++i) {
    a0 = hn::MulAdd(a0, factor, term);
    a1 = hn::MulAdd(a1, factor, term);
    a2 = hn::MulAdd(a2, factor, term);
    a3 = hn::MulAdd(a3, factor, term);
    a4 = hn::MulAdd(a4, factor, term);
    a5 = hn::MulAdd(a5, factor, term);
    a6 = hn::MulAdd(a6, factor, term);
    a7 = hn::MulAdd(a7, factor, term);
    a8 = hn::MulAdd(a8, factor, term);
    a9 = hn::MulAdd(a9, factor, term);
  }
  const auto sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9;
  *result = hn::GetLane(hn::SumOfLanes(d, sum));
  return 20.0 * double(rounds) * double(hn::Lanes(d));
}

float readAll(const float* x, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  auto a = hn::Zero(d), b = a, c = a, e = a;
  for (int64_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    a = a + hn::LoadU(d, x + i);
    b = b + hn::LoadU(d, x + i + lanes);
    c = c + hn::LoadU(d, x + i + 2 * lanes);
    e = e + hn::LoadU(d, x + i + 3 * lanes);
  }
  return hn::GetLane(hn::SumOfLanes(d, a + b + c + e));
}

}  // namespace fw::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw {
namespace {

HWY_EXPORT(multiplyAdd);
HWY_EXPORT(readAll);

template <class Part>
void onThreads(const Part& part) {
  std::vector<std::thread> others;
  for (int t = 1; t < benchThreads(); ++t) others.emplace_back(part, t);
  part(0);
  for (std::thread& other : others) other.join();
}

void fma(benchmark::State& state) {
  double flops = 0;
  for (auto _ : state)
    onThreads([&](int t) {
      float result = 0;
      const double mine = HWY_DYNAMIC_DISPATCH(multiplyAdd)(4'000'000, &result);
      benchmark::DoNotOptimize(result);
      if (t == 0) flops = mine * benchThreads();
    });
  state.SetItemsProcessed(int64_t(double(state.iterations()) * flops));
}

void read(benchmark::State& state) {
  static const std::vector<float> memory(size_t(128) << 20, 1.0f);  // 512 MB
  const int64_t share = int64_t(memory.size()) / benchThreads();
  for (auto _ : state)
    onThreads([&](int t) {
      float sum = HWY_DYNAMIC_DISPATCH(readAll)(memory.data() + t * share, share);
      benchmark::DoNotOptimize(sum);
    });
  state.SetBytesProcessed(state.iterations() * int64_t(memory.size()) * 4);
}

BENCHMARK(fma)->Name("probe/fma")->UseRealTime();
BENCHMARK(read)->Name("probe/read")->UseRealTime();

}  // namespace
}  // namespace fw
#endif
