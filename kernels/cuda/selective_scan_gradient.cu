// Selective scan backward. With g[t] = dh[t] = C[t] dy[t] + a[t+1] g[t+1] and a = exp(delta A):
// dC = sum_d dy h, dB = sum_d g delta x, dA = sum_t g delta a h[t-1], dx = delta sum_n g B + skip dy,
// dDelta = sum_n g (A a h[t-1] + B x), dState = a[0] g[0].
// A group of lanes takes a channel, a lane a state. Chunks run from the last to the first; inside one the states are
// computed again from the saved one into shared memory. What is summed over channels (dB, dC) or over the batch (dA,
// dSkip) is left in parts that are added in order.
#include "kernels/selective_scan.h"

#include "kernels/cuda/columns.h"
#include "kernels/cuda/kernels.h"
#include "kernels/cuda/selective_scan_parts.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 128;
constexpr int kChunk = int(kSelectiveScanChunk);
constexpr int64_t kMostParts = 16;   // of dB and dC, where shared memory allows
constexpr int64_t kMostGroups = 32;  // of channels of a block

/// A block takes `groups` times kThreads / lanes channels of one sequence.
struct Cut {
  int groups;
  int64_t parts;  // blocks of a sequence
};

Cut cutOf(const SelectiveScanInputs& in, const Pass& pass) {
  const int64_t groups = ceilDivide(in.width, kThreads / pass.lanes);
  Cut cut;
  const int64_t each = ceilDivide(groups, kMostParts);
  cut.groups = int(each < kMostGroups ? each : kMostGroups);
  cut.parts = cut.groups == 0 ? 0 : ceilDivide(groups, cut.groups);
  return cut;
}

/// Parts of the results that others add to.
struct Parts {
  float* db;     // [parts,B,T,N]
  float* dc;     // [parts,B,T,N]
  float* da;     // [B,D,N]
  float* dSkip;  // [B,D]
};

__global__ void selectiveScanGradientKernel(SelectiveScanGradientArgs args, Pass pass, Cut cut, Parts parts) {
  const SelectiveScanInputs& in = args.in;
  SharedMemory memory;
  const SharedArray<float> states = memory.array<float>(kChunk * kThreads);  // before each step; then dC of it
  const SharedArray<float> ofB = memory.array<float>(kChunk * kThreads);     // dB of each step
  const SharedArray<float> carries = memory.array<float>(cut.groups * kThreads),
                           das = memory.array<float>(cut.groups * kThreads);
  const SharedArray<float> db = memory.array<float>(kChunk * pass.lanes), dc = memory.array<float>(kChunk * pass.lanes);
  const int me = int(threadIdx.x), lane = me % pass.lanes, channels = kThreads / pass.lanes;
  const int64_t b = blockIdx.x / cut.parts, part = blockIdx.x % cut.parts;
  const int64_t n = pass.first + lane, N = in.stateSize, D = in.width, T = in.time;
  const int64_t firstChannel = part * cut.groups * channels + me / pass.lanes;
  const int64_t chunks = selectiveScanChunksOn(T);
  for (int group = 0; group < cut.groups; ++group) {
    const int64_t d = firstChannel + int64_t(group) * channels;
    const bool isInside = d < D && n < N;
    carries[group * kThreads + me] =
        isInside && args.dLastState != nullptr ? args.dLastState[(b * D + d) * N + n] : 0.0f;
    das[group * kThreads + me] = 0;
    if (pass.first == 0 && lane == 0 && d < D && args.dSkip != nullptr) {
      float sum = 0;
      for (int64_t t = 0; t < T; ++t) sum = fmaf(args.dy[(b * T + t) * D + d], in.x[(b * T + t) * D + d], sum);
      parts.dSkip[b * D + d] = sum;
    }
  }
  for (int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
    const int64_t begin = chunk * kChunk;
    const int steps = T - begin < kChunk ? int(T - begin) : kChunk;
    for (int i = me; i < kChunk * pass.lanes; i += kThreads) db[i] = dc[i] = 0;
    for (int group = 0; group < cut.groups; ++group) {
      const int64_t d = firstChannel + int64_t(group) * channels;
      const bool isInside = d < D && n < N;
      const float a = isInside ? in.a[d * N + n] : 0, skip = d < D && in.skip != nullptr ? in.skip[d] : 0;
      float h = isInside ? args.saved[((b * chunks + chunk) * N + n) * D + d] : 0;
      for (int t = 0; t < steps; ++t) {
        const int64_t row = b * T + begin + t;
        states[t * kThreads + me] = h;
        if (!isInside) continue;
        const float delta = in.delta[row * D + d];
        h = fmaf(expf(delta * a), h, delta * in.x[row * D + d] * in.b[row * N + n]);
      }
      float carry = carries[group * kThreads + me], da = das[group * kThreads + me];
      for (int t = steps - 1; t >= 0; --t) {
        const int64_t row = b * T + begin + t;
        const float x = d < D ? in.x[row * D + d] : 0, delta = d < D ? in.delta[row * D + d] : 0;
        const float dy = d < D ? args.dy[row * D + d] : 0;
        float ofX = 0, ofDelta = 0, dB = 0, dC = 0;
        if (isInside) {
          const float before = states[t * kThreads + me], decay = expf(delta * a), B = in.b[row * N + n];
          const float g = fmaf(in.c[row * N + n], dy, carry), kept = g * decay * before;
          dC = dy * fmaf(decay, before, delta * x * B);
          dB = g * delta * x;
          ofX = g * B;
          ofDelta = fmaf(a, kept, g * B * x);
          da = fmaf(delta, kept, da);
          carry = decay * g;
        }
        states[t * kThreads + me] = dC;
        ofB[t * kThreads + me] = dB;
        ofX = sumOfLanes(ofX, pass.lanes);
        ofDelta = sumOfLanes(ofDelta, pass.lanes);
        if (lane != 0 || d >= D) continue;
        const int64_t at = row * D + d;
        args.dx[at] = pass.first == 0 ? fmaf(skip, dy, delta * ofX) : fmaf(delta, ofX, args.dx[at]);
        args.dDelta[at] = pass.first == 0 ? ofDelta : args.dDelta[at] + ofDelta;
      }
      if (isInside && args.dSaved != nullptr) carry += args.dSaved[((b * chunks + chunk) * N + n) * D + d];
      carries[group * kThreads + me] = carry;
      das[group * kThreads + me] = da;
      __syncthreads();
      for (int i = me; i < steps * pass.lanes; i += kThreads) {
        const int t = i / pass.lanes, state = i % pass.lanes;
        float sumB = db[i], sumC = dc[i];
        for (int c = 0; c < channels; ++c) {
          sumB += ofB[t * kThreads + c * pass.lanes + state];
          sumC += states[t * kThreads + c * pass.lanes + state];
        }
        db[i] = sumB;
        dc[i] = sumC;
      }
      __syncthreads();
    }
    const int64_t sequences = in.batch;
    for (int i = me; i < steps * pass.lanes; i += kThreads) {
      const int64_t state = pass.first + i % pass.lanes;
      if (state >= N) continue;
      const int64_t at = ((part * sequences + b) * T + begin + i / pass.lanes) * N + state;
      parts.db[at] = db[i];
      parts.dc[at] = dc[i];
    }
    __syncthreads();
  }
  for (int group = 0; group < cut.groups; ++group) {
    const int64_t d = firstChannel + int64_t(group) * channels;
    if (d >= D || n >= N) continue;
    parts.da[(b * D + d) * N + n] = das[group * kThreads + me];
    if (args.dState != nullptr) args.dState[(b * D + d) * N + n] = carries[group * kThreads + me];
  }
}

int64_t bytesOf(const Pass& pass, const Cut& cut) {
  return 2 * sharedBytes<float>(kChunk * kThreads) + 2 * sharedBytes<float>(cut.groups * kThreads) +
         2 * sharedBytes<float>(kChunk * pass.lanes);
}

/// The most parts that a pass has.
int64_t mostParts(const SelectiveScanInputs& in) {
  int64_t most = 0;
  for (Pass pass = firstPass(in); pass.isDue; pass = nextPass(in, pass)) {
    const int64_t parts = cutOf(in, pass).parts;
    most = parts > most ? parts : most;
  }
  return most;
}

}  // namespace

int64_t selectiveScanGradientWorkspace(const SelectiveScanInputs& in) {
  return 2 * mostParts(in) * in.batch * in.time * in.stateSize + in.batch * in.width * (in.stateSize + 1);
}

void selectiveScanGradient(const Launch& launch, const SelectiveScanGradientArgs& args) {
  const SelectiveScanInputs& in = args.in;
  const int64_t steps = in.batch * in.time * in.stateSize, most = mostParts(in);
  Parts parts;
  parts.db = args.workspace;
  parts.dc = parts.db + most * steps;
  parts.da = parts.dc + most * steps;
  parts.dSkip = parts.da + in.batch * in.width * in.stateSize;
  // A pass with fewer lanes has fewer parts: the others are nothing.
  const float zero = 0;
  fill(launch, {parts.db, 4, 2 * most * steps, &zero});
  for (Pass pass = firstPass(in); pass.isDue; pass = nextPass(in, pass)) {
    const Cut cut = cutOf(in, pass);
    start(launch, "selectiveScanGradient", selectiveScanGradientKernel, in.batch * cut.parts, kThreads,
          bytesOf(pass, cut), args, pass, cut, parts);
  }
  sumParts(launch, parts.db, args.db, most, steps);
  sumParts(launch, parts.dc, args.dc, most, steps);
  sumParts(launch, parts.da, args.da, in.batch, in.width * in.stateSize);
  if (args.dSkip != nullptr) sumParts(launch, parts.dSkip, args.dSkip, in.batch, in.width);
}

}  // namespace fw::kernels::FW_CUDA
