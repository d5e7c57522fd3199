// The tile registers of AMX, for products as exact as in f32. A tile product multiplies bf16 and adds in f32, so each
// f32 is taken apart into the three bf16 whose sum it is exactly, x = h + m + l, and of the nine products of two
// numbers' pieces six are added up: l h, m h, m m, h m, h l, h h. Those left out are below 2^-24 of the whole: rounding
// in f32 is no better. (Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For
// Higher-Precision Computations", 2019.) Tile products take bf16 below 2^-126 for zero: numbers below 2^-110 lose bits.
#pragma once

#include <algorithm>
#include <cstdint>

namespace fw::kernels::cpu::amx {

using Bf16 = uint16_t;

constexpr int64_t kTile = 16;            // rows and columns of a tile of C
constexpr int64_t kBlock = 2 * kTile;    // rows and columns of C that are computed together
constexpr int64_t kChunk = 32;           // k of one tile product
constexpr int64_t kPieceSize = 512;      // bf16 in a tile of A or B
constexpr int64_t kChunkSize = 6 * 512;  // in the three pieces of two tiles, a block's chunk: [piece][tile][512]

/// Whether the processor has the tiles and the system lets us use them. Never where a test holds the kernels to a
/// lesser instruction set.
bool isAvailable();

void setUpTiles();
void releaseTiles();

/// While one lives, the tile registers of its thread are set up.
class Tiles {
 public:
  Tiles() { setUpTiles(); }
  ~Tiles() { releaseTiles(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

/// One side of a product as vectors of length k, the rows of A or the columns of B: `stride` from one to the next,
/// `kStride` from one of its elements to the next; one of the two is 1.
struct Side {
  const float* data = nullptr;
  int64_t stride = 0, kStride = 0;
};

/// Vectors [first, first + 16) of A for k [k0, k0 + 32) into the pieces of one tile of a block's chunk (aligned to 64);
/// zero from vector `end` and from k1 on. False where a number is not finite, or so large that h is not: the pieces are
/// then of no use.
bool packRows(const Side& a, int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces);

/// The same of B.
bool packColumns(const Side& b, int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces);

/// c[32,32] (+)= the sum over `chunks` chunks of a block of A and one of B.
void multiply(const Bf16* a, const Bf16* b, int64_t chunks, float* c, int64_t ldc, bool adds);

/// c[i,j] += bias[j].
void addToRows(float* c, int64_t ldc, int64_t rows, int64_t columns, const float* bias);

/// A side of `count` vectors of length `depth` in pieces, block by block, takes sideSize() bf16.
inline int64_t blocksOf(int64_t count) { return (count + kBlock - 1) / kBlock; }
inline int64_t chunksOf(int64_t depth) { return (depth + kChunk - 1) / kChunk; }
inline int64_t sideSize(int64_t count, int64_t depth) { return blocksOf(count) * chunksOf(depth) * kChunkSize; }

/// Vectors [first, end) and k [k0, k1) of a side, by packRows or packColumns.
template <class Pack>
bool packSide(const Pack& pack, const Side& side, int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) {
  bool isUsable = true;
  for (; first < end; first += kBlock)
    for (int64_t k = k0; k < k1; k += kChunk, pieces += kChunkSize) {
      const int64_t last = std::min(k + kChunk, k1);
      isUsable &= pack(side, first, end, k, last, pieces);
      isUsable &= pack(side, first + kTile, end, k, last, pieces + kPieceSize);
    }
  return isUsable;
}

/// c (+)= a b for sides that packSide() made: whole blocks of 32 rows and 32 columns of c are written. `aDepth`: of
/// which a was made, where only the first `depth` count.
inline void multiplySides(const Bf16* a, int64_t rows, int64_t aDepth, const Bf16* b, int64_t columns, int64_t depth,
                          float* c, int64_t ldc, bool adds) {
  const int64_t aBlock = chunksOf(aDepth) * kChunkSize, bBlock = chunksOf(depth) * kChunkSize;
  for (int64_t i = 0; i < blocksOf(rows); ++i)
    for (int64_t j = 0; j < blocksOf(columns); ++j)
      multiply(a + i * aBlock, b + j * bBlock, chunksOf(depth), c + (i * ldc + j) * kBlock, ldc, adds);
}

}  // namespace fw::kernels::cpu::amx
