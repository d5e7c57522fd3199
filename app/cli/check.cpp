// check: what is wrong with a model.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"

namespace fw::cli {

void addCheck(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("check", "Diagnostics of a model; exit code 1 where there is an error");
  struct Options {
    std::string model;
    bool isJson = false;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel opened = openModel(options->model, false);
    const std::vector<Diagnostic> diagnostics = check(*opened.architecture);
    const auto name = [](Severity severity) {
      return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "info";
    };
    Json list = Json::array();
    for (const Diagnostic& d : diagnostics) {
      if (options->isJson)
        list.push_back({{"severity", name(d.severity)},
                        {"code", d.code},
                        {"text", d.text},
                        {"node", d.place.node},
                        {"path", pathText(*opened.architecture, d.place.graph, d.place.node)},
                        {"port", d.place.port},
                        {"param", d.place.param}});
      else
        std::cout << name(d.severity) << ": [" << options->model << "] " << d.text << '\n';
    }
    if (options->isJson) {
      printJson({{"diagnostics", list}, {"notes", opened.notes}, {"valid", !hasErrors(diagnostics)}});
    } else {
      for (const std::string& note : opened.notes) std::cout << "info: [" << options->model << "] " << note << '\n';
      if (diagnostics.empty()) std::cout << "No problems.\n";
    }
    if (hasErrors(diagnostics)) throw ExitCode{1};
  });
}

}  // namespace fw::cli
