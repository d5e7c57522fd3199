// Free memory is what the machine has or what a container's limit leaves, whichever is less.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/tensor.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

class FreeMemory : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = folder_ / file;
    std::filesystem::create_directories(path.parent_path());
    writeFileAtomically(path, text);
  }
  int64_t bytes() const { return freeMemoryBytes(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(FreeMemory, IsThatOfTheMachineWithoutALimit) {
  write("proc/meminfo", "MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    9000 kB\n");
  EXPECT_EQ(bytes(), 9000 * 1024);
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/memory.current", "5\n");
  EXPECT_EQ(bytes(), 9000 * 1024);
}

TEST_F(FreeMemory, ContainerLeavesItsLimitLessWhatIsUsed) {
  write("proc/meminfo", "MemAvailable:    9000 kB\n");
  write("sys/fs/cgroup/memory.max", "4000000\n");
  write("sys/fs/cgroup/memory.current", "1500000\n");
  EXPECT_EQ(bytes(), 2'500'000);
  write("sys/fs/cgroup/memory.stat", "anon 1000000\ninactive_file 300000\nactive_file 200000\n");
  EXPECT_EQ(bytes(), 2'800'000);
  write("sys/fs/cgroup/memory.current", "5000000\n");
  EXPECT_EQ(bytes(), 1);
}

TEST_F(FreeMemory, OlderControlGroups) {
  write("proc/meminfo", "MemAvailable:    9000 kB\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n");
  EXPECT_EQ(bytes(), 3'000'000);
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(bytes(), 9000 * 1024);
}

}  // namespace
}  // namespace fw
