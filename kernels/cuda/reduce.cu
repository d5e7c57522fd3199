// Reductions. Where neighbours are reduced a block takes one result and its threads walk along them; where the last
// dimension is kept a block takes 32 results side by side. Few results of many elements are cut into parts (by sizes
// alone), which a second step combines in order.
#include "kernels/reduce.h"

#include "kernels/cuda/box.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256, kColumns = kWarp, kRows = kThreads / kColumns;

template <class T>
__device__ T combine(Reduction reduction, T a, T b) {
  switch (reduction) {
    case Reduction::Sum:
      return a + b;
    case Reduction::Prod:
      return a * b;
    case Reduction::Max:
      return a > b || a != a ? a : b;
    default:
      return a < b || a != a ? a : b;
  }
}
// Integers wrap: in the unsigned type that is defined.
template <>
__device__ int32_t combine(Reduction reduction, int32_t a, int32_t b) {
  if (reduction == Reduction::Sum) return int32_t(uint32_t(a) + uint32_t(b));
  if (reduction == Reduction::Prod) return int32_t(uint32_t(a) * uint32_t(b));
  return (reduction == Reduction::Max) == (a > b) ? a : b;
}
template <>
__device__ int64_t combine(Reduction reduction, int64_t a, int64_t b) {
  if (reduction == Reduction::Sum) return int64_t(uint64_t(a) + uint64_t(b));
  if (reduction == Reduction::Prod) return int64_t(uint64_t(a) * uint64_t(b));
  return (reduction == Reduction::Max) == (a > b) ? a : b;
}

template <class T>
__device__ T neutral(Reduction reduction) {
  if (reduction == Reduction::Sum) return 0;
  if (reduction == Reduction::Prod) return 1;
  if constexpr (sizeof(T) == 4 && T(0.5f) != T(0)) return reduction == Reduction::Max ? -INFINITY : INFINITY;
  const T largest = T((uint64_t(1) << (8 * sizeof(T) - 1)) - 1);
  return reduction == Reduction::Max ? T(-largest - 1) : largest;
}

template <class T>
struct Combine {
  Reduction reduction;
  __device__ T operator()(T a, T b) const { return combine(reduction, a, b); }
};

/// The kept and the reduced dimensions as boxes over x, and the parts that the reduced ones are cut into.
struct Job {
  Box<1> kept, reduced;
  int64_t parts, elements;  // of a part
  Reduction reduction;
  float factor;
};

template <class T>
__device__ void put(T* y, int64_t at, T value, float factor) {
  if constexpr (T(0.5f) != T(0)) value *= factor;
  y[at] = value;
}

/// y[part, result]: a block a result and a part.
template <class T>
__global__ void reduceRowKernel(const T* x, T* y, Job job) {
  SharedMemory memory;
  const SharedArray<T> scratch = memory.array<T>(kWarp);
  const int64_t result = blockIdx.x % job.kept.count, part = blockIdx.x / job.kept.count;
  int64_t base[1], at[1];
  job.kept.locate(result, base);
  const int64_t end = (part + 1) * job.elements < job.reduced.count ? (part + 1) * job.elements : job.reduced.count;
  T own = neutral<T>(job.reduction);
  for (int64_t r = part * job.elements + threadIdx.x; r < end; r += blockDim.x) {
    job.reduced.locate(r, at);
    own = combine(job.reduction, own, x[base[0] + at[0]]);
  }
  own = reduceBlock(own, neutral<T>(job.reduction), scratch, Combine<T>{job.reduction});
  if (threadIdx.x == 0) put(y, part * job.kept.count + result, own, job.factor);
}

/// The same where results lie side by side: a block takes kColumns of them.
template <class T>
__global__ void reduceColumnsKernel(const T* x, T* y, Job job) {
  SharedMemory memory;
  const SharedArray<T> scratch = memory.array<T>(kThreads);
  const int64_t blocks = (job.kept.count + kColumns - 1) / kColumns, part = blockIdx.x / blocks;
  const int column = int(threadIdx.x) % kColumns, row = int(threadIdx.x) / kColumns;
  const int64_t result = blockIdx.x % blocks * kColumns + column;
  int64_t base[1] = {0}, at[1];
  T own = neutral<T>(job.reduction);
  if (result < job.kept.count) {
    job.kept.locate(result, base);
    const int64_t end = (part + 1) * job.elements < job.reduced.count ? (part + 1) * job.elements : job.reduced.count;
    for (int64_t r = part * job.elements + row; r < end; r += kRows) {
      job.reduced.locate(r, at);
      own = combine(job.reduction, own, x[base[0] + at[0]]);
    }
  }
  scratch[row * kColumns + column] = own;
  __syncthreads();
  if (row != 0 || result >= job.kept.count) return;
  for (int other = 1; other < kRows; ++other) own = combine(job.reduction, own, T(scratch[other * kColumns + column]));
  put(y, part * job.kept.count + result, own, job.factor);
}

Job jobOf(const ReduceArgs& args) {
  Job job = {};
  int64_t strides[ReduceArgs::maxRank + 1];
  strides[args.rank] = 1;
  for (int i = args.rank - 1; i >= 0; --i) strides[i] = strides[i + 1] * args.sizes[i];
  for (int i = 0; i < args.rank; ++i) (args.isReduced[i] ? job.reduced : job.kept).add(args.sizes[i], {strides[i + 1]});
  job.reduction = args.reduction;
  job.factor = args.factor;
  job.parts = 1;
  job.elements = job.reduced.count;
  return job;
}

/// Whether the results of neighbouring elements lie side by side.
bool isByColumns(const Job& job) {
  return job.kept.rank > 0 && job.kept.count >= 8 && job.kept.strides[0][job.kept.rank - 1] == 1;
}

/// Cuts sums of f32 that would keep few blocks busy for long.
void cut(Job& job) {
  const int64_t blocks = isByColumns(job) ? ceilDivide(job.kept.count, kColumns) : job.kept.count;
  const int64_t least = isByColumns(job) ? 256 : 4096;
  if (blocks == 0 || blocks > 512 || job.reduced.count < 2 * least) return;
  const int64_t wanted = 1024 / blocks, possible = job.reduced.count / least;
  const int64_t parts = wanted < possible ? wanted : possible;
  if (parts < 2) return;
  job.elements = ceilDivide(job.reduced.count, parts);
  job.parts = ceilDivide(job.reduced.count, job.elements);
}

template <class T>
void reduceStep(const Launch& launch, const T* x, T* y, const Job& job) {
  if (isByColumns(job))
    return start(launch, "reduceColumns", reduceColumnsKernel<T>, ceilDivide(job.kept.count, kColumns) * job.parts,
                 kThreads, sharedBytes<T>(kThreads), x, y, job);
  const int threads = job.elements <= 64 ? 32 : job.elements <= 1024 ? 128 : kThreads;
  start(launch, "reduceRow", reduceRowKernel<T>, job.kept.count * job.parts, threads, sharedBytes<T>(kWarp), x, y, job);
}

}  // namespace

int64_t reduceWorkspace(const ReduceArgs& args) {
  if (args.element != Element::F32) return 0;
  Job job = jobOf(args);
  cut(job);
  return job.parts > 1 ? job.parts * job.kept.count : 0;
}

void reduce(const Launch& launch, const ReduceArgs& args) {
  Job job = jobOf(args);
  if (args.element == Element::I32)
    return reduceStep(launch, static_cast<const int32_t*>(args.x), static_cast<int32_t*>(args.y), job);
  if (args.element == Element::I64)
    return reduceStep(launch, static_cast<const int64_t*>(args.x), static_cast<int64_t*>(args.y), job);
  const float* const x = static_cast<const float*>(args.x);
  float* const y = static_cast<float*>(args.y);
  cut(job);
  if (job.parts == 1) return reduceStep(launch, x, y, job);
  Job last = {};
  last.reduced.add(job.parts, {job.kept.count});
  last.kept.add(job.kept.count, {1});
  last.parts = 1;
  last.elements = job.parts;
  last.reduction = args.reduction;
  last.factor = args.factor;
  job.factor = 1;
  reduceStep(launch, x, args.workspace, job);
  reduceStep(launch, static_cast<const float*>(args.workspace), y, last);
}

}  // namespace fw::kernels::FW_CUDA
