// Attention (rows C5 and C6 of the performance goals), selective scan (C8), rotary embedding and linear recurrence.
// Names are those of peers/attention.py.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "engine/base/rng.h"
#include "kernels/attention.h"
#include "kernels/linear_recurrence.h"
#include "kernels/rotary.h"
#include "kernels/selective_scan.h"
#include "tests/bench/threads.h"

namespace fw::kernels {
namespace {

const Launch launch = {benchThreads()};

std::vector<float> normals(int64_t count, uint64_t stream) {
  Rng rng(1, stream);
  std::vector<float> x(static_cast<size_t>(count));
  for (float& value : x) value = float(rng.normal());
  return x;
}

struct AttentionSizes {
  int64_t B, T, S, H, Hkv, K;
  bool isCausal;
};

struct AttentionCase {
  explicit AttentionCase(const AttentionSizes& n)
      : q(normals(n.B * n.T * n.H * n.K, 1)),
        k(normals(n.B * n.S * n.Hkv * n.K, 2)),
        v(normals(n.B * n.S * n.Hkv * n.K, 3)),
        out(q.size()),
        logSumExp(size_t(n.B * n.H * n.T)) {
    in.q = q.data();
    in.k = k.data();
    in.v = v.data();
    in.batch = in.sequences = n.B;
    in.queries = n.T;
    in.keys = n.S;
    in.heads = n.H;
    in.keyHeads = n.Hkv;
    in.keyWidth = in.valueWidth = n.K;
    in.scale = 1 / std::sqrt(float(n.K));
    if (n.isCausal) in.windowRight = 0;
    workspace.resize(size_t(cpu::attentionWorkspace(in)));
  }
  void forward() { cpu::attention(launch, {in, out.data(), logSumExp.data(), workspace.data()}); }

  AttentionInputs in;
  std::vector<float> q, k, v, out, logSumExp, workspace;
};

void attention(benchmark::State& state, const AttentionSizes& n) {
  AttentionCase c(n);
  for (auto _ : state) c.forward();
  state.SetItemsProcessed(state.iterations() * 4 * n.B * n.H * n.T * n.S * n.K);  // of the full square
  state.SetBytesProcessed(state.iterations() * 8 * n.B * n.S * n.Hkv * n.K);      // k and v once
}

void attentionGradient(benchmark::State& state, const AttentionSizes& n) {
  AttentionCase c(n);
  c.forward();
  const std::vector<float> dOut = normals(int64_t(c.out.size()), 4);
  std::vector<float> dq(c.q.size()), dk(c.k.size()), dv(c.v.size());
  AttentionGradientArgs args;
  args.in = c.in;
  args.out = c.out.data();
  args.logSumExp = c.logSumExp.data();
  args.dOut = dOut.data();
  args.dq = dq.data();
  args.dk = dk.data();
  args.dv = dv.data();
  std::vector<float> workspace(size_t(cpu::attentionGradientWorkspace(args)));
  args.workspace = workspace.data();
  for (auto _ : state) cpu::attentionGradient(launch, args);
  state.SetItemsProcessed(state.iterations() * 10 * n.B * n.H * n.T * n.S * n.K);
}

/// Sequences of lengths between a quarter and all of the keys, half on average; bytes are those that are valid.
void attentionRagged(benchmark::State& state, const AttentionSizes& n) {
  AttentionCase c(n);
  std::vector<int64_t> position;
  int64_t valid = 0;
  for (int64_t b = 0; b < n.B; ++b) {
    position.push_back(n.S / 4 + b * n.S / 2 / n.B);
    valid += position.back() + n.T;
  }
  c.in.position = position.data();
  c.in.positionStride = 1;
  for (auto _ : state) c.forward();
  state.SetBytesProcessed(state.iterations() * 8 * valid * n.Hkv * n.K);
}

struct ScanCase {
  ScanCase(int64_t B, int64_t T, int64_t D, int64_t N)
      : x(normals(B * T * D, 1)),
        delta(x.size(), 0.1f),
        a(size_t(D * N)),
        b(normals(B * T * N, 2)),
        c(normals(B * T * N, 3)),
        skip(size_t(D), 1),
        y(x.size()),
        last(size_t(B * D * N)),
        saved(size_t(B * selectiveScanChunks(T) * D * N)) {
    for (size_t i = 0; i < a.size(); ++i) a[i] = -float(i % size_t(N) + 1);
    in = {x.data(), delta.data(), a.data(), b.data(), c.data(), skip.data(), nullptr, B, T, D, N};
  }
  void forward() { cpu::selectiveScan(launch, {in, y.data(), last.data(), saved.data()}); }

  std::vector<float> x, delta, a, b, c, skip, y, last, saved;
  SelectiveScanInputs in;
};

void selectiveScan(benchmark::State& state, int64_t B, int64_t T, int64_t D, int64_t N) {
  ScanCase scan(B, T, D, N);
  for (auto _ : state) scan.forward();
  state.SetItemsProcessed(state.iterations() * B * T * D * N);
}

struct ScanGradientCase : ScanCase {
  ScanGradientCase(int64_t B, int64_t T, int64_t D, int64_t N)
      : ScanCase(B, T, D, N),
        dy(normals(B * T * D, 4)),
        dx(dy.size()),
        dDelta(dy.size()),
        da(a.size()),
        db(b.size()),
        dc(c.size()),
        dSkip(skip.size()),
        workspace(size_t(cpu::selectiveScanGradientWorkspace(in))) {
    args.in = in;
    args.saved = saved.data();
    args.dy = dy.data();
    args.dx = dx.data();
    args.dDelta = dDelta.data();
    args.da = da.data();
    args.db = db.data();
    args.dc = dc.data();
    args.dSkip = dSkip.data();
    args.workspace = workspace.data();
  }
  void backward() { cpu::selectiveScanGradient(launch, args); }

  std::vector<float> dy, dx, dDelta, da, db, dc, dSkip, workspace;
  SelectiveScanGradientArgs args;
};

void selectiveScanGradient(benchmark::State& state, int64_t B, int64_t T, int64_t D, int64_t N) {
  ScanGradientCase scan(B, T, D, N);
  scan.forward();
  for (auto _ : state) scan.backward();
  state.SetItemsProcessed(state.iterations() * B * T * D * N);
}

void selectiveScanBothWays(benchmark::State& state, int64_t B, int64_t T, int64_t D, int64_t N) {
  ScanGradientCase scan(B, T, D, N);
  for (auto _ : state) {
    scan.forward();
    scan.backward();
  }
  state.SetItemsProcessed(state.iterations() * B * T * D * N);
}

void rotaryOf(benchmark::State& state, int64_t B, int64_t T, int64_t H, int64_t K) {
  const std::vector<float> x = normals(B * T * H * K, 1);
  std::vector<float> y(x.size()), frequencies;
  for (int64_t i = 0; i < K / 2; ++i) frequencies.push_back(float(std::pow(10000.0, -2.0 * double(i) / double(K))));
  RotaryArgs args;
  args.x = x.data();
  args.y = y.data();
  args.frequencies = frequencies.data();
  args.batch = B;
  args.time = T;
  args.heads = H;
  args.width = args.rotated = K;
  for (auto _ : state) cpu::rotary(launch, args);
  state.SetBytesProcessed(state.iterations() * int64_t(x.size()) * 8);
}

void linearRecurrenceOf(benchmark::State& state, int64_t B, int64_t T, int64_t D) {
  const std::vector<float> a(size_t(B * T * D), 0.9f), x = normals(B * T * D, 1);
  std::vector<float> h(x.size());
  for (auto _ : state) cpu::linearRecurrence(launch, {a.data(), x.data(), nullptr, h.data(), B, T, D, false});
  state.SetBytesProcessed(state.iterations() * int64_t(x.size()) * 12);
}

BENCHMARK_CAPTURE(attention, 2048x8x64, {1, 2048, 2048, 8, 8, 64, false})->UseRealTime();
BENCHMARK_CAPTURE(attention, causal_2048x8x64, {1, 2048, 2048, 8, 8, 64, true})->UseRealTime();
BENCHMARK_CAPTURE(attention, causal_32x64x4x16, {32, 64, 64, 4, 4, 16, true})->UseRealTime();
BENCHMARK_CAPTURE(attention, causal_16x128x4x32, {16, 128, 128, 4, 4, 32, true})->UseRealTime();
BENCHMARK_CAPTURE(attention, causal_8x256x8x32, {8, 256, 256, 8, 8, 32, true})->UseRealTime();
BENCHMARK_CAPTURE(attention, decode_32768x8x64, {1, 1, 32768, 8, 8, 64, true})->UseRealTime();
BENCHMARK_CAPTURE(attention, decode_grouped_32768x32_8x128, {1, 1, 32768, 32, 8, 128, true})->UseRealTime();
BENCHMARK_CAPTURE(attentionRagged, decode_8x8192x8x64, {8, 1, 8192, 8, 8, 64, true})->UseRealTime();
BENCHMARK_CAPTURE(attentionGradient, 2048x8x64, {1, 2048, 2048, 8, 8, 64, false})->UseRealTime();
BENCHMARK_CAPTURE(attentionGradient, causal_32x64x4x16, {32, 64, 64, 4, 4, 16, true})->UseRealTime();
BENCHMARK_CAPTURE(attentionGradient, causal_16x128x4x32, {16, 128, 128, 4, 4, 32, true})->UseRealTime();
BENCHMARK_CAPTURE(attentionGradient, causal_8x256x8x32, {8, 256, 256, 8, 8, 32, true})->UseRealTime();
BENCHMARK_CAPTURE(selectiveScan, 1x1024x512x16, 1, 1024, 512, 16)->UseRealTime();
BENCHMARK_CAPTURE(selectiveScan, 8x64x128x8, 8, 64, 128, 8)->UseRealTime();
BENCHMARK_CAPTURE(selectiveScanGradient, 1x1024x512x16, 1, 1024, 512, 16)->UseRealTime();
BENCHMARK_CAPTURE(selectiveScanGradient, 8x64x128x8, 8, 64, 128, 8)->UseRealTime();
BENCHMARK_CAPTURE(selectiveScanBothWays, 1x1024x512x16, 1, 1024, 512, 16)->UseRealTime();
BENCHMARK_CAPTURE(selectiveScanBothWays, 8x64x128x8, 8, 64, 128, 8)->UseRealTime();
BENCHMARK_CAPTURE(rotaryOf, 2048x8x64, 1, 2048, 8, 64)->UseRealTime();
BENCHMARK_CAPTURE(linearRecurrenceOf, 4x1024x512, 4, 1024, 512)->UseRealTime();

}  // namespace
}  // namespace fw::kernels
