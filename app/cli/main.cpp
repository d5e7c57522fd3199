// formwright-cli: the command line. Exit codes: 0 done, 1 the model or the data is at fault, 2 wrong usage.
#include <iostream>

#include "app/cli/command.h"
#include "engine/base/error.h"

int main(int argc, char** argv) {
  CLI::App program{"Formwright: design, run, train, measure and export transformer-like models."};
  program.name("formwright-cli");
  program.require_subcommand(1);
  program.set_version_flag("--version", "formwright-cli 0.1.0");
  program.footer("MODEL is a preset (list presets), a .fw.json file, or a run folder.");
  for (const fw::cli::Register add : {fw::cli::addList, fw::cli::addCheck, fw::cli::addCost, fw::cli::addRun,
                                      fw::cli::addTrain, fw::cli::addEval, fw::cli::addGenerate, fw::cli::addAnalyze,
                                      fw::cli::addDiff, fw::cli::addExport, fw::cli::addBench, fw::cli::addTokenize})
    add(program);
  try {
    program.parse(argc, argv);
    if (!std::cout.flush()) throw fw::Error(fw::Code::File, "[stdout] cannot be written.");
    return 0;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  } catch (const fw::cli::ExitCode& exit) {
    return exit.code;
  } catch (const fw::Error& error) {
    std::cerr << "formwright-cli: " << error.what() << std::endl;
    return error.code() == fw::Code::Usage ? 2 : 1;
  } catch (const std::exception& error) {
    std::cerr << "formwright-cli: " << error.what() << std::endl;
    return 1;
  }
}
