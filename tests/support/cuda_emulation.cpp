// The fibers of one emulated block and their scheduler. A fiber that finishes a thread without ever waiting goes on
// with the next thread, so that kernels without barriers cost no switches.
#include "tests/support/cuda_emulation.h"

#include <sys/mman.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#ifndef __x86_64__
#include <ucontext.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef __x86_64__
/// Leaves the present stack at *from and goes on where `to` was left.
extern "C" void emulationSwitch(void** from, void* to);
asm(R"(
.text
.globl emulationSwitch
.type emulationSwitch, @function
emulationSwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulationSwitch, .-emulationSwitch
)");
#endif

extern "C" void emulationEnter();

namespace emulation {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStackBytes = 512 * 1024;  // of frames with zones around each variable
#else
constexpr size_t kStackBytes = 128 * 1024;
#endif

/// A stack of its own and the place where it was left.
struct Fiber {
  void* stack = nullptr;
#ifdef __x86_64__
  void* top = nullptr;  // the stack pointer while the fiber does not run
#else
  ucontext_t context;
#endif
  Fiber() {
    stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) throw std::bad_alloc();
  }
  ~Fiber() {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stack, kStackBytes);  // frames that were never left mark what comes to lie here
#endif
    munmap(stack, kStackBytes);
  }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
};

enum class State : uint8_t { Fresh, Ready, AtBarrier, AtWarp, Done };

struct Thread {
  State state = State::Fresh;
  int fiber = -1;
  unsigned mask = 0;
  Place place;
};

/// What the lanes of a warp bring to a product of tiles.
struct WarpTiles {
  uint32_t a[32][4], b[32][2];
  float c[32][4];
};

struct Warp {
  unsigned waiting = 0;
  uint64_t phase = 0;  // how often its lanes met
  uint64_t given[2][32];
  WarpTiles tiles;
};

class Scheduler {
 public:
  void run(const Grid& grid, void (*body)(void*), void* context);
  void waitForBlock(const Place& place);
  void waitForWarp(unsigned mask, const Place& place);

  Grid grid{};
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<std::byte> shared;
  std::vector<Touch> touches;
  uint64_t block = 0, epoch = 0;
  int current = 0;

  Warp& warp() { return warps[size_t(current / 32)]; }
  [[noreturn]] void enter();

 private:
  void runBlock();
  int nextRunnable();
  void resume(int thread);
  void suspend();
  void releaseBlock();
  [[noreturn]] void reportStandstill();
  void begin();
  void toFiber(Fiber& fiber, bool isNew);
  void toHost(Fiber& fiber);

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<int> free_;
  void (*body_)(void*) = nullptr;
  void* context_ = nullptr;
  int next_ = 0, done_ = 0, arrived_ = 0, fresh_ = 0, running_ = -1;
  std::exception_ptr failure_;
#ifdef __x86_64__
  void* host_ = nullptr;
#else
  ucontext_t host_;
#endif
#ifdef __SANITIZE_ADDRESS__
  const void* hostStack_ = nullptr;
  size_t hostBytes_ = 0;
  void* hostFake_ = nullptr;
#endif
};

Scheduler& scheduler() {
  static thread_local Scheduler one;
  return one;
}

std::string placeText(const Place& place) {
  std::string file = place.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(place.line());
}

void Scheduler::toFiber(Fiber& fiber, bool isNew) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(&hostFake_, fiber.stack, kStackBytes);
#endif
#ifdef __x86_64__
  if (isNew) {
    // As if emulationSwitch had been called by emulationEnter: six registers, the address to return to, and the stack
    // aligned as the calling convention wants it at the first instruction of a function.
    auto* const top = reinterpret_cast<void**>(static_cast<std::byte*>(fiber.stack) + kStackBytes);
    top[-1] = top[-2] = nullptr;
    top[-3] = nullptr;
    top[-4] = reinterpret_cast<void*>(&emulationEnter);
    for (int i = 5; i <= 10; ++i) top[-i] = nullptr;
    fiber.top = top - 10;
  }
  emulationSwitch(&host_, fiber.top);
#else
  if (isNew) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = kStackBytes;
    makecontext(&fiber.context, emulationEnter, 0);
  }
  swapcontext(&host_, &fiber.context);
#endif
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(hostFake_, nullptr, nullptr);
#endif
}

void Scheduler::toHost(Fiber& fiber) {
#ifdef __SANITIZE_ADDRESS__
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, hostStack_, hostBytes_);
#endif
#ifdef __x86_64__
  emulationSwitch(&fiber.top, host_);
#else
  swapcontext(&fiber.context, &host_);
#endif
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake, &hostStack_, &hostBytes_);
#endif
}

/// What a fiber does: the thread it was made for, then threads that nobody has begun.
void Scheduler::enter() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, &hostStack_, &hostBytes_);
#endif
  for (;;) {
    try {
      body_(context_);
    } catch (...) {
      failure_ = std::current_exception();
    }
    threads[size_t(current)].state = State::Done;
    ++done_;
    const int fiber = threads[size_t(current)].fiber;
    if (!failure_ && fresh_ < int(threads.size())) {
      current = fresh_++;
      threadIdx.x = unsigned(current);
      threads[size_t(current)] = {.state = State::Ready, .fiber = fiber};
      continue;
    }
    free_.push_back(fiber);
    toHost(*fibers_[size_t(fiber)]);
    // Taken from the free ones for another thread.
  }
}

void Scheduler::begin() {
  const bool isNew = free_.empty();
  if (isNew) {
    fibers_.push_back(std::make_unique<Fiber>());
    free_.push_back(int(fibers_.size()) - 1);
  }
  const int fiber = free_.back();
  free_.pop_back();
  threads[size_t(current)].fiber = fiber;
  toFiber(*fibers_[size_t(fiber)], isNew);
}

void Scheduler::resume(int thread) {
  current = thread;
  threadIdx.x = unsigned(thread);
  Thread& of = threads[size_t(thread)];
  if (of.state == State::Fresh) {
    fresh_ = thread + 1;
    of.state = State::Ready;
    begin();
  } else {
    toFiber(*fibers_[size_t(of.fiber)], false);
  }
}

void Scheduler::suspend() { toHost(*fibers_[size_t(threads[size_t(current)].fiber)]); }

int Scheduler::nextRunnable() {
  const int count = int(threads.size());
  for (int tried = 0; tried < count; ++tried, ++next_) {
    if (next_ >= count) next_ = 0;
    const State state = threads[size_t(next_)].state;
    if (state == State::Ready || (state == State::Fresh && next_ == fresh_)) return next_++;
  }
  return -1;
}

void Scheduler::reportStandstill() {
  std::string what = "threads wait for others that never come:";
  for (const auto& [state, name] : {std::pair(State::AtBarrier, "waits at the barrier of"),
                                    std::pair(State::AtWarp, "waits for its warp at"), std::pair(State::Done, "")})
    for (size_t i = 0; i < threads.size(); ++i)
      if (threads[i].state == state) {
        what += " thread " + std::to_string(i) + " " +
                (state == State::Done ? "has ended" : name + (" " + placeText(threads[i].place))) + ",";
        break;
      }
  what.back() = ';';
  throw EmulationError("[" + std::string(grid.kernel) + "] divergent barrier: " + what + " block " +
                       std::to_string(blockIdx.x) + " of " + std::to_string(threads.size()) + " threads.");
}

void Scheduler::runBlock() {
  ++block;
  ++epoch;
  done_ = arrived_ = fresh_ = next_ = 0;
  threads.assign(size_t(grid.threads), {});
  warps.resize(size_t((grid.threads + 31) / 32));
  for (Warp& warp : warps) warp.waiting = 0;
  std::fill(shared.begin(), shared.end(), std::byte(0xff));  // floats and doubles of it are NaN
  while (done_ < int(threads.size())) {
    const int thread = nextRunnable();
    if (thread < 0) reportStandstill();
    resume(thread);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

void Scheduler::run(const Grid& of, void (*body)(void*), void* context) {
  grid = of;
  if (grid.threads < 1 || grid.threads > 1024)
    throw EmulationError("[" + std::string(grid.kernel) + "] " + std::to_string(grid.threads) + " threads a block.");
  if (grid.sharedBytes > 227 * 1024)
    throw EmulationError("[" + std::string(grid.kernel) + "] " + std::to_string(grid.sharedBytes) +
                         " bytes of shared memory; a block has 232448.");
  body_ = body;
  context_ = context;
  blockDim = {unsigned(grid.threads), 1, 1};
  gridDim = {unsigned(grid.blocks), 1, 1};
  threadIdx = {};
  shared.resize(size_t(grid.sharedBytes));
  touches.resize(size_t(grid.sharedBytes / 2 + 8));
  free_.clear();
  for (size_t i = 0; i < fibers_.size(); ++i) free_.push_back(int(i));
  try {
    for (int64_t b = 0; b < grid.blocks; ++b) {
      blockIdx = {unsigned(b), 0, 0};
      runBlock();
    }
  } catch (...) {
    fibers_.clear();  // some are left in the middle of a thread
    free_.clear();
    throw;
  }
}

void Scheduler::waitForBlock(const Place& place) {
  Thread& of = threads[size_t(current)];
  of.place = place;
  if (++arrived_ < int(threads.size())) {
    of.state = State::AtBarrier;
    suspend();
    return;
  }
  for (const Thread& other : threads)
    if (other.state == State::AtBarrier &&
        (other.place.line() != place.line() || std::strcmp(other.place.file_name(), place.file_name()) != 0))
      report("divergent barrier: thread " + std::to_string(&other - threads.data()) + " waits at that of " +
                 placeText(other.place) + ", thread " + std::to_string(current) + " at this one",
             place);
  for (Thread& other : threads)
    if (other.state == State::AtBarrier) other.state = State::Ready;
  arrived_ = 0;
  ++epoch;
  // In the order of their numbers, whoever came last.
  of.state = State::Ready;
  next_ = 0;
  suspend();
}

void Scheduler::waitForWarp(unsigned mask, const Place& place) {
  Thread& of = threads[size_t(current)];
  const int lane = current % 32, first = current - lane;
  of.place = place;
  of.mask = mask;
  if (!(mask >> lane & 1)) report("a lane that its own mask leaves out", place);
  if (first + 32 > int(threads.size()) && mask >> (int(threads.size()) - first))
    report("a mask with lanes that the block does not have", place);
  Warp& warp = this->warp();
  for (int other = 0; other < 32; ++other)
    if (warp.waiting >> other & 1 && (mask >> other & 1) && threads[size_t(first + other)].mask != mask)
      report("lanes of one warp meet with different masks", place);
  warp.waiting |= 1u << lane;
  if ((warp.waiting & mask) != mask) {
    of.state = State::AtWarp;
    suspend();
    return;
  }
  for (int other = 0; other < 32; ++other)
    if (other != lane && mask >> other & 1) threads[size_t(first + other)].state = State::Ready;
  warp.waiting &= ~mask;
  ++warp.phase;
}

}  // namespace
}  // namespace emulation

extern "C" void emulationEnter() { emulation::scheduler().enter(); }

namespace emulation {

void report(const std::string& what, const Place& place) {
  const Scheduler& of = scheduler();
  throw EmulationError("[" + std::string(of.grid.kernel) + "] " + what + " (" + placeText(place) + ", block " +
                       std::to_string(blockIdx.x) + ", thread " + std::to_string(threadIdx.x) + ").");
}

namespace {
thread_local std::vector<std::function<void()>>* recorded = nullptr;
}  // namespace

std::vector<std::function<void()>>* recording() { return recorded; }
void record(std::vector<std::function<void()>>* to) { recorded = to; }

void runBlocks(const Grid& grid, void (*body)(void*), void* context) { scheduler().run(grid, body, context); }
void waitForBlock(const Place& place) { scheduler().waitForBlock(place); }
void waitForWarp(unsigned mask, const Place& place) { scheduler().waitForWarp(mask, place); }

void give(uint64_t value) {
  Scheduler& of = scheduler();
  Warp& warp = of.warp();
  warp.given[warp.phase & 1][of.current % 32] = value;
}

uint64_t take(int lane, unsigned mask, const Place& place) {
  if (!(mask >> lane & 1)) report("a shuffle from a lane outside the mask", place);
  const Warp& warp = scheduler().warp();
  return warp.given[(warp.phase - 1) & 1][lane];
}

unsigned vote(unsigned mask, bool holds, const Place& place) {
  give(holds);
  waitForWarp(mask, place);
  unsigned votes = 0;
  for (int lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1 && take(lane, mask, place)) votes |= 1u << lane;
  return votes;
}

namespace {

double numberOf(uint32_t pair, int half) { return __uint_as_float(half == 0 ? pair << 16 : pair & 0xffff0000u); }

/// c += a b for a whole warp.
void multiplyTiles(WarpTiles& tiles) {
  double a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane)
    for (int half = 0; half < 2; ++half) {
      const int row = lane / 4, at = lane % 4 * 2 + half;
      for (int i = 0; i < 4; ++i) a[row + i % 2 * 8][at + i / 2 * 8] = numberOf(tiles.a[lane][i], half);
      for (int i = 0; i < 2; ++i) b[at + i * 8][row] = numberOf(tiles.b[lane][i], half);
    }
  for (int row = 0; row < 16; ++row) {
    double sums[8] = {};
    for (int k = 0; k < 16; ++k)
      for (int column = 0; column < 8; ++column) sums[column] += a[row][k] * b[k][column];
    for (int column = 0; column < 8; ++column) {
      float& c = tiles.c[row % 8 * 4 + column / 2][row / 8 * 2 + column % 2];
      c = float(c + sums[column]);
    }
  }
}

}  // namespace

void multiplyTiles(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const Place& place) {
  constexpr unsigned all = 0xffffffffu;
  Warp& warp = scheduler().warp();
  const int lane = laneIndex();
  std::copy(a, a + 4, warp.tiles.a[lane]);
  std::copy(b, b + 2, warp.tiles.b[lane]);
  std::copy(c, c + 4, warp.tiles.c[lane]);
  if ((warp.waiting | 1u << lane) == all) multiplyTiles(warp.tiles);  // the last lane has come
  waitForWarp(all, place);
  std::copy(warp.tiles.c[lane], warp.tiles.c[lane] + 4, c);
}

void* sharedPiece(int64_t offset, int64_t bytes, Touch*& touches, const Place& place) {
  Scheduler& of = scheduler();
  if (offset + bytes > int64_t(of.shared.size()))
    report("shared memory up to byte " + std::to_string(offset + bytes) + "; the launch gave " +
               std::to_string(of.shared.size()),
           place);
  touches = of.touches.data() + offset / 2;
  return of.shared.data() + offset;
}

void touchToRead(Touch& touch, const Place& place) {
  Scheduler& of = scheduler();
  const uint64_t phase = of.warp().phase;
  if (touch.block != of.block) report("shared memory read before it is written", place);
  if (touch.writeEpoch == of.epoch && touch.writer != of.current &&
      (touch.writer / 32 != of.current / 32 || touch.writePhase == phase))
    report("shared memory read with no barrier after thread " + std::to_string(touch.writer) + " wrote it", place);
  if (touch.readEpoch != of.epoch) {
    touch.isReadByMany = touch.isReadByWarps = false;
  } else if (touch.reader != of.current) {
    touch.isReadByWarps = touch.isReadByWarps || touch.reader / 32 != of.current / 32;
    touch.isReadByMany = touch.readPhase == phase || touch.isReadByMany;
  }
  touch.readEpoch = of.epoch;
  touch.readPhase = phase;
  touch.reader = of.current;
}

namespace {

constexpr int kAtomic = 1 << 30;  // the writer of what atomic functions changed: no thread

/// Reports what another thread did since the last barrier, as far as a write comes too early after it.
void expectOrdered(const Touch& touch, const Place& place) {
  Scheduler& of = scheduler();
  const uint64_t phase = of.warp().phase;
  if (touch.block != of.block) return;
  if (touch.writeEpoch == of.epoch && touch.writer != of.current &&
      (touch.writer / 32 != of.current / 32 || touch.writePhase == phase))
    report("shared memory written with no barrier after thread " + std::to_string(touch.writer) + " wrote it", place);
  if (touch.readEpoch != of.epoch) return;
  const bool isOfAnotherWarp = touch.isReadByWarps || touch.reader / 32 != of.current / 32;
  const bool isAtOnce = touch.readPhase == phase && (touch.reader != of.current || touch.isReadByMany);
  if (isOfAnotherWarp || isAtOnce)
    report("shared memory written with no barrier after thread " + std::to_string(touch.reader) + " read it", place);
}

void setWriter(Touch& touch, int writer) {
  Scheduler& of = scheduler();
  touch.block = of.block;
  touch.writeEpoch = of.epoch;
  touch.writePhase = of.warp().phase;
  touch.writer = writer;
}

}  // namespace

void touchToWrite(Touch& touch, const Place& place) {
  expectOrdered(touch, place);
  setWriter(touch, scheduler().current);
}

void touchAtomically(Touch& touch, const Place& place) {
  if (touch.block != scheduler().block) report("shared memory read before it is written", place);
  const bool isOfThisEpoch = touch.writeEpoch == scheduler().epoch;
  if (touch.writer != kAtomic || !isOfThisEpoch) expectOrdered(touch, place);
  // A plain write of this thread's own stays one: others come too early after it.
  if (touch.writer != scheduler().current || !isOfThisEpoch) setWriter(touch, kAtomic);
}

}  // namespace emulation
