// Copying strided boxes: dimensions are merged first; what is left is rows of bytes, a transposition done in tiles, or
// single elements.
#include "kernels/copy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/copy.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/element.h"

#include <algorithm>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[c * toStride + r] = from[r * fromStride + c], r < rows, c < columns.
template <class T>
void transposePlain(const T* from, int64_t fromStride, T* to, int64_t toStride, int64_t rows, int64_t columns) {
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r) to[c * toStride + r] = from[r * fromStride + c];
}

#if HWY_MAX_BYTES >= 32
// A 4 x 4 tile of 32-bit elements in every 128-bit block of four vectors.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE void transposeBlocks(D d, V& a, V& b, V& c, V& e) {
  const V ac0 = hn::InterleaveLower(d, a, c), ac1 = hn::InterleaveUpper(d, a, c);
  const V be0 = hn::InterleaveLower(d, b, e), be1 = hn::InterleaveUpper(d, b, e);
  a = hn::InterleaveLower(d, ac0, be0);
  b = hn::InterleaveUpper(d, ac0, be0);
  c = hn::InterleaveLower(d, ac1, be1);
  e = hn::InterleaveUpper(d, ac1, be1);
}

// 8 x 8 tile of 32-bit elements through eight 256-bit registers: rows are read as two halves, so that a block of 128
// bits only ever moves within itself.
HWY_INLINE void transposeTile8(const uint32_t* HWY_RESTRICT from, int64_t fromStride, uint32_t* HWY_RESTRICT to,
                               int64_t toStride) {
  const hn::FixedTag<uint32_t, 8> d;
  const hn::Half<decltype(d)> half;
  const auto load = [&](int64_t r, int64_t c) HWY_ATTR {
    return hn::Combine(d, hn::LoadU(half, from + (r + 4) * fromStride + c), hn::LoadU(half, from + r * fromStride + c));
  };
  for (int64_t c = 0; c < 8; c += 4) {
    auto r0 = load(0, c), r1 = load(1, c), r2 = load(2, c), r3 = load(3, c);
    transposeBlocks(d, r0, r1, r2, r3);
    hn::StoreU(r0, d, to + (c + 0) * toStride);
    hn::StoreU(r1, d, to + (c + 1) * toStride);
    hn::StoreU(r2, d, to + (c + 2) * toStride);
    hn::StoreU(r3, d, to + (c + 3) * toStride);
  }
}

// The 32-bit case: tiles of 8 x 8, in strips of 16 rows so that whole cache lines are written.
void transposeWords(const uint32_t* from, int64_t fromStride, uint32_t* to, int64_t toStride, int64_t rows,
                    int64_t columns) {
  const int64_t wholeRows = rows / 8 * 8, wholeColumns = columns / 8 * 8;
  for (int64_t strip = 0; strip < wholeRows; strip += 16)
    for (int64_t c = 0; c < wholeColumns; c += 8)
      for (int64_t r = strip; r < wholeRows && r < strip + 16; r += 8)
        transposeTile8(from + r * fromStride + c, fromStride, to + c * toStride + r, toStride);
  transposePlain(from + wholeRows * fromStride, fromStride, to + wholeRows, toStride, rows - wholeRows, columns);
  transposePlain(from + wholeColumns, fromStride, to + wholeColumns * toStride, toStride, wholeRows,
                 columns - wholeColumns);
}
#else
void transposeWords(const uint32_t* from, int64_t fromStride, uint32_t* to, int64_t toStride, int64_t rows,
                    int64_t columns) {
  transposePlain(from, fromStride, to, toStride, rows, columns);
}
#endif

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(transposeWords);

struct Wide {  // an element of 16 bytes
  uint64_t low, high;
};

struct Dim {
  int64_t size, from, to;
};

// The box with its dimensions merged where they can be, outermost first; `elementSize` grows where the innermost
// dimension is a run of 2 to 16 bytes.
struct Box {
  const char* from;
  char* to;
  int64_t elementSize;
  int rank = 0;
  Dim dims[CopyArgs::maxRank];
};

// False when the box is empty.
bool simplify(const CopyArgs& args, Box& box) {
  box.from = static_cast<const char*>(args.from);
  box.to = static_cast<char*>(args.to);
  box.elementSize = args.elementSize;
  for (int i = 0; i < args.rank; ++i) {
    if (args.sizes[i] == 0) return false;
    if (args.sizes[i] == 1) continue;
    const Dim dim = {args.sizes[i], args.fromStrides[i], args.toStrides[i]};
    Dim* last = box.rank > 0 ? &box.dims[box.rank - 1] : nullptr;
    if (last && last->from == dim.from * dim.size && last->to == dim.to * dim.size)
      *last = {last->size * dim.size, dim.from, dim.to};
    else
      box.dims[box.rank++] = dim;
  }
  if (box.rank > 0) {  // a short run of elements becomes one larger element
    const Dim inner = box.dims[box.rank - 1];
    const int64_t bytes = inner.size * box.elementSize;
    bool fits = inner.from == 1 && inner.to == 1 && (bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16);
    const uintptr_t alignment = uintptr_t(bytes < 8 ? bytes : 8);
    fits = fits && (reinterpret_cast<uintptr_t>(args.from) | reinterpret_cast<uintptr_t>(args.to)) % alignment == 0;
    for (int i = 0; i + 1 < box.rank; ++i)
      fits = fits && box.dims[i].from % inner.size == 0 && box.dims[i].to % inner.size == 0;
    if (fits && box.rank > 1) {
      --box.rank;
      for (int i = 0; i < box.rank; ++i) box.dims[i].from /= inner.size, box.dims[i].to /= inner.size;
      box.elementSize = bytes;
    }
  }
  return true;
}

// Walks the indices of some dimensions in row-major order, keeping the two element offsets.
class Walk {
 public:
  Walk(const Dim* dims, int rank, int64_t start) : dims_(dims), rank_(rank) {
    for (int i = rank - 1; i >= 0; --i) {
      index_[i] = start % dims[i].size;
      start /= dims[i].size;
      from += index_[i] * dims[i].from;
      to += index_[i] * dims[i].to;
    }
  }
  void next() {
    for (int i = rank_ - 1; i >= 0; --i) {
      from += dims_[i].from;
      to += dims_[i].to;
      if (++index_[i] < dims_[i].size) return;
      from -= dims_[i].from * dims_[i].size;
      to -= dims_[i].to * dims_[i].size;
      index_[i] = 0;
    }
  }
  int64_t from = 0, to = 0;

 private:
  const Dim* dims_;
  int rank_;
  int64_t index_[CopyArgs::maxRank];
};

int64_t countOf(const Dim* dims, int rank) {
  int64_t count = 1;
  for (int i = 0; i < rank; ++i) count *= dims[i].size;
  return count;
}

constexpr int64_t chunkBytes = 64 * 1024;  // enough work to be worth a thread, small enough to share out evenly

// The innermost dimension is contiguous on both sides.
void copyRows(const Launch& launch, const Box& box) {
  const int outer = box.rank - 1;
  const int64_t rowBytes = box.dims[outer].size * box.elementSize, rows = countOf(box.dims, outer);
  if (rowBytes >= 2 * chunkBytes) {
    const int64_t pieces = (rowBytes + chunkBytes - 1) / chunkBytes;
    parallelFor(launch, rows * pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Walk walk(box.dims, outer, i / pieces);
        const int64_t start = i % pieces * chunkBytes;
        std::memcpy(box.to + walk.to * box.elementSize + start, box.from + walk.from * box.elementSize + start,
                    size_t(std::min(chunkBytes, rowBytes - start)));
      }
    });
    return;
  }
  parallelFor(launch, rows, std::max<int64_t>(1, chunkBytes / rowBytes), [&](int64_t begin, int64_t end) {
    Walk walk(box.dims, outer, begin);
    for (int64_t i = begin; i < end; ++i, walk.next())
      std::memcpy(box.to + walk.to * box.elementSize, box.from + walk.from * box.elementSize, size_t(rowBytes));
  });
}

// No structure to use: element by element along the innermost dimension.
template <class T>
void copyElements(const Launch& launch, const Box& box) {
  const int outer = std::max(0, box.rank - 1);
  const Dim inner = box.rank > 0 ? box.dims[outer] : Dim{1, 1, 1};
  const T* from = reinterpret_cast<const T*>(box.from);
  T* to = reinterpret_cast<T*>(box.to);
  const int64_t grain = std::max<int64_t>(1, chunkBytes / int64_t(sizeof(T)) / inner.size);
  parallelFor(launch, countOf(box.dims, outer), grain, [&](int64_t begin, int64_t end) {
    Walk walk(box.dims, outer, begin);
    for (int64_t i = begin; i < end; ++i, walk.next()) {
      const T* source = from + walk.from;
      T* target = to + walk.to;
      for (int64_t j = 0; j < inner.size; ++j) target[j * inner.to] = source[j * inner.from];
    }
  });
}

template <class T>
void transposeBand(const T* from, int64_t fromStride, T* to, int64_t toStride, int64_t rows, int64_t columns) {
  if constexpr (sizeof(T) == 4) {
    HWY_DYNAMIC_DISPATCH(transposeWords)(from, fromStride, to, toStride, rows, columns);
  } else {
    constexpr int64_t tile = 64 / sizeof(T) < 8 ? 8 : 64 / sizeof(T);
    for (int64_t r = 0; r < rows; r += tile) {
      const int64_t rowEnd = std::min(rows, r + tile);
      for (int64_t c = 0; c < columns; ++c)
        for (int64_t i = r; i < rowEnd; ++i) to[c * toStride + i] = from[i * fromStride + c];
    }
  }
}

// The innermost dimension is contiguous in `to`, dimension `column` is contiguous in `from`: transposes, in bands of
// rows by panels of columns that stay in the first-level cache.
template <class T>
void transposeTiles(const Launch& launch, const Box& box, int column) {
  constexpr int64_t bandRows = 64, bandColumns = 32;
  const Dim rowDim = box.dims[box.rank - 1], columnDim = box.dims[column];
  Dim outer[CopyArgs::maxRank];
  int outerRank = 0;
  for (int i = 0; i + 1 < box.rank; ++i)
    if (i != column) outer[outerRank++] = box.dims[i];
  const int64_t rows = rowDim.size, columns = columnDim.size;
  const int64_t bands = (rows + bandRows - 1) / bandRows, panels = (columns + bandColumns - 1) / bandColumns;
  const int64_t tileBytes = std::min(rows, bandRows) * std::min(columns, bandColumns) * int64_t(sizeof(T));
  const T* from = reinterpret_cast<const T*>(box.from);
  T* to = reinterpret_cast<T*>(box.to);
  const int64_t grain = std::max<int64_t>(1, chunkBytes / tileBytes);
  parallelFor(launch, countOf(outer, outerRank) * bands * panels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = i / bands % panels, band = i % bands;
      const Walk walk(outer, outerRank, i / (bands * panels));
      const int64_t r = band * bandRows, c = panel * bandColumns;
      transposeBand(from + walk.from + r * rowDim.from + c, rowDim.from, to + walk.to + c * columnDim.to + r,
                    columnDim.to, std::min(bandRows, rows - r), std::min(bandColumns, columns - c));
    }
  });
}

template <class T>
void copyBox(const Launch& launch, const Box& box) {
  if (box.rank > 1 && box.dims[box.rank - 1].to == 1)
    for (int i = box.rank - 2; i >= 0; --i)
      if (box.dims[i].from == 1) return transposeTiles<T>(launch, box, i);
  copyElements<T>(launch, box);
}

template <class T>
void fillElements(const Launch& launch, const FillArgs& args) {
  T value;
  std::memcpy(&value, args.value, sizeof value);
  T* to = static_cast<T*>(args.to);
  parallelFor(launch, args.count, chunkBytes / int64_t(sizeof(T)),
              [&](int64_t begin, int64_t end) { std::fill(to + begin, to + end, value); });
}
}  // namespace

void copyStrided(const Launch& launch, const CopyArgs& args) {
  Box box;
  if (!simplify(args, box)) return;
  if (box.rank == 0) {
    std::memcpy(box.to, box.from, size_t(box.elementSize));
    return;
  }
  if (box.dims[box.rank - 1].from == 1 && box.dims[box.rank - 1].to == 1) return copyRows(launch, box);
  if (box.elementSize > 8) return copyBox<Wide>(launch, box);
  withBits(box.elementSize, [&](auto bits) { copyBox<decltype(bits)>(launch, box); });
}

void fill(const Launch& launch, const FillArgs& args) {
  withBits(args.elementSize, [&](auto bits) { fillElements<decltype(bits)>(launch, args); });
}

void copyBytes(const Launch& launch, const void* from, void* to, int64_t bytes) {
  parallelFor(launch, bytes, chunkBytes, [&](int64_t begin, int64_t end) {
    std::memcpy(static_cast<char*>(to) + begin, static_cast<const char*>(from) + begin, size_t(end - begin));
  });
}

void writeBytes(const Launch& launch, const void* from, void* to, int64_t bytes) { copyBytes(launch, from, to, bytes); }

}  // namespace fw::kernels::cpu
#endif
