// Files: written whole or not at all, on healthy and on failing disks.
#include "engine/base/file.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

int fileCount(const fs::path& folder) {
  return int(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// What `action` answers in a child process that may be denied space, rights or its life; the parent is not touched.
std::string inChild(const std::function<std::string()>& action) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string answer;
    try {
      answer = action();
    } catch (const std::exception& error) {
      answer = error.what();
    }
    const ssize_t put = ::write(ends[1], answer.data(), answer.size());
    ::_exit(put == ssize_t(answer.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) answer.append(buffer, size_t(got));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return answer;
}

/// Mounts a memory file system on `folder`, seen by this process alone.
bool mountMemory(const std::string& folder, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, options) == 0;
}

TEST(File, IsReplacedAndKeepsItsMode) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.json";
  writeFileAtomically(path, "old");
  fs::permissions(path, fs::perms(0640));
  const std::string bytes("new\0bytes", 9);
  writeFileAtomically(path, bytes);
  EXPECT_EQ(readFile(path), bytes);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0640));
  EXPECT_EQ(fileCount(folder.path()), 1);
}

TEST(File, LongerThanABuffer) {
  const TemporaryFolder folder;
  std::string bytes(1 << 20, ' ');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = char(i * 31 % 251);
  writeFileAtomically(folder / "long", bytes);
  EXPECT_EQ(readFile(folder / "long"), bytes);
  expectError([&] { readFile(folder / "long", 1000); }, Code::File,
              "[" + (folder / "long") + "] is longer than 1000 bytes.");
}

TEST(FileError, NamesThePathAndTheReason) {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing";
  expectError([&] { readFile(missing); }, Code::File, "[" + missing + "] cannot be opened: No such file or directory.");
  expectError([&] { readFile(folder.path()); }, Code::File, "[" + folder.path() + "] is a folder; expected a file.");
  writeFileAtomically(folder / "file", "x");
  const std::string below = folder / "file/below";
  expectError([&] { writeFileAtomically(below, "y"); }, Code::File,
              "[" + below + "] cannot be written: Not a directory.");
  fs::create_directory(folder / "folder");
  const std::string onFolder = folder / "folder";
  expectError([&] { writeFileAtomically(onFolder, "y"); }, Code::File,
              "[" + onFolder + "] cannot be replaced: Is a directory.");
  EXPECT_EQ(fileCount(folder.path()), 2) << "a temporary file was left behind";
}

TEST(FileError, LimitOnFileSizeLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  writeFileAtomically(path, "old");
  const std::string answer = inChild([&]() -> std::string {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    writeFileAtomically(path, std::string(10000, 'x'));
    return "written";
  });
  EXPECT_EQ(answer, "[" + path + "] cannot be written: File too large.");
  EXPECT_EQ(readFile(path), "old");
  EXPECT_EQ(fileCount(folder.path()), 1);
}

TEST(FileError, FullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  const std::string answer = inChild([&]() -> std::string {
    if (!mountMemory(folder.path(), "size=64k")) return "no mount";
    writeFileAtomically(path, "old");
    try {
      writeFileAtomically(path, std::string(100000, 'x'));
    } catch (const Error& error) {
      return text(error.what(), " ", readFile(path), " ", fileCount(folder.path()));
    }
    return "written";
  });
  if (answer == "no mount") GTEST_SKIP() << "this user may not mount a small disk";
  EXPECT_EQ(answer, "[" + path + "] cannot be written: No space left on device. old 1");
}

TEST(FileError, ReadOnlyFolderLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  // The superuser ignores the bits of a folder, but not a disk mounted read-only.
  const bool isRoot = ::geteuid() == 0;
  const std::string answer = inChild([&]() -> std::string {
    if (isRoot && !mountMemory(folder.path(), "size=64k")) return "no mount";
    writeFileAtomically(path, "old");
    if (isRoot) {
      if (::mount(nullptr, folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return "no mount";
    } else {
      ::chmod(folder.path().c_str(), 0555);
    }
    std::string answer = "written";
    try {
      writeFileAtomically(path, "new");
    } catch (const Error& error) {
      answer = text(error.what(), " ", readFile(path), " ", fileCount(folder.path()));
    }
    if (!isRoot) ::chmod(folder.path().c_str(), 0755);
    return answer;
  });
  if (answer == "no mount") GTEST_SKIP() << "this user may not mount a small disk";
  EXPECT_EQ(answer, "[" + path + "] cannot be written: " + (isRoot ? "Read-only file system" : "Permission denied") +
                        ". old 1");
}

}  // namespace
}  // namespace fw
