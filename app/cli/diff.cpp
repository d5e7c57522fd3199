// diff: what differs between two models, and what that does to their size.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/arch/diff.h"
#include "engine/base/error.h"

namespace fw::cli {

void addDiff(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("diff", "What differs between two models");
  struct Options {
    std::string before, after;
    bool isJson = false;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("BEFORE", options->before, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("AFTER", options->after, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    const OpenedModel before = openModel(options->before, false), after = openModel(options->after, false);
    const std::vector<DiffEntry> entries = diff(*before.architecture, *after.architecture, catalog());
    Json list = Json::array();
    for (const DiffEntry& entry : entries) {
      const char* kind = entry.kind == DiffKind::Added     ? "added"
                         : entry.kind == DiffKind::Removed ? "removed"
                                                           : "changed";
      if (options->isJson) {
        list.push_back({{"kind", kind},
                        {"path", entry.path},
                        {"what", entry.what},
                        {"before", entry.before},
                        {"after", entry.after}});
        continue;
      }
      std::cout << (entry.kind == DiffKind::Added     ? "+ "
                    : entry.kind == DiffKind::Removed ? "- "
                                                      : "~ ")
                << entry.path << (entry.path.empty() ? "" : ": ") << entry.what;
      if (entry.kind == DiffKind::Changed) std::cout << ' ' << entry.before << " -> " << entry.after;
      std::cout << '\n';
    }
    // A model that cannot be counted still differs.
    const auto counted = [](const OpenedModel& model) -> std::optional<CostReport> {
      try {
        return cost(*model.architecture, {.withPeak = false});
      } catch (const Error&) {
        return std::nullopt;
      }
    };
    const std::optional<CostReport> a = counted(before), b = counted(after);
    if (options->isJson) {
      Json json = {{"changes", list}};
      if (a && b)
        json.update({{"parameters", {{"before", int64_t(a->parametersTotal)}, {"after", int64_t(b->parametersTotal)}}},
                     {"flops", {{"before", a->flops}, {"after", b->flops}}}});
      return printJson(json);
    }
    if (entries.empty()) std::cout << "No differences.\n";
    if (a && b && !entries.empty())
      std::cout << "parameters " << shortNumber(a->parametersTotal) << " -> " << shortNumber(b->parametersTotal)
                << ", FLOPs " << shortNumber(a->flops) << " -> " << shortNumber(b->flops) << '\n';
  });
}

}  // namespace fw::cli
