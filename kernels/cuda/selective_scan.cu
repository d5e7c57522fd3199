// Selective scan forward: a group of lanes takes a channel, a lane a state, and walks along time. Up to 32 states at a
// time; more are further passes that add to y.
#include "kernels/selective_scan.h"

#include "kernels/cuda/kernels.h"
#include "kernels/cuda/selective_scan_parts.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

__global__ void selectiveScanKernel(SelectiveScanArgs args, Pass pass) {
  const SelectiveScanInputs& in = args.in;
  const int64_t blocks = (in.width + kThreads / pass.lanes - 1) / (kThreads / pass.lanes);
  const int64_t b = blockIdx.x / blocks;
  const int64_t d = blockIdx.x % blocks * (kThreads / pass.lanes) + int(threadIdx.x) / pass.lanes;
  const int64_t n = pass.first + int(threadIdx.x) % pass.lanes, N = in.stateSize, D = in.width;
  const bool isInside = d < D && n < N, isFirst = int(threadIdx.x) % pass.lanes == 0;
  const float a = isInside ? in.a[d * N + n] : 0;
  float h = isInside && in.state != nullptr ? in.state[(b * D + d) * N + n] : 0;
  const float skip = d < D && in.skip != nullptr ? in.skip[d] : 0;
  const int64_t chunks = selectiveScanChunksOn(in.time);
  for (int64_t t = 0; t < in.time; ++t) {
    if (args.saved != nullptr && t % kSelectiveScanChunk == 0 && isInside)
      args.saved[((b * chunks + t / kSelectiveScanChunk) * N + n) * D + d] = h;
    const int64_t row = b * in.time + t;
    const float x = d < D ? in.x[row * D + d] : 0, delta = d < D ? in.delta[row * D + d] : 0;
    float y = 0;
    if (isInside) {
      h = fmaf(expf(delta * a), h, delta * x * in.b[row * N + n]);
      y = in.c[row * N + n] * h;
    }
    y = sumOfLanes(y, pass.lanes);
    if (isFirst && d < D) args.y[row * D + d] = pass.first == 0 ? fmaf(skip, x, y) : args.y[row * D + d] + y;
  }
  if (isInside) args.lastState[(b * D + d) * N + n] = h;
}

}  // namespace

void selectiveScan(const Launch& launch, const SelectiveScanArgs& args) {
  for (Pass pass = firstPass(args.in); pass.isDue; pass = nextPass(args.in, pass)) {
    const int channels = kThreads / pass.lanes;
    start(launch, "selectiveScan", selectiveScanKernel, args.in.batch * ceilDivide(args.in.width, channels), kThreads,
          0, args, pass);
  }
}

}  // namespace fw::kernels::FW_CUDA
