// list: what this build has.
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/error.h"
#include "engine/blocks/policy.h"
#include "engine/exec/backend.h"
#include "engine/families/family.h"
#include "engine/presets/preset.h"
#include "engine/workbench/exporter.h"

namespace fw::cli {
namespace {

Json entry(const std::string& id, const std::string& title, const std::string& help) {
  return {{"id", id}, {"title", title}, {"help", help}};
}

template <class Def>
Json entries(const std::vector<Def>& table) {
  Json out = Json::array();
  for (const Def& def : table) out.push_back(entry(def.id, def.title, def.help));
  return out;
}

Json devices() {
  Json out = Json::array();
  for (const DeviceInfo& device : listDevices()) {
    Json json = {{"id", device.id}, {"name", device.name}, {"available", device.absence.empty()}};
    if (!device.capability.empty()) json["compute_capability"] = device.capability;
    if (device.absence.empty())
      json.update({{"memory_bytes", device.memoryBytes}, {"threads", device.threads}});
    else
      json["reason"] = device.absence;
    out.push_back(std::move(json));
  }
  return out;
}

Json blocks() {
  Json out = entries(allBlocks());
  for (size_t i = 0; i < out.size(); ++i) out[i]["category"] = allBlocks()[i].category;
  return out;
}

Json exporters() {
  Json out = entries(allExporters());
  for (size_t i = 0; i < out.size(); ++i)
    for (const ParamDef& option : allExporters()[i].params)
      out[i]["options"].push_back(
          {{"name", option.name}, {"default", toText(option.value)}, {"help", option.helpText}});
  return out;
}

/// What can be listed, and how. Kinds without entries in this build are listed as empty.
const std::vector<std::pair<std::string, Json (*)()>>& kinds() {
  static const std::vector<std::pair<std::string, Json (*)()>> table = {
      {"blocks", blocks},
      {"policies", [] { return entries(allWeightPolicies()); }},
      {"transforms", [] { return Json(Json::array()); }},
      {"analyses", [] { return entries(allAnalyses()); }},
      {"tasks", [] { return entries(allTasks()); }},
      {"presets", [] { return entries(allPresets()); }},
      {"experiments", [] { return Json(Json::array()); }},
      {"exporters", exporters},
      {"families", [] { return entries(allFamilies()); }},
      {"devices", devices},
  };
  return table;
}

}  // namespace

void addList(CLI::App& program) {
  CLI::App* verb =
      program.add_subcommand("list", "Blocks, policies, analyses, tasks, presets, exporters, devices of this build");
  struct Options {
    std::string kind;
    bool isJson = false;
  };
  const auto options = std::make_shared<Options>();
  std::vector<std::string> names;
  for (const auto& [name, make] : kinds()) names.push_back(name);
  verb->add_option("kind", options->kind, "What to list")->required()->check(CLI::IsMember(names));
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    for (const auto& [name, make] : kinds()) {
      if (name != options->kind) continue;
      const Json list = make();
      if (options->isJson) return printJson({{name, list}});
      for (const Json& one : list) {
        std::cout << one["id"].get<std::string>();
        if (one.contains("title")) std::cout << "  " << one["title"].get<std::string>();
        if (one.contains("help")) std::cout << "\n    " << one["help"].get<std::string>();
        if (one.contains("name")) std::cout << "  " << one["name"].get<std::string>();
        if (one.contains("reason")) std::cout << " (" << one["reason"].get<std::string>() << ")";
        std::cout << '\n';
        if (one.contains("options"))
          for (const Json& option : one["options"])
            std::cout << "    --option " << option["name"].get<std::string>() << '='
                      << option["default"].get<std::string>() << "  " << option["help"].get<std::string>() << '\n';
      }
    }
  });
}

}  // namespace fw::cli
