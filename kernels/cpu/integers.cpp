// Elementwise functions of integers and booleans.
#include "kernels/integers.h"

#include <algorithm>
#include <type_traits>

namespace fw::kernels::cpu {
namespace {

/// Every row of the last dimension in turn: body(place of the row in each input, in y, columns).
template <class Row>
void forRows(const Launch& launch, const IntegersArgs& args, int inputs, const Row& body) {
  int64_t contiguous[IntegersArgs::maxRank + 1];
  contiguous[args.rank] = 1;
  for (int i = args.rank - 1; i >= 0; --i) contiguous[i] = contiguous[i + 1] * args.sizes[i];
  if (contiguous[0] == 0) return;
  bool isFlat = true;
  for (int k = 0; k < inputs; ++k) isFlat = isFlat && !args.strides[k];
  const int64_t columns = isFlat ? contiguous[0] : args.rank > 0 ? args.sizes[args.rank - 1] : 1;
  const int64_t rows = contiguous[0] / columns;
  const int outer = args.rank - 1;
  if (rows == 1) {
    int64_t steps[3] = {1, 1, 1};
    for (int k = 0; k < inputs; ++k)
      if (args.strides[k] && args.rank > 0) steps[k] = args.strides[k][args.rank - 1];
    parallelFor(launch, columns, 32768, [&](int64_t begin, int64_t end) {
      const int64_t offsets[3] = {begin * steps[0], begin * steps[1], begin * steps[2]};
      body(offsets, steps, begin, end - begin);
    });
    return;
  }
  parallelFor(launch, rows, std::max<int64_t>(32768 / columns, 1), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t offsets[3] = {0, 0, 0}, steps[3] = {1, 1, 1};
      int64_t rest = row;
      for (int i = outer - 1; i >= 0; --i) {
        const int64_t index = rest % args.sizes[i];
        rest /= args.sizes[i];
        for (int k = 0; k < inputs; ++k)
          offsets[k] += index * (args.strides[k] ? args.strides[k][i] : contiguous[i + 1]);
      }
      for (int k = 0; k < inputs; ++k)
        if (args.strides[k]) steps[k] = args.strides[k][outer];
      body(offsets, steps, row * columns, columns);
    }
  });
}

template <class T, class Y, class F>
void map(const Launch& launch, const IntegersArgs& args, int inputs, const F& f) {
  forRows(launch, args, inputs, [&](const int64_t* offsets, const int64_t* steps, int64_t place, int64_t count) {
    const T* a = static_cast<const T*>(args.inputs[0]) + offsets[0];
    const T* b = inputs > 1 ? static_cast<const T*>(args.inputs[1]) + offsets[1] : a;
    Y* y = static_cast<Y*>(args.y) + place;
    for (int64_t i = 0; i < count; ++i) y[i] = f(a[i * steps[0]], b[i * steps[1]]);
  });
}

template <class T>
void where(const Launch& launch, const IntegersArgs& args) {
  forRows(launch, args, 3, [&](const int64_t* offsets, const int64_t* steps, int64_t place, int64_t count) {
    const uint8_t* condition = static_cast<const uint8_t*>(args.inputs[0]) + offsets[0];
    const T* a = static_cast<const T*>(args.inputs[1]) + offsets[1];
    const T* b = static_cast<const T*>(args.inputs[2]) + offsets[2];
    T* y = static_cast<T*>(args.y) + place;
    for (int64_t i = 0; i < count; ++i) y[i] = condition[i * steps[0]] ? a[i * steps[1]] : b[i * steps[2]];
  });
}

template <class T>
void run(const Launch& launch, const IntegersArgs& args) {
  using U = std::make_unsigned_t<T>;  // wraps without being undefined
  using Y = uint8_t;
  switch (args.function) {
    case IntegerFunction::Neg:
      return map<T, T>(launch, args, 1, [](T a, T) { return T(U(0) - U(a)); });
    case IntegerFunction::Abs:
      return map<T, T>(launch, args, 1, [](T a, T) { return a < 0 ? T(U(0) - U(a)) : a; });
    case IntegerFunction::Sign:
      return map<T, T>(launch, args, 1, [](T a, T) { return T((a > 0) - (a < 0)); });
    case IntegerFunction::Square:
      return map<T, T>(launch, args, 1, [](T a, T) { return T(U(a) * U(a)); });
    case IntegerFunction::Add:
      return map<T, T>(launch, args, 2, [](T a, T b) { return T(U(a) + U(b)); });
    case IntegerFunction::Sub:
      return map<T, T>(launch, args, 2, [](T a, T b) { return T(U(a) - U(b)); });
    case IntegerFunction::Mul:
      return map<T, T>(launch, args, 2, [](T a, T b) { return T(U(a) * U(b)); });
    case IntegerFunction::Minimum:
      return map<T, T>(launch, args, 2, [](T a, T b) { return std::min(a, b); });
    case IntegerFunction::Maximum:
      return map<T, T>(launch, args, 2, [](T a, T b) { return std::max(a, b); });
    case IntegerFunction::Equal:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a == b); });
    case IntegerFunction::NotEqual:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a != b); });
    case IntegerFunction::Less:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a < b); });
    case IntegerFunction::LessEqual:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a <= b); });
    case IntegerFunction::Greater:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a > b); });
    case IntegerFunction::GreaterEqual:
      return map<T, Y>(launch, args, 2, [](T a, T b) { return Y(a >= b); });
    case IntegerFunction::Where:
      return where<T>(launch, args);
  }
}

}  // namespace

void integers(const Launch& launch, const IntegersArgs& args) {
  withBits(byteSize(args.element), [&](auto bits) { run<std::make_signed_t<decltype(bits)>>(launch, args); });
}

}  // namespace fw::kernels::cpu
