// A program as a child process.
#include "tests/support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace fw {
namespace {

constexpr unsigned kNobody = 65534;

std::string contents(int file) {
  std::string text;
  char buffer[4096];
  ::lseek(file, 0, SEEK_SET);
  for (ssize_t got; (got = ::read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, size_t(got));
  return text;
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& arguments, const ProcessOptions& options)
    : options_(options) {
  // The child may lose the right to reach the program's folder: it is opened before.
  const int executable = ::open(program.c_str(), O_RDONLY | O_CLOEXEC);
  if (executable < 0) throw std::runtime_error(program + ": " + std::strerror(errno));
  out_ = options.stdoutFile.empty() ? ::memfd_create("stdout", MFD_CLOEXEC)
                                    : ::open(options.stdoutFile.c_str(), O_WRONLY | O_CLOEXEC);
  err_ = ::memfd_create("stderr", MFD_CLOEXEC);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no child process could be made");
  if (pid_ == 0) {
    ::dup2(out_, STDOUT_FILENO);
    ::dup2(err_, STDERR_FILENO);
    if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(124);
    if (options.fileLimit > 0) {
      const rlimit limit{rlim_t(options.fileLimit), rlim_t(options.fileLimit)};
      ::signal(SIGXFSZ, SIG_IGN);
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(125);
    }
    if (options.isNobody && ::geteuid() == 0)
      if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(126);
    ::fexecve(executable, argv.data(), environ);
    ::_exit(127);
  }
  ::close(executable);
}

Process::~Process() {
  if (!isOver_) {
    kill(SIGKILL);
    wait();
  }
  ::close(out_);
  ::close(err_);
}

void Process::kill(int signal) { ::kill(pid_, signal); }

bool Process::isRunning() {
  struct rusage usage {};
  if (!isOver_ && ::wait4(pid_, &status_, WNOHANG, &usage) == pid_) {
    isOver_ = true;
    peakBytes_ = int64_t(usage.ru_maxrss) * 1024;
  }
  return !isOver_;
}

ProcessResult Process::wait() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.timeoutSeconds);
  while (isRunning()) {
    if (std::chrono::steady_clock::now() > end) kill(SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ProcessResult result{.peakBytes = peakBytes_};
  if (WIFEXITED(status_)) result.exitCode = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) result.signal = WTERMSIG(status_);
  if (options_.stdoutFile.empty()) result.out = contents(out_);
  result.err = contents(err_);
  return result;
}

ProcessResult runProgram(const std::string& program, const std::vector<std::string>& arguments,
                         const ProcessOptions& options) {
  return Process(program, arguments, options).wait();
}

}  // namespace fw
