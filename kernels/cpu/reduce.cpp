// Reductions. Dimensions are joined until kept and reduced ones alternate. Where the last is reduced, a run of
// neighbours gives one number; where it is kept, whole rows are combined element by element. Few outputs of many
// elements are cut into parts (by sizes alone), whose results are combined in order.
#include "kernels/reduce.h"

#include <algorithm>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/reduce.cpp"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <Reduction reduction, class V>
HWY_INLINE V combine(V a, V b) {
  if constexpr (reduction == Reduction::Sum) return hn::Add(a, b);
  if constexpr (reduction == Reduction::Prod) return hn::Mul(a, b);
  if constexpr (reduction == Reduction::Max) return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  if constexpr (reduction == Reduction::Min) return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
}
template <Reduction reduction>
HWY_INLINE double combineScalars(double a, double b) {
  if constexpr (reduction == Reduction::Sum) return a + b;
  if constexpr (reduction == Reduction::Prod) return a * b;
  if constexpr (reduction == Reduction::Max) return a > b || a != a ? a : b;
  if constexpr (reduction == Reduction::Min) return a < b || a != a ? a : b;
}
template <Reduction reduction>
constexpr float neutral() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  return reduction == Reduction::Sum    ? 0
         : reduction == Reduction::Prod ? 1
         : reduction == Reduction::Max  ? -infinity
                                        : infinity;
}

/// One number of a run of neighbours: vectors over blocks of 1024, f64 over the blocks.
template <Reduction reduction>
float reduceRun(const float* x, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  double result = neutral<reduction>();
  for (int64_t begin = 0; begin < count; begin += 1024) {
    const int64_t end = std::min(begin + 1024, count);
    int64_t i = begin;
    if (end - begin >= lanes) {
      auto a = hn::Set(d, neutral<reduction>()), b = a, c = a, e = a;
      for (; i + 4 * lanes <= end; i += 4 * lanes) {
        a = combine<reduction>(a, hn::LoadU(d, x + i));
        b = combine<reduction>(b, hn::LoadU(d, x + i + lanes));
        c = combine<reduction>(c, hn::LoadU(d, x + i + 2 * lanes));
        e = combine<reduction>(e, hn::LoadU(d, x + i + 3 * lanes));
      }
      for (; i + lanes <= end; i += lanes) a = combine<reduction>(a, hn::LoadU(d, x + i));
      a = combine<reduction>(combine<reduction>(a, b), combine<reduction>(c, e));
      if constexpr (reduction == Reduction::Sum) {
        result += double(hn::GetLane(hn::SumOfLanes(d, a)));
      } else {
        HWY_ALIGN float all[hn::MaxLanes(d)];
        hn::Store(a, d, all);
        for (int64_t k = 0; k < lanes; ++k) result = combineScalars<reduction>(result, all[k]);
      }
    }
    for (; i < end; ++i) result = combineScalars<reduction>(result, x[i]);
  }
  return float(result);
}

/// total[j] = total[j] combined with x[r][j] over `rows` rows that lie at `offsets`; `width` columns.
template <Reduction reduction>
void reduceRows(const float* x, const int64_t* offsets, int64_t rows, int64_t width, float* total) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *a = x + offsets[r], *b = x + offsets[r + 1], *c = x + offsets[r + 2], *e = x + offsets[r + 3];
    int64_t j = 0;
    for (; j + lanes <= width; j += lanes) {
      const auto ab = combine<reduction>(hn::LoadU(d, a + j), hn::LoadU(d, b + j));
      const auto ce = combine<reduction>(hn::LoadU(d, c + j), hn::LoadU(d, e + j));
      hn::StoreU(combine<reduction>(hn::LoadU(d, total + j), combine<reduction>(ab, ce)), d, total + j);
    }
    for (; j < width; ++j) {
      const double ab = combineScalars<reduction>(a[j], b[j]), ce = combineScalars<reduction>(c[j], e[j]);
      total[j] = float(combineScalars<reduction>(total[j], combineScalars<reduction>(ab, ce)));
    }
  }
  for (; r < rows; ++r) {
    const float* a = x + offsets[r];
    int64_t j = 0;
    for (; j + lanes <= width; j += lanes)
      hn::StoreU(combine<reduction>(hn::LoadU(d, total + j), hn::LoadU(d, a + j)), d, total + j);
    for (; j < width; ++j) total[j] = float(combineScalars<reduction>(total[j], a[j]));
  }
}

float sumRun(const float* x, int64_t count) { return reduceRun<Reduction::Sum>(x, count); }
float prodRun(const float* x, int64_t count) { return reduceRun<Reduction::Prod>(x, count); }
float maxRun(const float* x, int64_t count) { return reduceRun<Reduction::Max>(x, count); }
float minRun(const float* x, int64_t count) { return reduceRun<Reduction::Min>(x, count); }

void sumRows(const float* x, const int64_t* offsets, int64_t rows, int64_t width, float* total) {
  reduceRows<Reduction::Sum>(x, offsets, rows, width, total);
}
void prodRows(const float* x, const int64_t* offsets, int64_t rows, int64_t width, float* total) {
  reduceRows<Reduction::Prod>(x, offsets, rows, width, total);
}
void maxRows(const float* x, const int64_t* offsets, int64_t rows, int64_t width, float* total) {
  reduceRows<Reduction::Max>(x, offsets, rows, width, total);
}
void minRows(const float* x, const int64_t* offsets, int64_t rows, int64_t width, float* total) {
  reduceRows<Reduction::Min>(x, offsets, rows, width, total);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(sumRun);
HWY_EXPORT(prodRun);
HWY_EXPORT(maxRun);
HWY_EXPORT(minRun);
HWY_EXPORT(sumRows);
HWY_EXPORT(prodRows);
HWY_EXPORT(maxRows);
HWY_EXPORT(minRows);

constexpr int64_t smallWork = 32768;  // elements that one thread does before a second pays
constexpr int64_t partLength = 16384;
constexpr int64_t blockColumns = 1024;  // a block of totals stays in the first-level cache
constexpr int64_t wantedTasks = 32;     // below this many outputs the reduced side is cut

struct Kernels {
  float (*run)(const float*, int64_t);
  void (*rows)(const float*, const int64_t*, int64_t, int64_t, float*);
  double (*combine)(double, double);
  float neutral;
};

Kernels kernelsOf(Reduction reduction) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  switch (reduction) {
    case Reduction::Sum:
      return {HWY_DYNAMIC_DISPATCH(sumRun), HWY_DYNAMIC_DISPATCH(sumRows), [](double a, double b) { return a + b; }, 0};
    case Reduction::Prod:
      return {HWY_DYNAMIC_DISPATCH(prodRun), HWY_DYNAMIC_DISPATCH(prodRows), [](double a, double b) { return a * b; },
              1};
    case Reduction::Max:
      return {HWY_DYNAMIC_DISPATCH(maxRun), HWY_DYNAMIC_DISPATCH(maxRows),
              [](double a, double b) { return a > b || a != a ? a : b; }, -infinity};
    default:
      return {HWY_DYNAMIC_DISPATCH(minRun), HWY_DYNAMIC_DISPATCH(minRows),
              [](double a, double b) { return a < b || a != a ? a : b; }, infinity};
  }
}

/// A set of dimensions and their strides in x: the place of the i-th combination of indices.
struct Space {
  int rank = 0;
  int64_t sizes[ReduceArgs::maxRank], strides[ReduceArgs::maxRank];
  int64_t count = 1;

  void addInner(int64_t size, int64_t stride) {
    if (rank > 0 && strides[rank - 1] == stride * size) {
      sizes[rank - 1] *= size;
      strides[rank - 1] = stride;
    } else {
      sizes[rank] = size;
      strides[rank++] = stride;
    }
    count *= size;
  }
  int64_t offset(int64_t i) const {
    int64_t offset = 0;
    for (int k = rank - 1; k >= 0; --k) {
      offset += i % sizes[k] * strides[k];
      i /= sizes[k];
    }
    return offset;
  }
};

/// x as [kept, reduced] with a last dimension of neighbours that is either.
struct Layout {
  Space kept, reduced;   // without the last dimension
  int64_t width = 1;     // of the last dimension
  bool isRun = true;     // the last dimension is reduced
  int64_t parts = 1;     // that the reduced side is cut into
  int64_t partRows = 1;  // reduced combinations of a part; of a run: elements of a part when `reduced` is one
  int64_t outputs = 1;

  explicit Layout(const ReduceArgs& args) {
    int64_t stride[ReduceArgs::maxRank + 1];
    stride[args.rank] = 1;
    for (int i = args.rank - 1; i >= 0; --i) stride[i] = stride[i + 1] * args.sizes[i];
    int last = args.rank - 1;
    while (last >= 0 && args.sizes[last] == 1) --last;
    isRun = last < 0 || args.isReduced[last];
    for (; last >= 0 && (args.sizes[last] == 1 || args.isReduced[last] == isRun); --last) width *= args.sizes[last];
    for (int i = 0; i <= last; ++i) {
      if (args.sizes[i] == 1) continue;
      (args.isReduced[i] ? reduced : kept).addInner(args.sizes[i], stride[i + 1]);
    }
    outputs = kept.count * (isRun ? 1 : width);
    cut();
  }

  void cut() {
    const int64_t reducedCount = reduced.count * (isRun ? width : 1);
    partRows = std::max<int64_t>(reduced.count, 1);
    if (reducedCount * outputs <= smallWork) return;
    if (isRun) {
      if (kept.count >= wantedTasks) return;
      if (reduced.count == 1) {
        partRows = partLength;
        parts = (width + partLength - 1) / partLength;
      } else {
        partRows = std::max<int64_t>(partLength / width, 1);
        partRows = std::max(partRows, (reduced.count + 2 * wantedTasks - 1) / (2 * wantedTasks));
        parts = (reduced.count + partRows - 1) / partRows;
      }
      return;
    }
    const int64_t tasks = kept.count * ((width + blockColumns - 1) / blockColumns);
    if (tasks >= wantedTasks) return;
    const int64_t block = std::min(width, blockColumns);
    partRows = std::max<int64_t>(partLength / block, 8);
    partRows = std::max(partRows, (reduced.count * tasks + 2 * wantedTasks - 1) / (2 * wantedTasks));
    parts = (reduced.count + partRows - 1) / partRows;
  }
};

void reduceFloats(const Launch& launch, const ReduceArgs& args) {
  const Layout layout(args);
  const Kernels kernels = kernelsOf(args.reduction);
  const float* x = static_cast<const float*>(args.x);
  float* y = static_cast<float*>(args.y);
  float* to = layout.parts > 1 ? args.workspace : y;  // [parts, outputs]
  const float factor = layout.parts > 1 ? 1 : args.factor;
  const Space &kept = layout.kept, &reduced = layout.reduced;
  const int64_t width = layout.width, outputs = layout.outputs;

  if (layout.isRun) {
    const int64_t work = std::max<int64_t>(layout.reduced.count * width / layout.parts, 1);
    parallelFor(
        launch, kept.count * layout.parts, std::max<int64_t>(smallWork / work, 1), [&](int64_t begin, int64_t end) {
          for (int64_t task = begin; task < end; ++task) {
            const int64_t part = task / kept.count, k = task % kept.count;
            const float* from = x + kept.offset(k);
            double result;
            if (reduced.count == 1) {
              const int64_t first = layout.parts > 1 ? part * layout.partRows : 0;
              const int64_t count = layout.parts > 1 ? std::min(layout.partRows, width - first) : width;
              result = kernels.run(from + first, count);
            } else {
              result = kernels.neutral;
              const int64_t first = part * layout.partRows, last = std::min(first + layout.partRows, reduced.count);
              for (int64_t r = first; r < last; ++r)
                result = kernels.combine(result, kernels.run(from + reduced.offset(r), width));
            }
            to[part * outputs + k] = float(result) * factor;
          }
        });
  } else {
    const int64_t blocks = (width + blockColumns - 1) / blockColumns;
    const int64_t work = std::max<int64_t>(layout.partRows * std::min(width, blockColumns), 1);
    parallelFor(launch, layout.parts * kept.count * blocks, std::max<int64_t>(smallWork / work, 1),
                [&](int64_t begin, int64_t end) {
                  for (int64_t task = begin; task < end; ++task) {
                    const int64_t column = task % blocks * blockColumns, k = task / blocks % kept.count;
                    const int64_t part = task / (blocks * kept.count);
                    const int64_t columns = std::min(blockColumns, width - column);
                    float* total = to + part * outputs + k * width + column;
                    std::fill_n(total, columns, kernels.neutral);
                    const float* from = x + kept.offset(k) + column;
                    const int64_t first = part * layout.partRows,
                                  last = std::min(first + layout.partRows, reduced.count);
                    // In groups of 128 rows, so that the error of a long sum grows with the groups and not with the
                    // rows.
                    float group[blockColumns];
                    int64_t offsets[128];
                    for (int64_t r = first; r < last; r += 128) {
                      const int64_t rows = std::min<int64_t>(128, last - r);
                      for (int64_t i = 0; i < rows; ++i) offsets[i] = reduced.offset(r + i);
                      std::fill_n(group, columns, kernels.neutral);
                      kernels.rows(from, offsets, rows, columns, group);
                      const int64_t here = 0;
                      kernels.rows(group, &here, 1, columns, total);
                    }
                    if (factor != 1)
                      for (int64_t j = 0; j < columns; ++j) total[j] *= factor;
                  }
                });
  }
  if (layout.parts == 1) return;
  parallelFor(launch, outputs, std::max<int64_t>(smallWork / layout.parts, 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double result = kernels.neutral;
      for (int64_t part = 0; part < layout.parts; ++part) result = kernels.combine(result, to[part * outputs + i]);
      y[i] = float(result) * args.factor;
    }
  });
}

template <class T>
T combineIntegers(Reduction reduction, T a, T b) {
  using U = std::make_unsigned_t<T>;
  switch (reduction) {
    case Reduction::Sum:
      return T(U(a) + U(b));
    case Reduction::Prod:
      return T(U(a) * U(b));
    case Reduction::Max:
      return std::max(a, b);
    default:
      return std::min(a, b);
  }
}

template <class T>
void reduceIntegers(const Launch& launch, const ReduceArgs& args) {
  const Layout layout(args);
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  constexpr T ends[] = {0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  const T start = ends[int(args.reduction)];
  const int64_t runWidth = layout.isRun ? layout.width : 1, columns = layout.isRun ? 1 : layout.width;
  const int64_t work = std::max<int64_t>(layout.reduced.count * layout.width, 1);
  parallelFor(launch, layout.kept.count, std::max<int64_t>(smallWork / work, 1), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k)
      for (int64_t j = 0; j < columns; ++j) {
        T result = start;
        for (int64_t r = 0; r < layout.reduced.count; ++r) {
          const T* from = x + layout.kept.offset(k) + layout.reduced.offset(r) + j;
          for (int64_t i = 0; i < runWidth; ++i) result = combineIntegers(args.reduction, result, from[i]);
        }
        y[k * columns + j] = result;
      }
  });
}

}  // namespace

int64_t reduceWorkspace(const ReduceArgs& args) {
  if (args.element != Element::F32) return 0;
  const Layout layout(args);
  return layout.parts > 1 ? layout.parts * layout.outputs : 0;
}

void reduce(const Launch& launch, const ReduceArgs& args) {
  if (args.element == Element::I64) return reduceIntegers<int64_t>(launch, args);
  if (args.element == Element::I32) return reduceIntegers<int32_t>(launch, args);
  reduceFloats(launch, args);
}

}  // namespace fw::kernels::cpu
#endif
