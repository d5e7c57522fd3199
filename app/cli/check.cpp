// check: what is wrong with a model, and on request the tensors of its checkpoint.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/tensor.h"
#include "engine/io/tensor_table.h"

namespace fw::cli {
namespace {

const char* nameOf(Severity severity) {
  return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "info";
}

Json toJson(const std::vector<TensorRow>& rows) {
  Json list = Json::array();
  for (const TensorRow& row : rows)
    list.push_back({{"name", row.name},
                    {"dtype", row.dtype},
                    {"shape", row.shape.dims()},
                    {"bytes", row.bytes},
                    {"file", row.file}});
  return list;
}

void printTable(const std::vector<TensorRow>& rows) {
  std::vector<std::vector<std::string>> lines = {{"name", "dtype", "shape", "bytes", "file"}};
  double count = 0, bytes = 0;
  for (const TensorRow& row : rows) {
    std::string shape;
    for (const int64_t size : row.shape.dims()) shape += (shape.empty() ? "" : "x") + std::to_string(size);
    lines.push_back({row.name, row.dtype, shape.empty() ? "-" : shape, std::to_string(row.bytes), row.file});
    count += double(row.shape.count());
    bytes += double(row.bytes);
  }
  std::vector<size_t> widths(lines.front().size(), 0);
  for (const std::vector<std::string>& line : lines)
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  for (const std::vector<std::string>& line : lines) {
    std::string out;
    for (size_t c = 0; c + 1 < line.size(); ++c) out += line[c] + std::string(widths[c] - line[c].size() + 2, ' ');
    std::cout << out << line.back() << '\n';
  }
  std::cout << rows.size() << " tensors, " << shortNumber(count) << " elements, " << formatBytes(bytes) << '\n';
}

/// What is no model: the sentence that says why, and its tensors.
void checkTable(const std::string& model, const TensorTable& table, bool isJson) {
  const char* severity = nameOf(table.isFault ? Severity::Error : Severity::Info);
  if (isJson) {
    const Json diagnostic = {{"severity", severity}, {"code", "no-model"}, {"text", table.reason}, {"node", 0},
                             {"path", ""},           {"port", ""},         {"param", ""}};
    printJson({{"diagnostics", Json::array({diagnostic})},
               {"notes", Json::array()},
               {"valid", !table.isFault},
               {"tensors", toJson(table.rows)}});
  } else {
    std::cout << severity << ": [" << model << "] " << table.reason << '\n';
    printTable(table.rows);
  }
  if (table.isFault) throw ExitCode{1};
}

}  // namespace

void addCheck(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("check", "Diagnostics of a model; exit code 1 where there is an error");
  struct Options {
    std::string model;
    bool withTensors = false, isJson = false;
  };
  const auto options = std::make_shared<Options>();
  verb->add_option("MODEL", options->model,
                   "Preset, .fw.json, run folder, Hugging Face folder, or a file or folder of safetensors, which is "
                   "listed")
      ->required();
  verb->add_flag("--tensors", options->withTensors,
                 "The tensors of the checkpoint too: name, dtype, shape, bytes, file");
  verb->add_flag("--json", options->isJson, "One JSON object");
  verb->callback([options] {
    if (const std::optional<TensorTable> table = openTensorTable(options->model))
      return checkTable(options->model, *table, options->isJson);
    const OpenedModel opened = openModel(options->model, false);
    const std::vector<Diagnostic> diagnostics = check(*opened.architecture);
    std::error_code ignored;
    std::vector<TensorRow> rows;
    if (options->withTensors && std::filesystem::is_directory(options->model, ignored))
      rows = listTensors(options->model);
    Json list = Json::array();
    for (const Diagnostic& d : diagnostics) {
      if (options->isJson)
        list.push_back({{"severity", nameOf(d.severity)},
                        {"code", d.code},
                        {"text", d.text},
                        {"node", d.place.node},
                        {"path", pathText(*opened.architecture, d.place.graph, d.place.node)},
                        {"port", d.place.port},
                        {"param", d.place.param}});
      else
        std::cout << nameOf(d.severity) << ": [" << options->model << "] " << d.text << '\n';
    }
    if (options->isJson) {
      Json json = {{"diagnostics", list}, {"notes", opened.notes}, {"valid", !hasErrors(diagnostics)}};
      if (options->withTensors) json["tensors"] = toJson(rows);
      printJson(json);
    } else {
      for (const std::string& note : opened.notes) std::cout << "info: [" << options->model << "] " << note << '\n';
      if (options->withTensors) printTable(rows);
      if (diagnostics.empty()) std::cout << "No problems.\n";
    }
    if (hasErrors(diagnostics)) throw ExitCode{1};
  });
}

}  // namespace fw::cli
