// Elementwise functions of integers and booleans: a thread an element.
#include "kernels/integers.h"

#include <type_traits>

#include "kernels/cuda/box.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class T>
__device__ T compute(IntegerFunction function, T a, T b) {
  using U = std::make_unsigned_t<T>;  // wraps without being undefined
  switch (function) {
    case IntegerFunction::Neg:
      return T(U(0) - U(a));
    case IntegerFunction::Abs:
      return a < 0 ? T(U(0) - U(a)) : a;
    case IntegerFunction::Sign:
      return T((a > 0) - (a < 0));
    case IntegerFunction::Square:
      return T(U(a) * U(a));
    case IntegerFunction::Add:
      return T(U(a) + U(b));
    case IntegerFunction::Sub:
      return T(U(a) - U(b));
    case IntegerFunction::Mul:
      return T(U(a) * U(b));
    case IntegerFunction::Minimum:
      return a < b ? a : b;
    case IntegerFunction::Maximum:
      return a > b ? a : b;
    default:
      return a;
  }
}

template <class T>
__device__ bool compare(IntegerFunction function, T a, T b) {
  switch (function) {
    case IntegerFunction::Equal:
      return a == b;
    case IntegerFunction::NotEqual:
      return a != b;
    case IntegerFunction::Less:
      return a < b;
    case IntegerFunction::LessEqual:
      return a <= b;
    case IntegerFunction::Greater:
      return a > b;
    default:
      return a >= b;
  }
}

template <class T>
__global__ void integersKernel(IntegerFunction function, const T* a, const T* b, T* y, Box<2> box) {
  const int64_t i = globalIndex();
  if (i >= box.count) return;
  int64_t at[2];
  box.locate(i, at);
  y[i] = compute(function, a[at[0]], b[at[1]]);
}

template <class T>
__global__ void compareKernel(IntegerFunction function, const T* a, const T* b, uint8_t* y, Box<2> box) {
  const int64_t i = globalIndex();
  if (i >= box.count) return;
  int64_t at[2];
  box.locate(i, at);
  y[i] = compare(function, a[at[0]], b[at[1]]);
}

template <class T>
__global__ void whereKernel(const uint8_t* condition, const T* a, const T* b, T* y, Box<3> box) {
  const int64_t i = globalIndex();
  if (i >= box.count) return;
  int64_t at[3];
  box.locate(i, at);
  y[i] = condition[at[0]] != 0 ? a[at[1]] : b[at[2]];
}

int arityOf(IntegerFunction function) {
  if (function == IntegerFunction::Where) return 3;
  return function <= IntegerFunction::Square ? 1 : 2;
}

/// The iteration space; operands that there are not walk with the first.
template <int Operands>
Box<Operands> boxOf(const IntegersArgs& args) {
  int64_t contiguous[IntegersArgs::maxRank + 1];
  contiguous[args.rank] = 1;
  for (int i = args.rank - 1; i >= 0; --i) contiguous[i] = contiguous[i + 1] * args.sizes[i];
  Box<Operands> box;
  for (int i = 0; i < args.rank; ++i) {
    int64_t steps[Operands];
    for (int k = 0; k < Operands; ++k) {
      const int64_t* strides = args.strides[k < arityOf(args.function) ? k : 0];
      steps[k] = strides ? strides[i] : contiguous[i + 1];
    }
    box.add(args.sizes[i], steps);
  }
  return box;
}

template <class T>
void run(const Launch& launch, const IntegersArgs& args) {
  if (args.function == IntegerFunction::Where) {
    const Box<3> box = boxOf<3>(args);
    return start(launch, "where", whereKernel<T>, ceilDivide(box.count, kThreads), kThreads, 0,
                 static_cast<const uint8_t*>(args.inputs[0]), static_cast<const T*>(args.inputs[1]),
                 static_cast<const T*>(args.inputs[2]), static_cast<T*>(args.y), box);
  }
  const Box<2> box = boxOf<2>(args);
  const int64_t blocks = ceilDivide(box.count, kThreads);
  const T* const a = static_cast<const T*>(args.inputs[0]);
  const T* const b = arityOf(args.function) > 1 ? static_cast<const T*>(args.inputs[1]) : a;
  if (args.function >= IntegerFunction::Equal)
    return start(launch, "integers", compareKernel<T>, blocks, kThreads, 0, args.function, a, b,
                 static_cast<uint8_t*>(args.y), box);
  start(launch, "integers", integersKernel<T>, blocks, kThreads, 0, args.function, a, b, static_cast<T*>(args.y), box);
}

}  // namespace

void integers(const Launch& launch, const IntegersArgs& args) {
  withBits(byteSize(args.element), [&](auto bits) { run<std::make_signed_t<decltype(bits)>>(launch, args); });
}

}  // namespace fw::kernels::FW_CUDA
