// One verb of the command line: its options, and what it does. One file each in app/cli.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/workbench/workbench.h"

namespace fw::cli {

/// Adds the verb to the program; its callback does the work and throws fw::Error for exit code 1 or 2.
using Register = void (*)(CLI::App& program);

void addList(CLI::App& program);
void addCheck(CLI::App& program);
void addCost(CLI::App& program);
void addRun(CLI::App& program);
void addTrain(CLI::App& program);
void addEval(CLI::App& program);
void addGenerate(CLI::App& program);
void addAnalyze(CLI::App& program);
void addDiff(CLI::App& program);
void addExport(CLI::App& program);
void addBench(CLI::App& program);
void addTokenize(CLI::App& program);

/// "k=v" pairs as parameters: true and false are flags, numbers numbers, the rest text. Throws Code::Usage.
Params parseOptions(const std::vector<std::string>& pairs);

/// --weights-dtype: how weights lie in memory.
void addWeightsDtype(CLI::App& verb, WeightFormat& format);

/// One JSON object on stdout.
void printJson(const Json& json);

/// 4,300,000 -> "4.3 M": three significant digits.
std::string shortNumber(double value);

/// A token that Ctrl+C stops.
CancelToken interruptToken();

/// Runs `work`; an error that names the document by its title names what the command line was given instead.
template <class Work>
auto naming(const std::string& model, const OpenedModel& opened, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    const std::string sentence = error.what(), title = "[" + opened.architecture->name + "] ";
    if (!sentence.starts_with(title)) throw;
    throw Error(error.code(), "[" + model + "] " + sentence.substr(title.size()));
  }
}

/// 3 with the verb "check": the document has errors, which have been printed.
struct ExitCode {
  int code;
};

}  // namespace fw::cli
