// Runs the benchmarks; the exit status is 1 where one refused its work. With --serve, each line of the input names one:
// the answer is a line with the seconds of an iteration and the items of a second, or "error" and what went wrong. A
// comparison can then take samples in turn with a rival while one process keeps its caches and plans warm.
#include <benchmark/benchmark.h>

#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

/// Keeps the last run's time.
class LastTime : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) {
        answer_ = "error " + run.error_message;
        continue;
      }
      const auto items = run.counters.find("items_per_second");
      std::ostringstream answer;
      answer.precision(9);
      answer << run.real_accumulated_time / double(run.iterations) << ' '
             << (items == run.counters.end() ? 0.0 : double(items->second));
      answer_ = answer.str();
    }
  }
  const std::string& answer() const { return answer_; }

 private:
  std::string answer_ = "error no such benchmark";
};

/// The usual report, and whether any case refused to run.
class Watching : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override { return usual_->ReportContext(context); }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) hasFailed_ = hasFailed_ || run.error_occurred;
    usual_->ReportRuns(runs);
  }
  void Finalize() override { usual_->Finalize(); }
  bool hasFailed() const { return hasFailed_; }

 private:
  const std::unique_ptr<benchmark::BenchmarkReporter> usual_{benchmark::CreateDefaultDisplayReporter()};
  bool hasFailed_ = false;
};

std::string quoted(const std::string& name) {
  std::string pattern = "^";
  for (const char c : name) pattern += std::strchr(".*+?^$()[]{}|\\", c) ? std::string("\\") + c : std::string(1, c);
  return pattern + "$";
}

void serve() {
  for (std::string name; std::getline(std::cin, name);) {
    LastTime time;
    benchmark::RunSpecifiedBenchmarks(&time, quoted(name));
    std::cout << time.answer() << std::endl;
  }
}

}  // namespace

int main(int count, char** arguments) {
  bool isServing = false;
  std::vector<char*> rest;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && std::strcmp(arguments[i], "--serve") == 0)
      isServing = true;
    else
      rest.push_back(arguments[i]);
  }
  count = int(rest.size());
  benchmark::Initialize(&count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 1;
  Watching watching;
  if (isServing)
    serve();
  else
    benchmark::RunSpecifiedBenchmarks(&watching);
  benchmark::Shutdown();
  return watching.hasFailed() ? 1 : 0;
}
