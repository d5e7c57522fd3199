// CUDA kernels on the CPU: their real source is compiled by the host compiler with this header ahead of it, and runs
// block after block, each thread a fiber. Barriers, shuffles, votes, atomics and shared memory work as on the device;
// misuse is reported by an EmulationError: divergent barriers, shared memory read before it is written, out of bounds,
// or by two threads with no barrier between.
#pragma once

#define FW_EMULATION 1

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.

#define __global__ static
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)

struct EmulatedIndex {
  unsigned x = 0, y = 0, z = 0;
};
// One block runs at a time: these are those of the thread that is running.
inline EmulatedIndex threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {

using Place = std::source_location;

struct EmulationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Grid {
  const char* kernel;
  int64_t blocks, threads, sharedBytes;
};

/// Runs body() once for each thread. Throws EmulationError that names the kernel.
void runBlocks(const Grid& grid, void (*body)(void*), void* context);

template <class Body>
void run(const Grid& grid, const Body& body) {
  runBlocks(
      grid, [](void* context) { (*static_cast<const Body*>(context))(); }, const_cast<Body*>(&body));
}

/// Where kernels go instead of being run, so that they can be repeated; null: they run.
std::vector<std::function<void()>>* recording();
void record(std::vector<std::function<void()>>* to);

[[noreturn]] void report(const std::string& what, const Place& place);

void waitForBlock(const Place& place);
void waitForWarp(unsigned mask, const Place& place);
/// What the lanes gave at the last exchange of this warp: give, then wait, then take.
void give(uint64_t value);
uint64_t take(int lane, unsigned mask, const Place& place);

/// How often a piece of shared memory was last touched, and by whom.
struct Touch {
  uint64_t block = 0;  // counted over all blocks that ever ran; of the last write
  uint64_t writeEpoch = 0, readEpoch = 0;
  uint64_t writePhase = 0, readPhase = 0;
  int writer = -1, reader = -1;
  bool isReadByMany = false;  // threads of one warp
  bool isReadByWarps = false;
};

void touchToRead(Touch& touch, const Place& place);
void touchToWrite(Touch& touch, const Place& place);
/// By an atomic function: others may do so at the same time, but read only after a barrier.
void touchAtomically(Touch& touch, const Place& place);

/// An element of shared memory: reads and writes are looked at.
template <class T>
class Cell {
 public:
  Cell(T* at, Touch* touch, const Place& place) : at_(at), touch_(touch), place_(place) {}
  operator T() const {
    touchToRead(*touch_, place_);
    return *at_;
  }
  Cell& operator=(T value) {
    touchToWrite(*touch_, place_);
    *at_ = value;
    return *this;
  }
  Cell& operator=(const Cell& other) { return *this = T(other); }
  Cell& operator+=(T value) { return *this = T(*this) + value; }
  Cell& operator-=(T value) { return *this = T(*this) - value; }
  Cell& operator*=(T value) { return *this = T(*this) * value; }

 private:
  T* at_;
  Touch* touch_;
  Place place_;
};

/// An index that knows where it was written: the way by which an access learns its line.
struct PlacedIndex {
  template <class I>
  requires std::is_integral_v<I> PlacedIndex(I index, const Place& place = Place::current())
      : index(int64_t(index)), place(place) {}
  int64_t index;
  Place place;
};

template <class T>
class SharedArray {
 public:
  static_assert(sizeof(T) % 2 == 0, "shared memory is looked at in pairs of bytes");

  SharedArray() = default;
  SharedArray(T* begin, Touch* touches, int64_t count) : begin_(begin), touches_(touches), count_(count) {}
  Cell<T> operator[](PlacedIndex at) const {
    if (at.index < 0 || at.index >= count_)
      report("element " + std::to_string(at.index) + " of " + std::to_string(count_) + " of a shared array", at.place);
    return {begin_ + at.index, touches_ + at.index * int64_t(sizeof(T) / 2), at.place};
  }
  /// The first element, for an atomic function.
  T* atomic(const Place& place) const {
    if (count_ < 1) report("an atomic function outside a shared array", place);
    touchAtomically(*touches_, place);
    return begin_;
  }
  SharedArray operator+(int64_t offset) const {
    return {begin_ + offset, touches_ + offset * int64_t(sizeof(T) / 2), count_ - offset};
  }

 private:
  T* begin_ = nullptr;
  Touch* touches_ = nullptr;
  int64_t count_ = 0;
};

/// `bytes` of the block's shared memory from `offset` on; reports where the launch gave less.
void* sharedPiece(int64_t offset, int64_t bytes, Touch*& touches, const Place& place);

class SharedMemory {
 public:
  template <class T>
  SharedArray<T> array(int64_t count, const Place& place = Place::current()) {
    Touch* touches = nullptr;
    void* const begin = sharedPiece(used_, count * int64_t(sizeof(T)), touches, place);
    used_ += (count * int64_t(sizeof(T)) + 15) / 16 * 16;
    return {static_cast<T*>(begin), touches, count};
  }

 private:
  int64_t used_ = 0;
};

template <class T>
uint64_t toBits(T value) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <class T>
T exchange(unsigned mask, T value, int lane, const Place& place) {
  give(toBits(value));
  waitForWarp(mask, place);
  return fromBits<T>(take(lane, mask, place));
}
inline int laneIndex() { return int(threadIdx.x % 32); }
unsigned vote(unsigned mask, bool holds, const Place& place);

/// The tensor cores' mma.m16n8k16 of bf16 with sums in f32, by all lanes of a warp: c += a b. Of A, [16,16], lane l has
/// elements (l/4, 2(l%4)), those 8 rows below, those 8 columns on, and those 8 rows below and 8 columns on, each with
/// its right neighbour in the upper half; of B, [16,8], (2(l%4), l/4) and those 8 rows below, each with its lower
/// neighbour; of C, [16,8], (l/4, 2(l%4)) and its right neighbour, and those 8 rows below. (PTX ISA, "Matrix fragments
/// for mma.m16n8k16".)
void multiplyTiles(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                   const Place& place = Place::current());

}  // namespace emulation

inline void __syncthreads(const emulation::Place& place = emulation::Place::current()) {
  emulation::waitForBlock(place);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, const emulation::Place& place = emulation::Place::current()) {
  emulation::waitForWarp(mask, place);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, const emulation::Place& place = emulation::Place::current()) {
  return emulation::exchange(mask, value, lane & 31, place);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, const emulation::Place& place = emulation::Place::current()) {
  return emulation::exchange(mask, value, emulation::laneIndex() ^ bits, place);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, const emulation::Place& place = emulation::Place::current()) {
  const int from = emulation::laneIndex() - int(by);
  return emulation::exchange(mask, value, from < 0 ? emulation::laneIndex() : from, place);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, const emulation::Place& place = emulation::Place::current()) {
  const int from = emulation::laneIndex() + int(by);
  return emulation::exchange(mask, value, from > 31 ? emulation::laneIndex() : from, place);
}
inline unsigned __ballot_sync(unsigned mask, int holds, const emulation::Place& place = emulation::Place::current()) {
  return emulation::vote(mask, holds != 0, place);
}
inline int __any_sync(unsigned mask, int holds, const emulation::Place& place = emulation::Place::current()) {
  return emulation::vote(mask, holds != 0, place) != 0;
}
inline int __all_sync(unsigned mask, int holds, const emulation::Place& place = emulation::Place::current()) {
  return emulation::vote(mask, holds != 0, place) == mask;
}

template <class T>
T atomicAdd(T* to, std::type_identity_t<T> value) {
  const T old = *to;
  *to = old + value;
  return old;
}
template <class T>
T atomicAdd(emulation::SharedArray<T> to, std::type_identity_t<T> value,
            const emulation::Place& place = emulation::Place::current()) {
  return atomicAdd(to.atomic(place), value);
}
template <class T>
T atomicMin(T* to, std::type_identity_t<T> value) {
  const T old = *to;
  if (value < old) *to = value;
  return old;
}
template <class T>
T atomicMax(T* to, std::type_identity_t<T> value) {
  const T old = *to;
  if (value > old) *to = value;
  return old;
}
template <class T>
T atomicExch(T* to, std::type_identity_t<T> value) {
  const T old = *to;
  *to = value;
  return old;
}
template <class T>
T atomicCAS(T* to, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  const T old = *to;
  if (old == expected) *to = value;
  return old;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline unsigned __float_as_uint(float x) { return emulation::fromBits<unsigned>(emulation::toBits(x)); }
inline float __uint_as_float(unsigned x) { return emulation::fromBits<float>(emulation::toBits(x)); }
template <class T>
T __ldg(const T* at) {
  return *at;
}
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }

// NOLINTEND(bugprone-reserved-identifier)
