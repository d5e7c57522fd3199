// Analyses on a task's or a file's data, and their results as files.
#include <cmath>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "engine/analysis/measures/depths.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/exec/executor.h"
#include "engine/io/arrays.h"
#include "engine/workbench/recording.h"
#include "engine/workbench/trade_off.h"

namespace fw {

namespace {

/// Where an analysis gets its batches from.
struct AnalysisData {
  std::map<std::string, int64_t> dims;
  BatchSource source;
  int64_t batches = 0;
  std::string recipe;
  std::function<std::string(int64_t)> tokenText = {};
};

AnalysisData dataOf(const AnalyzeCall& call) {
  AnalysisData data;
  if (call.dataFile.empty()) {
    const std::shared_ptr<const Task> task = makeTask(call.task, call.taskOptions, call.seed);
    data.dims = task->dims(call.batch);
    data.batches = call.batches;
    data.source = [task, batch = call.batch, batches = call.batches](int64_t index) {
      if (index >= batches) return Batch{};
      Batch inputs = task->batch(Split::Test, index, batch);
      inputs.merge(task->modalities(Split::Test, index, batch));
      return inputs;
    };
    data.tokenText = [task](int64_t token) { return task->decode({token}); };
    std::string options;
    for (const auto& [name, value] : call.taskOptions)
      options += (options.empty() ? " (" : ", ") + name + " " + toText(value);
    data.recipe = text("test split of ", call.task, options, options.empty() ? "" : ")", ", ",
                       call.batches * call.batch, " rows, seed ", call.seed);
    return data;
  }
  const std::map<std::string, Tensor> arrays = loadArrays(call.dataFile);
  if (arrays.empty()) throw Error(Code::Data, text("[", call.dataFile, "] holds no array."));
  const Shape& first = arrays.begin()->second.shape;
  if (first.rank() > 0) data.dims["B"] = first[0];
  if (const auto tokens = arrays.find("tokens"); tokens != arrays.end() && tokens->second.shape.rank() == 2)
    data.dims["T"] = tokens->second.shape[1];
  else if (first.rank() > 1)
    data.dims["T"] = first[1];
  data.batches = 1;
  data.source = [arrays](int64_t index) { return index == 0 ? arrays : Batch{}; };
  data.recipe = text("data of ", call.dataFile);
  return data;
}

/// Which samples a recording is of.
std::string samplesText(const AnalysisData& data, int64_t samples) {
  return text(samples > 0 ? text("at most ", samples) : std::string("all"), " tokens of the ", data.recipe);
}

/// A model that stands ready to be analysed.
struct Prepared {
  std::unique_ptr<Backend> backend;
  PlannedAnalysis planned;
  std::unique_ptr<Store> store;
};

Prepared prepare(const AnalyzeCall& call, const AnalysisDef& analysis, const AnalysisData& data) {
  const Params complete = completeOptions(analysis.id, analysis.params, call.options);
  const auto graph = lowerOrThrow(*call.architecture, catalog(), {.mode = Mode::Prefill, .dims = data.dims});
  Prepared prepared{.backend = makeBackend(call.device)};
  prepared.planned = planAnalysis(analysis, complete, *graph, *prepared.backend);
  prepared.planned.tokenText = data.tokenText;
  prepared.store = std::make_unique<Store>(*prepared.backend);
  loadWeights(*graph, call.weights, call.seed, *prepared.store);
  return prepared;
}

std::unique_ptr<Recorder> recorderFor(const AnalyzeCall& call, const PlannedAnalysis& planned,
                                      const AnalysisData& data) {
  std::vector<Shape> shapes;
  for (const ir::ProbeInfo& probe : planned.probes) {
    const ir::OutputInfo* output = planned.plan->graph->findOutput("probe/" + probe.name);
    shapes.push_back(planned.plan->graph->type(output->value).shape);
  }
  return std::make_unique<Recorder>(
      call.recordFile, planned.probes, shapes, data.batches, call.recordSamples,
      std::map<std::string, std::string>{{"model", call.modelName.empty() ? call.architecture->name : call.modelName},
                                         {"structure", structuralHash(*call.architecture).toString()},
                                         {"weights", call.weights.empty() ? "untrained" : "trained"},
                                         {"data", samplesText(data, call.recordSamples)}});
}

/// Keeps rows of the stream at each depth.
class DepthSampler : public AnalysisRun {
 public:
  DepthSampler(int64_t batches, int64_t samples) : batches_(batches), samples_(samples) {}

  void consume(const Recording& recording, const CancelToken& cancel) override {
    if (!depths_) {
      depths_.emplace(recording);
      rows_.resize(depths_->count());
      widths_.resize(depths_->count());
    }
    for (size_t i = 0; i < depths_->count(); ++i) {
      throwIfCancelled(cancel);
      const Tensor& value = recording.values[depths_->probes[i]];
      widths_[i] = value.shape[-1];
      const std::vector<float> picked = pickRows(value, sampledRows(value.count() / widths_[i], batches_, samples_));
      rows_[i].insert(rows_[i].end(), picked.begin(), picked.end());
    }
  }
  AnalysisResult finish(const CancelToken&) override { return {}; }

  void into(DepthSamples& samples) const {
    for (size_t i = 0; depths_ && i < depths_->count(); ++i) {
      samples.labels.push_back(depths_->labels[i]);
      samples.values.push_back(Tensor::fromFloats({int64_t(rows_[i].size()) / widths_[i], widths_[i]}, rows_[i]));
    }
  }

 private:
  int64_t batches_, samples_;
  std::optional<Depths> depths_;
  std::vector<std::vector<float>> rows_;
  std::vector<int64_t> widths_;
};

}  // namespace

AnalysisResult analyze(const AnalyzeCall& call, const CancelToken& cancel, const Progress& progress) {
  const AnalysisDef& analysis = findAnalysis(call.analysis);
  if (analysis.ofPlan) return analyzePlan(call, cancel, progress);
  if (!analysis.needsData())
    throw Error(Code::Usage, text("[", analysis.id, "] looks at runs; expected a folder of them."));
  const AnalysisData data = dataOf(call);
  const Prepared prepared = prepare(call, analysis, data);
  std::unique_ptr<Recorder> recorder;
  if (!call.recordFile.empty()) recorder = recorderFor(call, prepared.planned, data);
  std::function<void(const Recording&)> alsoTo;
  if (recorder) alsoTo = [&](const Recording& recording) { recorder->consume(recording, cancel); };
  const Progress share([&](double, const std::string& text) { progress.report(0.5, text); });
  AnalysisResult result = analyze(prepared.planned, *prepared.store, data.source,
                                  data.recipe + (call.weights.empty() ? "; untrained weights" : "; trained weights"),
                                  cancel, share, alsoTo);
  if (recorder) recorder->finish();
  return result;
}

DepthSamples depthSamples(const AnalyzeCall& call, const std::string& name, int64_t samples, const CancelToken& cancel,
                          const Progress& progress) {
  const AnalysisData data = dataOf(call);
  AnalyzeCall plain = call;
  plain.options = {};
  const Prepared prepared = prepare(plain, findAnalysis("representations"), data);
  DepthSampler sampler(data.batches, samples);
  record(prepared.planned, *prepared.store, data.source, sampler, {}, cancel, progress);
  DepthSamples result{.name = name, .data = samplesText(data, samples)};
  sampler.into(result);
  if (result.values.empty())
    throw Error(Code::Data,
                text("[", name, "] no layer's stream is [batch, time, width]; there is nothing to compare."));
  return result;
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

Json scatterJson(const Scatter& scatter) {
  Json points = Json::array(), lines = Json::array();
  for (const Scatter::Point& point : scatter.points) {
    points.push_back({{"label", point.label}, {"group", point.group}, {"x", point.x}, {"y", point.y}});
    if (!point.opens.empty()) points.back()["model"] = point.opens;
  }
  for (const Scatter::Line& line : scatter.lines)
    lines.push_back({{"name", line.name}, {"x", numbers(line.x)}, {"y", numbers(line.y)}});
  return {{"name", scatter.name},      {"title", scatter.title},      {"x_title", scatter.xTitle},
          {"y_title", scatter.yTitle}, {"points", std::move(points)}, {"lines", std::move(lines)}};
}

/// Points, then the corners of lines; the first column says which.
std::string scatterCsv(const Scatter& scatter) {
  std::ostringstream out = classicStream();
  out << "label,group," << csvText(scatter.xTitle) << ',' << csvText(scatter.yTitle) << '\n';
  for (const Scatter::Point& point : scatter.points)
    out << csvText(point.label) << ',' << csvText(point.group) << ',' << point.x << ',' << point.y << '\n';
  for (const Scatter::Line& line : scatter.lines)
    for (size_t i = 0; i < line.x.size(); ++i)
      out << csvText(line.name) << ",line," << line.x[i] << ',' << line.y[i] << '\n';
  return out.str();
}

}  // namespace

std::string analysisJson(const AnalysisResult& result) {
  Json json = {{"analysis", result.analysis}, {"recipe", result.recipe}, {"warnings", result.warnings},
               {"matrices", Json::array()},   {"series", Json::array()}, {"curves", Json::array()},
               {"scatters", Json::array()}};
  for (const Matrix& matrix : result.matrices) {
    Json entry = {{"name", matrix.name},
                  {"title", matrix.title},
                  {"unit", matrix.unit},
                  {"row_title", matrix.rowTitle},
                  {"column_title", matrix.columnTitle},
                  {"rows", matrix.rows},
                  {"columns", matrix.columns},
                  {"values", numbers(matrix.values)}};
    if (!matrix.frames.empty()) {
      entry["frame_title"] = matrix.frameTitle;
      entry["frames"] = matrix.frames;
    }
    if (!matrix.cells.empty()) entry["cells"] = matrix.cells;
    json["matrices"].push_back(std::move(entry));
  }
  for (const Series& series : result.series)
    json["series"].push_back({{"name", series.name},
                              {"title", series.title},
                              {"unit", series.unit},
                              {"labels", series.labels},
                              {"values", numbers(series.values)}});
  for (const Curves& curves : result.curves) {
    Json lines = Json::array();
    for (const Curves::Line& line : curves.lines)
      lines.push_back({{"name", line.name}, {"values", numbers(line.values)}});
    json["curves"].push_back({{"name", curves.name},
                              {"title", curves.title},
                              {"unit", curves.unit},
                              {"x_title", curves.xTitle},
                              {"labels", curves.labels},
                              {"lines", std::move(lines)}});
  }
  for (const Scatter& scatter : result.scatters) json["scatters"].push_back(scatterJson(scatter));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
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
    // Frames lie below each other, each row beginning with its frame.
    for (size_t f = 0; f < std::max<size_t>(1, matrix.frames.size()); ++f)
      for (size_t r = 0; r < matrix.rows.size(); ++r) {
        out << csvText((matrix.frames.empty() ? "" : matrix.frameTitle + " " + matrix.frames[f] + " / ") +
                       matrix.rows[r]);
        for (size_t c = 0; c < matrix.columns.size(); ++c) out << ',' << matrix.at(f * matrix.rows.size() + r, c);
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
  for (const Curves& curves : result.curves) {
    std::ostringstream out = classicStream();
    out << csvText(curves.xTitle);
    for (const Curves::Line& line : curves.lines) out << ',' << csvText(line.name);
    out << '\n';
    for (size_t i = 0; i < curves.labels.size(); ++i) {
      out << csvText(curves.labels[i]);
      for (const Curves::Line& line : curves.lines) out << ',' << line.values[i];
      out << '\n';
    }
    writeFileAtomically((folder / (curves.name + ".csv")).string(), out.str());
  }
  for (const Scatter& scatter : result.scatters)
    writeFileAtomically((folder / (scatter.name + ".csv")).string(), scatterCsv(scatter));
  std::map<std::string, Tensor> arrays;
  const auto add = [&](const std::string& name, const Shape& shape, const std::vector<double>& values) {
    Tensor tensor = Tensor::make(DType::F32, shape);
    std::copy(values.begin(), values.end(), tensor.data<float>());
    arrays[name] = std::move(tensor);
  };
  for (const Matrix& matrix : result.matrices) {
    const int64_t rows = int64_t(matrix.rows.size()), columns = int64_t(matrix.columns.size());
    const Shape one{rows, columns}, all{int64_t(matrix.frames.size()), rows, columns};
    add(matrix.name, matrix.frames.empty() ? one : all, matrix.values);
  }
  for (const Curves& curves : result.curves) {
    std::vector<double> values;
    for (const Curves::Line& line : curves.lines) values.insert(values.end(), line.values.begin(), line.values.end());
    add(curves.name, {int64_t(curves.lines.size()), int64_t(curves.labels.size())}, values);
  }
  for (const Scatter& scatter : result.scatters) {
    std::vector<double> values;
    for (const Scatter::Point& point : scatter.points) values.insert(values.end(), {point.x, point.y});
    add(scatter.name, {int64_t(scatter.points.size()), 2}, values);
  }
  for (const Series& series : result.series) add(series.name, {int64_t(series.values.size())}, series.values);
  saveArrays((folder / (result.analysis + ".npz")).string(), arrays);
  writeFileAtomically((folder / (result.analysis + ".json")).string(), analysisJson(result));
}

}  // namespace fw
