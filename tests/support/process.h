// A program as a child process: its exit code, signal and output; limits and another user on request.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fw {

struct ProcessOptions {
  std::string folder;      // where it starts; empty: here
  std::string stdoutFile;  // where stdout goes instead of into the result: /dev/full, say
  int64_t fileLimit = 0;   // bytes a file that it writes may have (write fails with EFBIG); 0: none
  bool isNobody = false;   // without root's right to write everywhere; nothing happens where the test is not root
  double timeoutSeconds = 120;
};

struct ProcessResult {
  int exitCode = -1;  // -1 where a signal ended it
  int signal = 0;
  std::string out, err;
  int64_t peakBytes = 0;  // the most memory that it had resident, pages of mapped files among it
};

/// A running program. Ended with SIGKILL when this goes.
class Process {
 public:
  Process(const std::string& program, const std::vector<std::string>& arguments, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void kill(int signal);
  bool isRunning();
  /// Waits for its end; SIGKILL after the timeout.
  ProcessResult wait();

 private:
  ProcessOptions options_;
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1, status_ = 0;
  int64_t peakBytes_ = 0;
  bool isOver_ = false;
};

ProcessResult runProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProcessOptions& options = {});

}  // namespace fw
