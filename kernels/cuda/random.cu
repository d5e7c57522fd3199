// Random tensors: a thread makes the four elements of a Philox block. The words are the CPU's to the bit; so are
// uniform numbers, Bernoulli's and dropout's masks. Normal numbers differ in the last places of logarithm, sine and
// cosine.
#include "kernels/random.h"

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/kernels.h"
#include "kernels/philox.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

struct Uniform {
  float start, scale;  // per 2^-24
  __device__ void operator()(const PhiloxWords& words, float (&y)[4]) const {
    for (int i = 0; i < 4; ++i) y[i] = fmaf(float(words.word[i] >> 8), scale, start);
  }
};

struct Normal {
  float mean, deviation;
  __device__ void operator()(const PhiloxWords& words, float (&y)[4]) const {
    for (int i = 0; i < 4; i += 2) {
      const float u = (float(words.word[i]) + 1) * 0x1p-32f;  // in (0, 1]
      const float radius = deviation * sqrtf(-2 * logf(u));
      const float angle = float(int32_t(words.word[i + 1])) * 1.46291807926715968e-9f;  // 2 pi / 2^32
      y[i] = fmaf(radius, cosf(angle), mean);
      y[i + 1] = fmaf(radius, sinf(angle), mean);
    }
  }
};

struct Bernoulli {
  uint64_t bound;
  __device__ void operator()(const PhiloxWords& words, float (&y)[4]) const {
    for (int i = 0; i < 4; ++i) y[i] = words.word[i] < bound;
  }
};

template <class Make>
__global__ void randomKernel(const int64_t* seed, int64_t stream, float* y, int64_t count, Make make) {
  const int64_t block = globalIndex();
  if (4 * block >= count) return;
  float made[4];
  make(philoxBlock(*seed, stream, block), made);
  for (int i = 0; i < 4; ++i)
    if (4 * block + i < count) y[4 * block + i] = made[i];
}

__global__ void dropoutKernel(DropoutArgs args, uint64_t bound, float scale) {
  const int64_t block = globalIndex();
  if (4 * block >= args.count) return;
  const PhiloxWords words = philoxBlock(*args.seed, args.stream, block);
  for (int i = 0; i < 4; ++i) {
    const int64_t at = 4 * block + i;
    if (at < args.count) args.y[at] = words.word[i] < bound ? args.x[at] * scale : 0;
  }
}

template <class Make>
void fillRandom(const Launch& launch, const char* name, const RandomArgs& args, Make make) {
  start(launch, name, randomKernel<Make>, ceilDivide(ceilDivide(args.count, 4), kThreads), kThreads, 0, args.seed,
        args.stream, args.y, args.count, make);
}

}  // namespace

void randomUniform(const Launch& launch, const RandomArgs& args) {
  fillRandom(launch, "randomUniform", args, Uniform{float(args.a), float((args.b - args.a) * 0x1p-24)});
}
void randomNormal(const Launch& launch, const RandomArgs& args) {
  fillRandom(launch, "randomNormal", args, Normal{float(args.a), float(args.b)});
}
void randomBernoulli(const Launch& launch, const RandomArgs& args) {
  fillRandom(launch, "randomBernoulli", args, Bernoulli{bernoulliBound(args.a)});
}
void dropout(const Launch& launch, const DropoutArgs& args) {
  const uint64_t bound = bernoulliBound(1 - args.rate);
  start(launch, "dropout", dropoutKernel, ceilDivide(ceilDivide(args.count, 4), kThreads), kThreads, 0, args, bound,
        bound >> 32 ? 1.0f : float(1 / (1 - args.rate)));
}

}  // namespace fw::kernels::FW_CUDA
