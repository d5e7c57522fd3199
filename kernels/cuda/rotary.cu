// Rotary position embedding: a thread turns one pair of one token in all heads, so that angle, sine and cosine are
// computed once. The frequencies travel as arguments.
#include "kernels/rotary.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 128;

struct Frequencies {
  static constexpr int size = 512;
  float of[size];
};

/// Pairs [first, first + count) of each head.
__global__ void rotaryKernel(RotaryArgs args, Frequencies frequencies, int64_t first, int64_t count) {
  const int64_t i = globalIndex();
  if (i >= args.batch * args.time * count) return;
  const int64_t token = i / count, b = token / args.time, t = token % args.time, pair = first + i % count;
  int64_t position = args.isCounted ? t : 0;
  if (args.position != nullptr) position += args.position[b * args.positionBatch + t * args.positionTime];
  const float angle = float(position) * frequencies.of[i % count];
  const float c = cosf(angle), s = args.isInverse ? -sinf(angle) : sinf(angle);
  const int64_t one = args.isInterleaved ? 2 * pair : pair;
  const int64_t two = args.isInterleaved ? 2 * pair + 1 : pair + args.rotated / 2;
  for (int64_t h = 0; h < args.heads; ++h) {
    const int64_t at = (token * args.heads + h) * args.width;
    const float x = args.x[at + one], y = args.x[at + two];
    args.y[at + one] = x * c - y * s;
    args.y[at + two] = y * c + x * s;
  }
}

__global__ void restKernel(RotaryArgs args) {
  const int64_t i = globalIndex(), rest = args.width - args.rotated;
  if (i >= args.batch * args.time * args.heads * rest) return;
  const int64_t at = i / rest * args.width + args.rotated + i % rest;
  args.y[at] = args.x[at];
}

}  // namespace

void rotary(const Launch& launch, const RotaryArgs& args) {
  const int64_t tokens = args.batch * args.time, pairs = args.rotated / 2;
  for (int64_t first = 0; first < pairs; first += Frequencies::size) {
    const int64_t count = pairs - first < Frequencies::size ? pairs - first : Frequencies::size;
    Frequencies frequencies = {};
    for (int64_t i = 0; i < count; ++i) frequencies.of[i] = args.frequencies[first + i];
    start(launch, "rotary", rotaryKernel, ceilDivide(tokens * count, kThreads), kThreads, 0, args, frequencies, first,
          count);
  }
  if (args.width > args.rotated && args.x != args.y)
    start(launch, "rotaryRest", restKernel, ceilDivide(tokens * args.heads * (args.width - args.rotated), kThreads),
          kThreads, 0, args);
}

}  // namespace fw::kernels::FW_CUDA
