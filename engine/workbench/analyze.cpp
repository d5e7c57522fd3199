// Analyses on a task's or a file's data, and their results as files.
#include <cmath>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/exec/executor.h"
#include "engine/io/arrays.h"
#include "engine/workbench/workbench.h"

namespace fw {

AnalysisResult analyze(const AnalyzeCall& call, const CancelToken& cancel, const Progress& progress) {
  const AnalysisDef& analysis = findAnalysis(call.analysis);
  const Params complete = completeOptions(call.analysis, analysis.params, call.options);
  std::map<std::string, int64_t> dims;
  BatchSource source;
  std::string recipe;
  std::unique_ptr<Task> task;
  if (call.dataFile.empty()) {
    task = makeTask(call.task, call.taskOptions, call.seed);
    dims = task->dims(call.batch);
    source = [&](int64_t index) {
      return index < call.batches ? task->batch(Split::Test, index, call.batch) : Batch{};
    };
    recipe = text("test split of ", call.task, ", ", call.batches * call.batch, " rows, seed ", call.seed);
  } else {
    const std::map<std::string, Tensor> arrays = loadArrays(call.dataFile);
    if (arrays.empty()) throw Error(Code::Data, text("[", call.dataFile, "] holds no array."));
    const Shape& first = arrays.begin()->second.shape;
    if (first.rank() > 0) dims["B"] = first[0];
    if (const auto tokens = arrays.find("tokens"); tokens != arrays.end() && tokens->second.shape.rank() == 2)
      dims["T"] = tokens->second.shape[1];
    else if (first.rank() > 1)
      dims["T"] = first[1];
    source = [arrays](int64_t index) { return index == 0 ? arrays : Batch{}; };
    recipe = text("data of ", call.dataFile);
  }
  const auto graph = lowerOrThrow(*call.architecture, catalog(), {.mode = Mode::Prefill, .dims = dims});
  const std::unique_ptr<Backend> backend = makeBackend(call.device);
  const PlannedAnalysis planned = planAnalysis(analysis, complete, *graph, *backend);
  Store store(*backend);
  loadWeights(*graph, call.weights, call.seed, store);
  recipe += call.weights.empty() ? "; untrained weights" : "; trained weights";
  const Progress share([&](double, const std::string& text) { progress.report(0.5, text); });
  return analyze(planned, store, source, recipe, cancel, share);
}

namespace {

std::string csvText(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::ostringstream classicStream() {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << std::setprecision(9);
  return out;
}

/// JSON has no NaN: a missing value is null.
Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
  return out;
}

}  // namespace

std::string analysisJson(const AnalysisResult& result) {
  Json json = {{"analysis", result.analysis},
               {"recipe", result.recipe},
               {"warnings", result.warnings},
               {"matrices", Json::array()},
               {"series", Json::array()}};
  for (const Matrix& matrix : result.matrices)
    json["matrices"].push_back({{"name", matrix.name},
                                {"title", matrix.title},
                                {"unit", matrix.unit},
                                {"row_title", matrix.rowTitle},
                                {"column_title", matrix.columnTitle},
                                {"rows", matrix.rows},
                                {"columns", matrix.columns},
                                {"values", numbers(matrix.values)}});
  for (const Series& series : result.series)
    json["series"].push_back({{"name", series.name},
                              {"title", series.title},
                              {"unit", series.unit},
                              {"labels", series.labels},
                              {"values", numbers(series.values)}});
  return json.dump(2) + "\n";
}

void writeAnalysis(const AnalysisResult& result, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(Code::File, text("[", folder.string(), "] cannot be made: ", error.message(), "."));
  for (const Matrix& matrix : result.matrices) {
    std::ostringstream out = classicStream();
    out << csvText(matrix.rowTitle + "/" + matrix.columnTitle + (matrix.unit.empty() ? "" : " [" + matrix.unit + "]"));
    for (const std::string& column : matrix.columns) out << ',' << csvText(column);
    out << '\n';
    for (size_t r = 0; r < matrix.rows.size(); ++r) {
      out << csvText(matrix.rows[r]);
      for (size_t c = 0; c < matrix.columns.size(); ++c) out << ',' << matrix.at(r, c);
      out << '\n';
    }
    writeFileAtomically((folder / (matrix.name + ".csv")).string(), out.str());
  }
  for (const Series& series : result.series) {
    std::ostringstream out = classicStream();
    out << "label," << csvText(series.name + (series.unit.empty() ? "" : " [" + series.unit + "]")) << '\n';
    for (size_t i = 0; i < series.values.size(); ++i)
      out << csvText(series.labels[i]) << ',' << series.values[i] << '\n';
    writeFileAtomically((folder / (series.name + ".csv")).string(), out.str());
  }
  std::map<std::string, Tensor> arrays;
  const auto add = [&](const std::string& name, const Shape& shape, const std::vector<double>& values) {
    Tensor tensor = Tensor::make(DType::F32, shape);
    std::copy(values.begin(), values.end(), tensor.data<float>());
    arrays[name] = std::move(tensor);
  };
  for (const Matrix& matrix : result.matrices)
    add(matrix.name, {int64_t(matrix.rows.size()), int64_t(matrix.columns.size())}, matrix.values);
  for (const Series& series : result.series) add(series.name, {int64_t(series.values.size())}, series.values);
  saveArrays((folder / (result.analysis + ".npz")).string(), arrays);
  writeFileAtomically((folder / (result.analysis + ".json")).string(), analysisJson(result));
}

}  // namespace fw
