// diff: what differs between two models, and what that does to their size and, where they are trained, to how good they
// are.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/arch/diff.h"
#include "engine/base/error.h"

namespace fw::cli {

namespace {

struct Options {
  std::string before, after, task;
  std::vector<std::string> taskOptions;
  int64_t batches = 8, batch = 32;
  std::string device = "cpu";
  bool isJson = false;
};

/// The task that both are evaluated on, with its options: that asked for, else that of two runs; empty: none.
std::pair<std::string, Params> commonTask(const Options& options, const OpenedModel& before, const OpenedModel& after) {
  if (!options.task.empty()) {
    Params given = parseOptions(options.taskOptions);
    for (const OpenedModel* model : {&before, &after}) {
      if (!model->run) continue;
      const TrainOptions run = readRun(*model->run).options;
      if (run.task == options.task) given.insert(run.taskOptions.begin(), run.taskOptions.end());
    }
    return {options.task, given};
  }
  if (!before.run || !after.run) return {};
  const TrainOptions a = readRun(*before.run).options, b = readRun(*after.run).options;
  if (a.task != b.task || a.taskOptions != b.taskOptions) return {};
  return {a.task, a.taskOptions};
}

Json toJson(const Evaluation& evaluation) {
  Json json = {{"loss", evaluation.loss}};
  for (const auto& [name, value] : evaluation.measures) json[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  return json;
}

}  // namespace

void addDiff(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("diff", "What differs between two models");
  const auto options = std::make_shared<Options>();
  verb->add_option("BEFORE", options->before, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("AFTER", options->after, "Preset, .fw.json, run folder or Hugging Face folder")->required();
  verb->add_option("--task", options->task, "Evaluate both on it; default: that of two runs. See: list tasks");
  verb->add_option("--task-option", options->taskOptions, "name=value, again for more");
  verb->add_option("--batches", options->batches, "Test batches")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--batch", options->batch, "Rows of each")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--device", options->device, "cpu, cpu:THREADS, cuda, cuda:NUMBER, cuda:NUMBER:bf16")
      ->capture_default_str();
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
    const auto [task, taskOptions] = commonTask(*options, before, after);
    std::optional<Evaluation> quality[2];
    if (!task.empty())
      for (const bool isAfter : {false, true}) {
        const std::string& name = isAfter ? options->after : options->before;
        const OpenedModel opened = openModel(name);
        quality[isAfter] = naming(name, opened, [&] {
          return evaluate(*opened.architecture, opened.weights, task, taskOptions, 1, options->batches, options->batch,
                          options->device, interruptToken());
        });
      }
    if (options->isJson) {
      Json json = {{"changes", list}};
      if (a && b)
        json.update({{"parameters", {{"before", int64_t(a->parametersTotal)}, {"after", int64_t(b->parametersTotal)}}},
                     {"flops", {{"before", a->flops}, {"after", b->flops}}}});
      if (quality[0] && quality[1])
        json["quality"] = {{"task", task}, {"before", toJson(*quality[0])}, {"after", toJson(*quality[1])}};
      return printJson(json);
    }
    if (entries.empty()) std::cout << "No differences.\n";
    if (a && b && !entries.empty())
      std::cout << "parameters " << shortNumber(a->parametersTotal) << " -> " << shortNumber(b->parametersTotal)
                << ", FLOPs " << shortNumber(a->flops) << " -> " << shortNumber(b->flops) << '\n';
    if (!quality[0] || !quality[1]) return;
    std::cout << task << ": loss " << quality[0]->loss << " -> " << quality[1]->loss;
    for (const auto& [name, value] : quality[0]->measures)
      if (const auto other = quality[1]->measures.find(name); other != quality[1]->measures.end())
        std::cout << ", " << name << ' ' << value << " -> " << other->second;
    std::cout << '\n';
  });
}

}  // namespace fw::cli
