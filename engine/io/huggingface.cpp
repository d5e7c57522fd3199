// A Hugging Face folder as a document with weights.
#include "engine/io/huggingface.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/families/layers.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr size_t kMostConfig = size_t(1) << 24;

/// "a, b, c and 4 more"
std::string listed(const std::vector<std::string>& names, size_t most) {
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) list += text(" and ", names.size() - most, " more");
  return list;
}

std::string supportedTypes() {
  std::vector<std::string> types;
  for (const FamilyDef& family : allFamilies())
    types.insert(types.end(), family.modelTypes.begin(), family.modelTypes.end());
  std::sort(types.begin(), types.end());
  return listed(types, types.size());
}

/// Python writes numbers that JSON has not: Infinity, -Infinity and NaN become texts.
std::string withQuotedNumbers(const std::string& json) {
  std::string out;
  bool isText = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') isText = !isText;
    if (isText && c == '\\' && i + 1 < json.size()) {
      out += {c, json[++i]};
      continue;
    }
    bool isNumber = false;
    for (const std::string_view name : {"-Infinity", "Infinity", "NaN"})
      if (!isText && !isNumber && json.compare(i, name.size(), name) == 0) {
        out += text('"', name, '"');
        i += name.size() - 1;
        isNumber = true;
      }
    if (!isNumber) out += c;
  }
  return out;
}

Json readConfig(const std::string& folder) {
  return parseJson(withQuotedNumbers(readFile((fs::path(folder) / kConfig).string(), kMostConfig)), kConfig,
                   {.bytes = kMostConfig, .depth = 32});
}

/// Rules by what stands before their first number, as a checkpoint may have ten thousands of tensors.
class RuleFinder {
 public:
  explicit RuleFinder(const std::vector<WeightRule>& rules) {
    for (const WeightRule& rule : rules) rules_.emplace(start(rule.tensor), &rule);
  }

  const WeightRule* find(const std::string& name, std::vector<std::string>& numbers) const {
    const size_t digit = name.find_first_of("0123456789");
    for (const std::string& key : {name, digit == std::string::npos ? name : name.substr(0, digit)}) {
      const auto [first, last] = rules_.equal_range(key);
      for (auto at = first; at != last; ++at)
        if (matchesName(at->second->tensor, name, numbers)) return at->second;
    }
    for (const auto& [key, rule] : rules_)  // a digit that belongs to the name: "fc1"
      if (key.find_first_of("0123456789") != std::string::npos && matchesName(rule->tensor, name, numbers)) return rule;
    return nullptr;
  }

 private:
  static std::string start(const std::string& pattern) { return pattern.substr(0, pattern.find("{}")); }
  std::multimap<std::string, const WeightRule*> rules_;
};

bool matchesAny(const std::vector<std::string>& patterns, const std::string& name) {
  std::vector<std::string> numbers;
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return pattern.ends_with("*") ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : matchesName(pattern, name, numbers);
  });
}

void readWeights(const CheckpointFiles& files, const FamilyModel& model, bool withWeights, Checkpoint& checkpoint) {
  const RuleFinder rules(model.weights);
  const bool hasPrefix =
      model.prefix.empty() || std::any_of(files.tensors().begin(), files.tensors().end(),
                                          [&](const auto& tensor) { return tensor.first.starts_with(model.prefix); });
  std::vector<std::string> unknown, numbers;
  for (const auto& [name, item] : files.tensors()) {
    const WeightRule* rule = rules.find(name, numbers);
    if (!rule && !hasPrefix) rule = rules.find(model.prefix + name, numbers);
    if (rule) {
      if (withWeights) checkpoint.weights.merge(partsOf(*rule, numbers, files.tensor(name)));
      continue;
    }
    if (!matchesAny(model.unused, name) && (hasPrefix || !matchesAny(model.unused, model.prefix + name)))
      unknown.push_back(name);
  }
  if (!unknown.empty())
    checkpoint.notes.push_back(text("Tensors that no weight of the graph needs: ", listed(unknown, 8), "."));
}

}  // namespace

bool isHuggingFaceFolder(const std::string& folder) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(folder) / kConfig, ignored);
}

std::string unsupportedFamily(const std::string& folder) {
  const std::string type = ModelConfig(withFamilyType(readConfig(folder)), kConfig).text({"model_type"}, "");
  if (findFamily(type)) return {};
  return text("[", kConfig, "] model_type ",
              type.empty() ? "is missing" : "'" + type.substr(0, 60) + "' is no family that can be opened",
              "; supported are ", supportedTypes(), ".");
}

Checkpoint openHuggingFace(const std::string& folder, const Catalog& catalog, bool withWeights) {
  const fs::path path(folder);
  const Json whole = readConfig(folder);
  const ModelConfig config(withFamilyType(whole), kConfig);
  const FamilyDef* family = findFamily(config.text({"model_type"}, ""));
  if (!family) throw Error(Code::File, unsupportedFamily(folder));
  FamilyModel model = readModel(*family, config, catalog);
  Checkpoint checkpoint{
      .family = family->id, .architecture = std::move(model.architecture), .notes = std::move(model.notes)};
  const std::string folderName = (path.filename().empty() ? path.parent_path() : path).filename().string();
  checkpoint.architecture.name = folderName.empty() || folderName == "." ? family->title : folderName;
  SortedJson extra;
  extra["huggingface"]["config"] = SortedJson::parse(model.config.empty() ? whole.dump() : model.config);
  checkpoint.architecture.extra = extra.dump();
  const bool hasCode = config.has({"auto_map"});
  const std::vector<std::string> unread = config.unread();
  if (!unread.empty())
    checkpoint.notes.push_back(text("Keys of config.json that do not act here: ", listed(unread, 40), "."));
  if (hasCode) checkpoint.notes.push_back("The folder brings code of its own (auto_map); it is not executed.");
  const CheckpointFiles files(folder);
  if (files.isEmpty())
    checkpoint.notes.push_back("There is no model.safetensors: the model starts from random weights.");
  readWeights(files, model, withWeights, checkpoint);
  return checkpoint;
}

}  // namespace fw
