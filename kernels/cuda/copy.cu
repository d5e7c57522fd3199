// Copying strided boxes and filling: a thread an element. A transposition goes through a tile of shared memory, so that
// both sides are read and written along their rows.
#include "kernels/copy.h"

#include <cstring>

#include "kernels/cuda/box.h"
#include "kernels/cuda/kernels.h"
#include "kernels/element.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void copyKernel(const T* from, T* to, Box<2> box) {
  const int64_t i = globalIndex();
  if (i >= box.count) return;
  int64_t at[2];
  box.locate(i, at);
  to[at[1]] = from[at[0]];
}

constexpr int kTile = 32, kTileRows = 8;

/// to[b, c, r] = from[b, r, c], the strides of b, r and c given for both sides; c is contiguous in `from`, r in `to`.
struct Transposition {
  int64_t batch, rows, columns;
  int64_t fromBatch, fromRow, toBatch, toColumn;
  int64_t tilesOfRows, tilesOfColumns;
};

template <class T>
__global__ void transposeKernel(const T* from, T* to, Transposition shape) {
  SharedMemory memory;
  const SharedArray<T> tile = memory.array<T>(kTile * (kTile + 1));  // a column more: no two lanes on one bank
  int64_t rest = blockIdx.x;
  const int64_t firstColumn = rest % shape.tilesOfColumns * kTile;
  rest /= shape.tilesOfColumns;
  const int64_t firstRow = rest % shape.tilesOfRows * kTile, b = rest / shape.tilesOfRows;
  const int x = int(threadIdx.x) % kTile, y = int(threadIdx.x) / kTile;
  for (int i = y; i < kTile; i += kTileRows)
    if (firstRow + i < shape.rows && firstColumn + x < shape.columns)
      tile[i * (kTile + 1) + x] = from[b * shape.fromBatch + (firstRow + i) * shape.fromRow + firstColumn + x];
  __syncthreads();
  for (int i = y; i < kTile; i += kTileRows)
    if (firstRow + x < shape.rows && firstColumn + i < shape.columns)
      to[b * shape.toBatch + (firstColumn + i) * shape.toColumn + firstRow + x] = tile[x * (kTile + 1) + i];
}

/// Whether the box is a batch of transposed matrices; fills in `shape` then.
bool isTransposition(const Box<2>& box, Transposition& shape) {
  if (box.rank < 2 || box.rank > 3) return false;
  const int batch = box.rank - 3;
  int row = -1, column = -1;
  for (int i = 0; i < box.rank; ++i) {
    if (box.strides[0][i] == 1) column = i;
    if (box.strides[1][i] == 1) row = i;
  }
  if (row < 0 || column < 0 || row == column) return false;
  if (box.rank == 3 && (row == 0 || column == 0)) return false;
  if (box.sizes[row] < 8 || box.sizes[column] < 8) return false;
  shape = {batch < 0 ? 1 : box.sizes[batch],
           box.sizes[row],
           box.sizes[column],
           batch < 0 ? 0 : box.strides[0][batch],
           box.strides[0][row],
           batch < 0 ? 0 : box.strides[1][batch],
           box.strides[1][column],
           ceilDivide(box.sizes[row], kTile),
           ceilDivide(box.sizes[column], kTile)};
  return true;
}

template <class T>
void copyBox(const Launch& launch, const void* from, void* to, const Box<2>& box) {
  const T* const source = static_cast<const T*>(from);
  T* const target = static_cast<T*>(to);
  Transposition shape;
  if constexpr (sizeof(T) >= 4)
    if (isTransposition(box, shape))
      return start(launch, "transpose", transposeKernel<T>, shape.batch * shape.tilesOfRows * shape.tilesOfColumns,
                   kTile * kTileRows, sharedBytes<T>(kTile * (kTile + 1)), source, target, shape);
  start(launch, "copyStrided", copyKernel<T>, ceilDivide(box.count, kThreads), kThreads, 0, source, target, box);
}

template <class T>
__global__ void fillKernel(T* to, int64_t count, T value) {
  const int64_t i = globalIndex();
  if (i < count) to[i] = value;
}

template <class T>
void fillWith(const Launch& launch, const FillArgs& args) {
  T value;
  std::memcpy(&value, args.value, sizeof value);
  start(launch, "fill", fillKernel<T>, ceilDivide(args.count, kThreads), kThreads, 0, static_cast<T*>(args.to),
        args.count, value);
}

struct Piece {
  static constexpr int64_t size = 2048;  // of the 4 KB that a kernel's arguments may take
  unsigned char bytes[size];
};

__global__ void writeKernel(Piece piece, unsigned char* to, int64_t count) {
  const int64_t i = globalIndex();
  if (i < count) to[i] = piece.bytes[i];
}

}  // namespace

void copyStrided(const Launch& launch, const CopyArgs& args) {
  Box<2> box;
  for (int i = 0; i < args.rank; ++i) box.add(args.sizes[i], {args.fromStrides[i], args.toStrides[i]});
  withBits(args.elementSize, [&](auto bits) { copyBox<decltype(bits)>(launch, args.from, args.to, box); });
}

void fill(const Launch& launch, const FillArgs& args) {
  withBits(args.elementSize, [&](auto bits) { fillWith<decltype(bits)>(launch, args); });
}

void copyBytes(const Launch& launch, const void* from, void* to, int64_t bytes) {
  const bool isAligned =
      bytes % 4 == 0 && reinterpret_cast<uintptr_t>(from) % 4 == 0 && reinterpret_cast<uintptr_t>(to) % 4 == 0;
  const int64_t size = isAligned ? 4 : 1;
  copyStrided(launch, {from, to, size, 1, {bytes / size}, {1}, {1}});
}

void writeBytes(const Launch& launch, const void* from, void* to, int64_t bytes) {
  for (int64_t begin = 0; begin < bytes; begin += Piece::size) {
    const int64_t count = bytes - begin < Piece::size ? bytes - begin : Piece::size;
    Piece piece;
    std::memcpy(piece.bytes, static_cast<const unsigned char*>(from) + begin, size_t(count));
    start(launch, "writeBytes", writeKernel, ceilDivide(count, kThreads), kThreads, 0, piece,
          static_cast<unsigned char*>(to) + begin, count);
  }
}

}  // namespace fw::kernels::FW_CUDA
