// The emulation itself: what CUDA gives to a kernel works, and each misuse is reported with the kernel and the line.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/support/cuda_emulation.h"

// The names below are those of tests/support/cuda_emulation.h: __global__ is static here.
namespace fw::testing {
namespace {

using emulation::EmulationError;
using emulation::SharedArray;
using emulation::SharedMemory;

template <class Body>
std::string messageOf(int64_t blocks, int64_t threads, int64_t bytes, const Body& body) {
  try {
    emulation::run({"probe", blocks, threads, bytes}, body);
  } catch (const EmulationError& error) {
    return error.what();
  }
  return "no report";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Emulation, EveryThreadOfEveryBlockRunsOnce) {
  std::vector<int> seen(3 * 70, 0);
  emulation::run({"count", 3, 70, 0}, [&] {
    EXPECT_EQ(blockDim.x, 70u);
    EXPECT_EQ(gridDim.x, 3u);
    ++seen[blockIdx.x * 70 + threadIdx.x];
  });
  for (const int count : seen) EXPECT_EQ(count, 1);
}

TEST(Emulation, BarriersOrderSharedMemory) {
  std::vector<int> out(256);
  emulation::run({"reverse", 1, 256, 1024}, [&] {
    SharedMemory memory;
    const SharedArray<int> values = memory.array<int>(256);
    for (int round = 0; round < 5; ++round) {
      values[threadIdx.x] = int(threadIdx.x) + round;
      __syncthreads();
      out[threadIdx.x] = values[255 - threadIdx.x];
      __syncthreads();
    }
  });
  for (int i = 0; i < 256; ++i) EXPECT_EQ(out[size_t(i)], 255 - i + 4);
}

TEST(Emulation, ShufflesAndVotesExchangeLanes) {
  emulation::run({"warp", 2, 96, 0}, [&] {
    const int lane = int(threadIdx.x) % 32;
    int sum = int(threadIdx.x);
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    const int warp = int(threadIdx.x) / 32;
    EXPECT_EQ(sum, 32 * 32 * warp + 31 * 16);
    EXPECT_EQ(__shfl_sync(0xffffffffu, lane * 2.5, 7), 17.5);
    EXPECT_EQ(__shfl_up_sync(0xffffffffu, lane, 3), lane < 3 ? lane : lane - 3);
    EXPECT_EQ(__shfl_down_sync(0xffffffffu, lane, 3), lane > 28 ? lane : lane + 3);
    EXPECT_EQ(__ballot_sync(0xffffffffu, lane % 2), 0xaaaaaaaau);
    EXPECT_TRUE(__any_sync(0xffffffffu, lane == 5));
    EXPECT_FALSE(__all_sync(0xffffffffu, lane == 5));
    if (lane < 8) {
      EXPECT_EQ(__shfl_xor_sync(0xffu, lane, 1), lane ^ 1);
    }
  });
}

TEST(Emulation, AtomicsAddUp) {
  int sum = 0, least = 1000;
  emulation::run({"atomics", 4, 64, 0}, [&] {
    atomicAdd(&sum, 1);
    atomicMin(&least, int(threadIdx.x) + 3);
  });
  EXPECT_EQ(sum, 256);
  EXPECT_EQ(least, 3);
}

TEST(EmulationReport, ABarrierThatSomeThreadsPassBy) {
  const std::string text = messageOf(1, 64, 0, [] {
    if (threadIdx.x < 40) __syncthreads();
  });
  EXPECT_TRUE(contains(text, "[probe] divergent barrier")) << text;
  EXPECT_TRUE(contains(text, "thread 0 waits at the barrier of emulation_test.cpp:")) << text;
  EXPECT_TRUE(contains(text, "thread 40 has ended")) << text;
}

TEST(EmulationReport, TwoBarriersAtOnce) {
  const std::string text = messageOf(1, 64, 0, [] {
    if (threadIdx.x < 40)
      __syncthreads();
    else
      __syncthreads();
  });
  EXPECT_TRUE(contains(text, "[probe] divergent barrier: thread 0 waits at that of emulation_test.cpp:")) << text;
}

TEST(EmulationReport, ALaneThatDoesNotCome) {
  const std::string text = messageOf(1, 32, 0, [] {
    if (threadIdx.x != 9) __shfl_xor_sync(0xffffffffu, 1, 1);
  });
  EXPECT_TRUE(contains(text, "divergent barrier")) << text;
  EXPECT_TRUE(contains(text, "thread 9 has ended")) << text;
}

TEST(EmulationReport, AMaskThatLeavesTheLaneOut) {
  EXPECT_TRUE(contains(messageOf(1, 32, 0, [] { __shfl_sync(0xffu, 1, 0); }), "a lane that its own mask leaves out"));
  EXPECT_TRUE(contains(messageOf(1, 16, 0, [] { __syncwarp(); }), "lanes that the block does not have"));
  EXPECT_TRUE(contains(messageOf(1, 32, 0,
                                 [] {
                                   if (threadIdx.x < 8) __shfl_sync(0xffu, 1, 9);
                                 }),
                       "a lane outside the mask"));
}

TEST(EmulationReport, SharedMemoryOutOfBounds) {
  const auto access = [](int at) {
    return messageOf(1, 1, 64, [at] {
      SharedMemory memory;
      memory.array<float>(10)[at] = 1;
    });
  };
  EXPECT_EQ(access(9), "no report");
  EXPECT_TRUE(contains(access(10), "element 10 of 10 of a shared array (emulation_test.cpp:")) << access(10);
  EXPECT_TRUE(contains(access(-1), "element -1 of 10 of a shared array"));
  EXPECT_TRUE(contains(messageOf(1, 1, 64, [] { SharedMemory().array<float>(17); }),
                       "shared memory up to byte 68; the launch gave 64"));
}

TEST(EmulationReport, SharedMemoryReadBeforeItIsWritten) {
  const std::string text = messageOf(2, 32, 128, [] {
    SharedMemory memory;
    const SharedArray<float> values = memory.array<float>(32);
    if (blockIdx.x == 0) values[threadIdx.x] = 1;
    EXPECT_EQ(float(values[threadIdx.x]), 1);  // the second block's memory is its own
  });
  EXPECT_TRUE(contains(text, "shared memory read before it is written")) << text;
  EXPECT_TRUE(contains(text, "block 1, thread 0")) << text;
}

TEST(EmulationReport, AReadWithNoBarrierAfterTheWrite) {
  const std::string text = messageOf(1, 64, 256, [] {
    SharedMemory memory;
    const SharedArray<int> values = memory.array<int>(64);
    values[threadIdx.x] = 1;
    if (threadIdx.x == 40) {
      EXPECT_EQ(int(values[3]), 1);
    }
  });
  EXPECT_TRUE(contains(text, "read with no barrier after thread 3 wrote it")) << text;
}

TEST(EmulationReport, AWriteWithNoBarrierAfterTheRead) {
  const auto run = [](bool isOrdered) {
    return messageOf(1, 64, 256, [isOrdered] {
      SharedMemory memory;
      const SharedArray<int> values = memory.array<int>(64);
      values[threadIdx.x] = 1;
      __syncthreads();
      const int other = values[threadIdx.x ^ 32];
      if (isOrdered) __syncthreads();
      if (threadIdx.x >= 32) values[threadIdx.x] = other;
    });
  };
  EXPECT_EQ(run(true), "no report");
  EXPECT_TRUE(contains(run(false), "written with no barrier after thread")) << run(false);
}

TEST(EmulationReport, TwoWritersAtOnce) {
  EXPECT_TRUE(contains(messageOf(1, 32, 64,
                                 [] {
                                   SharedMemory memory;
                                   memory.array<int>(1)[0] = int(threadIdx.x);
                                 }),
                       "written with no barrier after thread 0 wrote it"));
}

TEST(EmulationReport, LanesOfAWarpAreOrderedByItsBarrier) {
  const auto run = [](bool isOrdered) {
    return messageOf(1, 32, 128, [isOrdered] {
      SharedMemory memory;
      const SharedArray<int> values = memory.array<int>(32);
      values[threadIdx.x] = 1;
      if (isOrdered) __syncwarp();
      EXPECT_EQ(int(values[threadIdx.x ^ 1]), 1);
    });
  };
  EXPECT_EQ(run(true), "no report");
  EXPECT_NE(run(false), "no report");
}

TEST(EmulationReport, AtomicFunctionsOnSharedMemoryAreOrderedByBarriersAlone) {
  enum class Fault { None, NotWritten, ReadAtOnce, WrittenAtOnce };
  int sum = 0;
  const auto run = [&](Fault fault) {
    return messageOf(1, 64, 64, [&sum, fault] {
      SharedMemory memory;
      const SharedArray<int> total = memory.array<int>(2);
      if (fault != Fault::NotWritten && threadIdx.x == 0) total[1] = 0;
      if (fault != Fault::WrittenAtOnce) __syncthreads();
      atomicAdd(total + 1, int(threadIdx.x));
      if (fault != Fault::ReadAtOnce) __syncthreads();
      if (threadIdx.x == 40) sum = total[1];
    });
  };
  EXPECT_EQ(run(Fault::None), "no report");
  EXPECT_EQ(sum, 63 * 32);
  EXPECT_TRUE(contains(run(Fault::NotWritten), "read before it is written"));
  EXPECT_TRUE(contains(run(Fault::ReadAtOnce), "read with no barrier"));
  EXPECT_TRUE(contains(run(Fault::WrittenAtOnce), "written with no barrier after thread 0 wrote it"));
}

TEST(EmulationReport, TooManyThreadsOrBytes) {
  EXPECT_TRUE(contains(messageOf(1, 1025, 0, [] {}), "1025 threads a block"));
  EXPECT_TRUE(contains(messageOf(1, 32, 300'000, [] {}), "300000 bytes of shared memory"));
}

TEST(Emulation, GoesOnAfterAReport) {
  messageOf(3, 128, 0, [] {
    if (threadIdx.x < 40) __syncthreads();
  });
  int sum = 0;
  emulation::run({"after", 2, 128, 0}, [&] {
    __syncthreads();
    atomicAdd(&sum, 1);
  });
  EXPECT_EQ(sum, 256);
}

}  // namespace
}  // namespace fw::testing
